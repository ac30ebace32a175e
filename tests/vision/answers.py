"""Answers to the exercises of lesson 04: see test_checks.py."""

import keras
import numpy as np
from keras import layers

from helpers.vision import googlenet, photos, transfer


def conv(filters, size, activation="relu", **options):
    return layers.Conv2D(filters, size, padding="same", activation=activation, **options)


def built(
    x,
    name,
    w,
    reduce=True,
    pool=layers.MaxPooling2D,
    sizes=(3, 5),
    order=(0, 1, 2, 3),
    strides=1,
    activation="relu",
):
    def branch(x, filters, size, end):
        return conv(filters, size, activation, name=name + end)(x)

    five = branch(x, w.five_reduce, 1, "_5x5_reduce") if reduce else x
    three = branch(x, w.three_reduce, 1, "_3x3_reduce")
    last = pool(3, strides=1, padding="same")(x)
    branches = [
        branch(x, w.one, 1, "_1x1"),
        branch(three, w.three, sizes[0], "_3x3"),
        branch(five, w.five, sizes[1], "_5x5"),
        branch(last, w.pool, 1, "_pool_proj"),
    ]
    if strides > 1:
        branches = [layers.MaxPooling2D(strides)(one) for one in branches]
    return layers.Concatenate()([branches[k] for k in order])


def module():
    return [
        (built, "right"),
        (googlenet.module, "right"),
        (lambda x, n, w: built(x, n, w, reduce=False), "'_5x5_reduce'"),
        (lambda x, n, w: built(x, n, w, pool=layers.AveragePooling2D), "other numbers come out"),
        (lambda x, n, w: built(x, n, w, activation=None), "other numbers come out"),
        (lambda x, n, w: built(x, n, w, sizes=(5, 3)), "'m_3x3' has the shape"),
        (lambda x, n, w: built(x, n, w, order=(0, 1, 2)), "'_pool_proj'"),
        (lambda x, n, w: built(x, n, w, strides=2), "6×6 come out"),
        (lambda x, n, w: built(x, n, w, order=(1, 0, 2, 3)), "another order"),
        (lambda x, n, w: built(x, n, w, order=(0, 1, 2, 3, 3)), "channels come out"),
        (lambda x, n, w: 3, "returns int"),
    ]


def factorised():
    return [
        (lambda x, n: conv(n, (5, 1))(conv(n, (1, 5))(x)), "right"),
        (lambda x, n: conv(n, 3)(layers.Conv2D(n, 3, padding="same")(x)), "right"),
        (lambda x, n: conv(n, 5)(x), "a single 5×5 has"),
        (lambda x, n: conv(n, 3)(x), "sees 3×3"),
        (lambda x, n: conv(n, 3)(conv(n, 3)(conv(n, 3)(x))), "sees 7×7"),
        (lambda x, n: layers.Conv2D(n, 3)(layers.Conv2D(n, 3)(x)), "and it makes"),
        (lambda x, n: None, "returns NoneType"),
    ]


def by_index(part, first):
    part.trainable = True
    start = part.layers.index(part.get_layer(first))
    for number, layer in enumerate(part.layers):
        layer.trainable = number >= start and "BatchNorm" not in type(layer).__name__


def all_of_it(part, first):
    part.trainable = True


def with_statistics(part, first):
    part.trainable = True
    for layer in part.layers[: part.layers.index(part.get_layer(first))]:
        layer.trainable = False


def the_last_alone(part, first):
    part.trainable = True
    for layer in part.layers:
        layer.trainable = layer.name == "conv3"


def unfreeze():
    return [
        (by_index, "right"),
        (lambda part, first: None, "nothing can learn"),
        (all_of_it, "the layer 'conv1' should rest and learns"),
        (with_statistics, "forget what it knows"),
        (the_last_alone, "should learn and rests"),
    ]


def reader(labels, right=True):
    """Return a classifier that goes by how rough a surface is from row to row, or errs."""
    roughness = np.array([2.5, 21.0, 14.0], "float32")  # brick, grass, gravel
    inputs = keras.Input((None, None, 3))
    x = layers.Resizing(96, 96, name="resize")(inputs)
    x = layers.Conv2D(2, (2, 1), activation="relu", use_bias=False)(x)
    x = layers.GlobalAveragePooling2D()(x)  # rises and falls, half of the steps each
    model = keras.Model(inputs, layers.Dense(3, "softmax")(x))
    step = np.array([[1, -1], [-1, 1]], "float32").reshape(2, 1, 1, 2).repeat(3, 2) / 3
    order = [photos.TEXTURES.index(label) for label in labels] if right else [1, 2, 0]
    centres = np.stack([roughness[order] / 2] * 2)
    model.set_weights([step, centres, -(centres**2).sum(0) / 2])  # the nearest wins
    return transfer.Classifier(model, tuple(labels))


def own():
    good, fair = reader(photos.TEXTURES), transfer.Estimate(28, 30)
    return [
        ((good, fair), "right"),
        ((reader(photos.TEXTURES[::-1]), transfer.Estimate(60, 60)), "right"),
        (good, "a pair"),
        (("a classifier", fair), "Classifier should stand, there is str"),
        ((good, 0.97), "Estimate should stand, there is float"),
        ((transfer.Classifier(good.model, ("a", "b", "c")), fair), "it knows a, b, c"),
        ((reader(photos.TEXTURES, right=False), fair), "90% are asked"),
        ((good, transfer.Estimate(3, 3)), "hold out more"),
    ]
