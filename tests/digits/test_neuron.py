"""`helpers.digits.neuron`: the map follows the sliders and the neuron it was given."""

import numpy as np
import pytest

from helpers import figures
from helpers.digits import neuron
from helpers.digits.neuron import Knobs, apart

INPUTS = np.array([[5.0, 15.0], [8.0, 20.0], [15.0, 5.0], [20.0, 9.0]])
IS_SEVEN = np.array([False, False, True, True])
PICTURES = np.full((4, 28, 28), 200, np.uint8)


def says_seven(setting, inputs):
    upper_weight, lower_weight, bias = setting
    return upper_weight * inputs[:, 0] + lower_weight * inputs[:, 1] + bias > 0


@pytest.fixture
def board():
    return Knobs(says_seven, PICTURES, INPUTS, IS_SEVEN, start=(1.0, -1.0, 0.0))


def slider(board, number):
    return board.children[0].children[number]


def test_it_counts_what_the_neuron_has_right(board):
    assert (board.values, board.right) == ((1.0, -1.0, 0.0), 4)
    slider(board, 0).value = -1.0  # now every sum is below zero
    assert (board.values, board.right) == ((-1.0, -1.0, 0.0), 2)


def test_a_turned_knob_redraws_the_map_and_its_words(board):
    shown = board.children[-1].value
    assert "alt=" in shown and "has 4 right" in shown
    slider(board, 2).value = 20.0
    assert board.children[-1].value != shown
    assert "has 2 right" in board.children[-1].value
    assert "bias 20.0" in board.alt


def test_the_map_shows_the_neurons_two_sides(board):
    sides = board._sides()
    assert sides[-1, 0].tolist() == list(neuron.SIX)  # little ink above, much below
    assert sides[0, -1].tolist() == list(neuron.SEVEN)


def test_only_mistakes_are_framed(board):
    assert not board.picture().axes[0].patches
    slider(board, 0).value = -1.0
    frames = board.picture().axes[0].patches
    centres = {
        (frame.get_x() + neuron.DIGIT / 2, frame.get_y() + neuron.DIGIT / 2) for frame in frames
    }
    assert centres == {(15.0, 5.0), (20.0, 9.0)}


def test_ink_lies_where_the_inputs_say(board):
    left, low = ((INPUTS[2] - board._low) * neuron.FINE).astype(int)
    assert board._ink[low, left, 3] > 150
    assert board._ink[low + 3 * neuron.FINE, left, 3] == 0


def test_the_picture_is_drawn_in_the_house_style(board):
    assert figures.render(board.picture()).shape[2] == 3


def test_apart_takes_none_that_would_hide_another():
    inputs = np.array([[5, 5], [5.5, 5.5], [5, 8], [6, 8.2], [9, 9]])
    assert apart(inputs, 2).tolist() == [0, 2, 4]
    chosen = np.random.default_rng(0).uniform(0, 20, (200, 2))
    chosen = chosen[apart(chosen)]
    gaps = np.abs(chosen[:, None] - chosen).max(-1)[~np.eye(len(chosen), dtype=bool)]
    assert gaps.min() >= neuron.DIGIT
