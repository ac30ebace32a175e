"""Each check belongs to a lesson's exercise and tells right answers from wrong ones, and why.

The answers stand in a room's `answers.py`, in a function of the check's name: rows of an answer and
"right" or words of the reason; or those rows, then what else the check is asked with. What a check
asks of every answer (gaps, functions, numbers, shapes) is the matter of ground/test_exercises.py.
"""

import functools
import importlib
import re
import runpy
from pathlib import Path

import pytest
from verdicts import misjudged

import helpers
from helpers.exercises import Exercise
from tools import notebooks

HERE = Path(__file__).parent
ROOMS = sorted(path.parent.name for path in Path(helpers.__file__).parent.glob("*/checks.py"))
MODULES = {room: importlib.import_module(f"helpers.{room}.checks") for room in ROOMS}
CHECKS = {
    (room, name): it
    for room, module in MODULES.items()
    for name, it in vars(module).items()
    if isinstance(it, Exercise)
}
IMPORT = re.compile(r"^from helpers\.(\w+) import (?:\([^)]*?|[^\n(]*?)\bchecks\b", re.MULTILINE)


@functools.cache
def answers(room):
    return runpy.run_path(str(HERE / room / "answers.py"))


def test_every_check_is_asked_once_in_a_lesson_and_has_hints():
    asked = []
    for path in notebooks.lessons():
        code = [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]
        exercises = [cell for cell in code if "exercise" in cell.metadata.get("tags", [])]
        (room,) = IMPORT.findall("\n".join(cell.source for cell in code))
        for cell in exercises:
            names = re.findall(r"\bchecks\.(\w+)\.check\(", cell.source)
            asked += [(room, name) for name in names]
    assert sorted(asked) == sorted(CHECKS) and len(ROOMS) == 10
    for (_, name), exercise in CHECKS.items():
        assert exercise.name == name and len(set(exercise.hints)) >= 2


@pytest.mark.parametrize(("room", "name"), CHECKS)
def test_right_answers_pass_and_wrong_ones_get_their_reason(room, name, tmp_path):
    exercise, make = CHECKS[room, name], answers(room)[name]
    made = make(tmp_path) if make.__code__.co_argcount else make()
    rows, *context = made if isinstance(made, tuple) else [made]
    seen = []

    def noted():
        for answer, wanted in rows:
            seen.append(wanted)
            yield answer, wanted

    assert misjudged(exercise, [(..., "not attempted")], *context) == []
    assert misjudged(exercise, noted(), *context) == []
    assert "right" in seen and len({*seen}) >= 4, "several wrong ones; the lesson has a right one"
    assert misjudged(exercise, [("nonsense", "")], *context) == []
