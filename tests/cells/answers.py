"""Answers to the exercises of lesson 03: see test_checks.py."""

import numpy as np
from scipy import ndimage, signal
from sklearn import metrics


def by_windows(picture, weights):
    windows = np.lib.stride_tricks.sliding_window_view(picture, (3, 3))
    return np.einsum("rcij,ij->rc", windows, weights)


def slide():
    return [
        (lambda p, w: by_windows(p, w).tolist(), "right"),
        (lambda p, w: signal.convolve2d(p, w, mode="valid"), "upside down"),
        (lambda p, w: ndimage.correlate(p, w), "(1, 1) is asked for"),
        (lambda p, w: by_windows(p, w.T), "is not right: its value at"),
        (lambda p, w: by_windows(p, w) / 9, "is not right: its value at"),
        (lambda p, w: (p[:3, :3] * w).sum(), "has the shape ()"),
    ]


def size_and_outline(picture):
    green = ndimage.gaussian_filter(picture[..., 1].astype(float), 1)
    numbers, _ = ndimage.label(green < 0.62 * np.median(green))
    sizes = np.bincount(numbers.ravel(), minlength=2)[1:]
    spot = numbers == 1 + sizes.argmax()
    outline = spot & ~ndimage.binary_erosion(spot)
    return [sizes.max(), outline.sum() ** 2 / max(sizes.max(), 1)]


def own_feature():
    return [
        (size_and_outline, "right"),
        (lambda picture: picture.mean(), "the mean colour"),
        (lambda picture: picture.ravel(), "from 1 to 100 numbers"),
        (lambda picture: [], "from 1 to 100 numbers"),
        (lambda picture: 1.0, "the same for every picture"),
        (lambda picture: np.nan, "no finite number"),
        (lambda picture: [1.0] * (1 + int(picture[0, 0, 0]) % 2), "more numbers for some"),
    ]


def by_means(true, predicted):
    return np.mean(predicted[true == 1] == 1), np.mean(predicted[true == 0] == 0)


def rates():
    return [
        (lambda t, p: [metrics.recall_score(t, p, pos_label=label) for label in (1, 0)], "right"),
        (lambda true, predicted: np.mean(true == predicted), "two numbers"),
        (lambda true, predicted: by_means(true, predicted)[::-1], "wrong order"),
        (lambda true, predicted: by_means(predicted, true), "among the *alarms*"),
        (lambda true, predicted: (by_means(true, predicted)[0], 0.5), "its value at [1] is 0.5"),
    ]


def threshold():
    true = np.repeat([1, 0], [40, 100])
    says = np.concatenate([np.linspace(0.1, 1, 40), np.linspace(0, 0.5, 100)])
    rows = [
        (0.14, "right"),
        (0.5, "of the sick"),
        (0.05, "a higher threshold does too"),
        ([0.1, 0.2], "one number"),
    ]
    return rows, says, true
