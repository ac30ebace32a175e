"""What the exercises of lesson 04, Inception and transfer learning, check."""

import keras
import numpy as np
from keras import layers

from helpers.exercises import Wrong, exercise, function
from helpers.vision import folders, googlenet, photos, transfer

SIDE, CHANNELS = 12, 10  # of the maps on which a learner's module is tried
LEAST = 0.9  # share of the held-out crops that a classifier of one's own must read


@exercise
def module(answer):
    """Judge a function (x, name, w) that adds an Inception module of the widths `w`."""
    add = function(answer, "module(x, name, w)")
    widths = googlenet.Widths(8, 4, 6, 2, 3, 5)
    wanted = _built(lambda x: googlenet.module(x, "m", widths))
    found = _built(lambda x: add(x, "m", widths))
    height, width, channels = found.output_shape[1:]
    if (height, width) != (SIDE, SIDE):
        raise Wrong(
            f"{SIDE}×{SIDE} positions go in and {height}×{width} come out: the branches must keep "
            "height and width, or they can't be put together"
        )
    layers = {layer.name: layer for layer in found.layers if layer.weights}
    for layer in (layer for layer in wanted.layers if layer.weights):
        if layer.name not in layers:
            raise Wrong(f"it has no layer with weights that is called name + '{layer.name[1:]}'")
        shape = layers[layer.name].kernel.shape
        if shape != layer.kernel.shape:
            raise Wrong(
                f"the kernel of '{layer.name}' has the shape {tuple(shape)} (height, width, "
                f"channels in, filters), and a module's has {tuple(layer.kernel.shape)}"
            )
        layers[layer.name].set_weights(layer.get_weights())
    if channels != wanted.output_shape[-1]:
        raise Wrong(
            f"{channels} channels come out, where the four branches put together have "
            f"{wanted.output_shape[-1]}"
        )
    maps = np.random.default_rng(0).normal(size=(1, SIDE, SIDE, CHANNELS)).astype("float32")
    ours, theirs = (np.asarray(model(maps))[0] for model in (found, wanted))
    if not np.allclose(ours, theirs, atol=1e-4):
        same = np.allclose(np.sort(ours.sum((0, 1))), np.sort(theirs.sum((0, 1))), atol=1e-2)
        raise Wrong(
            "the four branches are right, but put together in another order than in the drawing"
            if same
            else "with the same weights other numbers come out than of the original: what does "
            "each branch begin with, is its pooling a maximum over 3×3, and are the relus there?"
        )
    return "Four looks at the same place, at four sizes, and the next layer picks what it needs."


@exercise
def factorised(answer):
    """Judge a function (x, filters) that sees 5×5 pixels with fewer weights than one 5×5."""
    filters = CHANNELS
    add = function(answer, "factorised(x, filters)")
    model = _built(lambda x: add(x, filters))
    if model.output_shape[1:] != (SIDE, SIDE, filters):
        raise Wrong(
            f"from {SIDE}×{SIDE} positions it should make {SIDE}×{SIDE} with {filters} channels, "
            f"and it makes {model.output_shape[1:]}"
        )
    seen = _seen(model)
    if seen != (5, 5):
        raise Wrong(
            f"one of its outputs sees {seen[0]}×{seen[1]} pixels, and it should see 5×5, no more "
            "and no less"
        )
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    weights, one_five = _kernel_weights(convolutions), 25 * CHANNELS * filters
    if weights >= one_five:
        raise Wrong(f"its kernels have {weights:,} weights, and a single 5×5 has {one_five:,}")
    return (
        f"{weights:,} weights do the work of {one_five:,}, with one more non-linearity in between."
    )


