"""Lessons run in real kernels: tiny notebooks that go well, fail, hang, die, talk and show."""

import base64
import io
import json
import signal
import sys

import nbformat
import psutil
import pytest
from PIL import Image
from programs import end, start, wait_until

from tools import notebooks, running

WIDGET = """\
import ipywidgets
slider = ipywidgets.IntSlider()
display({"text/plain": "a slider", "application/vnd.jupyter.widget-view+json":
         {"model_id": slider.model_id, "version_major": 2, "version_minor": 0}}, raw=True)"""
DOT = io.BytesIO()
Image.new("L", (1, 1)).save(DOT, "PNG")
PICTURE = f"""\
display({{"image/png": {base64.b64encode(DOT.getvalue()).decode()!r}, "text/plain": "a dot"}},
        metadata={{"image/png": {{"alt": "a <red> dot"}}}}, raw=True)"""


@pytest.fixture
def lesson(tmp_path):
    """Return a function that writes a notebook of code cells and returns its path."""

    def write(name, *sources, head="# A lesson"):
        cells = [nbformat.v4.new_markdown_cell(head)]
        cells += [nbformat.v4.new_code_cell(source) for source in sources]
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs notebooks into tmp_path/build: its exit code, lessons.json."""
    monkeypatch.delenv("WORKSHOP_MODE", raising=False)
    monkeypatch.delenv("WORKSHOP_OFFLINE", raising=False)
    build = tmp_path / "build"

    def call(*paths, **options):
        code = running.run([str(path) for path in paths], build=build, **options)
        return code, json.loads((build / "lessons.json").read_text())

    return call


def test_a_run_measures_reports_and_leaves_the_lesson_alone(
    lesson, run, tmp_path, monkeypatch, capsys
):
    """Memory counts children and spikes, and a lesson's children end with its kernel."""
    foreign = tmp_path / "jupyter" / "kernels" / "python3"
    foreign.mkdir(parents=True)
    spec = {"argv": ["/nowhere/python"], "display_name": "Other", "language": "python"}
    (foreign / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    own = f"import sys\nassert sys.executable == {sys.executable!r}"
    settings = "import os\nprint(os.environ['WORKSHOP_MODE'], os.environ['WORKSHOP_OFFLINE'])"
    spike = "x = bytearray(400_000_000); del x"
    path = lesson("calm", settings, own, PICTURE, spike, head="$x^2$")
    child = "import time; held = bytearray(300_000_000); print(flush=True); time.sleep(300)"
    family = lesson(
        "family",
        "import subprocess, sys, time, pathlib\n"
        "pipes = dict(stdout=subprocess.PIPE, start_new_session=True)\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], **pipes)\n"
        "pathlib.Path('pid').write_text(str(child.pid))\n"
        "child.stdout.readline(); time.sleep(1)",
    )
    before = path.read_bytes()
    code, (fact, other) = run(path, family)
    said = capsys.readouterr().out
    assert code == 0, said
    assert (fact["lesson"], fact["ok"]) == ("calm", True) and 0 < fact["seconds"] < 300
    assert fact["peak_rss_mb"] > (400 if sys.platform == "linux" else 20)
    assert other["peak_rss_mb"] > 330
    assert "calm    ok " in said
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))
    assert path.read_bytes() == before
    page = (tmp_path / "build" / "calm.html").read_text()
    assert "quick 1" in page and 'alt="a &lt;red&gt; dot"' in page
    assert "<script src" not in page and "cdnjs" not in page, "the report fetches nothing"
    assert "<a href='calm.html'>calm</a>" in (tmp_path / "build" / "index.html").read_text()


