"""Style transfer against the straightforward way of public tutorials, in one run.

The straightforward way, written here for the purpose: the whole of VGG16, no graph compilation,
one size, Adam with small steps, Gram matrices by einsum. Each figure prints what it rests on; the
lines before it say what each trick brings alone.
"""

import functools
import time

import keras
import tensorflow as tf
from harness import Measurement, compare, median, timed

from helpers.images import as_floats
from helpers.styles import any_style, patterns, styling
from helpers.vision import backbones, photos

SIZE = 256  # pixels of the longer side
PATIENCE = 400  # steps after which the straightforward way is stopped, and the figure a lower bound
RATE = 0.02  # Adam's, of the range from black to white, as in TensorFlow's tutorial
LAYERS = styling.STYLE_LAYERS


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
        f"{theirs['looks']} looks ({reached})",
    )


def bench_any_style_speedup():
    """Seconds of the straightforward way over those of any style, style read anew included."""
    photograph, style = _pictures()
    magenta = any_style.load()
    seconds = [timed(lambda: magenta.paint(photograph, magenta.style(style))) for _ in range(8)]
    theirs = _straightforward()["seconds"]
    ratios = [theirs / ours for ours in seconds[1:]]  # the first one warms up
    compared = f"style read included; the straightforward way: {theirs:.1f} s"
    return median("any_style_speedup", ratios, "×", compared)


def bench_style_parts():
    """What each trick brings to one look: cutting the network off, tf.function, one matmul.

    The first without tf.function, which would leave out by itself what nobody asks for.
    """
    eager, compiled = _look(_eye(), compiled=False), _look(_eye())
    whole = _look(_whole_eye(), compiled=False)
    yield compare("style_truncated", whole, eager, "VGG16 whole / cut off, eager", rounds=3)
    yield compare("style_compiled", eager, compiled, "eager / tf.function, one look", rounds=3)
    features = tf.random.stateless_uniform((1, SIZE, SIZE, 64), (0, 0))
    einsum, fused = (
        functools.partial(tf.function(way), features) for way in (_gram_by_einsum, styling.gram)
    )
    yield compare("style_fused_gram", einsum, fused, "einsum / matmul")


# -- the contestants -----------------------------------------------------------------------------


@functools.cache
def _pictures():
    return photos.load("palace", SIZE), patterns.strokes(SIZE)


_eye = functools.cache(styling.eye)


@functools.cache
def _whole_eye():
    """Compute all 13 convolutions, whatever is asked for, as the tutorials do."""
    backbone, layers = backbones.load("vgg16", top=False), [*LAYERS, "block5_pool"]
    outputs = [backbone.model.get_layer(layer).output for layer in layers]
    model = keras.Model(backbone.model.input, dict(zip(layers, outputs, strict=True)))
    model.trainable = False
    return lambda pictures: model(backbone.scale(pictures * 255))


def _start():
    return styling.match_colours(*map(as_floats, _pictures()))


def _loss(see):
    return styling.painting_loss(see, as_floats(_pictures()[1]), _start())


@functools.cache
def _ours():
    """Paint as `styling.paint` does; the loss is measured at full size."""
    photograph, style = _pictures()
    styling.paint(photograph, style, 64, see=_eye())  # warm up
    began = time.perf_counter()
    painted = styling.paint(photograph, style, SIZE, see=_eye())
    seconds = time.perf_counter() - began
    loss = float(_loss(_eye())(as_floats(painted.picture)))
    return {"seconds": seconds, "looks": len(painted.losses), "loss": loss}


@functools.cache
def _straightforward():
    """Go down as public tutorials do, until our loss is reached or patience ends.

    It has the same start, layers and weights, so that only the way differs; its loss is measured
    by the same judge as ours, outside the time.
    """
    aim, judge, see = _ours()["loss"], _loss(_eye()), _whole_eye()
    seen = see(tf.constant(as_floats(_pictures()[1]))[None])
    grams = {layer: _gram_by_einsum(seen[layer]) for layer in LAYERS}
    places = see(tf.constant(_start())[None])[styling.CONTENT_LAYER]
    picture, optimizer = tf.Variable(_start()), keras.optimizers.Adam(RATE)
    optimizer.build([picture])
    seconds, looks, found = 0.0, 0, float(judge(picture.value()))

    def step():
        with tf.GradientTape() as tape:
            seen = see(picture.value()[None])
            style = [styling.distance(_gram_by_einsum(seen[x]), grams[x]) for x in LAYERS]
            value = tf.add_n(style) / len(style)
            value += styling.CONTENT_WEIGHT * styling.distance(seen[styling.CONTENT_LAYER], places)
            value += styling.VARIATION_WEIGHT * styling.total_variation(picture.value()[None])
        optimizer.apply_gradients([(tape.gradient(value, picture), picture)])
        picture.assign(tf.clip_by_value(picture, 0.0, 1.0))

    while found > aim and looks < PATIENCE:
        seconds += timed(step)
        looks += 1
        if looks % 5 == 0:
            found = float(judge(picture.value()))
    return {"seconds": seconds, "looks": looks, "loss": found}


def _gram_by_einsum(features):
    places = tf.cast(tf.shape(features)[1] * tf.shape(features)[2], features.dtype)
    return tf.einsum("bijc,bijd->bcd", features, features) / places


def _look(see, compiled=True):
    """Return a function that computes the loss and its slope once, and waits for them."""
    loss, picture = _loss(see), tf.constant(_start())

    def slope(picture):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            value = loss(picture)
        return tape.gradient(value, picture)

    if compiled:
        slope = tf.function(slope, autograph=False)
    return lambda: slope(picture).numpy()
