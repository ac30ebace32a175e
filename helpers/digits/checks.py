"""What the exercises of lessons 00, start here, and 01, MNIST with Keras, check."""

import functools

import numpy as np
from scipy import special

from helpers import exercises
from helpers.digits import mnist
from helpers.exercises import Wrong, exercise

MOST_WRONG = 3  # digits on the map that may be on the wrong side


@exercise
def knobs(setting, inputs, is_seven):
    """`setting`: (upper weight, lower weight, bias), for `inputs` (n, 2) and `is_seven` (n,)."""
    try:
        upper_weight, lower_weight, bias = map(exercises.number, setting)
    except (TypeError, ValueError, Wrong):
        raise Wrong("three numbers are needed: (upper weight, lower weight, bias)") from None
    says_seven = upper_weight * inputs[:, 0] + lower_weight * inputs[:, 1] + bias > 0
    right = int((says_seven == is_seven).sum())
    if says_seven.all() or not says_seven.any():
        raise Wrong("the neuron says the same to every digit")
    if right < len(is_seven) / 2:
        raise Wrong(f"{right} of {len(is_seven)} are right, fewer than by guessing")
    if right < len(is_seven) - MOST_WRONG:
        raise Wrong(f"{right} of {len(is_seven)} are right; at most {MOST_WRONG} may be wrong")
    return (
        f"{right} of {len(is_seven)}. You looked at the mistakes and turned knobs until there were "
        "few: that is what training is."
    )


@exercise
def narrower(model):
    """Judge a trained model with fewer than 30,000 weights."""
    weights = _classifier(model).count_params()
    if weights >= 30_000:
        raise Wrong(f"it has {weights:,} weights, and 30,000 are too many")
    _expect_accuracy(model, 0.88)
    return (
        f"{weights:,} weights read nearly as well as 400,000 do. "
        "A small model is quick to train, to send and to run."
    )


@exercise
def softmax(function):
    """Judge a function that turns a vector of scores into probabilities."""
    exercises.function(function, "softmax(scores)")
    for scores in ([2.0, 1.0, 0.1], [0.0, 0.0], [-3.0, 5.0, 5.0, 1.0], np.linspace(-2, 2, 10)):
        found, scores = _probabilities(function, scores)
        if not np.isclose(found.sum(), 1):
            raise Wrong(f"for {scores.round(1)} your probabilities add up to {found.sum():.2f}")
        if (found < 0).any():
            raise Wrong(f"for {scores.round(1)} a probability is negative")
        if not np.allclose(found, special.softmax(scores)):
            raise Wrong(
                f"for {scores.round(1)} they add up to 1, but the ratio of two probabilities "
                "should be the exponential of the difference of their scores"
            )
    found, scores = _probabilities(function, [1000.0, 999.0])
    if not np.allclose(found, special.softmax(scores)):
        return (
            "Only differences of scores count. One remark: np.exp(1000) is too large for a "
            "computer's number. Subtract the largest score from all of them first, and scores of "
            "any size work."
        )
    return (
        "Scores of any size become probabilities. Only differences count: where one score is "
        "larger by 1, the ratio of the two probabilities is e, about 2.7."
    )


@exercise
def reach(model):
    """Judge any trained model by the development digits."""
    _expect_accuracy(_classifier(model), 0.975)
    return "At least 97.5 % of the development digits, from 3,200 to learn from."


@functools.cache
def _development() -> mnist.Digits:
    (x_train, y_train), _ = mnist.load()
    return mnist.split(x_train, y_train, mnist.DEVELOPMENT)[1]


def _classifier(model):
    """Return `model` if it is a built Keras model from 784 pixels to ten outputs."""
    import keras

    if not isinstance(model, keras.Model):
        raise Wrong(f"it should be a Keras model, and it is a {type(model).__name__}")
    if not model.built:
        raise Wrong("it has no weights yet: add keras.Input((784,)) before the first layer")
    if np.prod(model.input_shape[1:]) != mnist.SIDE**2:
        raise Wrong(f"its input should be the 784 pixels, and it is {model.input_shape[1:]}")
    if (shape := model.output_shape[1:]) != (10,):
        raise Wrong(f"its output should be one number for each of ten digits, and it is {shape}")
    return model


def _expect_accuracy(model, least: float) -> None:
    """Raise `Wrong` unless the model reads a share of at least `least` of the development set."""
    x, y = _development()
    outputs = model.predict(mnist.scaled(x, model.input_shape[1:]), verbose=0)
    accuracy = np.mean(outputs.argmax(1) == y)
    if accuracy < least:
        found = f"it reads {accuracy:.1%} of the development digits, and {least:.1%} are asked for"
        raise Wrong(f"{found}; {'is it trained?' if accuracy < 0.5 else 'nearly there'}")


def _probabilities(function, scores) -> tuple[np.ndarray, np.ndarray]:
    """Return (function's answer, scores) as vectors; `Wrong` where the shapes differ."""
    scores = np.asarray(scores)
    with np.errstate(all="ignore"):
        found = function(scores.copy())
    return exercises.shape(found, scores.shape, f"for {scores.size} scores the result"), scores
