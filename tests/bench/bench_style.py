"""Style transfer beside TensorFlow's own tutorial (`tutorials/generative/style_transfer`).

The tutorial's way, written here anew: the whole network with max pooling, Gram matrices of five
layers by einsum, content of block5_conv2, total variation with weight 30, Adam with a rate of
0.02, compiled, from the photograph, 1,000 steps. Time is the processor's own, so that what else
runs on the machine counts for neither.

As a whole: 1,000 steps with VGG19 at 512 pixels, beside one picture of ours of that size. VGG19's
weights are rarely at hand, and random ones take as long; a few steps tell the rest. These are two
different wishes: ours has a loss of its own, and the pictures differ.

To the same loss: so our way down (from the photograph in the style's colours, coarse to fine, with
L-BFGS) is given the tutorial's own loss, network and all. Compared is the time to the lowest loss
that both reach. Both look through VGG16's convolutions, as HED has them, at 160 pixels.

Nothing that was tried beside that (once, by a script that isn't kept) makes ten times of it. A
coarse start brings nothing: this loss is one of details, at full size 208,000 after a quarter and a
half were painted, 250,000 for the photograph. Adam from 0.05 along a cosine, without the tutorial's
large epsilon, reaches 56,000 in 100 steps and 27,300 in 200; the tutorial's thousand end at 21,100.
"""

import functools
import time

import keras
import tensorflow as tf
from harness import Measurement, timed

from helpers import images
from helpers.images import as_floats
from helpers.styles import any_style, patterns, styling
from helpers.vision import backbones, photos

LARGE, FEW, WHOLE = 512, 4, 1000  # pixels of the longer side; steps that are timed; of the tutorial
SIZE = 160  # pixels of the longer side
STAGES = (0.5, 40), (1.0, 160)  # shares of the size, and steps
EVERY = 20  # steps of the tutorial; so often its loss is read off, untimed
STYLE = tuple(f"block{number}_conv1" for number in range(1, 6))
CONTENT = "block5_conv2"
STYLE_WEIGHT, CONTENT_WEIGHT, VARIATION_WEIGHT = 1e-2, 1e4, 30


def bench_whole():
    """Processor seconds of all of the tutorial's steps, over those of a picture of ours."""
    pair = photos.load("palace", LARGE), patterns.strokes(LARGE)
    vgg19 = keras.applications.VGG19(include_top=False, weights=None)
    see = _whole_eye(vgg19, keras.applications.vgg19.preprocess_input)
    step = _step(_tutorials_loss(see, *map(as_floats, pair)), tf.Variable(as_floats(pair[0])))
    step()
    theirs = WHOLE / FEW * timed(lambda: [step() for _ in range(FEW)], time.process_time)
    for name, paint in {"gatys": _gatys, "any_style": _any_style}.items():
        paint(*(picture[:64, :64] for picture in pair))  # warm up
        seconds = timed(lambda p=paint: p(*pair), time.process_time)
        words = f"{WHOLE} steps at {LARGE} px, {theirs:.0f} s by {FEW} of them / {seconds:.2f} s"
        yield Measurement(f"{name}_whole", theirs / seconds, "×", words)


def bench_to_the_same_loss():
    """Processor seconds of the tutorial's way down its own loss, over those of our way down it."""
    vgg16 = backbones.load("vgg16", top=False)
    see = _whole_eye(vgg16.model, vgg16.scale)
    pair = [
        as_floats(images.read(one, SIZE)) for one in (photos.load("palace"), patterns.strokes())
    ]
    began = time.process_time()  # each way's clock runs while it compiles, too
    loss, picture = _tutorials_loss(see, *pair), tf.Variable(pair[0])
    step, seconds, theirs = _step(loss, picture), time.process_time() - began, []
    for steps in range(EVERY, WHOLE + 1, EVERY):
        seconds += timed(lambda: [step() for _ in range(EVERY)], time.process_time)
        theirs.append((float(loss(picture.value())), seconds, steps))
    began, painted = time.process_time(), None
    for share, steps in STAGES:
        photograph, style = (
            _at(one, [round(share * side) for side in one.shape[:2]]) for one in pair
        )
        begin = styling.match_colours(photograph, style)
        begin = begin if painted is None else _at(painted, begin.shape[:2])
        times = []
        painted, losses, _ = styling.descend(
            _tutorials_loss(see, photograph, style),
            begin,
            steps,
            watch=lambda _, times=times: times.append(time.process_time() - began),
        )
    ours = list(zip(losses, times, range(1, len(times) + 1), strict=True))
    goal = max(min(theirs)[0], min(ours)[0])
    (_, slow, steps), (_, fast, looks) = (
        next(x for x in y if x[0] <= goal) for y in (theirs, ours)
    )
    words = (
        f"to a loss of {goal:.4g}: the tutorial's way {slow:.0f} s, {steps} steps / our way down "
        f"the same loss {fast:.0f} s, {looks} looks at full size; the lowest of each: "
        f"{min(theirs)[0]:.4g} after {seconds:.0f} s, {min(ours)[0]:.4g} after {times[-1]:.0f} s"
    )
    yield Measurement("gatys_to_the_same_loss", slow / fast, "×", words)


# -- the contestants -----------------------------------------------------------------------------


_eye = functools.cache(styling.eye)
_magenta = functools.cache(any_style.load)


def _gatys(photograph, style):
    return styling.paint(photograph, style, max(photograph.shape), see=_eye()).picture


def _any_style(photograph, style):
    return _magenta().paint(photograph, _magenta().style(style))  # the style is read anew, too


def _whole_eye(model, scale):
    """The network up to the last layer that the tutorial asks for, as it is."""
    outputs = {layer: model.get_layer(layer).output for layer in [*STYLE, CONTENT]}
    part = keras.Model(model.input, outputs)
    part.trainable = False
    return lambda pictures: part(scale(pictures * 255))


def _tutorials_loss(see, photograph, style):
    """The tutorial's loss of a picture, floats from 0 to 1."""
    grams = {layer: _gram_by_einsum(see(style[None])[layer]) for layer in STYLE}
    content = see(photograph[None])[CONTENT]

    def loss(picture):
        seen = see(picture[None])
        apart = [tf.reduce_mean((_gram_by_einsum(seen[x]) - grams[x]) ** 2) for x in STYLE]
        loss = STYLE_WEIGHT * tf.add_n(apart) / len(STYLE)
        loss += CONTENT_WEIGHT * tf.reduce_mean((seen[CONTENT] - content) ** 2)
        return loss + VARIATION_WEIGHT * tf.image.total_variation(tf.convert_to_tensor(picture))

    return loss


def _step(loss, picture):
    """The tutorial's step, compiled: it changes the variable `picture`."""
    optimizer = keras.optimizers.Adam(0.02, beta_1=0.99, epsilon=0.1)
    optimizer.build([picture])

    @tf.function(autograph=False)
    def step():
        with tf.GradientTape() as tape:
            value = loss(picture.value())
        optimizer.apply_gradients([(tape.gradient(value, picture), picture)])
        picture.assign(tf.clip_by_value(picture, 0.0, 1.0))

    step.get_concrete_function()
    return step


def _at(picture, shape):
    return as_floats(images.resize(images.as_bytes(picture), shape))


def _gram_by_einsum(features):
    places = tf.cast(tf.shape(features)[1] * tf.shape(features)[2], features.dtype)
    return tf.einsum("bijc,bijd->bcd", features, features) / places
