"""The lessons' outputs are compared strictly, and what isn't compared exactly says so itself.

`make test` runs every lesson through nbval, which compares streams, `text/plain`, `text/html` and
errors of cells that have an execution count; `strictly` adds tolerances and missing assets. What
none of them sees, pictures and cells without a count, is the matter of `guard`.
"""

import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
import strictly
from nbformat import v4
from programs import ran

from tools import notebooks, running


def test_this_session_is_strict_if_it_runs_lessons(pytestconfig):
    options = pytestconfig.option
    assert not (options.nbval_lax or options.nbval_sanitize_with or options.sanitize_with)


# -- a toy of a lesson ---------------------------------------------------------------------------


def printed(text):
    return v4.new_output("stream", name="stdout", text=text)


def shown(mime, text):
    return v4.new_output("display_data", data={mime: text, "text/plain": "<shown>"})


NOW = "accuracy: 0.943 (± 0.02 on other machines)\n"
TABLE = "accuracy (± 0.02 on other machines)\n         mean   best\n  relu  0.943  0.999\n"
HTML = (
    "from IPython.display import display\n"
    "display({'text/html': '<b>7</b>', 'text/plain': '<shown>'}, raw=True)"
)
SHOW = "from helpers import numbers; numbers.show('accuracy', 0.943, within=0.02)"
ROWS = (
    "from helpers import numbers\n"
    "numbers.table('accuracy', {'relu': [0.943, 0.999]}, 0.02, ['mean', 'best'])\nprint('0.5')"
)
# (what the cell does, what was saved of it, the words of the failure or None, tags)
CELLS = [
    ("print('7 sheep')", printed("7 sheep\n"), None, []),
    ("print('7 sheep')", printed("8 sheep\n"), "8 sheep", []),
    (HTML, shown("text/html", "<b>8</b>"), "<b>8</b>", []),
    ("'7'", v4.new_output("execute_result", data={"text/plain": "'8'"}), "'8'", []),
    (SHOW, printed(NOW.replace("0.943", "0.963")), None, []),
    (SHOW, printed(NOW.replace("0.943", "0.922")), "0.922", []),
    (SHOW, printed(NOW.replace("0.02", "0.9")), "0.9 on", []),
    (SHOW, printed(NOW.replace("0.943", "0.943, 0.943")), "0.943, 0.943", []),
    (SHOW, printed(NOW.replace("0.943 ", "")), "accuracy: (±", []),
    (ROWS, printed(TABLE.replace("0.943  0.999", "0.951  1.001") + "0.5\n"), None, []),
    (ROWS, printed(TABLE.replace("0.943", "0.993") + "0.5\n"), "0.993", []),
    (ROWS, printed(TABLE.replace("  0.999", "") + "0.5\n"), "0.999", []),
    (ROWS, printed(TABLE + "0.501\n"), "0.501", []),
    ("print('7')", printed("stand-in\n"), "stand-in", ["needs-mnist-cnn"]),  # is in the repo
    ("print('7')", printed("stand-in\n"), None, ["needs-hed"]),
    ("print('7')", printed("stand-in\n"), None, ["needs-hed", "needs-style-predict"]),
    ("1 / 0", printed("never\n"), "ZeroDivisionError", ["needs-hed"]),
]


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """What pytest says of the toy, in a place without the assets that are not in the repo."""
    folder = tmp_path_factory.mktemp("toy")
    made = [
        v4.new_code_cell(source, outputs=[output], metadata={"tags": tags}, execution_count=number)
        for number, (source, output, _, tags) in enumerate(CELLS, start=1)
    ]
    nbformat.write(v4.new_notebook(cells=made), folder / "toy.ipynb")
    command = [sys.executable, "-m", "pytest", "-p", "strictly", "--nbval", "--nbval-current-env"]
    command += ["-p", "no:cacheprovider", f"--rootdir={folder}", "--color=no", "-c", os.devnull]
    path = os.pathsep.join([str(Path(strictly.__file__).parent), str(notebooks.NOTEBOOKS.parent)])
    own = {"WORKSHOP_CACHE": str(folder), "WORKSHOP_OFFLINE": "1", "PYTHONPATH": path}
    _, said = ran(*command, folder / "toy.ipynb", env=os.environ | own)
    assert "passed" in said, said
    return said


def test_what_changed_fails_with_both_values_and_the_last_line_counts_what_was_not_compared(toy):
    reports = dict(re.findall(r"^_+ .*?::Cell (\d+) _+\n(.*?)(?=^_+ |^=+ )", toy, re.M | re.S))
    expected = {str(number): words for number, (*_, words, _) in enumerate(CELLS) if words}
    assert reports.keys() == expected.keys()
    assert [words for number, words in expected.items() if words not in reports[number]] == []
    assert "0.943" in reports["5"] and "0.943" in reports["10"]
    assert toy.splitlines()[-1] == (
        "3 cells ran without being compared, for want of: hed (3), style-predict (1). "
        "To get them: python -m helpers fetch hed style-predict"
    )


def test_kernels_know_nothing_of_the_users_ipython(monkeypatch, tmp_path):
    """`run`, which saves lessons, and the tests: conftest.py gives them a folder of their own."""
    (tmp_path / "profile_default").mkdir()
    settings = "get_config().InteractiveShell.ast_node_interactivity = 'all'"
    (tmp_path / "profile_default" / "ipython_config.py").write_text(settings)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    cell = v4.new_code_cell("1\n2")
    assert running.execute(v4.new_notebook(cells=[cell]), tmp_path).ok
    assert [output.data["text/plain"] for output in cell.outputs] == ["2"]
