"""The set-up from nothing to ready, with a package index on loopback, and each way it can stop."""

import ast
import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path, PureWindowsPath
from unittest.mock import Mock

import pytest
from packages import BACKEND, NOBODY, PYPROJECT, settings
from programs import end, ran, start, wait_until

from tools import setup

SCRIPT = Path(setup.__file__)
RUN = """
import sys
sys.path.insert(0, sys.argv[1])
from tools import setup
sys.exit(setup.told("Setup", lambda: setup.make(setup.ROOT)))
"""


class Project:
    """A fresh copy of the workshop, as far as the set-up sees it, where pip has odd settings."""

    def __init__(self, root, index):
        self.root, self.venv = root, root / ".venv"
        self.lock = root / "requirements.txt"
        (root / "tools").mkdir(parents=True)
        shutil.copy(SCRIPT, root / "tools")
        (root / "backend.py").write_text(BACKEND)
        (root / "pyproject.toml").write_text(PYPROJECT)
        self.lock.write_text(index.uv + index.publish("demo", {"demo.py": "", "tensorflow.py": ""}))
        odd = ("user = true", "target = /nowhere", "no-binary = :all:", "constraint = /nowhere")
        self.environment = settings(root.parent, index, *odd) | {"PIP_PREFIX": "/nowhere"}

    def start(self, **more):
        command = (sys.executable, "-I", "-c", RUN, self.root)
        return start(*command, env={**self.environment, **more})

    def set_up(self, **more):
        return end(self.start(**more))

    def can(self, code):
        """Tell whether the environment's Python runs this code."""
        return ran(self.venv / "bin" / "python", "-I", "-c", code)[0] == 0


@pytest.fixture
def project(tmp_path, index):
    index.asked.clear()
    return Project(tmp_path / "my wörkshop[1]", index)


