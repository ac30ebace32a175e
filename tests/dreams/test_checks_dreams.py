"""The checks of lesson 07, each with wrong answers and with different right ones."""

import keras
import numpy as np
import tensorflow as tf
from verdicts import misjudged

from helpers.dreams import checks, dreaming, objectives
from helpers.vision import backbones, photos


def std(gradient):
    return tf.math.reduce_std(gradient)


VERDICTS = [
    (checks.layer_loss, lambda f: tf.reduce_mean(tf.square(tf.nn.relu(f))), "right"),
    (checks.layer_loss, lambda f: keras.ops.mean(keras.ops.maximum(f, 0) ** 2), "right"),
    (checks.normalise, lambda g: g / (std(g) + 1e-8), "right"),
    (checks.normalise, lambda g: tf.math.divide_no_nan(g, tf.sqrt(tf.reduce_mean(g**2))), "right"),
    (checks.normalise, lambda g: g.numpy() / max(g.numpy().std(), 1e-9), "right"),
    (checks.layer_loss, "loss", "not a function"),
    (checks.layer_loss, lambda: 0, "should take 1 argument"),
    (checks.layer_loss, lambda f: tf.reduce_mean(f), "plain mean"),
    (checks.layer_loss, lambda f: tf.reduce_mean(tf.square(f)), "below zero must not count"),
    (checks.layer_loss, lambda f: tf.reduce_mean(tf.nn.relu(f)), "take the squares of it"),
    (checks.layer_loss, lambda f: tf.reduce_sum(tf.nn.relu(f) ** 2), "grows with the picture"),
    (checks.layer_loss, lambda f: tf.nn.relu(f) ** 2, "the loss has the shape (1, 4, 6, 3)"),
    (checks.layer_loss, lambda f: tf.reduce_max(f), "which is not right"),
    (checks.layer_loss, lambda f: np.mean(np.maximum(f, 0) ** 2), "can't follow it"),
    (checks.layer_loss, lambda f: f.nothing, "AttributeError"),
    (checks.normalise, 1.0, "not a function"),
    (checks.normalise, lambda g: g, "1 is asked for"),
    (checks.normalise, lambda g: g / tf.reduce_max(tf.abs(g)), "1 is asked for"),
    (checks.normalise, lambda g: g / std(g), "divided by zero"),
    (checks.normalise, lambda g: tf.sign(g), "point where it pointed"),
    (checks.normalise, lambda g: -g / (std(g) + 1e-8), "point where it pointed"),
    (checks.normalise, lambda g: tf.reduce_mean(g), "has the shape ()"),
]


def test_right_answers_of_several_kinds_and_wrong_ones_with_their_reason():
    assert [fault for check, *row in VERDICTS for fault in misjudged(check, [row])] == []


def test_a_mixture(network):
    photo, layers = photos.load("coffee", 96), ["second", "third"]
    both = dreaming.Dreamer(network, layers, objectives.mixture([1.0, 1.0]))
    summed, alone = dreaming.Dreamer(network, layers), dreaming.Dreamer(network, layers[0])
    dream = both.dream(photo, steps=6, octaves=1)
    table = [
        ((both, dream), "right"),
        ((summed, summed.dream(photo, 8, 1)), "right"),
        ((both, ...), "not attempted"),
        ((both, both.dream(photo, 0)), "answers 1.00 times"),
        ((alone, dream), "one layer only"),
        ((both, dream.picture), "not a ndarray"),
        (("dreamer", dream), "should be a Dreamer"),
    ]
    assert misjudged(checks.mixture, table, photo) == []


def test_a_disguise():
    judge = backbones.load(backbones.first_here("googlenet", "efficientnet_lite0"))

    @tf.function(reduce_retracing=True)
    def uphill(picture, target):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            scores = judge.model(judge.scale(picture)[None], training=False)
            chance = tf.nn.log_softmax(scores)[0, target]
        return tape.gradient(chance, picture)

    def steps(count, size):
        def disguised(picture, target):
            for _ in range(count):
                picture = tf.clip_by_value(
                    picture + size * tf.sign(uphill(picture, tf.constant(target))), 0, 255
                )
            return picture

        return disguised

    table = [
        (steps(12, 1.0), "right"),
        (lambda p, t: steps(24, 0.5)(p, t).numpy().round().astype("uint8"), "right"),
        (steps(4, 4.0), "12 is the most allowed"),
        (lambda picture, target: picture, "only, and more than"),
        (steps(2, -1.0), "the other way round"),
        (lambda picture, target: picture[None], "has the shape"),
        (lambda picture: picture, "should take 2 arguments"),
        (..., "not attempted"),
    ]
    assert misjudged(checks.disguise, table, judge) == []
