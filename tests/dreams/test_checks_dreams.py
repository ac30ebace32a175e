"""The checks of lesson 07, each with wrong answers and with different right ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.dreams import checks, dreaming
from helpers.exercises import Exercise
from helpers.vision import backbones, photos

ALL = [value for value in vars(checks).values() if isinstance(value, Exercise)]


@pytest.fixture(scope="module")
def seer():
    return backbones.load("efficientnet_lite0", top=False)


@pytest.fixture(scope="module")
def judge():
    return backbones.load("efficientnet_lite0")


def why(exercise, *answers):
    verdict = exercise.verdict(*answers)
    assert verdict.state == "not yet", verdict.message
    return verdict.message


def right(exercise, *answers):
    verdict = exercise.verdict(*answers)
    assert verdict.state == "right", verdict.message


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.name)
def test_a_gap_is_not_a_mistake(check):
    more = {"mix": (..., ...), "attack": (None,)}.get(check.name, ())
    assert check.verdict(..., *more).state == "not attempted"
    assert len(check.hints) >= 3


def test_there_are_four():
    assert len(ALL) == 4


# -- the loss ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda features: tf.reduce_mean(tf.square(tf.nn.relu(features))),
        lambda features: keras.ops.mean(keras.ops.maximum(features, 0) ** 2),
        lambda features: tf.reduce_sum(tf.nn.relu(features) ** 2) / tf.size(features, tf.float32),
    ],
    ids=["tf", "keras", "sum over size"],
)
def test_a_right_loss(function):
    right(checks.layer_loss, function)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("loss", "not a function"),
        (lambda f: tf.reduce_mean(f), "plain mean"),
        (lambda f: tf.reduce_mean(tf.square(f)), "below zero must not count"),
        (lambda f: tf.reduce_mean(tf.nn.relu(f)), "take the squares of it"),
        (lambda f: tf.reduce_sum(tf.nn.relu(f) ** 2), "grows with the picture"),
        (lambda f: tf.nn.relu(f) ** 2, "one number, and returns 72"),
        (lambda f: tf.reduce_max(f), "is asked for"),
        (lambda f: np.mean(np.maximum(f, 0) ** 2), "can't follow it back"),
        (lambda f: f.nothing, "AttributeError"),
    ],
)
def test_a_wrong_loss(function, reason):
    assert reason in why(checks.layer_loss, function)


# -- the gradient --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda g: g / (tf.math.reduce_std(g) + 1e-8),
        lambda g: tf.math.divide_no_nan(g, tf.sqrt(tf.reduce_mean(g**2))),
        lambda g: g.numpy() / max(g.numpy().std(), 1e-9),
    ],
    ids=["std", "root mean square", "numpy"],
)
def test_a_right_normalisation(function):
    right(checks.normalise, function)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (1.0, "not a function"),
        (lambda g: g, "1 is asked for"),
        (lambda g: g / tf.reduce_max(tf.abs(g)), "1 is asked for"),
        (lambda g: g / tf.math.reduce_std(g), "divided by zero"),
        (lambda g: tf.sign(g), "point where it pointed"),
        (lambda g: -g / (tf.math.reduce_std(g) + 1e-8), "point where it pointed"),
        (lambda g: tf.reduce_mean(g), "shape should stay"),
    ],
)
def test_a_wrong_normalisation(function, reason):
    assert reason in why(checks.normalise, function)


# -- the mixture ---------------------------------------------------------------------------------


def test_a_mixture(seer):
    photo = photos.load("coffee", 128)
    layers = ["block4_expand_bn", "block6_expand_bn"]
    both = dreaming.Dreamer(seer, layers, dreaming.mixture([1.0, 1.0]))
    dream = both.dream(photo, steps=6, octaves=1)
    right(checks.mix, both, photo, dream)
    summed = dreaming.Dreamer(seer, layers)
    right(checks.mix, summed, photo, summed.dream(photo, steps=8, octaves=1))

    assert "answers 1.00 times" in why(checks.mix, both, photo, both.dream(photo, steps=0))
    alone = dreaming.Dreamer(seer, layers[0])
    assert "one layer only" in why(checks.mix, alone, photo, dream)
    assert "it is a ndarray" in why(checks.mix, both, photo, dream.picture)
    assert "should be a Dreamer" in why(checks.mix, "dreamer", photo, dream)


# -- the attack ----------------------------------------------------------------------------------


def slope(judge, picture, number):
    with tf.GradientTape() as tape:
        tape.watch(picture)
        logits = judge.model(judge.scale(picture)[None], training=False)
        chance = tf.nn.log_softmax(logits)[0, number]
    return tape.gradient(chance, picture)


def test_a_right_attack(judge):
    right(checks.attack, lambda p, n: p - 2 * tf.sign(slope(judge, p, n)), judge)
    right(checks.attack, lambda p, n: dreaming.nudge(judge, p.numpy().astype("uint8"), n, 3), judge)

    def two_steps(picture, number):
        for _ in range(2):
            gradient = slope(judge, picture, number)
            picture = picture - tf.clip_by_value(gradient / tf.math.reduce_std(gradient), -2, 2)
        return picture

    right(checks.attack, two_steps, judge)


def test_a_wrong_attack(judge):
    noise = tf.constant(np.random.default_rng(0).choice([-2.0, 2.0], (224, 224, 3)), tf.float32)
    assert "not a function" in why(checks.attack, "sign", judge)
    assert "shape should stay" in why(checks.attack, lambda p, n: p[None], judge)
    assert "is the most allowed" in why(
        checks.attack, lambda p, n: p - 9 * tf.sign(slope(judge, p, n)), judge
    )
    assert "other way round" in why(
        checks.attack, lambda p, n: p + 2 * tf.sign(slope(judge, p, n)), judge
    )
    message = why(checks.attack, lambda p, n: p + noise, judge)
    assert "only" in message or "other way round" in message
    assert "a third is asked for" in why(checks.attack, lambda p, n: p, judge)
