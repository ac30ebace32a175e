"""Embeddings as TensorBoard's projector reads them: a table of vectors beside a run's logs.

(Keras's `embeddings_freq` writes weights only, in a file that the projector can't read.)
"""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

CONFIG = "projector_config.pbtxt"  # the name that the projector looks for


def write(run: Path, name: str, vectors, columns: dict, pictures=None) -> None:
    """Write an embedding of n items into the folder `run`.

    vectors: (n, dimensions). columns: {"digit": n labels, …}, to colour and search the points by.
    pictures: uint8 (n, height, width), shown in place of the points, or None. ValueError where the
    numbers of items differ.
    """
    from google.protobuf import text_format
    from tensorboard.plugins.projector import ProjectorConfig
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    given = [vectors, *columns.values(), *([] if pictures is None else [pictures])]
    lengths = set(map(len, given))
    if len(lengths) > 1:
        raise ValueError(f"Vectors, labels and pictures must be as many, not {sorted(lengths)}.")
    run = Path(run)
    np.savetxt(run / "vectors.tsv", vectors, fmt="%.5g", delimiter="\t")
    with (run / "labels.tsv").open("w", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        if len(columns) > 1:  # the projector takes a single column's header for a label
            table.writerow(columns)
        table.writerows(zip(*columns.values(), strict=True))

    config = ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name = name
    embedding.tensor_path, embedding.metadata_path = "vectors.tsv", "labels.tsv"
    if pictures is not None:
        Image.fromarray(sprites(np.asarray(pictures))).save(run / "sprites.png", optimize=True)
        embedding.sprite.image_path = "sprites.png"
        embedding.sprite.single_image_dim.extend([pictures.shape[2], pictures.shape[1]])
    (run / CONFIG).write_text(text_format.MessageToString(config))
    EventFileWriter(str(run)).close()  # only a folder with an event file counts as a run


def sprites(pictures: np.ndarray) -> np.ndarray:
    """Lay n pictures (n, height, width) out row by row, on the one square sheet that it wants.

    The projector's page is white: pictures with mostly dark pixels are inverted.
    """
    n, height, width = pictures.shape
    side = int(np.ceil(np.sqrt(n)))
    sheet = np.zeros((side * side, height, width), np.uint8)
    sheet[:n] = 255 - pictures if pictures.mean() < 128 else pictures
    return sheet.reshape(side, side, height, width).swapaxes(1, 2).reshape(side * height, -1)


def read(run: Path) -> tuple[np.ndarray, list[str]]:
    """Return the vectors (n, dimensions) in the folder `run`, and the first label of each."""
    vectors = np.loadtxt(run / "vectors.tsv", delimiter="\t", ndmin=2)
    with (run / "labels.tsv").open(newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    return vectors, [row[0] for row in rows[len(rows) - len(vectors) :]]
