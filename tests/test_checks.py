"""All checks at once: each belongs to a lesson's exercise and is tested, and none stands alone."""

import importlib
import re
from pathlib import Path

import pytest

import helpers
from helpers.exercises import Exercise
from tools import notebooks

HERE = Path(__file__).parent
ROOMS = sorted(path.parent.name for path in Path(helpers.__file__).parent.glob("*/checks.py"))
IMPORT = re.compile(r"^from helpers\.(\w+) import (?:\([^)]*?|[^\n(]*?)\bchecks\b", re.MULTILINE)


def asked():
    """{room: names of the checks that its lessons' exercises ask}; the guard sees to solutions."""
    found = dict.fromkeys(ROOMS, ())
    for path in notebooks.lessons():
        code = [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]
        exercises = [cell for cell in code if "exercise" in cell.metadata.get("tags", [])]
        (room,) = IMPORT.findall("\n".join(cell.source for cell in code))
        for cell in exercises:
            found[room] += tuple(re.findall(r"\bchecks\.(\w+)\.check\(", cell.source))
    return found


ASKED = asked()


@pytest.mark.parametrize("room", ROOMS)
def test_every_check_is_asked_once_in_a_lesson_and_has_hints_and_a_test(room):
    module = importlib.import_module(f"helpers.{room}.checks")
    known = {name: it for name, it in vars(module).items() if isinstance(it, Exercise)}
    assert sorted(ASKED[room]) == sorted(known)
    text = "".join(path.read_text("utf-8") for path in (HERE / room).glob("test_checks_*.py"))
    for name, exercise in known.items():
        assert exercise.name == name and len(set(exercise.hints)) >= 2
        assert re.search(rf"\b{name}\b", text), f"no test tries {name}"
    # `verdicts.why` and `verdicts.misjudged` ask for that state.
    wrong = "not yet" in text or "why(" in text or "misjudged(" in text
    assert "right" in text and wrong and "not attempted" in text


def test_there_are_checks():
    assert len(ROOMS) == 10
