"""The checks of lesson 02: each with several wrong answers and two different right ones."""

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.plugins.hparams import api as hp

from helpers.board import checks


def writer(folder):
    return tf.summary.create_file_writer(str(folder)).as_default()


def log(folder, tag, values, first=0):
    with writer(folder):
        for step, value in enumerate(values, first):
            tf.summary.scalar(tag, value, step=step)
    return folder


def keras_run(folder, rate, accuracy):
    """A run's event files as Keras's callback writes them."""
    log(folder / "train", "epoch_learning_rate", [rate] * 2)
    log(folder / "validation", "epoch_accuracy", [0.1, accuracy])
    return folder


def state(exercise, *answers):
    return exercise.verdict(*answers).state


# -- where training breaks -----------------------------------------------------------------------


@pytest.mark.parametrize("low, high", [(1.0, 2.0), (0.9, 1.2), (0.4, 0.8)])
def test_an_edge_is_right(tmp_path, low, high):
    works, breaks = keras_run(tmp_path / "a", low, 0.9), keras_run(tmp_path / "b", high, 0.1)
    assert state(checks.edge, works, str(breaks)) == "right"


@pytest.mark.parametrize(
    "first, second, why",
    [
        ((0.1, 0.9), (2.0, 0.1), "still hidden between"),
        ((1.0, 0.3), (2.0, 0.1), "first run should work"),
        ((1.0, 0.9), (2.0, 0.85), "second run should break"),
        ((0.01, 0.9), (0.001, 0.2), "the low rate that breaks"),
    ],
)
def test_a_missed_edge_is_wrong(tmp_path, first, second, why):
    runs = keras_run(tmp_path / "a", *first), keras_run(tmp_path / "b", *second)
    verdict = checks.edge.verdict(*runs)
    assert verdict.state == "not yet"
    assert why in verdict.message


def test_what_is_no_training_run_is_said(tmp_path):
    run = keras_run(tmp_path / "a", 1.0, 0.9)
    assert "not a log folder" in checks.edge.verdict(run, 2.0).message
    assert "not a log folder" in checks.edge.verdict(tmp_path / "nowhere", run).message
    (tmp_path / "empty").mkdir()
    assert "no training with" in checks.edge.verdict(run, tmp_path / "empty").message
    assert state(checks.edge, run, ...) == "not attempted"


# -- a summary of your own -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def model():
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="hidden")])
    model.get_layer("hidden").set_weights([np.array([[1, 2], [-3, 0.5], [0, 1]]), np.zeros(2)])
    return model


def largest(epoch, model):
    tf.summary.scalar("largest weight", 3.0, step=epoch)


def test_the_largest_weight_of_each_epoch_is_right(tmp_path, model):
    three = log(tmp_path / "a", "largest weight", [1.0, 2.0, 3.0])
    counted_from_one = log(tmp_path / "b", "largest weight", [2.0, 2.5, 2.8, 3.0], first=1)
    for run in (three, counted_from_one):
        assert state(checks.own_summary, largest, run, model) == "right"


@pytest.mark.parametrize(
    "tag, values, why",
    [
        ("largest", [1.0, 2.0, 3.0], "no scalar 'largest weight', but largest"),
        ("largest weight", [3.0], "1 points"),
        ("largest weight", [1.0, 1.5, 2.0], "the last point is not"),
        ("largest weight", [3.0, 3.0, 3.0], "all points are the same"),
    ],
)
def test_another_summary_is_wrong(tmp_path, model, tag, values, why):
    verdict = checks.own_summary.verdict(largest, log(tmp_path, tag, values), model)
    assert verdict.state == "not yet"
    assert why in verdict.message


def test_points_without_a_step_of_their_own_are_wrong(tmp_path, model):
    with writer(tmp_path):
        for value in (1.0, 2.0, 3.0):
            tf.summary.scalar("largest weight", value, step=0)
    assert "same step" in checks.own_summary.verdict(largest, tmp_path, model).message


def test_an_unfilled_summary_is_not_attempted(tmp_path, model):
    def unfilled(epoch, model):
        return ...

    assert state(checks.own_summary, unfilled, tmp_path, model) == "not attempted"


# -- count the dead ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda activations: (activations.max(axis=0) == 0).sum(),
        lambda activations: sum(not column.any() for column in activations.T),
    ],
)
def test_counted_dead_units_are_right(function):
    assert state(checks.dead_units, function) == "right"


@pytest.mark.parametrize(
    "function",
    [
        lambda activations: (activations == 0).sum(),
        lambda activations: (activations.max(axis=1) == 0).sum(),
        lambda activations: (activations.max(axis=0) > 0).sum(),
        lambda activations: (activations.min(axis=0) == 0).sum(),
        lambda activations: activations.max(axis=0) == 0,
    ],
)
def test_another_count_is_wrong(function):
    assert state(checks.dead_units, function) == "not yet"


# -- the winner ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    grid = tmp_path_factory.mktemp("grid")
    for optimizer, width, accuracies in (
        ("adam", 16, (0.7, 0.9)),
        ("adam", 64, (0.84, 0.86)),
        ("sgd", 64, (0.5, 0.6)),
    ):
        for seed, accuracy in enumerate(accuracies):
            with writer(grid / f"{optimizer} {width} {seed}"):
                hp.hparams({"optimizer": optimizer, "width": width})
                tf.summary.scalar("accuracy", accuracy, step=1)
    return grid


def test_the_best_mean_wins(grid):
    assert state(checks.winner, grid, {"width": 64, "optimizer": "adam"}) == "right"
    assert state(checks.winner, str(grid), {"optimizer": "adam", "width": 64.0}) == "right"


@pytest.mark.parametrize(
    "setting, why",
    [
        ({"width": 16, "optimizer": "adam"}, "1 of 3 settings"),  # the best single run
        ({"width": 64, "optimizer": "sgd"}, "2 of 3 settings"),
        ({"width": 32, "optimizer": "adam"}, "no run with this setting"),
        ({"width": 64}, "no run with this setting"),
        ("adam", "as a dict"),
    ],
)
def test_another_winner_is_wrong(grid, setting, why):
    verdict = checks.winner.verdict(grid, setting)
    assert verdict.state == "not yet"
    assert why in verdict.message
