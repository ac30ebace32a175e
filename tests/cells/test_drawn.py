"""The drawn cells: the same for a seed, the classes differ in what is said and in nothing else."""

import numpy as np
import pytest

from helpers.cells import drawn
from tools import scores


def test_the_same_seed_draws_the_same_pictures_and_another_others():
    x, y = drawn.draw(6, seed=3)
    again, labels = drawn.draw(6, seed=3)
    other, _ = drawn.draw(6, seed=4)
    assert x.shape == (6, 96, 96, 3) and x.dtype == np.uint8 and y.dtype == np.int64
    np.testing.assert_array_equal(x, again)
    np.testing.assert_array_equal(y, labels)
    assert (x != other).any()
    assert len({picture.tobytes() for picture in x}) == 6


def test_brightness_and_colour_hardly_tell_the_classes_apart_and_rough_nuclei_do():
    """The darkest tenth of a picture is nuclei: in sick ones neighbouring pixels differ more."""
    x, y = drawn.draw(300, seed=0, difficulty=0.8)
    means = x.reshape(300, -1, 3).mean(1)
    gap = np.abs(means[y == 1].mean(0) - means[y == 0].mean(0))
    assert (gap < 0.35 * means.std(0)).all()

    def roughness(difficulty):
        x, y = drawn.draw(120, seed=5, difficulty=difficulty)
        grey = x.astype(float).mean(3)
        change = np.abs(np.diff(grey, axis=2))[:, :, :-1]
        dark = grey[:, :, 1:-1] < np.quantile(grey, 0.1, axis=(1, 2))[:, None, None]
        rough = np.array([c[d].mean() for c, d in zip(change, dark, strict=True)])
        return (rough[y == 1].mean() - rough[y == 0].mean()) / rough.std()

    easy, hard = roughness(0.0), roughness(1.0)
    assert easy > 1 and easy > hard  # the more so the easier


def test_the_shipped_network_reads_pictures_it_was_not_trained_on(monkeypatch):
    monkeypatch.setattr(drawn, "TRAIN", 2)
    monkeypatch.setattr(drawn, "TEST", 100)
    figures = scores.evaluate("cells-cnn")
    assert figures["pictures"] == 100
    both = figures["sensitivity"] + figures["specificity"]
    assert both == pytest.approx(2 * figures["accuracy"])  # as many sick as healthy
    assert figures["accuracy"] > 0.8 and figures["roc_area"] > 0.9
