"""What lessons teach is code for others, too: the cells tagged `taught`, as a module."""

import nbformat
import pytest
from nbformat import v4

from tools import notebooks


@pytest.fixture
def lesson(monkeypatch, tmp_path):
    """Write a lesson of cells: (source, tags)."""
    path = tmp_path / "03_sheep.ipynb"
    monkeypatch.setattr(notebooks, "lessons", lambda: [path])

    def write(*cells):
        made = [v4.new_code_cell(source, metadata={"tags": tags}) for source, tags in cells]
        nbformat.write(v4.new_notebook(cells=made), path)

    return write


def test_taught_cells_are_a_module_and_of_others_only_imports_run(lesson):
    lesson(
        ("import math\nfrom pathlib import Path as P\nraise SystemExit", []),
        ("%magic\nimport nothing", []),
        ("import sheep", []),
        ("def area(r):\n    return math.pi * r**2", ["taught"]),
        ("area = None", ["solution"]),
        ("%%writefile -a sheep.py\n\nimport json\nWOOL = json.dumps(1)", ["taught"]),
        ("HALF = area(1) / 2\nhere = P('x')\nprint(1 / 0)", ["solution", "taught"]),
    )
    module = notebooks.taught("03")
    assert round(module.HALF, 4) == 1.5708 and str(module.here) == "x" and module.WOOL == "1"
    assert vars(notebooks.taught("03_sheep")).keys() == vars(module).keys()


def test_tensorflow_can_trace_what_is_taught(lesson):
    """AutoGraph rewrites a function from its source, which it must find."""
    import tensorflow as tf

    halve = "@tf.function\ndef halve(x):\n    while x[0] > 1.0:\n        x = x / 2.0\n    return x"
    lesson(("import tensorflow as tf", []), (halve, ["taught"]))

    assert notebooks.taught("03").halve(tf.constant([4.0])).numpy() == [1.0]


def test_a_lesson_that_teaches_nothing_is_refused(lesson):
    lesson(("x = 1", []))
    for name in ("03", "99", "0", ""):
        with pytest.raises(notebooks.LessonError, match=f"No lesson {name} with cells tagged"):
            notebooks.taught(name)
