"""Answers to the exercises of lesson 07: see test_checks.py."""

import keras
import numpy as np
import tensorflow as tf
from small import small_network

from helpers.dreams import dreaming, objectives
from helpers.vision import backbones, photos

std = tf.math.reduce_std


def layer_loss():
    return [
        (lambda f: keras.ops.mean(keras.ops.maximum(f, 0) ** 2), "right"),
        (lambda f: tf.reduce_mean(f), "plain mean"),
        (lambda f: tf.reduce_mean(tf.square(f)), "below zero must not count"),
        (lambda f: tf.reduce_mean(tf.nn.relu(f)), "take the squares of it"),
        (lambda f: tf.reduce_sum(tf.nn.relu(f) ** 2), "grows with the picture"),
        (lambda f: tf.nn.relu(f) ** 2, "the loss has the shape (1, 4, 6, 3)"),
        (lambda f: tf.reduce_max(f), "which is not right"),
        (lambda f: np.mean(np.maximum(f, 0) ** 2), "can't follow it"),
    ]


def normalise():
    return [
        (lambda g: tf.math.divide_no_nan(g, tf.sqrt(tf.reduce_mean(g**2))), "right"),
        (lambda g: g.numpy() / max(g.numpy().std(), 1e-9), "right"),
        (lambda g: g, "1 is asked for"),
        (lambda g: g / std(g), "divided by zero"),
        (lambda g: tf.sign(g), "point where it pointed"),
        (lambda g: -g / (std(g) + 1e-8), "point where it pointed"),
        (lambda g: tf.reduce_mean(g), "has the shape ()"),
    ]


def mixture():
    network, photo = small_network(), photos.load("coffee", 96)
    layers = ["second", "third"]
    both = dreaming.Dreamer(network, layers, objectives.mixture([1.0, 1.0]))
    summed, alone = dreaming.Dreamer(network, layers), dreaming.Dreamer(network, layers[0])
    dream = both.dream(photo, steps=6, octaves=1)
    rows = [
        ((both, dream), "right"),
        ((summed, summed.dream(photo, 8, 1)), "right"),
        ((both, ...), "not attempted"),
        ((both, both.dream(photo, 0)), "answers 1.00 times"),
        ((alone, dream), "one layer only"),
        ((both, dream.picture), "not a ndarray"),
        (("dreamer", dream), "should be a Dreamer"),
    ]
    return rows, photo


def disguise():
    judge = backbones.load("inception_small")

    @tf.function(reduce_retracing=True)
    def uphill(picture, target):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            scores = judge.model(judge.scale(picture)[None], training=False)
            chance = tf.nn.log_softmax(scores)[0, target]
        return tape.gradient(chance, picture)

    def steps(count, size, most=8):
        def disguised(picture, target):
            low, high = tf.maximum(picture - most, 0), tf.minimum(picture + most, 255)
            for _ in range(count):
                picture += size * tf.sign(uphill(picture, tf.constant(target)))
                picture = tf.clip_by_value(picture, low, high)
            return picture

        return disguised

    rows = [
        (lambda p, t: steps(24, 1.0)(p, t).numpy().round().astype("uint8"), "right"),
        (steps(4, 4.0, most=16), "8 is the most allowed"),
        (lambda picture, target: picture, "only, and more than"),
        (steps(2, -1.0), "the other way round"),
        (lambda picture, target: picture[None], "has the shape"),
    ]
    return rows, judge
