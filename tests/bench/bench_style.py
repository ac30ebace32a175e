"""Style transfer beside TensorFlow's own tutorial (`tutorials/generative/style_transfer`).

The tutorial's way, written here anew: the whole network with max pooling, Gram matrices of five
layers by einsum, content of block5_conv2, total variation with weight 30, Adam with a rate of
0.02, compiled, from the photograph, 1,000 steps. VGG19's weights are rarely at hand, so both ways
look through the same convolutions: VGG16's, as HED has them. Pictures are small, and time is the
processor's own, so that what else runs on the machine counts for neither.

Each way strives for a loss of its own. So both losses judge both ways: how much time does the
tutorial need to bring ours down to what we reached, and its own?
"""

import functools
import time

import keras
import tensorflow as tf
from harness import Measurement, timed

from helpers.images import as_floats
from helpers.styles import any_style, patterns, styling
from helpers.vision import backbones, photos

SIZE = 192  # pixels of the longer side
STEPS = 400  # of the tutorial's way, at most
EVERY = 10  # after so many both losses are looked at
STYLE = tuple(f"block{number}_conv1" for number in range(1, 6))
CONTENT = "block5_conv2"
STYLE_WEIGHT, CONTENT_WEIGHT, VARIATION_WEIGHT = 1e-2, 1e4, 30


def bench_gatys_speedup():
    """Processor seconds of the tutorial's way to our picture's losses, over those of ours."""
    photograph, style = _pictures()
    styling.paint(photograph, style, 64, see=_eye())  # warm up
    began = time.process_time()
    painted = styling.paint(photograph, style, SIZE, see=_eye())
    seconds = time.process_time() - began
    looks = f"ours {seconds:.0f} s, {len(painted.losses)} looks"
    yield from _compared("gatys_speedup", painted.picture, seconds, looks)


def bench_any_style_speedup():
    """The same for any style, style read anew included; and beside all of the tutorial's steps."""
    photograph, style = _pictures()
    magenta = any_style.load()

    def paint():
        return magenta.paint(photograph, magenta.style(style))

    picture = paint()
    seconds = sorted(timed(paint, time.process_time) for _ in range(7))[3]
    yield from _compared("any_style_speedup", picture, seconds, f"any style {seconds:.2f} s")
    whole = 1000 * _tutorial()[-1][0] / STEPS
    words = f"1,000 steps of the tutorial, {whole:.0f} s by its first {STEPS}"
    yield Measurement("any_style_whole", whole / seconds, "×", words)


# -- the contestants -----------------------------------------------------------------------------


@functools.cache
def _pictures():
    return photos.load("palace", SIZE), patterns.strokes(SIZE)


_eye = functools.cache(styling.eye)


@functools.cache
def _whole_eye():
    """The network up to the last layer that the tutorial asks for, as it is."""
    backbone, layers = backbones.load("vgg16", top=False), [*STYLE, CONTENT, styling.CONTENT_LAYER]
    outputs = {layer: backbone.model.get_layer(layer).output for layer in layers}
    model = keras.Model(backbone.model.input, outputs)
    model.trainable = False
    return lambda pictures: model(backbone.scale(pictures * 255))


@functools.cache
def _losses():
    """{whose: the loss of a picture, floats}, of the same photograph and style."""
    photograph, style = map(as_floats, _pictures())
    ours = styling.painting_loss(_eye(), style, styling.match_colours(photograph, style))
    see = _whole_eye()
    grams = {layer: _gram_by_einsum(see(style[None])[layer]) for layer in STYLE}
    content = see(photograph[None])[CONTENT]

    def tutorials(picture):
        seen = see(picture[None])
        apart = [tf.reduce_mean((_gram_by_einsum(seen[x]) - grams[x]) ** 2) for x in STYLE]
        loss = STYLE_WEIGHT * tf.add_n(apart) / len(STYLE)
        loss += CONTENT_WEIGHT * tf.reduce_mean((seen[CONTENT] - content) ** 2)
        return loss + VARIATION_WEIGHT * tf.image.total_variation(tf.convert_to_tensor(picture))

    return {"our loss": ours, "the tutorial's loss": tutorials}


@functools.cache
def _tutorial():
    """[(seconds, steps, our loss, the tutorial's loss)] along the tutorial's way."""
    losses = _losses()
    loss, picture = losses["the tutorial's loss"], tf.Variable(as_floats(_pictures()[0]))
    optimizer = keras.optimizers.Adam(0.02, beta_1=0.99, epsilon=0.1)

    @tf.function(autograph=False)
    def step():
        with tf.GradientTape() as tape:
            value = loss(picture.value())
        optimizer.apply_gradients([(tape.gradient(value, picture), picture)])
        picture.assign(tf.clip_by_value(picture, 0.0, 1.0))

    optimizer.build([picture])
    step.get_concrete_function()  # compiled outside the time
    seconds, found = 0.0, []
    for steps in range(EVERY, STEPS + 1, EVERY):
        seconds += timed(lambda: [step() for _ in range(EVERY)], time.process_time)
        found.append((seconds, steps, *(float(one(picture.value())) for one in losses.values())))
    return found


def _compared(name, picture, seconds, words):
    """For each loss: when did the tutorial's way reach what this picture has?"""
    for place, (whose, loss) in enumerate(_losses().items(), start=2):
        goal = float(loss(as_floats(picture)))
        there = [row for row in _tutorial() if row[place] <= goal]
        row = there[0] if there else _tutorial()[-1]
        reached = "" if there else f" (not reached: {row[place]:.4g} only; so at least this)"
        to = f"to {whose} of {goal:.4g}: {words}; tutorial {row[0]:.0f} s, {row[1]} steps{reached}"
        yield Measurement(
            f"{name}_{'own' if place == 2 else 'tutorial'}", row[0] / seconds, "×", to
        )


def _gram_by_einsum(features):
    places = tf.cast(tf.shape(features)[1] * tf.shape(features)[2], features.dtype)
    return tf.einsum("bijc,bijd->bcd", features, features) / places
