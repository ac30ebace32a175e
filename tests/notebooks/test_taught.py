"""What lessons teach is code for others, too: the cells tagged `taught`, as a module."""

import nbformat
import pytest
from nbformat import v4

from tools import notebooks


@pytest.fixture
def lesson(monkeypatch, tmp_path):
    """Write a lesson 03 of cells (source, tags), and a learner's copy of it with others."""

    def write(*cells):
        monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
        for name, made in [("", cells), ("-Copy1", [("x = 'a copy'", ["taught"])])]:
            nbformat.write(
                v4.new_notebook(
                    cells=[v4.new_code_cell(one, metadata={"tags": tags}) for one, tags in made]
                ),
                tmp_path / f"03_features_then_and_now{name}.ipynb",
            )

    return write


def test_lessons_are_what_the_table_names():
    stems = [path.stem for path in notebooks.lessons()]
    assert stems == sorted(path.stem for path in notebooks.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    assert [stem[:2] for stem in stems] == [f"{number:02}" for number in range(11)]


def test_taught_cells_are_a_module_and_of_others_only_imports_run(lesson):
    lesson(
        ("import math\nfrom pathlib import Path as P\nraise SystemExit", []),
        ("%magic\nimport nothing", []),
        ("def area(r):\n    return math.pi * r**2", ["taught"]),
        ("area = None", ["solution"]),
        ("HALF = area(1) / 2\nhere = P('x')", ["exercise", "taught"]),
    )
    module = notebooks.taught("03")
    assert round(module.HALF, 4) == 1.5708 and str(module.here) == "x"
    assert not hasattr(module, "x")
    assert vars(notebooks.taught("03_features_then_and_now")).keys() == vars(module).keys()


def test_tensorflow_can_trace_what_is_taught(lesson):
    """AutoGraph rewrites a function from its source, which it must find."""
    lesson(
        ("import tensorflow as tf", []),
        (
            "@tf.function\n"
            "def halve(x):\n"
            "    while tf.reduce_sum(x) > 1.0:\n"
            "        x = x / 2.0\n"
            "    return x",
            ["taught"],
        ),
    )
    import tensorflow as tf

    assert notebooks.taught("03").halve(tf.constant([4.0])).numpy() == [1.0]


def test_a_lesson_that_teaches_nothing_is_refused(lesson):
    lesson(("x = 1", []))
    for name in ("03", "99", "0", ""):
        with pytest.raises(notebooks.LessonError, match=f"No lesson {name} with cells tagged"):
            notebooks.taught(name)
