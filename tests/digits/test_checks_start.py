"""Lesson 00's check: real sixes and sevens, and settings of the knobs that suit them or not."""

import numpy as np
import pytest

from helpers.digits import checks, mnist
from helpers.digits.neuron import START, apart


@pytest.fixture(scope="module")
def on_the_map():
    """(inputs, is_seven), chosen as the lesson chooses them."""
    (pictures, digits), _ = mnist.load()
    chosen = np.isin(digits, [6, 7])
    pictures, is_seven = pictures[chosen][:200], digits[chosen][:200] == 7
    halves = [pictures[:, :14].mean((1, 2)), pictures[:, 14:].mean((1, 2))]
    inputs = np.stack(halves, axis=1) / 255 * 100
    few = apart(inputs)
    return inputs[few], is_seven[few]


@pytest.mark.parametrize(
    "setting", [(1.0, -1.0, 2.0), (0.5, -0.5, 1), [2, -1.85, 0.0], np.array([0.32, -0.29, 0.01])]
)
def test_settings_that_separate_them_are_right(on_the_map, setting):
    verdict = checks.knobs.verdict(setting, *on_the_map)
    assert (verdict.state, verdict.message[:5]) != ("right", "")
    assert verdict.state == "right"
    assert f"of {len(on_the_map[0])}" in verdict.message


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ((0, 0, 0), "“6” to every digit"),
        ((1, 1, 0), "“7” to every digit"),
        ((-1, 1, -2), "fewer than by guessing"),  # the wrong way round
        (START, "fewer than by guessing"),
        ((1, 0, -12), "at most 3 may be wrong"),  # only ink above
        ((1, -1, 8), "at most 3 may be wrong"),  # the right slope, in the wrong place
        ((1, -1), "three numbers"),
        (1.0, "three numbers"),
        ("one", "three numbers"),
        (("a", "b", "c"), "three numbers"),
        (None, "three numbers"),
    ],
)
def test_settings_that_do_not_are_not_yet_right(on_the_map, setting, says):
    verdict = checks.knobs.verdict(setting, *on_the_map)
    assert verdict.state == "not yet"
    assert says in verdict.message


@pytest.mark.parametrize("setting", [..., (..., -1, 2)])
def test_a_gap_is_not_attempted(on_the_map, setting):
    assert checks.knobs.verdict(setting, *on_the_map).state == "not attempted"
