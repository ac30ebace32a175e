"""The smoothing slider: what it draws and says follows the slider."""

import numpy as np

from helpers.board.smoother import Smoother

LOSS = [1.2, 0.7, 0.6, 0.8, 0.75, 0.72, 0.78, 0.8, 0.82, 0.84]


def test_without_smoothing_both_curves_are_one():
    smoother = Smoother(LOSS, "loss", weight=0)
    np.testing.assert_allclose(smoother.smoothed, LOSS)
    assert "Lowest at epoch 2, says" in smoother.verdict


def test_smoothing_moves_the_lowest_point_to_later():
    smoother = Smoother(LOSS, "loss", weight=0)
    before = smoother.children[1].value
    smoother.slider.value = 0.9
    assert smoother.smoothed.argmin() > 2
    assert "true one, at epoch 2" in smoother.verdict
    after = smoother.children[1].value
    assert after != before
    assert smoother.verdict in after
    lowest = [
        line.get_xdata()[0]
        for line in smoother.figure().axes[0].lines
        if len(line.get_xdata()) == 1
    ]
    assert lowest == [2, smoother.smoothed.argmin()]
