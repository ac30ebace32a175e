"""Nine numbers slid over a picture: the sums are right, and bench and quiz show what they do."""

import numpy as np
import pytest
from scipy import signal

from helpers import figures
from helpers.cells import filters
from helpers.cells.filter_bench import OWN, FilterBench, FilterQuiz
from helpers.cells.filters import FILTERS

PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)


def test_it_is_the_sum_of_products_in_every_place():
    weights = np.random.default_rng(1).normal(size=(3, 3))
    expected = signal.correlate2d(PICTURE.astype(float), weights, mode="valid")
    np.testing.assert_allclose(filters.convolve(PICTURE, weights), expected)
    assert filters.convolve(PICTURE[:3, :3], weights).shape == (1, 1)
    for shape in ((2, 9), (9, 2), (2, 2)):
        with pytest.raises(ValueError, match="at least 3 × 3"):
            filters.convolve(np.zeros(shape), weights)


def test_the_known_filters_do_what_they_say():
    wall = np.full((6, 6), 90, np.uint8)
    for known in FILTERS.values():
        brightness = 0 if known.ignore_sign else 90
        np.testing.assert_allclose(filters.convolve(wall, known.weights), brightness, atol=1e-9)
    upright = np.repeat([[0, 0, 0, 255, 255, 255]], 6, axis=0)
    sees, blind = FILTERS["Upright edges (Sobel)"], FILTERS["Level edges (Sobel)"]
    for picture, one, other in [(upright, sees, blind), (upright.T, blind, sees)]:
        assert np.abs(filters.convolve(picture, one.weights)).max() == 4 * 255
        assert not filters.convolve(picture, other.weights).any()


def test_answers_become_a_picture_and_the_photograph_is_there():
    answers = np.array([[-300.0, -20.4, 0.4, 254.6, 999.0]])
    assert filters.visible(answers).tolist() == [[0, 0, 0, 255, 255]]
    assert filters.visible(answers, ignore_sign=True).tolist() == [[255, 20, 0, 255, 255]]
    photograph = filters.photograph(300)
    assert photograph.shape == (200, 300) and photograph.dtype == np.uint8
    assert photograph.std() > 30


def test_a_known_filter_fills_the_fields_and_is_applied():
    bench = FilterBench(PICTURE)
    for name, known in FILTERS.items():
        bench.known.value = name
        assert (bench.filter, bench.known.value) == (known, name)
        np.testing.assert_array_equal(bench.result, known.applied(PICTURE))
    assert figures.render(bench.picture()).shape[2] == 3
    names = [field.description for field in bench.fields]
    assert len(set(names)) == 9 and names[1] == "above"


def test_a_changed_number_changes_picture_and_words():
    bench = FilterBench(PICTURE)
    before = bench.after.value
    bench.fields[4].value = 7.0
    assert bench.filter.numbers[1][1] == 7
    assert bench.after.value != before and "-2 7 2" in bench.after.value
    assert bench.known.value == OWN
    bench.fields[4].value = 0.0
    assert bench.after.value == before and bench.known.value == "Upright edges (Sobel)"
    bench.known.value = "Nothing"
    bench.divisor.value = 2
    assert bench.result.max() in (127, 128)
    bench.divisor.value = 0  # which divides by nothing
    np.testing.assert_array_equal(bench.result, PICTURE[1:-1, 1:-1])


def test_the_quiz_asks_for_every_filter_once():
    quiz, asked = FilterQuiz(PICTURE), []
    for number in range(len(FILTERS) - 1):
        quiz.ask(number)
        asked.append(quiz.right_answer)
        np.testing.assert_array_equal(quiz.question, FILTERS[asked[-1]].applied(PICTURE))
    assert sorted(asked) == sorted(set(FILTERS) - {"Nothing"})


def test_right_and_wrong_answers_are_told_apart():
    quiz = FilterQuiz(PICTURE)
    wrong, right = (
        next(b for b in quiz.buttons if (b.description == quiz.right_answer) is truth)
        for truth in (False, True)
    )
    wrong.click()
    assert quiz.score == 0 and f"No, it was “{quiz.right_answer}”" in quiz.verdict.value
    assert all(button.disabled for button in quiz.buttons) and not quiz.next.disabled
    quiz.next.click()
    assert quiz.verdict.value == "" and not right.disabled and quiz.next.disabled
    next(b for b in quiz.buttons if b.description == quiz.right_answer).click()
    assert quiz.score == 1 and "Right" in quiz.verdict.value and "1 of 2" in quiz.verdict.value
