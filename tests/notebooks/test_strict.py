"""Proof that nbval's strict mode is strict here: a changed output fails, and there are outputs.

`make test` runs every lesson with `pytest --nbval --nbval-current-env`: nothing is sanitised. nbval
compares streams, `text/plain`, `text/html` and errors of cells that have an execution count; what
it does not see, pictures and cells without a count, is the matter of `guard`.
"""

import copy
import os
import re
import subprocess
import sys

import pytest
from guard import LESSONS, ROOT, Lesson
from nbval.plugin import IPyNbFile

from tools import notebooks

FEWEST = 5  # texts of a lesson that nbval compares: with fewer it would hardly be tested
OURS = {"WORKSHOP_MODE": "quick", "WORKSHOP_OFFLINE": "1"}


def compared(output):
    """(where it stands, key) of each text of an output that nbval must compare."""
    if output.output_type == "stream":
        yield output, "text"
    elif output.output_type == "error":
        yield output, "evalue"
    else:
        for mime in output.data:
            if mime.startswith("text/"):
                yield output.data, mime


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_each_text_of_each_lesson_is_compared(path, request):
    """By nbval's own comparison, without running anything: any changed text is a mismatch."""
    count = 0
    for cell in IPyNbFile.from_parent(request.session, path=path).collect():
        if cell.options["skip"] or not cell.options["check"]:
            continue  # with its reason, as the guard sees to
        saved = cell.cell.outputs
        assert cell.compare_outputs(copy.deepcopy(saved), saved)
        for number, output in enumerate(saved):
            for position, _ in enumerate(compared(output)):
                changed = copy.deepcopy(saved)
                where, key = list(compared(changed[number]))[position]
                where[key] += "?"
                assert not cell.compare_outputs(changed, saved), f"{cell.name}: {key}"
                count += 1
    assert count >= FEWEST


@pytest.fixture(scope="module")
def lesson_with_every_text_changed(tmp_path_factory):
    """A copy of lesson 00, its path, and the numbers of the code cells whose texts were changed."""
    path = tmp_path_factory.mktemp("strict") / "changed.ipynb"
    notebook = copy.deepcopy(Lesson(LESSONS[0]).notebook)
    touched = []
    for number, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
        texts = [found for output in cell.outputs for found in compared(output)]
        for where, key in texts:
            where[key] += "?"
        if texts:
            touched.append(number)
    notebooks.write(path, notebook)
    return path, touched


def test_nbval_fails_each_cell_whose_text_was_changed(lesson_with_every_text_changed):
    path, touched = lesson_with_every_text_changed
    failed = run_strictly(path)
    assert failed == touched
    assert len(touched) >= FEWEST


def run_strictly(path):
    """Run nbval on one notebook, with the options of `make test`; the numbers of failing cells."""
    command = [sys.executable, "-m", "pytest", *options(), "-p", "no:cacheprovider", str(path)]
    command += [f"--rootdir={path.parent}", "--color=no", "-c", os.devnull]
    ran = subprocess.run(
        command, cwd=path.parent, env=os.environ | OURS, capture_output=True, text=True, timeout=300
    )
    assert "error" not in ran.stdout.splitlines()[-1], ran.stdout + ran.stderr
    return sorted(int(cell) for cell in re.findall(r"^FAILED .*::Cell (\d+)", ran.stdout, re.M))


def options():
    """The nbval options that `make test` gives to pytest."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.findall(r"--nbval\S*", re.search(r"^TESTS :=((.*\\\n)+.*)", makefile, re.M)[1])


def test_make_test_is_strict_and_sanitises_nothing():
    assert {"--nbval", "--nbval-current-env"} <= set(options())
    everything = (ROOT / "Makefile").read_text() + (ROOT / "pyproject.toml").read_text()
    assert "--nbval-lax" not in everything
    assert "sanitize" not in everything


def test_this_session_is_strict_if_it_runs_lessons(pytestconfig):
    assert not pytestconfig.option.nbval_lax
    assert not pytestconfig.option.nbval_sanitize_with
    assert not pytestconfig.option.sanitize_with
