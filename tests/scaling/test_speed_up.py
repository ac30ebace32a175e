"""`helpers.scaling.speed_up`: the curve follows the sliders and the formula it was given."""

import numpy as np
import pytest

from helpers.scaling import speed_up
from helpers.scaling.speed_up import SpeedUp


def seconds(workers, parameters, batch, bandwidth, uses):
    """Talking takes as long as `workers` say, and computing is divided among them."""
    return 1e-6 * parameters * batch * uses / workers, 1e9 * (workers - 1) / bandwidth


@pytest.fixture
def board():
    return SpeedUp(seconds)


def control(board, number):
    return board.children[0].children[number]


def test_it_starts_with_what_its_sliders_say(board):
    values = board.values
    assert values["workers"] == 8 and values["batch"] == 1024 and values["uses"] == 100
    assert values["bandwidth"] == pytest.approx(1.25e9)  # 10 Gbit, in bytes
    computing, talking = seconds(**{**values, "workers": 8})
    alone = sum(seconds(**{**values, "workers": 1}))
    assert board.speed_up == pytest.approx(alone / (computing + talking))


def test_a_moved_slider_redraws_the_curve_and_its_words(board):
    shown = board.children[-1].value
    assert "8 workers are" in shown and "alt=" in shown
    control(board, 1).value = 64.0
    assert "64 workers are" in board.children[-1].value and board.children[-1].value != shown
    before = board.speed_up
    control(board, 4).value = 0.1  # a slow wire
    assert board.speed_up < before
    slow = board.speed_up
    control(board, 0).value = "dense layers"
    assert board.speed_up < slow


def test_it_names_the_number_of_workers_that_is_best():
    def best_at_16(workers, **job):
        return np.abs(np.log2(workers) - 4) + 1, 0 * workers

    assert "16 are fastest" in SpeedUp(best_at_16).alt


@pytest.mark.parametrize("end", [0, 1])
def test_the_ends_of_all_sliders_can_be_drawn(board, end):
    for slider in board.children[0].children[1:]:
        slider.value = slider.base ** (slider.max if end else slider.min)
    (line,) = [one for one in board.picture().axes[0].lines if one.get_label() == "this job"]
    assert len(line.get_xdata()) == len(speed_up.WORKERS)
    assert np.isfinite(line.get_ydata()).all() and (line.get_ydata() > 0).all()