def test_each_failure_is_one_block_and_the_next_lesson_still_runs(lesson, run, tmp_path, capsys):
    bad = lesson("bad", "x = 1", "raise ValueError('no <good>')", "print('never ' + 'reached')")
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    dies = lesson("dies", "import os\nos._exit(9)")
    hang = lesson("hang", "import time\nwhile True: time.sleep(1)")
    edited = lesson("edited", "from pathlib import Path\nPath('edited.ipynb').write_text('mine')")
    good = lesson("good", "1 + 1")
    code, facts = run(bad, broken, dies, hang, edited, good, save=True, timeout=3)
    assert code == 1
    assert [fact["ok"] for fact in facts] == [False] * 5 + [True]
    out = capsys.readouterr().out
    block = "bad failed: cell 2, In [2]:\n  | raise ValueError('no <good>')\nValueError: no <good>"
    shown = (block, "broken.ipynb is not a valid", "kernel died", "longer than 3 s", "not saved")
    assert [words for words in shown if words not in out] == [] and "Traceback" not in out
    assert "no &lt;good&gt;" in (tmp_path / "build" / "index.html").read_text()
    assert "never reached" not in (tmp_path / "build" / "bad.html").read_text()
    assert notebooks.read(bad).cells[1].execution_count is None  # not saved
    assert edited.read_text() == "mine"
    assert notebooks.read(good).cells[1].execution_count == 1
    assert not [child for child in psutil.Process().children() if "ipykernel" in str(child)]


def test_save_writes_what_is_the_same_on_every_run(lesson, run, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "ROOT", tmp_path)
    cover = tmp_path / "docs" / "gallery" / "talk.jpg"
    cover.parent.mkdir(parents=True)
    cover.touch()
    (tmp_path / "README.md").touch()
    talk = "import sys\nfor i in range(3): print(i, flush=True)\nprint('oh', file=sys.stderr)"
    path = lesson("talk", talk, WIDGET, "1 + 1", PICTURE)
    notebook = nbformat.read(path, 4)
    notebook.cells[1].metadata["execution"] = {"iopub.status.busy": "2020"}
    notebook.cells[3].metadata["tags"] = ["solution"]
    notebook.metadata.kernelspec = {"name": "mine", "display_name": "Mine"}
    notebook.metadata.language_info = {"name": "python", "version": "3.0.0"}
    nbformat.write(notebook, path)
    assert run(path, save=True)[0] == 0
    first = path.read_text()
    assert Image.open(cover).getpixel((0, 0)) == (0, 0, 0)
    saved = notebooks.read(path)
    _, talk, widget, last, _ = saved.cells
    said = [(output.name, output.text) for output in talk.outputs]
    assert said == [("stdout", "0\n1\n2\n"), ("stderr", "oh\n")]
    assert widget.outputs[0].data == {"text/plain": "a slider"}
    assert last.metadata == {"tags": ["solution"], "jupyter": {"source_hidden": True}}
    assert [cell.execution_count for cell in (talk, widget, last)] == [1, 2, 3]
    assert talk.metadata == {} and saved.metadata.kernelspec.name == "python3"
    assert "version" not in saved.metadata.language_info
    assert run(path, save=True)[0] == 0
    assert path.read_text() == first


def test_record_fills_head_and_readme(lesson, run, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "ROOT", tmp_path)
    empty = "<!-- measured --><!-- /measured -->"
    path = lesson("05_x", "1", head=f"# X\n\nTakes {empty}.\n")
    readme = tmp_path / "README.md"
    readme.write_text(
        f"Measured on {empty}.\n\n"
        "| lesson | promise | time | peak memory |\n| --- | --- | --- | --- |\n"
        "| [X](notebooks/05_x.ipynb) | joy | ? | ? |\n| [Y](notebooks/06_y.ipynb) | z | 1 | 2 |\n"
    )
    code, (fact,) = run(path, record=True)
    assert code == 0
    head = notebooks.read(path).cells[0].source
    seconds = f"{fact['seconds']:.0f} s"
    assert f"<!-- measured -->{seconds} and 0." in head
    assert " CPU cores<!-- /measured -->." in head
    rows = readme.read_text().splitlines()
    assert rows[0].endswith(" CPU cores<!-- /measured -->.")
    assert rows[4].startswith(f"| [X](notebooks/05_x.ipynb) | joy | {seconds} | 0.")
    assert rows[4].endswith(" GB |")
    assert rows[5] == "| [Y](notebooks/06_y.ipynb) | z | 1 | 2 |"
    notebooks.record_in_readme(readme, "2 CPU cores", {"05_x": ("1 s", "1 GB")})
    assert readme.read_text().count("2 CPU cores") == 1 and len(readme.read_text().split("\n")) == 7