@exercise
def unfreeze(answer):
    """Judge a function (part, first) that lets the upper layers learn, batch norm excepted."""
    switch = function(answer, "unfreeze(part, first)")
    for first in ("conv2", "conv1"):
        part = _stack()
        part.trainable = False
        switch(part, first)
        names = [layer.name for layer in part.layers]
        if not part.trainable_weights:
            raise Wrong(f"with first='{first}' nothing can learn: every layer is still at rest")
        for number, layer in enumerate(part.layers):
            normalises = isinstance(layer, keras.layers.BatchNormalization)
            wanted = number >= names.index(first) and not normalises
            if layer.weights and layer.trainable != wanted:
                found = "should learn and rests" if wanted else "should rest and learns"
                if normalises:
                    found += ": it would forget what it knows from a million photographs"
                raise Wrong(f"with first='{first}' the layer '{layer.name}' {found}")
    return "What is general stays, what is special learns, and the statistics are left in peace."


@exercise
def own(answer):
    """Judge a classifier of the lesson's photographed surfaces, with its honest estimate."""
    kinds = transfer.Classifier, transfer.Estimate
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise Wrong("it should be a pair: (classifier, estimate)")
    for one, kind in zip(answer, kinds, strict=True):
        if not isinstance(one, kind):
            found = type(one).__name__
            raise Wrong(f"where a transfer.{kind.__name__} should stand, there is {found}")
    classifier, estimate = answer
    if set(classifier.labels) != set(photos.TEXTURES):
        raise Wrong(
            f"it knows {', '.join(classifier.labels)}, and the folder has "
            f"{', '.join(photos.TEXTURES)}"
        )
    # The learner's folder has the left half of each photograph; here is the right half.
    pictures = np.concatenate([photos.crops(name, 10, part=(0.5, 1)) for name in photos.TEXTURES])
    true = np.repeat(photos.TEXTURES, 10)
    answers = np.array(classifier.labels)[classifier.probabilities(pictures).argmax(1)]
    share = float((answers == true).mean())
    if share < LEAST:
        raise Wrong(
            f"it reads {share:.0%} of crops that neither of you has seen, and {LEAST:.0%} are "
            "asked for"
        )
    if estimate.total < len(photos.TEXTURES) * folders.FEWEST:
        raise Wrong(f"the estimate rests on {estimate.total} pictures: hold out more")
    if estimate.interval[0] > share:
        raise Wrong(
            f"it reads {share:.0%} of crops it has not seen, and your estimate promises at least "
            f"{estimate.interval[0]:.0%}: were its pictures really held out?"
        )
    return "It learnt from a few dozen pictures, and it keeps what its estimate promised."


# -- what the checks share -----------------------------------------------------------------------


def _built(function):
    """Return a model of what `function` adds to an input, or raise `Wrong`."""
    inputs = keras.Input((SIDE, SIDE, CHANNELS))
    outputs = function(inputs)
    if not isinstance(outputs, keras.KerasTensor):
        raise Wrong(
            f"it returns {type(outputs).__name__}; it should return what its last layer gives"
        )
    return keras.Model(inputs, outputs)


def _kernel_weights(convolutions) -> int:
    return sum(int(np.prod(layer.kernel.shape)) for layer in convolutions)


def _seen(model) -> tuple[int, int]:
    """Measure how many pixels, high and wide, one output sees: a lone 1 in, the answer's extent."""
    copy = keras.models.clone_model(model)
    for weight in copy.weights:
        if weight.path.endswith("kernel"):
            weight.assign(np.ones(weight.shape))
    dot = np.zeros((1, SIDE, SIDE, CHANNELS), "float32")
    calm = np.asarray(copy(dot, training=False))[0].max(-1)
    dot[0, SIDE // 2, SIDE // 2] = 1
    moved = np.abs(np.asarray(copy(dot, training=False))[0].max(-1) - calm) > 1e-6
    return tuple(int(moved.any(axis).sum()) for axis in (1, 0))


def _stack():
    """Return three convolutions, each with batch normalisation."""
    x = inputs = keras.Input((8, 8, 3))
    for number in range(1, 4):
        x = layers.Conv2D(4, 3, padding="same", name=f"conv{number}")(x)
        x = layers.BatchNormalization(name=f"bn{number}")(x)
    return keras.Model(inputs, x)
