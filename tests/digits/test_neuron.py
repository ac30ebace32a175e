"""`helpers.digits.neuron`: the map follows the sliders and the neuron it was given."""

import numpy as np
import pytest

from helpers import figures
from helpers.digits import neuron
from helpers.digits.neuron import Board, apart, sliders

INPUTS = np.array([[5.0, 15.0], [8.0, 20.0], [15.0, 5.0], [20.0, 9.0]])
IS_SEVEN = np.array([False, False, True, True])
PICTURES = np.full((4, 28, 28), 200, np.uint8)
RIGHT, ALL_SIX = (1.0, -1.0, 0.0), (-1.0, -1.0, 0.0)  # two settings, 4 and 2 right


def says_seven(setting, inputs):
    upper_weight, lower_weight, bias = setting
    return upper_weight * inputs[:, 0] + lower_weight * inputs[:, 1] + bias > 0


@pytest.fixture
def board():
    return Board(says_seven, PICTURES, INPUTS, IS_SEVEN, 6)


def test_the_map_and_its_words_follow_the_knobs(board):
    assert "has 4 right" in board.alt(*RIGHT) and "has 2 right" in board.alt(*ALL_SIX)
    knobs = sliders()
    assert tuple(slider.value for slider in knobs.values()) == neuron.START
    assert knobs["upper_weight"].description == "Upper weight"


def test_only_mistakes_are_framed_and_the_corners_say_what_they_are(board):
    drawn = board.draw(*RIGHT).axes[0]
    assert not drawn.patches
    _, upper_left, lower_right, _ = (text.get_text() for text in drawn.texts)
    assert (upper_left, lower_right) == ("“6”", "“7”")
    frames = board.draw(*ALL_SIX).axes[0].patches
    middle = neuron.DIGIT / 2
    centres = {(frame.get_x() + middle, frame.get_y() + middle) for frame in frames}
    assert centres == {(15.0, 5.0), (20.0, 9.0)}
    assert figures.render(board.draw(*ALL_SIX)).shape[2] == 3


def test_apart_takes_none_that_would_hide_another():
    inputs = np.array([[5, 5], [5.5, 5.5], [5, 8], [6, 8.2], [9, 9]])
    assert apart(inputs).tolist() == [0, 2, 4]
    chosen = np.random.default_rng(0).uniform(0, 20, (200, 2))
    chosen = chosen[apart(chosen)]
    gaps = np.abs(chosen[:, None] - chosen).max(-1)[~np.eye(len(chosen), dtype=bool)]
    assert gaps.min() >= neuron.DIGIT
