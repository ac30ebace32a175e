"""The commands of workshop.py reach what does the work, on every kind of machine."""

import importlib.metadata
import os
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from unittest.mock import Mock

import addresses
import pytest

import workshop
from tools import notebooks, setup

PYTHON = str(setup.python_in(setup.ROOT / ".venv"))
Installed = namedtuple("Installed", "metadata version")


@pytest.fixture
def calls(monkeypatch):
    """What is started, without its program's folder; the environment is there."""
    found = []

    def note(command, env=None, **how):
        found.append(" ".join([Path(command[0]).name, *command[1:]]))
        return 0

    monkeypatch.setattr(setup, "make", lambda root, same: None)
    monkeypatch.setattr(setup, "ask", lambda *words: (0, ""))
    monkeypatch.setattr(subprocess, "call", note)
    monkeypatch.setattr(os, "execve", lambda program, command, env: note(command, env))
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    return found


def test_commands(calls, monkeypatch, capsys):
    assert workshop.main([]) == 0 and "usage" in capsys.readouterr().out
    for words, *wanted in (
        ("doctor --brief", "python -m helpers doctor --brief"),
        ("setup --this-python", "python -m helpers fetch --setup"),
        ("test --style", "python -m ruff check", "ruff format", "codespell"),
        ("test -k one", "ruff check", "ruff format", "codespell", "not slow -k one"),
        ("test --lessons -x", "python -m pytest notebooks --nbval"),
        ("test --oldest", "uv venv", "lowest-direct", "python -m pytest notebooks --nbval"),
        ("test --newest", "uv venv", "--editable . --upgrade", "not slow"),
    ):
        assert workshop.main(words.split()) == 0
        assert len(calls) == len(wanted), words
        assert all(one in call for one, call in zip(wanted, calls, strict=True)), calls
        calls.clear()
    monkeypatch.setattr(setup, "make", Mock(side_effect=setup.SetupError("Stop.")))
    assert workshop.main(["lab"]) == 1 and calls == []
    assert "Setup stopped. Stop." in capsys.readouterr().err


def test_the_lab_opens_the_first_lesson_also_on_windows_and_offline(calls, monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setenv("WORKSHOP_OFFLINE", "0")
    monkeypatch.setenv("WORKSHOP_MODE", "quick")
    for windows in (False, True):
        monkeypatch.setattr(setup, "WINDOWS", windows)
        assert workshop.main(["--offline", "--full", "lab", "--port=9123"]) == 0
        assert calls[-1].startswith("python.exe" if windows else "python")
        assert "=/lab/tree/notebooks/00_start_here.ipynb " in calls[-1]
        assert "--port=9123" in calls[-1]
        root = not windows and os.getuid() == 0
        assert calls[-1].endswith("--allow-root") == root
    assert (os.environ["WORKSHOP_OFFLINE"], os.environ["WORKSHOP_MODE"]) == ("1", "full")
    signal.signal(signal.SIGINT, before)


def test_what_runs_finds_the_environments_programs_and_our_additions(monkeypatch):
    monkeypatch.setenv("PATH", "/theirs")
    monkeypatch.setenv("JUPYTER_PATH", "/others")
    found = workshop.environment(PYTHON)
    assert found["PATH"] == os.pathsep.join([str(Path(PYTHON).parent), "/theirs"])
    assert found["JUPYTER_PATH"] == os.pathsep.join([str(setup.ROOT / "jupyter"), "/others"])
    monkeypatch.delenv("JUPYTER_PATH")
    assert workshop.environment(PYTHON)["JUPYTER_PATH"] == str(setup.ROOT / "jupyter")


# Colab and Kaggle


@pytest.mark.parametrize("colab", [False, True])
def test_a_hosted_notebook_gets_what_it_lacks_and_keeps_its_tensorflow(monkeypatch, capsys, colab):
    here = {"tensorflow": "2.19.0", "keras": "3.10.0", "numpy": "2.0.2", "Pillow": "11.3.0"}
    found = [Installed({"Name": name}, version) for name, version in here.items()]
    found.append(Installed({"Name": None}, "0"))
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: found)
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(subprocess, "call", lambda command: command[-1] == "--setup")
    asked, output = [], Mock()

    def install(command, environment):
        fixed = Path(command[command.index("--constraint") + 1]).read_text().split()
        asked.extend([command, fixed])

    monkeypatch.setattr(setup, "call", install)
    for name in ("google", "google.colab"):
        monkeypatch.setitem(sys.modules, name, Mock(output=output) if colab else None)
    assert workshop.main(["hosted"]) == 0
    command, fixed = asked
    assert {"tensorflow==2.19.0", "keras==3.10.0", "pillow==11.3.0"} <= set(fixed)
    packages = " ".join(command)
    assert "segno>=" in packages and "mlxtend>=" in packages
    assert not [one for one in ("tensorflow", "keras", "pillow", "pytest") if one in packages]
    assert os.environ["PYTHONPATH"] == str(setup.ROOT)
    said = capsys.readouterr().out
    assert said.startswith("TensorFlow 2.19.0 and Keras 3.10.0 are here; the outputs below were")
    assert said.count("\n") == 1
    assert output.enable_custom_widget_manager.called == colab


def test_all_lessons_have_their_buttons_and_the_cell_that_does_nothing_here():
    parts = addresses.published()
    for path in notebooks.lessons():
        notebook = notebooks.read(path)
        made = addresses.address(notebooks.read(path), path.name, parts)
        assert made == notebook, "run make addresses"
        assert notebook.cells[0].source.count(f"/{parts['tag']}") == 3
        exec(made.cells[1].source.replace("!test", "# "), {})  # noqa: S102 - as it is here


def test_a_fork_changes_one_line(tmp_path):
    text = (setup.ROOT / "pyproject.toml").read_text("utf-8")
    fork = text.replace(addresses.published()["repository"], "https://github.com/ada/course.git")
    (tmp_path / "pyproject.toml").write_text(fork)
    parts = addresses.published(tmp_path)
    assert parts["repository"] == "https://github.com/ada/course" and parts["name"] == "course"
    notebook = notebooks.read(notebooks.lessons()[1])
    made = addresses.address(notebook, "01_mnist_keras.ipynb", parts)
    assert "/github/ada/course/blob/v" in made.cells[0].source
    assert "https://github.com/ada/course\n" in made.cells[1].source
    assert "YOUR_NAME" not in made.cells[0].source + made.cells[1].source
