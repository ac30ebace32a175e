"""The checks of lesson 02: for each a table of answers, right, not attempted, or not yet right."""

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.plugins.hparams import api as hp
from verdicts import misjudged

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


def test_moved():
    def logging(value, name=lambda layer: layer.name):
        def log_moved(epoch, layer, start):
            change = layer.kernel.numpy() - start
            tf.summary.scalar(name(layer), value(change), step=epoch)

        return log_moved

    def at_one_step(epoch, layer, start):
        tf.summary.scalar(layer.name, 1.0, step=0)

    def unfilled(epoch, layer, start):
        return ...

    table = [
        (logging(lambda change: np.abs(change).mean()), "right"),
        (logging(lambda change: tf.reduce_mean(tf.abs(change))), "right"),
        (logging(lambda change: change.mean()), "up and down cancel out"),
        (logging(lambda change: np.abs(change).sum()), "the sum of the sizes"),
        (logging(lambda change: np.abs(change).max()), "is not right"),
        (logging(lambda change: 1.0, lambda layer: "moved"), "no scalar 'tried', but moved"),
        (lambda epoch, layer, start: None, "no scalar at all"),
        (at_one_step, "number of the epoch as step"),
        (lambda epoch: None, "3 arguments"),
        (unfilled, "not attempted"),
    ]
    assert not misjudged(checks.moved, table)


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
