"""`helpers.exercises`: three states, hints one at a time, and the lesson goes on either way."""

import random
from types import ModuleType

import nbformat
import numpy as np
import pytest
import tensorflow as tf
from IPython.core.interactiveshell import InteractiveShell
from nbformat import v4
from traitlets.config import Config
from verdicts import misjudged

from helpers import exercises
from helpers.exercises import Exercise, ExerciseError, Wrong


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
    told = capsys.readouterr().out.replace("Count the sheep – ", "").splitlines()
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
    gaps = [..., [1, ...], (..., 2), {"width": ...}, [{"width": [...]}], body_open, part_open]
    right = [7, 7.0, index, lambda numbers: numbers * 2, np.array([[1, 1], [1, 1]]).dot]
    table = [
        *((gap, "not attempted") for gap in gaps),
        *((answer, "right") for answer in right),
        (np.array([2, 0]).dot, "3.0 is not how many there are."),
        (fails(ZeroDivisionError("by zero")), "stopped with ZeroDivisionError: by zero."),
        (fails(ValueError("")), "stopped with ValueError."),
        (fails(RuntimeError("first line\n0x7f001")), "RuntimeError: first line."),
        (fails(ValueError("word " * 500)), "word …"),
    ]
    assert misjudged(sheep(), table) == []
    assert len(sheep().verdict(table[-1][0]).message) < 240
    with pytest.raises(KeyboardInterrupt):
        sheep().verdict(fails(KeyboardInterrupt()))


def test_a_check_changes_nothing():
    def spoil(values):
        random.shuffle([1, 2, 3])
        np.random.normal(size=3)
        values[0] = 99
        return "Changed."

    numbers, table, array = [1, 2], {0: 1}, np.array([1, 2])
    before = random.getstate(), repr(np.random.get_state(legacy=False))
    judged = [(numbers, "right"), (table, "right"), (array, "read-only")]
    assert misjudged(Exercise(spoil, "Spoil", ["a", "b"]), judged) == []
    assert (random.getstate(), repr(np.random.get_state(legacy=False))) == before
    assert (numbers, table, array.tolist(), array.flags.writeable) == ([1, 2], {0: 1}, [1, 2], True)


# -- going on ------------------------------------------------------------------------------------


def wide(model, least):
    if model < least:
        raise Wrong("too narrow")
    return "Wide."


wide.__module__ = "helpers.sheep.checks"
SOLUTION = "wide_solution = int('9')\nwider.check(wide_solution, 5)"
ITS_OWN = "Wider – the lesson goes on with its own solution until yours is right."
YOURS = "Wider – the lesson goes on with your answer."


