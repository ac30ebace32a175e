"""Embeddings as TensorBoard's projector reads them: tables of vectors and labels in a run's folder.

(Keras's `embeddings_freq` writes weights only, in a file that the projector can't read.)
"""

import csv
from pathlib import Path

import numpy as np

CONFIG = "projector_config.pbtxt"  # the name that the projector looks for
VECTORS, LABELS = "vectors.tsv", "labels.tsv"


def write(run: Path, name: str, vectors, columns: dict) -> None:
    """Write an embedding of n items into the folder `run`, as lesson 02 shows it by hand.

    vectors: (n, dimensions). columns: {"digit": n labels, …}, to colour and search the points by.
    ValueError where the numbers of items differ.
    """
    from tensorboard.plugins import projector
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    lengths = {len(vectors), *map(len, columns.values())}
    if len(lengths) > 1:
        raise ValueError(f"Vectors and labels must be as many, not {sorted(lengths)}.")
    np.savetxt(run / VECTORS, vectors, fmt="%.5g", delimiter="\t")
    with (run / LABELS).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        if len(columns) > 1:  # the projector takes a single column's header for a label
            table.writerow(columns)
        table.writerows(zip(*columns.values(), strict=True))
    config = projector.ProjectorConfig()
    config.embeddings.add(tensor_name=name, tensor_path=VECTORS, metadata_path=LABELS)
    projector.visualize_embeddings(str(run), config)
    EventFileWriter(str(run)).close()  # only a folder with an event file counts as a run


def read(run: Path) -> tuple[np.ndarray, list[str]]:
    """Return the vectors (n, dimensions) in the folder `run`, and the first label of each."""
    vectors = np.loadtxt(run / VECTORS, delimiter="\t", ndmin=2)
    with (run / LABELS).open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    return vectors, [row[0] for row in rows[len(rows) - len(vectors) :]]
