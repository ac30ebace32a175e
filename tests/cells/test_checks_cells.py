"""The checks of lesson 03: for each a table of answers, right, not attempted, or not yet right."""

import numpy as np
from scipy import ndimage, signal
from sklearn import metrics
from verdicts import misjudged

from helpers.cells import checks
from helpers.cells.filters import convolve


def by_windows(picture, weights):
    windows = np.lib.stride_tricks.sliding_window_view(picture, (3, 3))
    return np.einsum("rcij,ij->rc", windows, weights)


def test_slide():
    table = [
        (convolve, "right"),
        (lambda p, w: by_windows(p, w).tolist(), "right"),
        (np.zeros((3, 3)), "not a function"),
        (lambda p: p, "2 arguments"),
        (lambda p, w: signal.convolve2d(p, w, mode="valid"), "upside down"),
        (lambda p, w: ndimage.correlate(p, w), "(1, 1) is asked for"),
        (lambda p, w: by_windows(p, w.T), "is not right: its value at"),
        (lambda p, w: by_windows(p, w) / 9, "is not right: its value at"),
        (lambda p, w: (p[:3, :3] * w).sum(), "has the shape ()"),
        (lambda p, w: p @ w @ w.nothing, "AttributeError"),
        (..., "not attempted"),
    ]
    assert not misjudged(checks.slide, table)


def size_and_outline(picture):
    green = ndimage.gaussian_filter(picture[..., 1].astype(float), 1)
    numbers, _ = ndimage.label(green < 0.62 * np.median(green))
    sizes = np.bincount(numbers.ravel(), minlength=2)[1:]
    spot = numbers == 1 + sizes.argmax()
    outline = spot & ~ndimage.binary_erosion(spot)
    return [sizes.max(), outline.sum() ** 2 / max(sizes.max(), 1)]


def test_own_feature():
    table = [
        (size_and_outline, "right"),
        (lambda picture: size_and_outline(picture)[0], "right"),
        (3.5, "not a function"),
        (lambda picture: picture.mean(), "the mean colour"),
        (lambda picture: picture.ravel(), "from 1 to 100 numbers"),
        (lambda picture: [], "from 1 to 100 numbers"),
        (lambda picture: 1.0, "the same for every picture"),
        (lambda picture: np.nan, "no finite number"),
        (lambda picture: [1.0] * (1 + int(picture[0, 0, 0]) % 2), "more numbers for some"),
        (..., "not attempted"),
    ]
    assert not misjudged(checks.own_feature, table)


def by_means(true, predicted):
    return np.mean(predicted[true == 1] == 1), np.mean(predicted[true == 0] == 0)


def test_rates():
    table = [
        (by_means, "right"),
        (lambda t, p: [metrics.recall_score(t, p, pos_label=label) for label in (1, 0)], "right"),
        ((0.9, 0.9), "not a function"),
        (lambda true, predicted: np.mean(true == predicted), "two numbers"),
        (lambda true, predicted: by_means(true, predicted)[::-1], "wrong order"),
        (lambda true, predicted: by_means(predicted, true), "among the *alarms*"),
        (lambda true, predicted: (by_means(true, predicted)[0], 0.5), "its value at [1] is 0.5"),
        (lambda true, predicted: (0.1, by_means(true, predicted)[1]), "its value at [0] is 0.1"),
        (..., "not attempted"),
    ]
    assert not misjudged(checks.rates, table)


def test_threshold():
    true = np.repeat([1, 0], [40, 100])
    says = np.concatenate([np.linspace(0.1, 1, 40), np.linspace(0, 0.5, 100)])
    table = [
        (0.14, "right"),
        (np.quantile(says[:40], 0.05), "right"),
        (0.5, "of the sick"),
        (0.0, "a higher threshold does too"),
        (0.05, "a higher threshold does too"),
        ([0.1, 0.2], "one number"),
        ("low", "one number"),
        (..., "not attempted"),
    ]
    assert not misjudged(checks.threshold, table, says, true)
