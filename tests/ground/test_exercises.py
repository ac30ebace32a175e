"""`helpers.exercises`: three states, hints one at a time, and the lesson goes on either way."""

import random

import nbformat
import numpy as np
import pytest
import tensorflow as tf
from nbformat import v4
from verdicts import state, why

from helpers import exercises
from helpers.exercises import Exercise, ExerciseError, Wrong, exercise
from tools import running


def judge(answer):
    """Seven, or a function that doubles."""
    answer = answer(np.array([3, 4])).sum() / 2 if callable(answer) else answer
    if answer != 7:
        raise Wrong(f"{answer} is not how many there are")
    return "Seven sheep, and none was counted twice."


def sheep():
    return Exercise(judge, "Count the sheep", ["Look at the field.", "Count the legs."])


def test_what_is_printed(capsys):
    one = sheep()
    for answer in (7, 8, ...):
        assert one.check(answer) is None
    for _ in range(4):
        one.hint()
    told = [
        line.removeprefix("Count the sheep – ") for line in capsys.readouterr().out.splitlines()
    ]
    assert told[:5] == [
        "right: Seven sheep, and none was counted twice.",
        "not yet: 8 is not how many there are. Stuck? checks.judge.hint()",
        "not attempted: put your answer in place of the ... and run it again.",
        "hint 1 of 2: Look at the field.",
        "hint 2 of 2: Count the legs.",
    ]
    assert told[5] == told[6] and "solution is folded away" in told[5]
    assert "checks.judge.check(your answer) or checks.judge.hint()" in repr(one)


def body_open(numbers): ...


def part_open(numbers):
    """Double them."""
    factor = ...
    return factor * numbers


def index(numbers):
    pairs: tuple[int, ...] = tuple(numbers)
    return 2 * np.array(pairs)[..., :]


def fails(error):
    def function(numbers):
        raise error

    return function


def test_the_three_states_of_an_answer():
    open_ones = [..., [1, ...], (..., 2), {"width": ...}, [{"width": [...]}], body_open, part_open]
    assert {state(sheep(), answer) for answer in open_ones} == {"not attempted"}
    right = [7, 7.0, index, lambda numbers: numbers * 2, np.array([[1, 1], [1, 1]]).dot]
    assert {state(sheep(), answer) for answer in right} == {"right"}
    for answer, reason in [
        (np.array([2, 0]).dot, "3.0 is not how many there are."),
        (fails(ZeroDivisionError("by zero")), "stopped with ZeroDivisionError: by zero."),
        (fails(ValueError("")), "stopped with ValueError."),
        (fails(RuntimeError("first line\n0x7f001")), "RuntimeError: first line."),
        (fails(ValueError("word " * 500)), "word …"),
    ]:
        assert why(sheep(), answer).endswith(reason)
        assert len(why(sheep(), answer)) < 240
    with pytest.raises(KeyboardInterrupt):
        sheep().verdict(fails(KeyboardInterrupt()))
    with pytest.raises(TypeError, match="too many positional arguments"):
        sheep().check(7, 7)  # the lesson's mistake


def test_a_check_changes_nothing():
    def spoil(values):
        random.shuffle([1, 2, 3])
        np.random.normal(size=3)
        values[0] = 99
        return "Changed."

    numbers, table, array = [1, 2], {0: 1}, np.array([1, 2])
    before = random.getstate(), repr(np.random.get_state(legacy=False))
    found = [state(Exercise(spoil, "Spoil", ["a", "b"]), one) for one in (numbers, table, array)]
    assert found == ["right", "right", "not yet"]  # an array is read-only
    assert (random.getstate(), repr(np.random.get_state(legacy=False))) == before
    assert (numbers, table, array.tolist(), array.flags.writeable) == ([1, 2], {0: 1}, [1, 2], True)


def test_title_and_hints_come_from_the_file_beside_the_check(tmp_path):
    def made(hints):
        (tmp_path / "hints.toml").write_text(f'[wide]\ntitle = "Wide"\nhints = {hints}')
        code = compile("def wide(model): return 'Good.'", str(tmp_path / "checks.py"), "exec")
        exec(code, names := {})  # noqa: S102 - the line above
        return exercise(names["wide"])

    assert (made(["a", "b"]).title, made(["a", "b"]).hints) == ("Wide", ("a", "b"))
    with pytest.raises(ValueError, match="'Wide' needs at least two hints"):
        made(["a"])


# -- going on ------------------------------------------------------------------------------------

FIRST = """
from pathlib import Path
from helpers import exercises
def judge(model, least):
    if model < least: raise exercises.Wrong("too narrow")
    return "Wide."
judge.__module__ = "helpers.sheep.checks"
wider = exercises.Exercise(judge, "Wider", ["a", "b"])
exercises.NOTEBOOKS, helper = Path.cwd(), 'mine'
"""
SOLUTION = "helper = 'solution'\njudge_solution = int('9')\nwider.check(judge_solution, 5)"
ITS_OWN = "Wider – the lesson goes on with its own solution until yours is right.\n"
YOURS = "Wider – the lesson goes on with your answer.\n"


