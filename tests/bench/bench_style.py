"""Style transfer against the straightforward way of public tutorials, in one run.

The straightforward way, written here for the purpose: the whole of VGG16, no graph compilation,
one size, Adam with small steps, Gram matrices by einsum. Each figure prints what it rests on; the
lines before it say what each trick brings alone.
"""

import functools
import statistics
import time

from harness import Measurement, compare

SIZE = 256  # pixels of the longer side
PATIENCE = 400  # steps after which the straightforward way is stopped, and the figure a lower bound
RATE = 0.02  # Adam's, of the range from black to white, as in TensorFlow's tutorial


def bench_gatys_speedup():
    """To the same loss at full size: seconds of the straightforward way over seconds of ours."""
    ours, theirs = _ours(), _straightforward()
    reached = "the same loss" if theirs["loss"] <= ours["loss"] else "not yet the same loss"
    return Measurement(
        "gatys_speedup",
        theirs["seconds"] / ours["seconds"],
        "×",
        f"loss {ours['loss']:.4f} after {ours['seconds']:.1f} s and {ours['looks']} looks; the "
        f"straightforward way {theirs['loss']:.4f} after {theirs['seconds']:.1f} s and "
        f"{theirs['looks']} looks ({reached}); peak memory {_peak():.2f} GB",
    )


def bench_any_style_speedup():
    """Seconds of the straightforward way over those of any style, style read anew included."""
    from helpers.styles import any_style

    photograph, style = _pictures()
    magenta = any_style.load()
    paint = lambda: magenta.paint(photograph, magenta.style(style))  # noqa: E731
    paint()
    seconds = [_timed(paint) for _ in range(7)]
    ours, theirs = statistics.median(seconds), _straightforward()["seconds"]
    return Measurement(
        "any_style_speedup",
        theirs / ours,
        "×",
        f"{ours * 1000:.0f} ms, style read included, against {theirs:.1f} s; our own Gatys takes "
        f"{_ours()['seconds'] / ours:.0f} times as long; peak memory {_peak():.2f} GB",
        (theirs / max(seconds), theirs / min(seconds)),
    )


def bench_style_truncated():
    """One look through the whole network over one through our part of it.

    Both without tf.function, which would leave out by itself what nobody asks for.
    """
    one, other = _look(_whole_eye(), compiled=False), _look(_eye(), compiled=False)
    return compare("style_truncated", one, other, "VGG16 whole / cut off, eager", rounds=3)


def bench_style_compiled():
    """One look without tf.function over one with it."""
    one, other = _look(_eye(), compiled=False), _look(_eye())
    return compare("style_compiled", one, other, "eager / tf.function, one look", rounds=3)


def bench_style_xla():
    """One look compiled by tf.function over one compiled by XLA: below 1, XLA is slower here."""
    one, other = _look(_eye()), _look(_eye(), jit=True)
    return compare("style_xla", one, other, "tf.function / XLA, one look", rounds=3)


def bench_style_fused_gram():
    """Gram matrices of the first layer by einsum over those by one product of matrices."""
    import tensorflow as tf

    from helpers.styles import styling

    features = tf.random.stateless_uniform((1, SIZE, SIZE, 64), (0, 0))
    fused = tf.function(styling.gram)
    by_einsum = tf.function(_gram_by_einsum)
    return compare(
        "style_fused_gram", lambda: by_einsum(features), lambda: fused(features), "einsum / matmul"
    )


def bench_style_coarse_to_fine():
    """To the same loss at full size: seconds with L-BFGS at one size over those with two."""
    from helpers.styles import styling

    ours = _ours()
    loss, start = _loss(_eye()), _start()
    seconds, found = _until(lambda watch: styling.descend(loss, start, 60, watch=watch), ours)
    return Measurement(
        "style_coarse_to_fine",
        seconds / ours["seconds"],
        "×",
        f"one size: loss {found:.4f} after {seconds:.1f} s; two: {ours['loss']:.4f} after "
        f"{ours['seconds']:.1f} s",
    )


# -- the contestants -----------------------------------------------------------------------------


@functools.cache
def _pictures():
    from helpers.styles import patterns
    from helpers.vision import photos

    return photos.load("palace", SIZE), patterns.strokes(SIZE)


@functools.cache
def _eye():
    from helpers.styles import styling

    return styling.eye()


