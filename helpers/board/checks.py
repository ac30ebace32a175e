"""What the exercises of lesson 02, TensorBoard, check: mostly the learner's own event files."""

from pathlib import Path

import numpy as np

from helpers import exercises
from helpers.board import events
from helpers.exercises import Wrong, exercise

WORKS, BREAKS = 0.8, 0.5  # accuracy on the development digits


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
    if high > 2.05 * low:
        raise Wrong(
            "both runs are as they should be, but the edge is still hidden between them: "
            "the second rate may be at most twice the first"
        )
    return (
        "A factor of two lies between learning fast and learning nothing. The best rate is often "
        "not far below that edge."
    )


@exercise
def own_summary(_function, run, model):
    """Judge a run with a scalar 'largest weight' for each epoch, and the model it belongs to.

    The function that logged it is only asked whether it was filled in.
    """
    runs = list(events.read(_folder(run, "your run")).values())
    scalars = runs[0].scalars if runs else {}
    if "largest weight" not in scalars:
        found = ", ".join(scalars) or "no scalars at all"
        raise Wrong(f"the event files have no scalar 'largest weight', but {found}")
    steps, values = scalars["largest weight"]
    if len(steps) < 3:
        raise Wrong(f"the curve has {len(steps)} points: log one for each epoch, three at least")
    if len(set(steps)) < len(steps):
        raise Wrong("several points have the same step: give the number of the epoch as step")
    largest = np.abs(model.get_layer("hidden").get_weights()[0]).max()
    if not np.isclose(values[-1], largest, rtol=1e-3):
        raise Wrong(
            "the last point is not the largest weight, by size, of the trained hidden layer"
        )
    if len(set(values)) < 2:
        raise Wrong("all points are the same: read the weights anew at the end of each epoch")
    return "Whatever you can compute, you can watch. Weights that grow and grow are worth watching."


@exercise
def dead_units(function):
    """Judge a function that counts the units that are 0 for every digit."""
    exercises.function(function, "dead_units(activations)")
    for activations, dead, why in [
        ([[0, 1, 0], [0, 0, 2]], 1, "one of three units is 0 for every digit"),
        ([[0, 0], [0, 0], [0, 0]], 2, "both units are 0 for all three digits"),
        ([[1, 0], [0, 3]], 0, "each unit answers to one of the two digits, so none is dead"),
        ([[0, 0, 0, 5]], 3, "there is one digit, and three of four units are 0"),
    ]:
        found = function(np.array(activations, float))
        if np.ndim(found) or found != dead:
            raise Wrong(f"for activations where {why}, your function returns {found}")
    return "A relu that is 0 for every digit has no gradient either: it can't learn its way back."


@exercise
def winner(setting, grid):
    """Judge which setting of the learner's own grid, a log folder, has the best mean accuracy."""
    if not isinstance(setting, dict):
        raise Wrong("give the setting as a dict: {'width': …, 'dropout': …, 'optimizer': …}")
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