def test_what_is_not_as_it_should_be_is_one_sentence_and_stays(tmp_path, lesson):
    readme, broken = tmp_path / "README.md", tmp_path / "x.ipynb"
    for text in ("", "| [X](notebooks/05_x.ipynb) | ? |\n", "notebooks/05_x.ipynb"):
        readme.write_text(text)
        with pytest.raises(notebooks.LessonError, match="05_x"):
            notebooks.record_in_readme(readme, "2 CPU cores", {"05_x": ("1 s", "1 GB")})
        assert readme.read_text() == text
    with pytest.raises(notebooks.LessonError, match="<!-- measured -->"):
        notebooks.record_in_head(lesson("plain", "1"), "1 s")
    for text in ("", "{", "{}", '{"cells": 3, "nbformat": 4}', "[]"):
        broken.write_text(text)
        with pytest.raises(notebooks.LessonError, match="not a valid notebook") as caught:
            notebooks.read(broken)
        assert "\n" not in str(caught.value)


def test_lessons_are_found_by_number_name_and_path(tmp_path, monkeypatch, lesson):
    monkeypatch.setattr(running, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("")
    with pytest.raises(running.RunError, match="no lessons"):
        running.find()
    rows = "".join(f"| [{n[:2]} A](notebooks/{n}.ipynb) | x |\n" for n in ("01_one", "02_two"))
    (tmp_path / "README.md").write_text(rows)
    (tmp_path / "notebooks").mkdir()
    first, _, second, _ = (
        lesson(name, "1").rename(tmp_path / "notebooks" / f"{name}.ipynb")
        for name in ("01_one", "01_one-Copy1", "02_two", "Untitled")
    )
    assert running.find() == [first, second]
    for name in ("1", "01", "01_one", str(first)):
        assert running.find([name]) == [first]
    for wrong in ("3", "one", "notebooks", "README.md", ""):
        with pytest.raises(running.RunError, match="01_one, 02_two"):
            running.find([wrong])


def test_only_quick_offline_runs_are_saved_and_recorded(lesson, run, monkeypatch):
    path = lesson("calm", "1")
    for name, value in (("WORKSHOP_MODE", "full"), ("WORKSHOP_OFFLINE", "0")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            for option in ("save", "record"):
                with pytest.raises(running.RunError, match="quick mode and offline"):
                    run(path, **{option: True})
    monkeypatch.setenv("WORKSHOP_MODE", "")
    monkeypatch.setenv("WORKSHOP_OFFLINE", "0")
    settings = running.environment()
    assert (settings["WORKSHOP_MODE"], settings["WORKSHOP_OFFLINE"]) == ("quick", "0")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_an_interrupt_stops_the_kernel_and_keeps_what_is_done(lesson, tmp_path):
    quick = lesson("quick", "1")
    endless = lesson(
        "endless",
        "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\n"
        "while True: time.sleep(1)",
    )
    script = (
        "import pathlib, sys; from tools import running\n"
        "sys.exit(running.run(sys.argv[2:], build=pathlib.Path(sys.argv[1])))"
    )
    words = ("-c", script, tmp_path / "build", quick, endless)
    process, pid = start(sys.executable, *words, cwd=running.ROOT), tmp_path / "pid"
    try:
        wait_until(lambda: pid.exists() and pid.read_text(), process)
        process.send_signal(signal.SIGTERM)  # from here on it is Ctrl-C
        code, said = end(process)
    finally:
        process.kill()
    assert code == 130
    assert "Interrupted: 1 of 2 lessons" in said and "Traceback" not in said
    facts = json.loads((tmp_path / "build" / "lessons.json").read_text())
    assert [fact["lesson"] for fact in facts] == ["quick"]
    assert not psutil.pid_exists(int(pid.read_text()))
