"""The checks of lesson 03, each with wrong answers and with different right ones."""

import numpy as np
import pytest
from scipy import ndimage, signal
from sklearn import metrics
from verdicts import state, why

from helpers.cells import checks
from helpers.cells.filters import FILTERS, convolve
from helpers.exercises import Exercise

ALL = [value for value in vars(checks).values() if isinstance(value, Exercise)]


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.name)
def test_a_gap_is_not_a_mistake(check):
    more = {"line": ([0.5], [1])}.get(check.name, ())
    assert state(check, ..., *more) == "not attempted"
    assert len(check.hints) >= 3


def test_there_are_five():
    assert len(ALL) == 5


# -- sliding -------------------------------------------------------------------------------------


def by_loops(picture, weights):
    height, width = picture.shape
    result = np.zeros((height - 2, width - 2))
    for row in range(height - 2):
        for column in range(width - 2):
            result[row, column] = (picture[row : row + 3, column : column + 3] * weights).sum()
    return result


def by_windows(picture, weights):
    windows = np.lib.stride_tricks.sliding_window_view(picture, (3, 3))
    return np.einsum("rcij,ij->rc", windows, weights).tolist()


@pytest.mark.parametrize("function", [by_loops, by_windows, convolve])
def test_a_right_slide(function):
    assert state(checks.slide, function) == "right"


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (np.zeros((3, 3)), "not a function"),
        (lambda p, w: signal.convolve2d(p, w, mode="valid"), "upside down"),
        (lambda p, w: ndimage.correlate(p, w), "the filter fits in 1 × 1"),
        (lambda p, w: by_loops(p, w.T), "the sums are not"),
        (lambda p, w: by_loops(p, w) / 9, "the sums are not"),
        (lambda p, w: (p[:3, :3] * w).sum(), "shape ()"),
        (lambda p, w: p @ w @ w.nothing, "AttributeError"),
    ],
    ids=["array", "flipped", "padded", "transposed", "mean", "one place", "error"],
)
def test_a_wrong_slide(function, reason):
    assert reason in why(checks.slide, function)


# -- level lines ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "numbers",
    [
        FILTERS["Level edges (Sobel)"].numbers,
        [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
        np.array([[0, -1, 0], [0, 1, 0], [0, 0, 0]]),
    ],
)
def test_numbers_for_level_lines(numbers):
    assert state(checks.level, numbers) == "right"


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ([1, 2, 1, 0, 0, 0, -1, -2, -1], "three rows"),
        (FILTERS["Upright edges (Sobel)"].numbers, "does not see"),
        (FILTERS["All edges (Laplace)"].numbers, "upright ones too"),
        (FILTERS["Blur"].numbers, "plain wall"),
        ([[-1, 0, 1], [0, 0, 0], [1, 0, -1]], "does not see"),
        (np.zeros((3, 3)), "does not see"),
        ("edges", "ValueError"),
    ],
)
def test_numbers_for_something_else(numbers, reason):
    assert reason in why(checks.level, numbers)


# -- a feature of one's own ----------------------------------------------------------------------


def spots(picture):
    """The dark spots' numbers, (height, width), and their sizes."""
    green = ndimage.gaussian_filter(picture[..., 1].astype(float), 1)
    numbers, _ = ndimage.label(green < 0.62 * np.median(green))
    return numbers, np.bincount(numbers.ravel(), minlength=2)[1:]


def largest(picture):
    return spots(picture)[1].max()


def size_and_outline(picture):
    numbers, sizes = spots(picture)
    spot = numbers == 1 + sizes.argmax()
    outline = spot & ~ndimage.binary_erosion(spot)
    return [sizes.max(), outline.sum() ** 2 / max(sizes.max(), 1)]


@pytest.mark.parametrize("function", [largest, size_and_outline])
def test_a_feature_that_helps(function):
    assert state(checks.own_feature, function) == "right"


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (3.5, "not a function"),
        (lambda picture: picture.mean(), "the mean colour"),
        (lambda picture: picture.ravel(), "from 1 to 100 numbers"),
        (lambda picture: [], "from 1 to 100 numbers"),
        (lambda picture: 1.0, "the same for every picture"),
        (lambda picture: np.nan, "no finite number"),
        (lambda picture: [1.0] * (1 + int(picture[0, 0, 0]) % 2), "more numbers for some"),
    ],
    ids=["number", "mean", "all pixels", "nothing", "constant", "nan", "ragged"],
)
def test_a_feature_that_does_not_help(function, reason):
    assert reason in why(checks.own_feature, function)


# -- medicine ------------------------------------------------------------------------------------


def by_means(true, predicted):
    return np.mean(predicted[true == 1] == 1), np.mean(predicted[true == 0] == 0)


def by_recall(true, predicted):
    return [metrics.recall_score(true, predicted, pos_label=label) for label in (1, 0)]


@pytest.mark.parametrize("function", [by_means, by_recall])
def test_right_rates(function):
    assert state(checks.rates, function) == "right"


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ((0.9, 0.9), "not a function"),
        (lambda true, predicted: np.mean(true == predicted), "two numbers"),
        (lambda true, predicted: by_means(true, predicted)[::-1], "wrong order"),
        (lambda true, predicted: by_means(predicted, true), "among the *alarms*"),
        (lambda true, predicted: (by_means(true, predicted)[0], 0.5), "second number"),
        (lambda true, predicted: (0.1, 0.5), "first number"),
    ],
    ids=["numbers", "accuracy", "swapped", "precision", "specificity wrong", "both wrong"],
)
def test_wrong_rates(function, reason):
    assert reason in why(checks.rates, function)


TRUE = np.repeat([1, 0], [40, 100])
SAYS = np.concatenate([np.linspace(0.1, 1, 40), np.linspace(0, 0.5, 100)])


@pytest.mark.parametrize("threshold", [0.14, np.quantile(SAYS[:40], 0.05), "0.145"])
def test_a_right_line(threshold):
    assert state(checks.line, threshold, SAYS, TRUE) == "right"


@pytest.mark.parametrize(
    ("threshold", "reason"),
    [
        (0.5, "of the sick"),
        (0.0, "a higher line does too"),
        (0.05, "a higher line does too"),
        ([0.1, 0.2], "one number"),
        ("low", "one number"),
    ],
)
def test_a_wrong_line(threshold, reason):
    assert reason in why(checks.line, threshold, SAYS, TRUE)
