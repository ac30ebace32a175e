"""`helpers.exercises`: three states, hints one at a time, and nothing of the learner's changed."""

import random

import numpy as np
import pytest

from helpers.exercises import Wrong, exercise


@exercise("Count the sheep", hints=["Look at the field.", "Count the legs and divide by four."])
def sheep(number):
    if number != 7:
        raise Wrong(f"{number} is not how many there are")
    return "Seven sheep, and none was counted twice."


@exercise("Twice as much", hints=["Which operator doubles?", "Try it on 3: 6 should come out."])
def double(function):
    if function(np.array([1, 2])).tolist() != [2, 4]:
        raise Wrong("1 and 2 should become twice as much.")
    return "It works on whole arrays at once."


def test_a_right_answer_is_told_with_its_insight(capsys):
    assert sheep.check(7) is None
    told = capsys.readouterr().out
    assert told == "Count the sheep – right: Seven sheep, and none was counted twice.\n"


def test_a_wrong_answer_is_told_with_its_reason_and_the_way_to_a_hint(capsys):
    sheep.check(8)
    told = capsys.readouterr().out
    assert told == (
        "Count the sheep – not yet: 8 is not how many there are. Stuck? checks.sheep.hint()\n"
    )


def test_an_answer_left_open_is_not_attempted(capsys):
    sheep.check(...)
    told = capsys.readouterr().out
    assert told == (
        "Count the sheep – not attempted: put your answer in place of the ... and run it again.\n"
    )


def test_hints_come_one_at_a_time_then_the_way_to_the_solution(capsys):
    told = []
    for _ in range(4):
        sheep.hint()
        told.append(capsys.readouterr().out.strip())
    assert told[0] == "Count the sheep – hint 1 of 2: Look at the field."
    assert told[1] == "Count the sheep – hint 2 of 2: Count the legs and divide by four."
    assert told[2] == told[3]
    assert "no more hints" in told[2] and "solution is folded away" in told[2]


def body_open(numbers): ...


def value_open(numbers):
    """Double them."""
    doubled = ...
    return doubled


def part_open(numbers):
    factor = 2
    return factor * ...


def with_index(numbers):
    pairs: tuple[int, ...] = tuple(numbers)
    return 2 * np.array(pairs)[..., :]


@pytest.mark.parametrize("function", [body_open, value_open, part_open])
def test_a_function_with_a_gap_is_not_attempted(function):
    assert double.verdict(function).state == "not attempted"


@pytest.mark.parametrize("function", [with_index, lambda numbers: numbers * 2, np.array([2]).dot])
def test_a_function_without_a_gap_is_judged(function):
    assert double.verdict(function).state != "not attempted"


def test_an_ellipsis_as_an_index_is_no_gap():
    assert double.verdict(with_index).state == "right"


@pytest.mark.parametrize("answer", [[1, ...], (..., 2), {"width": ...}, [{"width": [...]}]])
def test_a_gap_within_an_answer_is_not_attempted(answer):
    assert sheep.verdict(answer).state == "not attempted"


@pytest.mark.parametrize(
    ("fails_with", "told"),
    [
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero."),
        (ValueError(""), "ValueError."),
        (KeyError("height"), "KeyError: 'height'."),
        (RuntimeError("first line\nsecond line\n0x7f001"), "RuntimeError: first line."),
    ],
)
def test_an_unexpected_error_is_one_sentence(fails_with, told):
    def fails(numbers):
        raise fails_with

    verdict = double.verdict(fails)
    assert verdict.state == "not yet"
    assert verdict.message == f"trying your answer stopped with {told}"


def test_a_long_error_is_shortened():
    def fails(numbers):
        raise ValueError("word " * 500)

    assert len(double.verdict(fails).message) < 240


def test_an_interrupt_is_not_an_answer():
    def interrupted(numbers):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        double.verdict(interrupted)


def test_the_wrong_number_of_answers_is_the_lessons_mistake():
    with pytest.raises(TypeError, match="too many positional arguments"):
        sheep.check(7, 7)


def test_checks_cannot_change_plain_answers():
    @exercise("Spoil it", hints=["one", "two"])
    def spoil(values):
        values[0] = 99
        return "Changed."

    numbers = [1, 2]
    assert spoil.verdict(numbers).state == "right"
    assert numbers == [1, 2]
    table = {0: 1}
    spoil.verdict(table)
    assert table == {0: 1}
    array = np.array([1, 2])
    assert spoil.verdict(array).state == "not yet"  # read-only, so it says so
    assert array.tolist() == [1, 2]
    assert array.flags.writeable


def test_checks_leave_the_random_state_alone():
    def draws(numbers):
        random.shuffle([1, 2, 3])
        np.random.normal(size=3)
        return 2 * numbers

    before = random.getstate(), repr(np.random.get_state(legacy=False))
    draws(np.array([1]))
    after = random.getstate(), repr(np.random.get_state(legacy=False))
    assert after != before
    assert double.verdict(draws).state == "right"
    assert (random.getstate(), repr(np.random.get_state(legacy=False))) == after


def test_one_hint_is_too_few():
    with pytest.raises(ValueError, match="at least two hints"):
        exercise("Bare", hints=["Do it."])


def test_an_exercise_says_how_to_use_it():
    assert repr(sheep) == (
        "Exercise 'Count the sheep': checks.sheep.check(your answer) or checks.sheep.hint()"
    )
