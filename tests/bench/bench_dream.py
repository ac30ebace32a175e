"""DeepDream beside TensorFlow's own tutorial (`tutorials/generative/deepdream`).

The tutorial's way, written here anew: compiled, tiles of 512 pixels, a random roll, the mean of the
layer as the loss, 0.01 of the range a step, 100 steps at each of five sizes from 1.3 ** -2 to 1.3
** 2 of the picture. InceptionV3's weights are rarely at hand: both ways dream with GoogLeNet's 4c.
Time is the processor's own, so that what else runs on the machine counts for neither.

Each way strives for a loss of its own, so both judge both, at the photograph's size, at which the
tutorial shows its dream: with how many steps a size does it bring our picture's activation about,
and how much time do they take?
"""

import functools
import time

import numpy as np
import tensorflow as tf
from harness import Measurement, timed

from helpers.dreams import dreaming, objectives
from helpers.vision import backbones, photos

LAYER, SIDE = "inception_4c_output", 256
PACES = (20, 100)  # steps a size that the tutorial's way is given
STEP, TILE = 0.01 * 127.5, 512  # the tutorial's pixels go from -1 to 1
SIZES, SCALE = range(-2, 3), 1.3
LOSSES = {
    "mean square above zero": objectives.strength,
    "mean": lambda features: tf.reduce_mean(features[0]),
}


def bench_dream():
    """Processor seconds of the tutorial's way to our dream's activations, over those of ours."""
    photograph = photos.load("coffee", SIDE)
    dreamer = dreaming.Dreamer(_backbone(), LAYER)
    dreamer.dream(photograph, 1)  # warm up
    seconds = timed(lambda: dreamer.dream(photograph), time.process_time)
    goals = _judged(dreamer, dreamer.dream(photograph).picture)
    _tutorial(photograph, 1)
    found = []
    for pace in PACES:
        began = time.process_time()
        picture = _tutorial(photograph, pace)
        found.append((time.process_time() - began, pace, _judged(dreamer, picture)))
        if all(found[-1][2][name] >= goals[name] for name in LOSSES):
            break
    for number, (name, goal) in enumerate(goals.items()):
        there = [row for row in found if row[2][name] >= goal]
        theirs, pace, reached = there[0] if there else found[-1]
        words = (
            f"to an activation ({name}) of {goal:.4g}: ours {seconds:.0f} s; the tutorial's way "
            f"{theirs:.0f} s with {pace} steps a size, {reached[name]:.4g}"
            f"{'' if there else ' (not reached; so at least this)'}"
        )
        yield Measurement(f"dream_speedup_{number}", theirs / seconds, "×", words)


@functools.cache
def _backbone():
    return backbones.load("googlenet", top=False)


def _judged(dreamer, picture):
    features = dreamer.features(picture)
    return {name: float(loss(features)) for name, loss in LOSSES.items()}


@functools.cache
def _gradients():
    network = _backbone().upto(LAYER)

    @tf.function(
        input_signature=[tf.TensorSpec([None, None, 3]), tf.TensorSpec([2], tf.int32)],
    )
    def gradients(picture, shift):
        rolled, size = tf.roll(picture, shift, (0, 1)), tf.shape(picture)
        total = tf.zeros_like(picture)
        for y in tf.range(0, tf.maximum(size[0] - TILE + 1, 1), TILE):
            for x in tf.range(0, tf.maximum(size[1] - TILE + 1, 1), TILE):
                with tf.GradientTape() as tape:
                    tape.watch(rolled)
                    piece = rolled[y : y + TILE, x : x + TILE]
                    loss = tf.reduce_mean(network(_backbone().scale(piece)[None], training=False))
                total += tape.gradient(loss, rolled)
        total = tf.roll(total, -shift, (0, 1))
        return total / (tf.math.reduce_std(total) + 1e-8)

    return gradients


def _tutorial(photograph, pace):
    """Dream as the tutorial does, `pace` steps at each size; return it at the photograph's size."""
    gradients, draw = _gradients(), np.random.default_rng(0)
    picture = tf.constant(photograph, tf.float32)
    for octave in SIZES:
        size = [int(side * SCALE**octave) for side in photograph.shape[:2]]
        picture = tf.image.resize(picture, size)
        for _ in range(pace):
            shift = tf.constant(draw.integers(-TILE, TILE, 2), tf.int32)
            picture = tf.clip_by_value(picture + STEP * gradients(picture, shift), 0.0, 255.0)
    picture = tf.image.resize(picture, photograph.shape[:2], antialias=True)
    return np.clip(picture.numpy().round(), 0, 255).astype(np.uint8)
