"""The checks of lesson 02: for each a table of answers, right, not attempted, or not yet right."""

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.plugins.hparams import api as hp
from verdicts import misjudged, why

from helpers.board import checks


def log(folder, tag, points, **settings):
    """Write (step, value) points into a run's event file, and the run's settings."""
    with tf.summary.create_file_writer(str(folder)).as_default():
        for step, value in points:
            tf.summary.scalar(tag, value, step=step)
        if settings:
            hp.hparams(settings)
    return folder


def test_edge(tmp_path):
    def run(rate, accuracy):
        """A run's event files as Keras's callback writes them."""
        folder = tmp_path / f"{rate} {accuracy}"
        log(folder / "train", "epoch_learning_rate", enumerate([rate] * 2))
        log(folder / "validation", "epoch_accuracy", enumerate([0.1, accuracy]))
        return folder

    (tmp_path / "empty").mkdir()
    works = run(1.0, 0.9)
    table = [
        ((works, str(run(2.0, 0.1))), "right"),
        ([run(0.9, 0.95), run(1.2, 0.12)], "right"),
        ((run(0.1, 0.9), run(2.0, 0.1)), "still hidden between"),
        ((run(1.0, 0.3), run(2.0, 0.1)), "first run should work"),
        ((works, run(2.0, 0.85)), "second run should break"),
        ((run(0.01, 0.9), run(0.001, 0.2)), "the low rate that breaks"),
        ((works, 2.0), "not a log folder"),
        ((tmp_path / "nowhere", works), "not a log folder"),
        ((works, tmp_path / "empty"), "no training with"),
        (works, "hand in two runs"),
        ((works, ...), "not attempted"),
    ]
    assert not misjudged(checks.edge, table)


def test_own_summary(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="hidden")])
    model.get_layer("hidden").set_weights([np.array([[1, 2], [-3, 0.5], [0, 1]]), np.zeros(2)])

    def own(epoch, model):
        tf.summary.scalar("largest weight", 3.0, step=epoch)

    def unfilled(epoch, model):
        return ...

    tag, rising = "largest weight", [(0, 1.0), (1, 2.0), (2, 3.0)]
    runs = [
        (tag, rising, "right"),
        (tag, [(1, 2.0), (2, 2.5), (3, 2.8), (4, 3.0)], "right"),  # counted from 1
        ("largest", rising, "no scalar 'largest weight', but largest"),
        (tag, [], "no scalars at all"),
        (tag, [(0, 3.0)], "1 points"),
        (tag, [(0, 1.0), (1, 1.5), (2, 2.0)], "the last point is not"),
        (tag, [(0, 3.0), (1, 3.0), (2, 3.0)], "all points are the same"),
        (tag, [(0, 1.0), (0, 2.0), (0, 3.0)], "same step"),
    ]
    for number, (name, points, wanted) in enumerate(runs):
        run = log(tmp_path / str(number), name, points)
        assert not misjudged(checks.own_summary, [(own, wanted)], run, model)
    assert not misjudged(checks.own_summary, [(unfilled, "not attempted")], run, model)
    assert "not a log folder" in why(checks.own_summary, own, None, model)


def test_dead_units():
    table = [
        (lambda activations: (activations.max(axis=0) == 0).sum(), "right"),
        (lambda activations: sum(not column.any() for column in activations.T), "right"),
        (lambda activations: (activations == 0).sum(), "your function returns 4"),
        (lambda activations: (activations.max(axis=1) == 0).sum(), "your function returns 0"),
        (lambda activations: (activations.max(axis=0) > 0).sum(), "your function returns 2"),
        (lambda activations: (activations.min(axis=0) == 0).sum(), "your function returns 3"),
        (lambda activations: activations.max(axis=0) == 0, "your function returns ["),
        (1, "not a function"),
        (..., "not attempted"),
    ]
    assert not misjudged(checks.dead_units, table)


@pytest.mark.parametrize("as_given", [str, lambda folder: folder])
def test_winner(tmp_path, as_given):
    for optimizer, width, accuracies in (
        ("adam", 16, (0.7, 0.9)),
        ("adam", 64, (0.84, 0.86)),
        ("sgd", 64, (0.5, 0.6)),
    ):
        for seed, accuracy in enumerate(accuracies):
            run = tmp_path / f"{optimizer} {width} {seed}"
            log(run, "accuracy", [(1, accuracy)], optimizer=optimizer, width=width)
    table = [
        ({"width": 64, "optimizer": "adam"}, "right"),
        ({"optimizer": "adam", "width": 64.0}, "right"),
        ({"width": 16, "optimizer": "adam"}, "1 of 3 settings"),  # the best single run
        ({"width": 64, "optimizer": "sgd"}, "2 of 3 settings"),
        ({"width": 32, "optimizer": "adam"}, "no run with this setting"),
        ({"width": 64}, "no run with this setting"),
        ("adam", "as a dict"),
        ({"width": ..., "optimizer": "adam"}, "not attempted"),
    ]
    assert not misjudged(checks.winner, table, as_given(tmp_path))