@functools.cache
def _whole_eye():
    """Compute all 13 convolutions, whatever is asked for, as the tutorials do."""
    import keras

    from helpers.styles import styling
    from helpers.vision import backbones

    backbone = backbones.load("vgg16", top=False)
    layers = [*styling.STYLE_LAYERS, "block5_pool"]
    model = keras.Model(backbone.model.input, [backbone.model.get_layer(x).output for x in layers])
    model.trainable = False
    return lambda pictures: dict(zip(layers, model(backbone.scale(pictures * 255)), strict=True))


def _start():
    from helpers.styles import styling

    return styling.match_colours(*map(styling.as_floats, _pictures()))


def _loss(see):
    from helpers.styles import styling

    return styling.painting_loss(see, styling.as_floats(_pictures()[1]), _start())


@functools.cache
def _ours():
    """Paint as `styling.paint` does; the loss is measured at full size."""
    from helpers.styles import styling

    photograph, style = _pictures()
    styling.paint(photograph, style, 64, see=_eye())  # warm up
    found = []
    seconds = _timed(lambda: found.append(styling.paint(photograph, style, SIZE, see=_eye())))
    painted = found[0]
    return {
        "seconds": seconds,
        "looks": len(painted.losses),
        "loss": float(_loss(_eye())(styling.as_floats(painted.picture))),
    }


@functools.cache
def _straightforward():
    """Go down as public tutorials do, until our loss is reached or patience ends.

    It has the same start, layers and weights, so that only the way differs; its loss is measured
    by the same judge as ours, outside the time.
    """
    import keras
    import tensorflow as tf

    from helpers.styles import styling

    aim, judge = _ours()["loss"], _loss(_eye())
    see = _whole_eye()
    seen = see(tf.constant(styling.as_floats(_pictures()[1]))[None])
    grams = {layer: _gram_by_einsum(seen[layer]) for layer in styling.STYLE_LAYERS}
    seen = see(tf.constant(_start())[None])
    places = {layer: seen[layer] for layer in styling.CONTENT_LAYERS}
    picture = tf.Variable(_start())
    optimizer = keras.optimizers.Adam(RATE)
    optimizer.build([picture])
    seconds, looks, found = 0.0, 0, float(judge(picture.value()))

    def step():
        with tf.GradientTape() as tape:
            seen = see(picture.value()[None])
            style = [
                tf.reduce_mean((_gram_by_einsum(seen[layer]) - wanted) ** 2)
                / tf.reduce_mean(wanted**2)
                for layer, wanted in grams.items()
            ]
            value = tf.add_n(style) / len(style) + styling.CONTENT_WEIGHT * styling.content_loss(
                seen, places
            )
            value += styling.VARIATION_WEIGHT * styling.total_variation(picture.value()[None])
        optimizer.apply_gradients([(tape.gradient(value, picture), picture)])
        picture.assign(tf.clip_by_value(picture, 0.0, 1.0))

    while found > aim and looks < PATIENCE:
        seconds += _timed(step)
        looks += 1
        if looks % 5 == 0:
            found = float(judge(picture.value()))
    return {"seconds": seconds, "looks": looks, "loss": found}


def _gram_by_einsum(features):
    import tensorflow as tf

    places = tf.cast(tf.shape(features)[1] * tf.shape(features)[2], features.dtype)
    return tf.einsum("bijc,bijd->bcd", features, features) / places


def _look(see, compiled=True, jit=False):
    """Return a function that computes the loss and its slope once, and waits for them."""
    import tensorflow as tf

    loss, picture = _loss(see), tf.constant(_start())

    def value_and_slope(picture):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            value = loss(picture)
        return value, tape.gradient(value, picture)

    if compiled:
        value_and_slope = tf.function(value_and_slope, autograph=False, jit_compile=jit)
    return lambda: value_and_slope(picture)[1].numpy()


def _until(descend, ours):
    """Run `descend(watch)` until our loss is reached; return (seconds, the best loss)."""
    judge, best = _loss(_eye()), [float("inf")]
    spent = [0.0]
    started = [time.perf_counter()]

    def watch(picture):
        spent[0] += time.perf_counter() - started[0]
        best[0] = min(best[0], float(judge(picture)))
        if best[0] <= ours["loss"]:
            raise KeyboardInterrupt
        started[0] = time.perf_counter()

    descend(watch)
    return spent[0], best[0]


def _timed(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def _peak():
    import resource
    import sys

    unit = 1e9 if sys.platform == "darwin" else 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
