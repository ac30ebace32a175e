"""Answers to the exercises of lesson 02: see test_checks.py."""

import numpy as np
import tensorflow as tf
from tensorboard.plugins.hparams import api as hp


def log(folder, tag, points, **settings):
    """Write (step, value) points into a run's event file, and the run's settings."""
    with tf.summary.create_file_writer(str(folder)).as_default():
        for step, value in points:
            tf.summary.scalar(tag, value, step=step)
        if settings:
            hp.hparams(settings)


def edge(folder):
    def run(rate, accuracy):
        """A run's event files as Keras's callback writes them."""
        logs = folder / f"{rate} {accuracy}"
        log(logs / "train", "epoch_learning_rate", enumerate([rate] * 2))
        log(logs / "validation", "epoch_accuracy", enumerate([0.1, accuracy]))
        return logs

    (folder / "empty").mkdir()
    works = run(1.0, 0.9)
    return [
        ((works, str(run(2.0, 0.1))), "right"),
        ([run(0.9, 0.95), run(1.2, 0.12)], "right"),
        ((run(0.1, 0.9), run(2.0, 0.1)), "still hidden between"),
        ((run(1.0, 0.3), run(2.0, 0.1)), "first run should work"),
        ((works, run(2.0, 0.85)), "second run should break"),
        ((run(0.01, 0.9), run(0.001, 0.2)), "the low rate that breaks"),
        ((works, 2.0), "not a log folder"),
        ((folder / "nowhere", works), "not a log folder"),
        ((works, folder / "empty"), "no training with"),
    ]


def moved():
    def logging(value, name=lambda layer: layer.name, at=lambda epoch: epoch):
        def log_moved(epoch, layer, start):
            change = layer.kernel.numpy() - start
            tf.summary.scalar(name(layer), value(change), step=at(epoch))

        return log_moved

    return [
        (logging(lambda change: tf.reduce_mean(tf.abs(change))), "right"),
        (logging(lambda change: change.mean()), "up and down cancel out"),
        (logging(lambda change: np.abs(change).sum()), "the sum of the sizes"),
        (logging(lambda change: np.abs(change).max()), "is not right"),
        (logging(lambda change: 1.0, lambda layer: "moved"), "no scalar 'tried', but moved"),
        (logging(lambda change: 1.0, at=lambda epoch: 0), "number of the epoch as step"),
        (lambda epoch, layer, start: None, "no scalar at all"),
    ]


def winner(folder):
    for optimizer, width, accuracies in (
        ("adam", 16, (0.7, 0.9)),
        ("adam", 64, (0.84, 0.86)),
        ("sgd", 64, (0.5, 0.6)),
    ):
        for seed, accuracy in enumerate(accuracies):
            run = folder / f"{optimizer} {width} {seed}"
            log(run, "accuracy", [(1, accuracy)], optimizer=optimizer, width=width)
    rows = [
        ({"width": 64, "optimizer": "adam"}, "right"),
        ({"optimizer": "adam", "width": 64.0}, "right"),
        ({"width": 16, "optimizer": "adam"}, "1 of 3 settings"),  # the best single run
        ({"width": 64, "optimizer": "sgd"}, "2 of 3 settings"),
        ({"width": 32, "optimizer": "adam"}, "no run with this setting"),
        ({"width": 64}, "no run with this setting"),
        ({"width": ..., "optimizer": "adam"}, "not attempted"),
    ]
    return rows, str(folder)