@pytest.fixture(scope="module")
def goes_on(tmp_path_factory):
    """Run cells in a real kernel beside a lesson with the solution; return what they print."""
    folder = tmp_path_factory.mktemp("going-on")
    for name, imports, solution in [
        ("03_goats", "from helpers.goats import checks", "judge_solution = 0"),
        ("04_sheep-Copy1", "from helpers.sheep import checks", "judge_solution = 0"),
        ("04_sheep", "from helpers.sheep import (\n    checks,\n    field,\n)", SOLUTION),
    ]:
        cells = [v4.new_code_cell(f"{imports}\nprint('judge_solution')")]
        cells.append(v4.new_code_cell(solution, metadata={"tags": ["solution"]}))
        nbformat.write(v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    (folder / "02_damaged.ipynb").write_text("{")

    def run(*sources):
        cells = [v4.new_code_cell(source) for source in (FIRST, *sources)]
        result = running.execute(v4.new_notebook(cells=cells), folder)
        assert result.ok, result.error
        return ["".join(output["text"] for output in cell.outputs) for cell in cells[1:]]

    return run


def test_the_lesson_goes_on_with_a_right_answer_else_with_its_solution(goes_on):
    learners_copy = [
        "print(wider.chosen(7, 5))",
        "print('judge_solution' in globals())",
        "print(wider.chosen(..., 5))",  # runs the lesson's cell, unseen
        "print(wider.chosen(4, 5), wider.chosen(8, 5))",
    ]
    lesson = [SOLUTION, "print(wider.chosen(..., 5))", "print(wider.chosen(6, 5))"]
    assert goes_on(*learners_copy) == [
        f"{YOURS}7\n",
        "False\n",
        f"{ITS_OWN}9\n",
        f"{ITS_OWN}{YOURS}9 8\n",
    ]
    assert goes_on(*lesson)[1:] == [f"{ITS_OWN}9\n", f"{YOURS}6\n"]


def test_without_any_solution_it_says_so(monkeypatch, tmp_path):
    with pytest.raises(ExerciseError, match="There is no judge_solution here"):
        sheep().chosen(...)
    monkeypatch.setattr(exercises, "NOTEBOOKS", tmp_path)
    with pytest.raises(ExerciseError, match=r"No lesson in .* solve the exercise"):
        exercises._solution("judge_solution", "helpers.sheep.checks")


# -- the checks' vocabulary ----------------------------------------------------------------------


def refused(word, *arguments, **options):
    with pytest.raises(Wrong) as caught:
        word(*arguments, **options)
    return str(caught.value)


def test_function():
    def slide(picture, weights=1, *more): ...

    for answer, signature in [(slide, "slide(picture, weights)"), (np.exp, "f(x)"), (max, "f(x)")]:
        assert exercises.function(answer, signature) is answer
    for answer, reason in [
        (7, "not a function: define it with `def slide(picture, weights):`"),
        (lambda picture: 0, "should take 2 arguments, as in `def slide(picture, weights):`"),
        (lambda picture, weights, *, stride: 0, "should take 2 arguments"),
    ]:
        assert reason in refused(exercises.function, answer, "slide(picture, weights)")


def test_number():
    for answer in (7, 7.0, np.float32(7), np.array([[7]]), [7], tf.constant(7)):
        assert exercises.number(answer) == 7
    for answer, reason in [
        (None, "not nothing (None)"),
        (True, "not a bool"),
        (np.True_, "not a bool"),
        ("7", "not a str"),
        (["7"], "not a list"),
        ([1, 2], "not a list"),
        ([[1], [1, 2]], "not a list"),
        (1j, "not a complex"),
        (np.array([]), "not an ndarray"),
        (float("nan"), "it is nan"),
    ]:
        assert reason in refused(exercises.number, answer)


def test_shape():
    assert exercises.shape([[1, 2]], (1, 2)).shape == (1, 2)
    assert exercises.shape(tf.zeros((3,)), [3]).shape == (3,)
    assert "(2,), and (1, 2) is asked for" in refused(exercises.shape, [1, 2], (1, 2))
    for answer in ("text", None, [[1], [1, 2]], [None]):
        assert "should be an array of numbers" in refused(exercises.shape, answer, (1,))


def test_close():
    exercises.close([1.00001, 1000], [1, 1000])
    exercises.close(np.array([1, 0], bool), np.array([1, 0], "uint8"))
    mistakes = {"take the squares first": [3.0, 4.0], "that is another shape": [1.0]}
    for found, wanted, reason in [
        ([3, 4], [9.0, 16.0], "take the squares first"),
        ([9, 17], [9.0, 16.0], "its value at [1] is 17, for instance"),
        (np.array([250, 9], "uint8"), np.array([4, 0], "uint8"), "at [0] is 250"),
        ([[1, np.nan]], [[1.0, 2.0]], "at [0, 1] is nan"),
        ([True, True], [True, False], "at [1] is 1"),
        (3.0, 4.0, "the result is 3, which is not right"),
    ]:
        assert reason in refused(exercises.close, found, wanted, otherwise=mistakes)


def test_differentiable():
    exercises.differentiable(lambda a, b: tf.reduce_mean(a * b), [1.0, 2.0], 3.0)
    for answer in (lambda a: np.mean(a), lambda a: tf.constant(1.0)):
        assert "TensorFlow can't follow it" in refused(exercises.differentiable, answer, [1.0])
