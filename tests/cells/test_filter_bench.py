"""The filter bench and its quiz: the result follows the numbers, the score the answers."""

import numpy as np
import pytest

from helpers import figures
from helpers.cells.filter_bench import OWN, FilterBench, FilterQuiz
from helpers.cells.filters import FILTERS, convolve, visible

PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)


@pytest.fixture
def bench():
    return FilterBench(PICTURE)


@pytest.fixture
def quiz():
    return FilterQuiz(PICTURE)


def fields(bench):
    return bench.children[0].children[1].children


def known(bench):
    return bench.children[0].children[0]


def shown(bench):
    return bench.children[1].children[1].value


@pytest.mark.parametrize("name", FILTERS)
def test_a_known_filter_fills_the_fields_and_is_applied(bench, name):
    known(bench).value = name
    chosen = FILTERS[name]
    assert bench.filter.numbers == tuple(tuple(map(float, row)) for row in chosen.numbers)
    expected = visible(convolve(PICTURE, chosen.weights), chosen.ignore_sign)
    np.testing.assert_array_equal(bench.result, expected)
    assert known(bench).value == name


def test_a_changed_number_changes_picture_and_words(bench):
    before = shown(bench)
    fields(bench)[4].value = 7.0
    assert bench.filter.numbers[1][1] == 7
    assert shown(bench) != before and "-2 7 2" in shown(bench)
    assert known(bench).value == OWN
    fields(bench)[4].value = 0.0
    assert shown(bench) == before and known(bench).value == "Upright edges (Sobel)"


def test_a_divisor_of_nothing_divides_by_nothing(bench):
    known(bench).value = "Nothing"
    divisor = bench.children[0].children[2]
    divisor.value = 2
    assert bench.result.max() == 128 or bench.result.max() == 127
    divisor.value = 0
    np.testing.assert_array_equal(bench.result, PICTURE[1:-1, 1:-1])


def test_each_field_has_a_name_of_its_own(bench):
    names = [field.description for field in fields(bench)]
    assert len(set(names)) == 9 and names[1] == "above"


def test_the_picture_is_drawn_in_the_house_style(bench):
    assert figures.render(bench.picture()).shape[2] == 3


def test_the_quiz_asks_for_every_filter_once(quiz):
    asked = []
    for number in range(len(FILTERS) - 1):
        quiz.ask(number)
        asked.append(quiz.right_answer)
    assert sorted(asked) == sorted(set(FILTERS) - {"Nothing"})


def test_right_and_wrong_answers_are_told_apart(quiz):
    said, buttons = quiz.children[1], quiz.children[0].children[1].children
    wrong = next(name for name in FILTERS if name not in ("Nothing", quiz.right_answer))
    quiz.answer(wrong)
    assert quiz.score == 0 and f"No, it was “{quiz.right_answer}”" in said.value
    assert all(button.disabled for button in buttons[:-1]) and not buttons[-1].disabled
    buttons[-1].click()
    assert said.value == "" and not buttons[0].disabled
    next(button for button in buttons if button.description == quiz.right_answer).click()
    assert quiz.score == 1 and "Right" in said.value and "1 of 2" in said.value


def test_the_quiz_shows_the_work_of_the_right_filter(quiz):
    used = FILTERS[quiz.right_answer]
    expected = visible(convolve(PICTURE, used.weights), used.ignore_sign)
    np.testing.assert_array_equal(quiz.question, expected)
