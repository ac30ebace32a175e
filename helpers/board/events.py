"""Reads event files: what TensorBoard shows, as numbers, pictures and settings.

The files' format is TensorBoard's own; its reader does the reading.
"""

import io
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

FILES = "*.tfevents.*"


@dataclass
class Run:
    """What one run has logged, by tag.

    scalars: (steps, values), two float arrays (n,). histograms: a list of (step, buckets), where
    buckets is (n, 3): left edge, right edge, count. images: a list of (step, pictures), each
    uint8 (height, width, 3). hparams: settings by name. graphs: Keras models, as JSON.
    folder: where its files are.
    """

    folder: Path
    scalars: dict = field(default_factory=dict)
    histograms: dict = field(default_factory=dict)
    images: dict = field(default_factory=dict)
    graphs: dict = field(default_factory=dict)
    hparams: dict = field(default_factory=dict)


def read(logs) -> dict[str, Run]:
    """Read the event files below the folder `logs`: {run's name: Run}, sorted by name.

    A run is a folder with event files; its name is its path below `logs`, as in TensorBoard.
    """
    folders = sorted({file.parent for file in Path(logs).rglob(FILES)})
    return {folder.relative_to(logs).as_posix(): read_run(folder) for folder in folders}


def read_run(folder) -> Run:
    """Read the event files of one folder."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder), size_guidance={"tensors": 0})  # 0: keep all
    accumulator.Reload()
    run = Run(Path(folder))
    for tag in accumulator.Tags()["tensors"]:
        plugin = accumulator.summary_metadata[tag].plugin_data
        points = accumulator.Tensors(tag)
        if plugin.plugin_name == "scalars":
            run.scalars[tag] = _scalars(points)
        elif plugin.plugin_name == "histograms":
            run.histograms[tag] = [(point.step, _array(point)) for point in points]
        elif plugin.plugin_name == "images":
            run.images[tag] = [(point.step, _pictures(point)) for point in points]
        elif plugin.plugin_name == "graph_keras_model":
            run.graphs[tag] = str(_array(points[0]).item().decode())
        elif tag == "_hparams_/session_start_info":
            run.hparams = _hparams(plugin)
    return run


def choose(runs: dict[str, Run], run_pattern="", tag_pattern="") -> dict[str, Run]:
    """Keep the runs and tags that the regular expressions find, as TensorBoard's filters do."""
    return {
        name: replace(
            run,
            **{
                kind: {t: v for t, v in getattr(run, kind).items() if re.search(tag_pattern, t)}
                for kind in ("scalars", "histograms", "images")
            },
        )
        for name, run in runs.items()
        if re.search(run_pattern, name)
    }


def smooth(values, weight: float) -> np.ndarray:
    """Smooth values (n,) as TensorBoard's slider does: an exponential moving average, debiased."""
    smoothed, mean = [], 0.0
    for i, value in enumerate(values, 1):
        mean = weight * mean + (1 - weight) * value
        smoothed.append(mean / (1 - weight**i))
    return np.array(smoothed)


def _array(point):
    from tensorboard.util.tensor_util import make_ndarray

    return make_ndarray(point.tensor_proto)


def _scalars(points):
    steps = np.array([point.step for point in points], float)
    return steps, np.array([float(_array(point)) for point in points])


def _pictures(point):
    """The tensor holds width and height as text, then one PNG file for each picture."""
    return [
        np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))
        for file in _array(point).ravel()[2:]
    ]


def _hparams(plugin):
    from tensorboard.plugins.hparams.metadata import parse_session_start_info_plugin_data

    settings = parse_session_start_info_plugin_data(plugin.content).hparams
    return {name: getattr(value, value.WhichOneof("kind")) for name, value in settings.items()}
