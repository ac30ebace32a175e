"""The drawn cells: the shipped network reads others; that a seed repeats, lesson 03 shows."""

import pytest

from helpers.cells import drawn
from tools import scores


def test_the_shipped_network_reads_pictures_it_was_not_trained_on(monkeypatch):
    monkeypatch.setattr(drawn, "TRAIN", 2)
    monkeypatch.setattr(drawn, "TEST", 100)
    figures = scores.evaluate("cells-cnn")
    assert figures["pictures"] == 100
    both = figures["sensitivity"] + figures["specificity"]
    assert both == pytest.approx(2 * figures["accuracy"])  # as many sick as healthy
    assert figures["accuracy"] > 0.8 and figures["roc_area"] > 0.9
