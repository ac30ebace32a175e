"""The checks of lesson 04, each with wrong answers and with different right ones."""

import re

import keras
import numpy as np
from keras import layers
from verdicts import state, why

from helpers.exercises import Exercise
from helpers.vision import checks, photos, transfer

ALL = [value for value in vars(checks).values() if isinstance(value, Exercise)]


def complaints(check, wrong, *right):
    """Return what is not judged as it should be: `wrong` is [(answer, words of the reason)]."""
    found = [f"right: {answer}" for answer in right if state(check, answer) != "right"]
    for answer, reason in wrong:
        said = why(check, answer)
        if not re.search(reason, said):
            found.append(f"{reason}: {said}")
    return found


def test_a_gap_is_not_a_mistake():
    assert len(ALL) == 4
    for check in ALL:
        assert state(check, ...) == "not attempted" and len(check.hints) >= 3


# -- the module ----------------------------------------------------------------------------------


def conv(filters, size, **options):
    return layers.Conv2D(filters, size, padding="same", activation="relu", **options)


def built(x, w, reduce=True, pool=True, fifth=5, join=None, strides=1):
    one = conv(w.one, 1)(x)
    three = conv(w.three, 3)(conv(w.three_reduce, 1)(x) if reduce else x)
    five = conv(w.five, fifth)(conv(w.five_reduce, 1)(x) if reduce else x)
    last = layers.AveragePooling2D(3, strides=1, padding="same")(x) if pool else x
    branches = [one, three, five, conv(w.pool, 1)(last)]
    if strides > 1:
        branches = [layers.MaxPooling2D(strides)(branch) for branch in branches]
    return (join or layers.Concatenate())(branches)


def test_modules(lesson):
    wrong = [
        (lambda x, w: built(x, w, reduce=False), "every 1×1 in front"),
        (lambda x, w: built(x, w, pool=False), "no pooling branch"),
        (lambda x, w: built(x, w, fifth=3), "no 5×5"),
        (lambda x, w: built(x, w, strides=2), "6×6 come out"),
        (lambda x, w: built(x, w, join=lambda branches: branches[1]), "no 1×1|no 5×5|no pooling"),
        (lambda x, w: built(x, w, join=lambda b: layers.Concatenate()(b[:2] + b[2:3] * 2)), "pool"),
        (lambda x, w: layers.Concatenate()([x, built(x, w)]), "channels come out"),
        (lambda x, w: 3, "returns int"),
        (lambda x: x, "2 arguments"),
        ("four branches", "not a function"),
    ]
    assert complaints(checks.module, wrong, lesson.module_solution, built) == []


# -- two small convolutions ----------------------------------------------------------------------


def test_factorisations():
    wrong = [
        (lambda x, n: conv(n, 5)(x), "a single 5×5 has"),
        (lambda x, n: conv(n, 3)(x), "sees 3×3"),
        (lambda x, n: conv(n, 3)(conv(n, 3)(conv(n, 3)(x))), "sees 7×7"),
        (lambda x, n: layers.Conv2D(n, 3)(layers.Conv2D(n, 3)(x)), "and it makes"),
        (lambda x, n: None, "returns NoneType"),
    ]
    right = (
        lambda x, n: conv(n, 3)(conv(n, 3)(x)),
        lambda x, n: conv(n, (5, 1))(conv(n, (1, 5))(x)),
        lambda x, n: conv(n, 3)(layers.Conv2D(n, 3, padding="same", use_bias=False)(x)),
    )
    assert complaints(checks.factorised, wrong, *right) == []


# -- freezing ------------------------------------------------------------------------------------


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


def test_ways_to_unfreeze(lesson):
    wrong = [
        (lambda part, first: None, "nothing can learn"),
        (all_of_it, "the layer 'conv1' should rest and learns"),
        (with_statistics, "forget what it knows"),
        (the_last_alone, "should learn and rests"),
    ]
    assert complaints(checks.unfreeze, wrong, lesson.unfreeze_solution, by_index) == []


# -- a classifier of one's own -------------------------------------------------------------------


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


def test_classifiers_of_ones_own():
    good, fair = reader(photos.TEXTURES), transfer.Estimate(28, 30)
    wrong = [
        ("a classifier", "a pair"),
        (good, "a pair"),
        (("a classifier", fair), "Classifier should stand, there is str"),
        ((good, 0.97), "Estimate should stand, there is float"),
        ((transfer.Classifier(good.model, ("a", "b", "c")), fair), "it knows a, b, c"),
        ((reader(photos.TEXTURES, right=False), fair), "90% are asked"),
        ((good, transfer.Estimate(3, 3)), "hold out more"),
    ]
    right = (good, fair), (reader(photos.TEXTURES[::-1]), transfer.Estimate(60, 60))
    assert complaints(checks.own, wrong, *right) == []
