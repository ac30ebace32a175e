"""All checks at once: each belongs to a lesson's exercise and is tested, and none stands alone."""

import importlib
import re
from pathlib import Path

import nbformat
import pytest

import helpers
from helpers.exercises import Exercise

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent / "notebooks"
ROOMS = sorted(path.parent.name for path in Path(helpers.__file__).parent.glob("*/checks.py"))
IMPORT = re.compile(r"^from helpers\.(\w+) import (?:\([^)]*?|[^\n(]*?)\bchecks\b", re.MULTILINE)


def exercises(room):
    """The exercises of `helpers/<room>/checks.py`, by name."""
    module = importlib.import_module(f"helpers.{room}.checks")
    return {key: value for key, value in vars(module).items() if isinstance(value, Exercise)}


def lessons_with_checks():
    """(lesson, the room whose checks it imports, names checked in exercises, and in solutions)."""
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        code = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        room = IMPORT.search("\n".join(cell.source for cell in code))
        asked = {"exercise": [], "solution": []}
        for number, cell in enumerate(code):
            for tag in asked.keys() & set(cell.metadata.get("tags", [])):
                # A solution's check may stand in the cell below it.
                near = [cell.source, *(one.source for one in code[number + 1 :][:1])]
                found = [re.findall(r"\bchecks\.(\w+)\.check\(", text) for text in near]
                asked[tag] += found[0] or (found[-1] if tag == "solution" else [])
        yield path.stem, room and room[1], asked["exercise"], asked["solution"]


LESSONS = {lesson: rest for lesson, *rest in lessons_with_checks()}


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_asks_and_solves_each_exercise_once(lesson):
    room, asked, solved = LESSONS[lesson]
    assert room, "no `from helpers.<room> import checks`"
    assert asked, "no exercise asks a check"
    assert len(set(asked)) == len(asked)
    assert asked == solved


@pytest.mark.parametrize("room", ROOMS)
def test_every_check_is_asked_in_a_lesson_and_has_hints_and_a_test(room):
    asked = [name for used, names, _ in LESSONS.values() if used == room for name in names]
    assert sorted(asked) == sorted(exercises(room))
    text = "".join(path.read_text("utf-8") for path in (HERE / room).glob("test_checks_*.py"))
    for name, exercise in exercises(room).items():
        assert exercise.name == name
        assert len(exercise.hints) >= 2
        assert len(set(exercise.hints)) == len(exercise.hints)
        assert re.search(rf"\b{name}\b", text), f"no test tries {name}"
    # `verdicts.why` and `verdicts.misjudged` ask for that state.
    wrong = "not yet" in text or "why(" in text or "misjudged(" in text
    assert "right" in text and wrong and "not attempted" in text


def test_there_are_checks():
    assert len(ROOMS) == 10
