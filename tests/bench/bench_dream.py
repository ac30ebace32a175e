"""DeepDream beside the straightforward way of tutorials: seconds to the same mean activation."""

import functools
import statistics
import time

from harness import Measurement, compare

LAYER = "block9_expand_bn"
SIDE = 288  # pixels of the longer side
ROUNDS = 3
STEPS = 8
PATIENCE = 150  # steps after which the straightforward way is given up
STEP = 1.3  # of 0-255: the 0.01 that is usual for a range from -1 to 1


@functools.cache
def _prepared():
    """(backbone, photograph, our dreamer, the activation that ours reaches)."""
    from helpers.dreams import dreaming
    from helpers.vision import backbones, photos

    backbone = backbones.load("efficientnet_lite0", top=False)
    photograph = photos.load("palace", SIDE)
    dreamer = dreaming.Dreamer(backbone, LAYER, levels=1, colour=0.0)
    goal = dreamer.dream(photograph, STEPS, 1, step_size=STEP, jitter=0).activations[-1]
    return backbone, photograph, dreamer, goal


def bench_dream():
    """To the activation that ours reaches in 8 steps at one size: cut off and compiled.

    The other: the whole network, eager, the same steps. Octaves and an even gradient, which make a
    dream beautiful and not quick, are left out of both; `bench_coarse_to_fine` says what the
    former bring.
    """
    import psutil

    _, photograph, dreamer, goal = _prepared()
    ratios, plain_steps = [], 0
    _straightforward(0.0)  # one step to warm up
    for _ in range(ROUNDS):
        ours = _seconds(lambda: dreamer.dream(photograph, STEPS, 1, step_size=STEP, jitter=0))
        theirs, plain_steps, reached = _straightforward(goal)
        ratios.append(theirs / ours)
    memory = psutil.Process().memory_info()
    peak = getattr(memory, "peak_wset", memory.rss) / 1e6
    given_up = "" if reached >= goal else " (given up: the ratio is at least this)"
    return Measurement(
        "dream_speedup",
        statistics.median(ratios),
        "×",
        f"to a mean activation of {goal:.2f}, {STEPS} steps of ours / {plain_steps} of the other"
        f" that reached {reached:.2f}{given_up}; {peak:,.0f} MB of memory at the end",
        (min(ratios), max(ratios)),
    )


def bench_truncating():
    """One compiled gradient: through the whole network, and through the part up to the layer."""
    return _of_a_gradient("dream_truncating", "whole / cut off", {}, {"whole": True})


def bench_tf_function():
    """One gradient through the part up to the layer: eager, and compiled."""
    return _of_a_gradient("dream_tf_function", "eager / compiled", {}, {"compiled": False})


def bench_xla():
    """One compiled gradient through the part up to the layer: without XLA, and with it."""
    return _of_a_gradient("dream_xla", "without XLA / with it", {"xla": True}, {})


def bench_coarse_to_fine():
    """As many steps at one size as at two sizes, to much the same activation: seconds."""
    _, photograph, dreamer, _ = _prepared()
    dreams = {}

    def dream(octaves):
        dreams[octaves] = dreamer.dream(photograph, STEPS // octaves, octaves)

    measured = compare(
        "dream_coarse_to_fine",
        lambda: dream(1),
        lambda: dream(2),
        "",
        rounds=ROUNDS,
    )
    reached = [dreams[octaves].activations[-1] for octaves in (1, 2)]
    measured.compared = (
        f"{STEPS} steps at one size, activation {reached[0]:.2f} / at two, {reached[1]:.2f}"
    )
    return measured


def _straightforward(goal):
    """(seconds, steps, activation): eager, through all layers, one scale, small equal steps."""
    import tensorflow as tf

    photograph = _prepared()[1]
    gradient = _gradient(whole=True, compiled=False)
    x, started = _floats(photograph), time.perf_counter()
    steps, reached = 0, 0.0
    while steps == 0 or (reached < goal and steps < PATIENCE):
        steps += 1
        slope, reached = gradient(x)
        x = tf.clip_by_value(x + STEP * slope / (tf.math.reduce_std(slope) + 1e-8), 0, 255)
    return time.perf_counter() - started, steps, float(reached)


def _gradient(whole=False, compiled=True, xla=False):
    """Return a function: picture -> (slope, activation). `whole`: all layers are computed."""
    import keras
    import tensorflow as tf

    from helpers.dreams import dreaming

    backbone, *_ = _prepared()
    layer = backbone.model.get_layer(LAYER).output
    last = backbone.model.output
    network = keras.Model(backbone.model.input, [layer, last] if whole else layer)

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            features = network(backbone.scale(x)[None], training=False)
            if whole:  # what is not asked for would be pruned when compiled
                activation = dreaming.strength(features[:1]) + 0 * tf.reduce_mean(features[1])
            else:
                activation = dreaming.strength([features])
        return tape.gradient(activation, x), activation

    return tf.function(gradient, jit_compile=xla) if compiled or xla else gradient


def _of_a_gradient(name, words, ours, other):
    """Compare two ways of computing one gradient: seconds of `other` / seconds of `ours`."""
    x = _floats(_prepared()[1])
    fast, slow = _gradient(**ours), _gradient(**other)
    return compare(name, lambda: slow(x), lambda: fast(x), f"one gradient, {words}", rounds=3)


def _floats(photograph):
    import tensorflow as tf

    return tf.constant(photograph, tf.float32)


def _seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started
