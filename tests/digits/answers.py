"""Answers to the exercises of lessons 00 and 01: see test_checks.py."""

import keras
import numpy as np
from keras import layers

from helpers import assets
from helpers.digits import mnist
from helpers.digits.neuron import START, apart
from tools import notebooks


def knobs():
    (pictures, digits), _ = mnist.load()
    chosen = np.isin(digits, [6, 7])
    pictures, is_seven = pictures[chosen][:200], digits[chosen][:200] == 7
    halves = [pictures[:, :14].mean((1, 2)), pictures[:, 14:].mean((1, 2))]
    inputs = np.stack(halves, axis=1) / 255 * 100
    few = apart(inputs)  # as the lesson chooses them
    rows = [
        ([2, -1.85, 0.0], "right"),
        (np.array([0.32, -0.29, 0.01]), "right"),
        ((1, 1, 0), "the same to every digit"),
        ((-1, 1, -2), "fewer than by guessing"),  # the wrong way round
        (START, "fewer than by guessing"),
        ((1, 0, -12), "at most 3 may be wrong"),  # only ink above
        ((1, -1, 8), "at most 3 may be wrong"),  # the right direction, in the wrong place
        *((answer, "three numbers") for answer in ((1, -1), 1.0, ("1", "-1", "2"), None)),
        ((..., -1, 2), "not attempted"),
    ]
    return rows, inputs[few], is_seven[few]


def built(*hidden, pixels=784, outputs=10):
    ending = layers.Dense(outputs, activation="softmax")
    return keras.Sequential([keras.Input((pixels,)), *hidden, ending])


def dense(width):
    return layers.Dense(width, activation="relu")


def trained(model):
    """Train it on the lesson's digits to fit."""
    (x_train, y_train), _ = mnist.load()
    (x, y), _ = mnist.split(x_train, y_train, mnist.DEVELOPMENT)
    keras.utils.set_random_seed(0)
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    model.fit(mnist.scaled(x, (784,)), y, batch_size=128, epochs=4, verbose=0)
    return model


def narrower():
    apart = layers.Dropout(0.1), layers.Dense(24), layers.LeakyReLU()
    return [
        (trained(built(*apart)), "right"),
        (built(dense(512)), "407,050 weights"),
        (built(dense(32)), "is it trained?"),
        (trained(built(dense(4))), "nearly there"),
        (keras.Sequential([layers.Dense(10)]), "no weights yet"),
        (built(pixels=28), "784 pixels"),
        (built(outputs=1), "one number for each of ten digits"),
    ]


def reach():
    lesson = notebooks.taught("01")
    shipped, plain = lesson.build_cnn(), lesson.build()
    shipped.load_weights(assets.path("mnist-cnn"))
    before = [weights.copy() for weights in shipped.get_weights()]
    plain.load_weights(assets.path("mnist-dense"))
    pixels = keras.Input((784,))
    yield shipped, "right"
    yield keras.Model(pixels, shipped(layers.Reshape((28, 28, 1))(pixels))), "right"
    assert not shipped.compiled  # and it is as it was
    assert all(map(np.array_equal, before, shipped.get_weights()))
    yield plain, "nearly there"
    yield built(dense(8)), "is it trained?"
    yield built(outputs=1), "one number for each of ten digits"


def softmax():
    def by_formula(scores):
        powers = np.exp(scores - scores.max())
        return powers / powers.sum()

    def below_zero(scores):
        return np.where(scores == scores.max(), 1.5, -0.5 / (len(scores) - 1))

    return [
        (lambda scores: np.exp(scores - np.logaddexp.reduce(scores)), "right"),
        (lambda scores: by_formula(scores).tolist(), "right"),
        (keras.ops.softmax, "right"),
        (lambda scores: np.exp(scores), "add up to 11.21"),
        (lambda scores: scores / scores.sum(), "exponential of the difference"),
        (below_zero, "negative"),
        (lambda scores: 2**scores / (2**scores).sum(), "exponential of the difference"),
        (lambda scores: 1.0, "(3,) is asked for"),
    ]
