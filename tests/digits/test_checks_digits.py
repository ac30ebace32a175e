"""The checks of lessons 00 and 01: for each a table of answers, right, not attempted, not yet."""

import re

import keras
import numpy as np
import pytest
from keras import layers
from verdicts import misjudged

from helpers import assets
from helpers.digits import checks, mnist
from helpers.digits.neuron import START, apart
from tools import notebooks


def test_knobs():
    (pictures, digits), _ = mnist.load()
    chosen = np.isin(digits, [6, 7])
    pictures, is_seven = pictures[chosen][:200], digits[chosen][:200] == 7
    halves = [pictures[:, :14].mean((1, 2)), pictures[:, 14:].mean((1, 2))]
    inputs = np.stack(halves, axis=1) / 255 * 100
    few = apart(inputs)  # as the lesson chooses them
    table = [
        ((1.0, -1.0, 2.0), "right"),
        ([2, -1.85, 0.0], "right"),
        (np.array([0.32, -0.29, 0.01]), "right"),
        ((0, 0, 0), "the same to every digit"),
        ((1, 1, 0), "the same to every digit"),
        ((-1, 1, -2), "fewer than by guessing"),  # the wrong way round
        (START, "fewer than by guessing"),
        ((1, 0, -12), "at most 3 may be wrong"),  # only ink above
        ((1, -1, 8), "at most 3 may be wrong"),  # the right direction, in the wrong place
        *((answer, "three numbers") for answer in ((1, -1), 1.0, "one", ("1", "-1", "2"), None)),
        (..., "not attempted"),
        ((..., -1, 2), "not attempted"),
    ]
    assert not misjudged(checks.knobs, table, inputs[few], is_seven[few])


def built(*hidden, pixels=784, outputs=10):
    return keras.Sequential(
        [keras.Input((pixels,)), *hidden, layers.Dense(outputs, activation="softmax")]
    )


def dense(width):
    return layers.Dense(width, activation="relu")


@pytest.fixture(scope="module")
def trained():
    """A function that trains a model on the lesson's digits to fit."""
    (x_train, y_train), _ = mnist.load()
    (x, y), _ = mnist.split(x_train, y_train, mnist.DEVELOPMENT)

    def train(model):
        keras.utils.set_random_seed(0)
        model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
        model.fit(mnist.scaled(x, (784,)), y, batch_size=128, epochs=4, verbose=0)
        return model

    return train


def test_what_is_no_digit_reader():
    table = [
        ("a model", "Keras model, and it is a str"),
        (keras.Sequential([layers.Dense(10)]), "no weights yet"),
        (built(pixels=28), "784 pixels"),
        (built(outputs=1), "one number for each of ten digits"),
        (..., "not attempted"),
    ]
    for check in (checks.narrower, checks.reach):
        assert not misjudged(check, table)


def test_narrower(trained):
    apart = layers.Dropout(0.1), layers.Dense(24), layers.LeakyReLU()
    table = [
        (trained(built(dense(32))), "right"),
        (trained(built(*apart)), "right"),
        (built(dense(512)), "407,050 weights"),
        (built(dense(32)), "is it trained?"),
        (trained(built(dense(4))), "nearly there"),
    ]
    assert not misjudged(checks.narrower, table)


def test_reach():
    lesson = notebooks.taught("01")
    shipped = lesson.build_cnn()
    shipped.load_weights(assets.path("mnist-cnn"))
    before = [weights.copy() for weights in shipped.get_weights()]
    plain = lesson.build()
    plain.load_weights(assets.path("mnist-dense"))
    pixels = keras.Input((784,))
    table = [
        (shipped, "right"),
        (keras.Model(pixels, shipped(layers.Reshape((28, 28, 1))(pixels))), "right"),
        (plain, "nearly there"),
        (built(dense(8)), "is it trained?"),
    ]
    assert not misjudged(checks.reach, table)
    assert not shipped.compiled  # and it is as it was
    assert all(map(np.array_equal, before, shipped.get_weights()))


def test_the_code_in_every_hint_runs():
    """All that stands between backticks, hint after hint, where the lesson stands by then."""
    lesson = notebooks.taught("01")
    x, y = np.zeros((64, 28, 28), np.uint8), np.arange(64) % 10
    for exercise in (checks.narrower, checks.softmax, checks.reach):
        names = vars(lesson) | {
            "model": lesson.build(),
            "rows_fit": mnist.scaled(x, (784,)),
            "pictures_fit": mnist.scaled(x, (28, 28, 1)),
            "y_fit": y,
            "scores": np.array([2.0, 1.0]),
        }
        snippets = re.findall(r"`(.+?)`", " ".join(exercise.hints))
        assert snippets
        for snippet in snippets:
            exec(snippet, names)  # noqa: S102 - our own hints


def by_formula(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def test_softmax():
    table = [
        (by_formula, "right"),
        (lambda scores: np.exp(scores - np.logaddexp.reduce(scores)), "right"),
        (lambda scores: by_formula(scores).tolist(), "right"),
        (keras.ops.softmax, "right"),
        (np.array([0.5, 0.5]), "not a function"),
        (lambda: 1, "1 argument"),
        (lambda scores: np.exp(scores), "add up to 11.21"),
        (lambda scores: scores / scores.sum(), "exponential of the difference"),
        (
            lambda scores: np.where(scores == scores.max(), 1.5, -0.5 / (len(scores) - 1)),
            "negative",
        ),
        (lambda scores: 2**scores / (2**scores).sum(), "exponential of the difference"),
        (lambda scores: np.exp(scores) / np.exp(scores).sum(), "right"),
        (lambda scores: 1.0, "(3,) is asked for"),
        (lambda scores: None, "not nothing (None)"),
        (lambda scores: scores.nothing, "AttributeError"),
        (..., "not attempted"),
    ]
    assert not misjudged(checks.softmax, table)
