"""DeepDream beside the straightforward way of tutorials: seconds to the same mean activation."""

import functools
import time

import keras
import tensorflow as tf
from harness import compare, median, timed

from helpers.dreams import dreaming, objectives
from helpers.vision import backbones, photos

LAYER = "inception_4c_output"
SIDE = 288  # pixels of the longer side
ROUNDS, STEPS = 3, 8
PATIENCE = 150  # steps after which the straightforward way is given up
STEP = 1.3  # of 0-255: the 0.01 that is usual for a range from -1 to 1
SETTINGS = {"steps": STEPS, "octaves": 1, "step_size": STEP, "jitter": 0}


@functools.cache
def _prepared():
    """(backbone, photograph, our dreamer, the activation that ours reaches)."""
    backbone = backbones.load("googlenet", top=False)
    photograph = photos.load("palace", SIDE)
    dreamer = dreaming.Dreamer(backbone, LAYER)
    return backbone, photograph, dreamer, dreamer.dream(photograph, **SETTINGS).activations[-1]


def bench_dream():
    """To the activation that ours reaches in 8 steps at one size: cut off and compiled.

    The other: the whole network, eager, the same steps. Octaves and an even gradient, which make a
    dream beautiful and not quick, are left out of both.
    """
    _, photograph, dreamer, goal = _prepared()
    ratios = []
    _straightforward(0.0)  # one step to warm up
    for _ in range(ROUNDS):
        ours = timed(lambda: dreamer.dream(photograph, **SETTINGS))
        theirs, steps, reached = _straightforward(goal)
        ratios.append(theirs / ours)
    given_up = "" if reached >= goal else " (given up: the ratio is at least this)"
    compared = (
        f"to a mean activation of {goal:.2f}, {STEPS} steps of ours / {steps} of the other"
        f" that reached {reached:.2f}{given_up}"
    )
    return median("dream_speedup", ratios, "×", compared)


def bench_parts():
    """What each trick brings to one gradient: cutting the network off, and tf.function."""
    photograph = tf.constant(_prepared()[1], tf.float32)
    fast = functools.partial(_gradient(), photograph)
    for name, words, other in [
        ("truncating", "whole / cut off", {"whole": True}),
        ("tf_function", "eager / compiled", {"compiled": False}),
    ]:
        slow = functools.partial(_gradient(**other), photograph)
        yield compare(f"dream_{name}", slow, fast, f"one gradient, {words}", ROUNDS)


def _straightforward(goal):
    """(seconds, steps, activation): eager, through all layers, one scale, small equal steps."""
    gradient, x = _gradient(whole=True, compiled=False), tf.constant(_prepared()[1], tf.float32)
    started, steps, reached = time.perf_counter(), 0, 0.0
    while steps == 0 or (reached < goal and steps < PATIENCE):
        steps += 1
        slope, reached = gradient(x)
        x = tf.clip_by_value(x + STEP * slope / (tf.math.reduce_std(slope) + 1e-8), 0, 255)
    return time.perf_counter() - started, steps, float(reached)


def _gradient(whole=False, compiled=True):
    """Return a function: picture -> (gradient, activation). `whole`: all layers are computed."""
    backbone, *_ = _prepared()
    outputs = [backbone.model.get_layer(LAYER).output, *[backbone.model.output] * whole]
    network = keras.Model(backbone.model.input, outputs)

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            features = tf.nest.flatten(network(backbone.scale(x)[None], training=False))
            activation = objectives.strength(features[:1])
            if whole:  # what is not asked for would be pruned when compiled
                activation += 0 * tf.reduce_mean(features[1])
        return tape.gradient(activation, x), activation

    return tf.function(gradient) if compiled else gradient
