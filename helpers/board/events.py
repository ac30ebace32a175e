"""Reads event files: what TensorBoard shows, as numbers, pictures and settings."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from helpers import images


@dataclass
class Run:
    """What one run has logged in its folder, by tag.

    scalars: (steps, values), two float arrays (n,). histograms: a list of (step, buckets), where
    buckets is (n, 3): left edge, right edge, count. images: a list of (step, pictures), each
    uint8 (height, width, 3). hparams: settings by name. graphs: Keras models, as JSON.
    """

    folder: Path
    scalars: dict = field(default_factory=dict)
    histograms: dict = field(default_factory=dict)
    images: dict = field(default_factory=dict)
    graphs: dict = field(default_factory=dict)
    hparams: dict = field(default_factory=dict)


def files(logs) -> list[Path]:
    """Find the event files below the folder `logs`, by their names, as TensorBoard does."""
    return [file for file in Path(logs).rglob("*tfevents*") if file.is_file()]


def read(logs) -> dict[str, Run]:
    """Read the event files below the folder `logs`: {run's name: Run}, sorted by name.

    A run is a folder with event files; its name is its path below `logs`, as in TensorBoard.
    """
    folders = sorted({file.parent for file in files(logs)})
    return {folder.relative_to(logs).as_posix(): _run(folder) for folder in folders}


def _run(folder: Path) -> Run:
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.metadata import parse_session_start_info_plugin_data
    from tensorboard.util.tensor_util import make_ndarray

    logged = EventAccumulator(str(folder), size_guidance={"tensors": 0})  # 0: keep all
    logged.Reload()
    run = Run(folder)
    for tag in logged.Tags()["tensors"]:
        plugin = logged.SummaryMetadata(tag).plugin_data
        points = [(point.step, make_ndarray(point.tensor_proto)) for point in logged.Tensors(tag)]
        if plugin.plugin_name == "scalars":
            steps, values = zip(*points, strict=True)
            run.scalars[tag] = np.array(steps, float), np.array(values, float)
        elif plugin.plugin_name == "histograms":
            run.histograms[tag] = points
        elif plugin.plugin_name == "images":  # after width and height, as text, come PNG files
            run.images[tag] = [
                (step, [images.read(file) for file in data[2:]]) for step, data in points
            ]
        elif plugin.plugin_name == "graph_keras_model":
            run.graphs[tag] = points[0][1].item().decode()
        elif tag == "_hparams_/session_start_info":
            settings = parse_session_start_info_plugin_data(plugin.content).hparams
            run.hparams = {key: getattr(it, it.WhichOneof("kind")) for key, it in settings.items()}
    return run


def choose(runs: dict[str, Run], run_pattern="", tag_pattern="") -> dict[str, Run]:
    """Keep the runs and tags that the regular expressions find, as TensorBoard's filters do."""

    def kept(logged):
        return {tag: points for tag, points in logged.items() if re.search(tag_pattern, tag)}

    kinds = ("scalars", "histograms", "images")
    return {
        name: replace(run, **{kind: kept(getattr(run, kind)) for kind in kinds})
        for name, run in runs.items()
        if re.search(run_pattern, name)
    }
