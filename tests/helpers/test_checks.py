"""All checks at once: each belongs to a lesson's exercise and is tested, and none stands alone."""

import importlib
import pkgutil
import re
from pathlib import Path

import nbformat
import pytest

import helpers.checks
from helpers.exercises import Exercise

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parents[1] / "notebooks"
MODULES = [module.name for module in pkgutil.iter_modules(helpers.checks.__path__)]


def exercises(name):
    """The exercises of `helpers/checks/<name>.py`, by name."""
    module = importlib.import_module(f"helpers.checks.{name}")
    return {key: value for key, value in vars(module).items() if isinstance(value, Exercise)}


def lessons_with_checks():
    """(lesson, the module it imports as `checks`, names checked in exercises, and in solutions)."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        code = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        source = "\n".join(cell.source for cell in code)
        module = re.search(r"^from helpers\.checks import (\w+) as checks$", source, re.MULTILINE)
        asked = {"exercise": [], "solution": []}
        for number, cell in enumerate(code):
            for tag in asked.keys() & set(cell.metadata.get("tags", [])):
                # A solution's check may stand in the cell below it.
                near = [cell.source, *(one.source for one in code[number + 1 :][:1])]
                found = [re.findall(r"\bchecks\.(\w+)\.check\(", text) for text in near]
                asked[tag] += found[0] or (found[-1] if tag == "solution" else [])
        yield path.stem, module and module[1], asked["exercise"], asked["solution"]


LESSONS = {lesson: rest for lesson, *rest in lessons_with_checks()}


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lessons_exercises_are_those_of_its_checks(lesson):
    module, asked, solved = LESSONS[lesson]
    assert module, "no `from helpers.checks import … as checks`"
    assert asked, "no exercise asks a check"
    assert sorted(asked) == sorted(exercises(module))
    assert asked == solved


@pytest.mark.parametrize("module", MODULES)
def test_checks_belong_to_one_lesson(module):
    assert [lesson for lesson, (used, *_) in LESSONS.items() if used == module] != []


@pytest.mark.parametrize("module", MODULES)
def test_every_check_has_hints_and_a_test(module):
    tests = HERE / f"test_checks_{module}.py"
    text = tests.read_text(encoding="utf-8")
    for name, exercise in exercises(module).items():
        assert exercise.name == name
        assert len(exercise.hints) >= 2
        assert len(set(exercise.hints)) == len(exercise.hints)
        assert re.search(rf"\b{name}\b", text), f"{tests.name} does not test {name}"
        wrong = "not yet" in text or "why(" in text  # `verdicts.why` asks for that state
        assert "right" in text and wrong and "not attempted" in text


def test_there_are_checks():
    assert "start" in MODULES
    assert exercises("start")
