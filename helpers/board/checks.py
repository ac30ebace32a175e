"""What the exercises of lesson 02, TensorBoard, check: mostly the learner's own event files."""

import tempfile
from pathlib import Path

import numpy as np

from helpers import exercises
from helpers.board import events
from helpers.exercises import Wrong, exercise

WORKS, BREAKS = 0.8, 0.5  # accuracy on the development digits


@exercise
def moved(function):
    """Judge a function that logs how far a layer's kernel is from its start."""
    import keras
    import tensorflow as tf

    exercises.function(function, "log_moved(epoch, layer, start)")
    layer = keras.layers.Dense(2, name="tried")
    layer.build((None, 2))
    start = layer.kernel.numpy()
    with tempfile.TemporaryDirectory() as run:
        writer = tf.summary.create_file_writer(run)
        with writer.as_default():
            for epoch in range(3):
                layer.kernel.assign(start + epoch * np.array([[1, -2], [0, 0]]))
                function(epoch, layer, start)
        writer.close()
        scalars = events.read(run)["."].scalars
    if "tried" not in scalars:
        found = ", ".join(scalars) or "no scalar at all"
        raise Wrong(f"for a layer of the name 'tried' there is no scalar 'tried', but {found}")
    steps, values = scalars["tried"]
    if list(steps) != [0, 1, 2]:
        raise Wrong("give the number of the epoch as step: the points of a curve lie at their step")
    mistakes = {
        "that is the mean of the differences: take their sizes, or up and down cancel out": -0.25,
        "that is the sum of the sizes: a mean can be compared between layers of any width": 3,
    }
    for reason, each in mistakes.items():
        if np.allclose(values, each * steps):
            raise Wrong(reason)
    exercises.close(values, 0.75 * steps, "the curve of a layer whose weights moved by 1, -2, 0, 0")
    return "Whatever you can compute, you can watch."


@exercise
def edge(runs):
    """Judge (working, broken): a run on each side of the rate at which training breaks."""
    if not isinstance(runs, tuple | list) or len(runs) != 2:
        raise Wrong("hand in two runs: (one that works, one that breaks)")
    low, good = _outcome(runs[0], "the first run")
    high, bad = _outcome(runs[1], "the second run")
    if good < WORKS:
        raise Wrong(f"the first run should work, but it reads fewer than {WORKS:.0%} of the digits")
    if bad > BREAKS:
        raise Wrong(f"the second run should break, but it reads more than {BREAKS:.0%}")
    if low > high:
        raise Wrong("it is the low rate that breaks there: look for the edge upwards")
    if high > 3.05 * low:
        raise Wrong(
            "both runs are as they should be, but the edge is still hidden between them: "
            "the second rate may be at most three times the first"
        )
    return (
        "A factor of three lies between learning fast and learning nothing. The best rate is often "
        "not far below that edge."
    )


@exercise
def winner(setting, grid):
    """Judge which setting of the learner's own grid, a log folder, has the best mean accuracy."""
    if not isinstance(setting, dict):
        raise Wrong("give the setting as a dict: {'width': …, 'dropout': …, 'labels': …}")
    results = {}
    for run in events.read(_folder(grid, "your grid")).values():
        key = frozenset(run.hparams.items())
        results.setdefault(key, []).append(run.scalars["accuracy"][1][-1])
    means = {key: np.mean(values) for key, values in results.items() if key}
    chosen = means.get(frozenset(setting.items()))
    if chosen is None:
        raise Wrong("there is no run with this setting in the event files")
    better = sum(mean > chosen for mean in means.values())
    if better:
        raise Wrong(f"{better} of {len(means)} settings have a higher mean accuracy")
    return "Whether it also wins with another seed is the next question."


def _folder(run, name):
    if not isinstance(run, str | Path) or not Path(run).is_dir():
        raise Wrong(f"{name} is not a log folder: hand in the path of the folder")
    return Path(run)


def _outcome(run, name):
    """Return (learning rate, last accuracy on the development digits) of a Keras run."""
    runs = events.read(_folder(run, name))
    try:
        rate = runs["train"].scalars["epoch_learning_rate"][1][-1]
        return rate, runs["validation"].scalars["epoch_accuracy"][1][-1]
    except KeyError:
        raise Wrong(f"{name} has no training with development digits in its files") from None
