"""The drawn cells are the same for a seed; what tells the classes apart, lesson 03 measures."""

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


def test_the_shipped_network_reads_pictures_it_was_not_trained_on(monkeypatch):
    monkeypatch.setattr(drawn, "TRAIN", 2)
    monkeypatch.setattr(drawn, "TEST", 100)
    figures = scores.evaluate("cells-cnn")
    assert figures["pictures"] == 100
    both = figures["sensitivity"] + figures["specificity"]
    assert both == pytest.approx(2 * figures["accuracy"])  # as many sick as healthy
    assert figures["accuracy"] > 0.8 and figures["roc_area"] > 0.9
