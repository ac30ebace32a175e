"""The checks of lesson 04, each with wrong answers and with different right ones."""

import keras
import numpy as np
import pytest
from keras import layers
from verdicts import state, why

from helpers.exercises import Exercise
from helpers.vision import checks, inception, photos, transfer

ALL = [value for value in vars(checks).values() if isinstance(value, Exercise)]


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.name)
def test_a_gap_is_not_a_mistake(check):
    more = (1,) if check.name == "own" else ()
    assert state(check, ..., *more) == "not attempted"
    assert len(check.hints) >= 3


def test_there_are_four():
    assert len(ALL) == 4


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


@pytest.mark.parametrize("answer", [inception.module, built], ids=["twin", "average pooling"])
def test_different_modules_are_right(answer):
    assert state(checks.module, answer) == "right"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda x, w: built(x, w, reduce=False), "more than the"),
        (lambda x, w: built(x, w, pool=False), "no pooling branch"),
        (lambda x, w: built(x, w, fifth=3), "no 5×5"),
        (lambda x, w: built(x, w, strides=2), "6×6 come out"),
        (lambda x, w: built(x, w, join=lambda branches: branches[1]), "no 1×1|no 5×5|no pooling"),
        (lambda x, w: built(x, w, join=lambda b: layers.Concatenate()(b[:2] + b[2:3] * 2)), "pool"),
        (lambda x, w: 3, "returns int"),
        (lambda x, w: layers.Concatenate()([x, built(x, w)]), "channels come out"),
    ],
)
def test_wrong_modules_are_told_what_is_wrong(answer, reason):
    import re

    assert re.search(reason, why(checks.module, answer))


# -- two small convolutions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        inception.factorised,
        lambda x, n: conv(n, 3)(conv(n, 3)(x)),
        lambda x, n: conv(n, (5, 1))(conv(n, (1, 5))(x)),
        lambda x, n: conv(n, 3)(layers.Conv2D(n, 3, padding="same", use_bias=False)(x)),
    ],
    ids=["twin", "two threes", "row and column", "no bias"],
)
def test_different_factorisations_are_right(answer):
    assert state(checks.factorised, answer) == "right"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda x, n: conv(n, 5)(x), "a single 5×5 has"),
        (lambda x, n: conv(n, 3)(x), "sees 3×3"),
        (lambda x, n: conv(n, 3)(conv(n, 3)(conv(n, 3)(x))), "sees 7×7"),
        (lambda x, n: layers.Conv2D(n, 3)(layers.Conv2D(n, 3)(x)), "and it makes"),
        (lambda x, n: None, "returns NoneType"),
    ],
)
def test_wrong_factorisations_are_told_what_is_wrong(answer, reason):
    assert reason in why(checks.factorised, answer)


# -- freezing ------------------------------------------------------------------------------------


def by_index(part, first):
    part.trainable = True
    start = part.layers.index(part.get_layer(first))
    for number, layer in enumerate(part.layers):
        layer.trainable = number >= start and "BatchNorm" not in type(layer).__name__


@pytest.mark.parametrize("answer", [transfer.unfreeze, by_index], ids=["twin", "by index"])
def test_different_ways_to_unfreeze_are_right(answer):
    assert state(checks.unfreeze, answer) == "right"


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


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda part, first: None, "nothing can learn"),
        (all_of_it, "should rest and learns"),
        (with_statistics, "forget what it knows"),
        (the_last_alone, "should learn and rests"),
    ],
)
def test_wrong_ways_to_unfreeze_are_told_what_is_wrong(answer, reason):
    assert reason in why(checks.unfreeze, answer)


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


def test_two_ways_to_a_classifier_are_right():
    assert state(checks.own, reader(photos.TEXTURES), transfer.Estimate(28, 30)) == "right"
    backwards = reader(photos.TEXTURES[::-1])
    assert state(checks.own, backwards, transfer.Estimate(60, 60)) == "right"


def test_wrong_classifiers_are_told_what_is_wrong():
    good, fair = reader(photos.TEXTURES), transfer.Estimate(28, 30)
    assert "not str" in why(checks.own, "a classifier", fair)
    assert "not float" in why(checks.own, good, 0.97)
    other = transfer.Classifier(good.model, ("a", "b", "c"))
    assert "it knows a, b, c" in why(checks.own, other, fair)
    assert "90% are asked" in why(checks.own, reader(photos.TEXTURES, right=False), fair)
    assert "hold out more" in why(checks.own, good, transfer.Estimate(3, 3))
