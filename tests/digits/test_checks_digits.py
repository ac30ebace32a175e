"""The checks of lesson 01, each with wrong answers and with different right ones."""

import keras
import numpy as np
import pytest
from keras import layers
from verdicts import state, why

from helpers import assets
from helpers.digits import checks, mnist
from helpers.exercises import Exercise

ALL = [value for value in vars(checks).values() if isinstance(value, Exercise)]


def built(*hidden, pixels=784, outputs=10):
    return keras.Sequential(
        [keras.Input((pixels,)), *hidden, layers.Dense(outputs, activation="softmax")]
    )


def dense(width, activation="relu"):
    return layers.Dense(width, activation=activation)


@pytest.fixture(scope="module")
def trained():
    """A function that trains a model on the lesson's digits to fit."""
    (x_train, y_train), _ = mnist.load()
    (x, y), _ = mnist.split(x_train, y_train, mnist.DEVELOPMENT)

    def train(model, epochs=5):
        keras.utils.set_random_seed(0)
        model.compile("adam", "sparse_categorical_crossentropy")
        pictures = mnist.scaled(x, model.input_shape[1:])
        model.fit(pictures, y, batch_size=32, epochs=epochs, verbose=0)
        return model

    return train


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.name)
def test_a_gap_is_not_a_mistake(check):
    more = {"confused": ([1], [2])}.get(check.name, ())
    assert state(check, ..., *more) == "not attempted"
    assert len(check.hints) >= 3


def test_there_are_five():
    assert len(ALL) == 5


# -- models --------------------------------------------------------------------------------------

MODELS = [checks.narrower, checks.two_layers, checks.reach]


@pytest.mark.parametrize("check", MODELS, ids=lambda check: check.name)
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("a cup", "Keras model, and it is a str"),
        (keras.Sequential([layers.Dense(10)]), "no weights yet"),
        (built(pixels=28), "784 pixels"),
        (built(outputs=1), "one number for each of ten digits"),
    ],
    ids=["no model", "no input", "another input", "one output"],
)
def test_what_is_no_digit_reader(check, answer, reason):
    assert reason in why(check, answer)


def test_narrower(trained):
    assert state(checks.narrower, trained(built(dense(32)))) == "right"
    cup = keras.Sequential([keras.Input((784,))])
    cup.add(layers.Dropout(0.1))
    cup.add(layers.Dense(24))
    cup.add(layers.LeakyReLU())
    cup.add(layers.Dense(10, activation="softmax"))
    assert state(checks.narrower, trained(cup)) == "right"

    assert "407,050 weights" in why(checks.narrower, built(dense(512)))
    assert "is it trained?" in why(checks.narrower, built(dense(32)))
    assert "nearly there" in why(checks.narrower, trained(built(dense(3))))


def test_two_layers(trained):
    assert state(checks.two_layers, trained(built(dense(128), dense(64)))) == "right"
    apart = layers.Dense(64), layers.ReLU(), layers.Dense(64), layers.Activation("tanh")
    assert state(checks.two_layers, trained(built(*apart))) == "right"
    three = dense(64), layers.Dropout(0.1), dense(64), dense(64, "gelu")
    assert state(checks.two_layers, trained(built(*three))) == "right"

    assert "2 Dense layers" in why(checks.two_layers, built(dense(64)))
    straight = layers.Dense(64), layers.Dense(64)
    assert "no activation" in why(checks.two_layers, built(*straight))
    assert "is it trained?" in why(checks.two_layers, built(dense(64), dense(64)))


def test_reach(trained):
    shipped = keras.models.load_model(assets.path("mnist-cnn"))
    assert state(checks.reach, shipped) == "right"
    pixels = keras.Input((784,))
    rows = keras.Model(pixels, shipped(layers.Reshape((28, 28, 1))(pixels)))
    assert state(checks.reach, rows) == "right"

    good = keras.models.load_model(assets.path("mnist-dense"))
    assert "nearly there" in why(checks.reach, good)
    assert "is it trained?" in why(checks.reach, built(dense(8)))


def test_a_check_leaves_the_model_as_it_was():
    model = keras.models.load_model(assets.path("mnist-cnn"), compile=False)
    before = [weights.copy() for weights in model.get_weights()]
    checks.reach.verdict(model)
    assert not model.compiled
    for old, new in zip(before, model.get_weights(), strict=True):
        assert np.array_equal(old, new)


# -- softmax -------------------------------------------------------------------------------------


def by_formula(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def by_logarithms(scores):
    return np.exp(scores - np.logaddexp.reduce(scores))


def as_a_list(scores):
    return by_formula(scores).tolist()


@pytest.mark.parametrize("function", [by_formula, by_logarithms, as_a_list, keras.ops.softmax])
def test_a_right_softmax(function):
    assert state(checks.softmax, function) == "right"


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (np.array([0.5, 0.5]), "not a function"),
        (lambda scores: np.exp(scores), "add up to 11.21"),
        (lambda scores: scores / scores.sum(), "exponential of the difference"),
        (
            lambda scores: np.where(scores == scores.max(), 1.5, -0.5 / (len(scores) - 1)),
            "negative",
        ),
        (lambda scores: 2**scores / (2**scores).sum(), "exponential of the difference"),
        (lambda scores: np.exp(scores) / np.exp(scores).sum(), "np.exp(1000) is too large"),
        (lambda scores: 1.0, "3 probabilities"),
        (lambda scores: scores.nothing, "AttributeError"),
    ],
    ids=["array", "no sum", "no exp", "negative", "base 2", "overflow", "one number", "error"],
)
def test_a_wrong_softmax(function, reason):
    assert reason in why(checks.softmax, function)


# -- confusion -----------------------------------------------------------------------------------

TRUE = np.array([4, 4, 4, 9, 9, 3, 7, 7, 1, 0])
READ = np.array([9, 9, 4, 4, 9, 5, 2, 2, 1, 0])  # 4 as 9 and 7 as 2 are equally frequent


@pytest.mark.parametrize("pair", [(4, 9), [7, 2], np.array([4, 9]), (np.int64(7), np.int64(2))])
def test_a_right_pair(pair):
    assert state(checks.confused, pair, TRUE, READ) == "right"


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        ((9, 4), "other way round"),
        ((3, 5), "more often"),
        ((4, 4), "no mistake"),
        ((4, 19), "from 0 to 9"),
        (49, "two digits"),
        ((4, 9, 1), "two digits"),
        ("4 as 9", "two digits"),
    ],
)
def test_a_wrong_pair(pair, reason):
    assert reason in why(checks.confused, pair, TRUE, READ)


def test_no_message_gives_the_answer_away():
    messages = [why(checks.confused, pair, TRUE, READ) for pair in [(3, 5), (4, 4), (1, 2)]]
    assert not any(digit in message for message in messages for digit in "4972")