def test_from_nothing_to_ready_then_at_once_and_through_a_change_of_the_lock(project, index):
    codes, said = zip(*map(end, [project.start(), project.start()]), strict=True)
    assert codes == (0, 0), said
    assert sorted("waiting for it" in words for words in said) == [False, True]
    assert sorted("is ready" in words for words in said) == [False, True]
    assert sum("uv-1.0" in path for path in index.asked) == 1, "the second found it ready"
    assert project.can("import demo, backend")  # the lock's package, and the project itself
    told = (project.venv / "told").read_text()
    assert "UV_DEFAULT_INDEX" in told
    assert not {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_CONSTRAINT"} & set(told.split())

    asked = len(index.asked)
    assert project.set_up() == (0, "")
    assert len(index.asked) == asked, "another call asks the network for nothing"

    project.lock.write_text(project.lock.read_text() + index.publish("more", {"more.py": ""}))
    code, said = project.set_up(PIP_INDEX_URL=NOBODY)
    assert code == 1 and "environment of before is back" in said
    assert said.splitlines()[-1].startswith("Setup stopped. The package index can't be reached")
    assert "WARNING" not in said, "one sentence, without pip's pages"
    assert project.can("import demo, backend")

    code, said = project.set_up()
    assert code == 0, said
    assert project.can("import demo, more, backend")
    assert not (project.root / ".venv.previous").exists()


# Half-made environments


def test_a_setup_that_was_stopped_leaves_nothing_that_is_trusted(project, index):
    with project.lock.open("a") as lock:
        lock.write(f"slow==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    for how, code in ((signal.SIGKILL, -9), (signal.SIGINT, 130)):
        go_on = threading.Event()
        index.pages["/slow/"] = lambda request, go_on=go_on: go_on.wait(60)  # it never answers
        index.asked.clear()
        process = project.start()
        wait_until(lambda: "/slow/" in index.asked, process)
        process.send_signal(how)
        process.wait(120)
        go_on.set()  # lets an installer that outlived the set-up end
        ended, said = end(process)
        assert ended == code and project.venv.exists() == (how == signal.SIGKILL)
    assert "half-made" in said, "and so it was made anew"


def finished(root):
    """Make an environment whose stamp and Python look finished, without installing anything."""
    venv = root / ".venv"
    setup.python_in(venv).parent.mkdir(parents=True)
    (root / "requirements.txt").write_text("demo==1.0\n")
    setup.python_in(venv).symlink_to(sys.executable)
    (venv / setup.STAMP).write_text(json.dumps(setup.stamp(root, setup.this_python())))
    return venv


def program(path, does):
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return str(path)


def test_a_finished_environment_is_trusted_and_a_spoilt_or_moved_one_is_not(tmp_path, monkeypatch):
    venv = finished(tmp_path / "here")
    assert setup.is_complete(venv, venv.parent)
    assert setup.is_complete(venv, venv.parent, same_python=True)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (3, 99))
        assert setup.is_complete(venv, venv.parent)
        assert not setup.is_complete(venv, venv.parent, same_python=True)
    (tmp_path / "here").rename(tmp_path / "there")
    assert not setup.is_complete(tmp_path / "there" / ".venv", tmp_path / "there")
    for name, spoil in {
        "another lock": lambda venv: (venv.parent / "requirements.txt").write_text("demo==2.0\n"),
        "a stamp cut short": lambda venv: (venv / setup.STAMP).write_text('{"lock": "12'),
        "a strange stamp": lambda venv: (venv / setup.STAMP).write_text("[]"),
        "no stamp": lambda venv: (venv / setup.STAMP).unlink(),
        "no Python": lambda venv: setup.python_in(venv).unlink(),
        "a dead Python": lambda venv: program(setup.python_in(venv), "exit 1"),
        "another Python": lambda venv: program(setup.python_in(venv), "echo 3.9"),
    }.items():
        spoil(finished(tmp_path / name))
        assert not setup.is_complete(tmp_path / name / ".venv", tmp_path / name), name


def test_what_is_no_folder_or_cannot_be_removed(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link"):
        setup.remove(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(shutil, "rmtree", Mock(side_effect=OSError(16, "busy")))
    with pytest.raises(setup.SetupError, match=r"can't be removed \(busy\): remove it by hand"):
        setup.remove(tmp_path)


def test_a_python_is_found_by_its_name_or_brought_unless_this_one_is_asked_for(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert setup.choose_python(setup.ROOT, True) == sys.executable
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python3", "echo 3.9"))
    monkeypatch.setattr(sys, "version_info", (3, 9))
    program(tmp_path / "python3.13", "exit 1")  # without venv
    good = program(tmp_path / "python3.12", "echo a warning >&2; echo 3.12")
    assert setup.choose_python(setup.ROOT, False) == good
    (tmp_path / "python3.12").unlink()
    program(tmp_path / "uv", f'echo "$*" >> {tmp_path}/asked; echo /brought/python')
    assert setup.choose_python(setup.ROOT, False) == "/brought/python"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["python install 3.12", "python find --no-project 3.12"]
    program(tmp_path / "uv", "exit 1")
    for version, same, words in (
        (
            (3, 10),
            False,
            r"3\.10 is too old .*uv could not .* 3\.11, 3\.12 or 3\.13, ",
        ),
        ((3, 14), True, r"3\.14 is too new"),
        ((3, 12), True, r"without its module venv .*sudo apt install python3\.12-venv"),
    ):
        monkeypatch.setattr(sys, "version_info", version)
        with pytest.raises(setup.SetupError, match=words):
            setup.choose_python(setup.ROOT, same)


def test_where_no_uv_is_a_temporary_environment_has_the_locks(tmp_path, index, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", settings(tmp_path, index)["PIP_CONFIG_FILE"])
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (tmp_path / "requirements.txt").write_text(index.uv)
    call, brought = setup.call, []

    def note(command, *more):  # it would download
        brought.append(command[1:]) if "uv" in Path(command[0]).name else call(command, *more)

    monkeypatch.setattr(setup, "call", note)
    here = setup.this_python()
    assert setup.version_of(setup.bring_python(tmp_path, here)) == here
    assert brought == [["python", "install", here]]


# What is in the way: one sentence, with the remedy


def test_a_place_or_a_machine_that_will_not_do(tmp_path, monkeypatch):
    for does in ("echo no AVX here; exit 1", "kill -ILL $$"):
        with pytest.raises(setup.SetupError, match=r"can't be loaded here .*AVX"):
            setup.try_tensorflow(program(tmp_path / "python", does))
    # root may write in every folder, but nobody in a file
    with pytest.raises(setup.SetupError, match="a folder of your own"):
        setup.check_place(tmp_path / "python")
    monkeypatch.setattr(setup, "NEEDED_BYTES", 10**18)
    with pytest.raises(setup.SetupError, match=r"GB are free and the workshop needs .* make"):
        setup.check_place(tmp_path)


def test_windows_has_its_own_places_and_no_locks(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "WINDOWS", True)
    venv = PureWindowsPath(r"D:\Kurse\my wörkshop[1]\.venv")
    assert str(setup.python_in(venv)) == rf"{venv}\Scripts\python.exe"
    assert str(setup.program_in(venv, "uv")) == rf"{venv}\Scripts\uv.exe"
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.delenv("UV_CACHE_DIR", raising=False)
    assert setup.cache_folder() == tmp_path / "uv"
    (tmp_path / "requirements.txt").touch()
    monkeypatch.setitem(sys.modules, "fcntl", None)  # importing it fails
    with setup.one_at_a_time(tmp_path), setup.one_at_a_time(tmp_path):
        pass
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / setup.STAMP).touch()
    monkeypatch.setattr(Path, "rename", Mock(side_effect=PermissionError(13, "in use")))
    with pytest.raises(setup.SetupError, match="close it"), setup.place_for(tmp_path / "used"):
        pass


def test_a_user_without_a_home_gets_one(tmp_path, monkeypatch):
    import pwd

    venv = finished(tmp_path)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    setup.make(venv.parent)
    assert os.environ["HOME"] == str(tmp_path)


def test_words_of_pip_and_uv_become_a_remedy(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    monkeypatch.setenv("UV_CACHE_DIR", "/a/cache")
    room = f"TMPDIR: {tmp_path}/gone, "
    for words, sentence in {
        "ERROR: Could not install: [Errno 28] No space left on device": room,
        "error: failed to write: Disk quota exceeded (os error 122)": "UV_CACHE_DIR: /a/cache, ",
        "Hash mismatch for `demo==1.0`": "damaged or changed",
        "SSLError: CERTIFICATE_VERIFY_FAILED: certificate is not yet valid": "set the clock",
        "invalid peer certificate: certificate not valid yet: NotValidYet": "set the clock",
        "SSLError: CERTIFICATE_VERIFY_FAILED ... Max retries exceeded": "PIP_CERT",
        "invalid peer certificate: UnknownIssuer": "PIP_CERT",
        "Max retries exceeded: Tunnel connection failed: 407 Proxy Auth": "NAME:PASSWORD@HOST",
        "HTTP status client error (403 Forbidden) for url (x)": "refuses to answer",
        "ERROR: HTTP error 401 while getting x": "refuses to answer",
        "Failed: Temporary failure in name resolution": "can't be reached",
        "error: Failed to fetch: dns error": "can't be reached",
        "No matching distribution found for tensorflow==2.21.0": "Linux, Windows or an Apple",
        "Because tensorflow==2.21.0 has no wheels with a matching platform": "Linux, Windows or",
        "ERROR: something new": "in the installer's own words",
    }.items():
        assert sentence in setup.remedy(words), words
    assert capsys.readouterr().err == "ERROR: something new\n"


def test_an_old_python_can_read_it_and_it_needs_nothing_but_python():
    names = set()
    for script in (SCRIPT, SCRIPT.with_name("unpacking.py"), setup.ROOT / "workshop.py"):
        for node in ast.walk(ast.parse(script.read_text("utf-8"), feature_version=(3, 7))):
            names |= {one.name for one in node.names} if isinstance(node, ast.Import) else set()
            names |= {node.module} if isinstance(node, ast.ImportFrom) else set()
    names -= {"google.colab", "packaging.requirements", "packaging.utils"}  # on Colab and Kaggle
    assert {name.partition(".")[0] for name in names} - sys.stdlib_module_names == {"tools"}