@pytest.fixture
def wider(tmp_path, monkeypatch):
    """An exercise in a notebook, beside a lesson with its solution and others without."""
    for name, imports, solution in [
        ("03_goats", "from helpers.goats import checks", "wide_solution = 0"),
        ("04_sheep-Copy1", "from helpers.sheep import checks", "wide_solution = 0"),
        ("04_sheep", "from helpers.sheep import (\n    checks,\n    field,\n)", SOLUTION),
    ]:
        cells = [v4.new_code_cell(f"{imports}\nprint('wide_solution')")]
        cells.append(v4.new_code_cell(solution, metadata={"tags": ["solution"]}))
        nbformat.write(v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    (tmp_path / "02_damaged.ipynb").write_text("{")
    no_history = Config(HistoryManager={"enabled": False})
    # The shell puts its module where imports look: under a name that nothing else has.
    shell = InteractiveShell(user_module=ModuleType("a_learners_copy"), config=no_history)
    shell.user_ns["wider"] = Exercise(wide, "Wider", ["a", "b"])
    monkeypatch.setattr(exercises, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(exercises, "get_ipython", lambda: shell)
    return shell.user_ns["wider"]


def test_the_lesson_goes_on_with_a_right_answer_else_with_its_solution(wider, capsys):
    variables = exercises.get_ipython().user_ns
    assert wider.chosen(7, 5) == 7 and "wide_solution" not in variables
    assert wider.chosen(..., 5) == 9  # the lesson's cell runs, unseen
    variables["wide_solution"] = 11  # the lesson itself has it
    assert (wider.chosen(4, 5), wider.chosen(8, 5)) == (11, 8)
    assert capsys.readouterr().out.splitlines() == [YOURS, ITS_OWN, ITS_OWN, YOURS]


def test_without_any_solution_it_says_so(wider, monkeypatch, tmp_path):
    (tmp_path / "04_sheep.ipynb").unlink()
    with pytest.raises(ExerciseError, match=r"No lesson in .* solve the exercise"):
        wider.chosen(4, 5)
    monkeypatch.setattr(exercises, "get_ipython", lambda: None)
    with pytest.raises(ExerciseError, match="There is no wide_solution here"):
        wider.chosen(..., 5)


# -- the checks' vocabulary ----------------------------------------------------------------------


def slide(picture, weights=1, *more): ...


def test_the_vocabulary_takes_what_can_be_judged():
    for answer, signature in [(slide, "slide(picture, weights)"), (np.exp, "f(x)"), (max, "f(x)")]:
        assert exercises.function(answer, signature) is answer
    for answer in (7, 7.0, np.float32(7), np.array([[7]]), [7], tf.constant(7)):
        assert exercises.number(answer) == 7
    assert exercises.shape([[1, 2]], (1, 2)).shape == (1, 2)
    assert exercises.shape(tf.zeros((3,)), [3]).shape == (3,)
    exercises.close([1.00001, 1000], [1, 1000])
    exercises.close(np.array([1, 0], bool), np.array([1, 0], "uint8"))
    exercises.differentiable(lambda a, b: tf.reduce_mean(a * b), [1.0, 2.0], 3.0)


NO_ARRAY, NOT_TRACED = "should be an array of numbers", "TensorFlow can't follow it"
MISTAKES = {"take the squares first": [3.0, 4.0], "that is another shape": [1.0]}
REFUSED = {
    lambda answer: exercises.function(answer, "slide(picture, weights)"): [
        (7, "not a function: define it with `def slide(picture, weights):`"),
        (lambda picture: 0, "should take 2 arguments, as in `def slide(picture, weights):`"),
        (lambda picture, weights, *, stride: 0, "should take 2 arguments"),
    ],
    exercises.number: [
        (None, "not nothing (None)"),
        (np.True_, "not a bool"),
        ("7", "not a str"),
        ([[1], [1, 2]], "not a list"),
        (np.array([]), "not an ndarray"),
        (float("nan"), "it is nan"),
    ],
    lambda answer: exercises.shape(answer, (1, 2)): [
        ([1, 2], "(2,), and (1, 2) is asked for"),
        *((answer, NO_ARRAY) for answer in ("text", None, [[1], [1, 2]], [None])),
    ],
    lambda pair: exercises.close(*pair, otherwise=MISTAKES): [
        (([3, 4], [9.0, 16.0]), "take the squares first"),
        (([9, 17], [9.0, 16.0]), "its value at [1] is 17, for instance"),
        ((np.array([250, 9], "uint8"), np.array([4, 0], "uint8")), "at [0] is 250"),
        (([[1, np.nan]], [[1.0, 2.0]]), "at [0, 1] is nan"),
        ((3.0, 4.0), "the result is 3, which is not right"),
    ],
    lambda answer: exercises.differentiable(answer, [1.0]): [
        (lambda a: np.mean(a), NOT_TRACED),
    ],
}


def test_the_vocabulary_says_what_is_wrong():
    faults = []
    for word, refused in REFUSED.items():
        for answer, reason in refused:
            with pytest.raises(Wrong) as caught:
                word(answer)
            faults += [(reason, str(caught.value))] if reason not in str(caught.value) else []
    assert faults == []
