"""The set-up from nothing to ready, with a package index on loopback, and each way it can stop."""

import ast
import hashlib
import http.server
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from tools import setup

SCRIPT = Path(setup.__file__)
# What the lock's "uv" is here: it notes what it was told, and hands over to the real one.
UV_CODE = f"""
import os, pathlib, sys
def main():
    told = [name for name in os.environ if name.startswith(("PIP_", "UV_"))]
    pathlib.Path(sys.prefix, "told").write_text(" ".join(told))
    os.execv({str(Path(sys.executable).with_name("uv"))!r}, sys.argv)
"""
UV = {
    "fake_uv.py": UV_CODE,
    "uv-1.0.dist-info/entry_points.txt": "[console_scripts]\nuv = fake_uv:main\n",
}
# A build backend that needs nothing installed, for the project that the set-up installs last.
BACKEND = """
import pathlib, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "own-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("own.pth", str(pathlib.Path.cwd()))
        wheel.writestr("own-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: own\\nVersion: 1.0")
        wheel.writestr("own-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any")
        wheel.writestr("own-1.0.dist-info/RECORD", "")
    return name
"""  # noqa: E501
NOBODY = "http://127.0.0.1:9/"  # a port where nobody answers
PYPROJECT = """
[project]
name = "own"
version = "1.0"
requires-python = ">=3.11,<3.14"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


class Index(http.server.ThreadingHTTPServer):
    """A package index of one folder. It never answers for the package named "slow"."""

    daemon_threads = True

    def __init__(self, folder):
        self.folder = folder
        self.asked = []
        self.asked_for_slow = threading.Event()
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"

    def publish(self, name, files, version="1.0"):
        """Put a wheel with these files on the shelf; return its line for a lock."""
        shelf = self.folder / name
        shelf.mkdir(parents=True, exist_ok=True)
        path = shelf / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        metadata = {
            "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "RECORD": "",
        }
        with zipfile.ZipFile(path, "w") as wheel:
            for file, text in {**files, **{f"{info}/{k}": v for k, v in metadata.items()}}.items():
                wheel.writestr(file, text)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Lists the index's folder as an index does."""

    def __init__(self, *arguments):
        super().__init__(*arguments, directory=str(arguments[2].folder))

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path.startswith("/slow"):
            self.server.asked_for_slow.set()
            self.server.closing.wait(60)
        else:
            super().do_GET()

    def log_message(self, *arguments):
        """Stay silent."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """An index that stays up for all tests of a file."""
    with Index(tmp_path_factory.mktemp("index")) as index:
        threading.Thread(target=index.serve_forever, daemon=True).start()
        index.uv = index.publish("uv", UV)
        yield index
        index.closing.set()
        index.shutdown()


@pytest.fixture
def index(shelf):
    shelf.asked.clear()
    shelf.asked_for_slow.clear()
    shelf.closing.clear()
    return shelf


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
        conf = root.parent / "pip.conf"
        conf.write_text(
            f"[global]\nindex-url =\n  {index.url}\nretries = 0\nno-cache-dir = true\n"
            "user = true\ntarget = /nowhere\nno-binary = :all:\nconstraint = /nowhere\n"
        )
        mine = ("PIP_", "UV_", "HTTP", "NO_PROXY", "ALL_PROXY", "SSL_")
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(mine)}
        self.environment = {**kept, "PIP_CONFIG_FILE": str(conf), "PIP_PREFIX": "/nowhere"}

    def start(self, *arguments, **settings):
        return subprocess.Popen(
            [sys.executable, "-I", str(self.root / "tools" / "setup.py"), *arguments],
            env={**self.environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def set_up(self, *arguments, **settings):
        """Run the set-up; return its exit code and all that it said."""
        process = self.start(*arguments, **settings)
        said, _ = process.communicate(timeout=300)
        return process.returncode, said

    def can(self, code):
        """Tell whether the environment's Python runs this code."""
        command = [str(self.venv / "bin" / "python"), "-I", "-c", code]
        return subprocess.run(command, check=False).returncode == 0


@pytest.fixture
def project(tmp_path, index):
    return Project(tmp_path / "my wörkshop[1]", index)


def test_from_nothing_to_ready_then_at_once_and_through_a_change_of_the_lock(project, index):
    code, said = project.set_up()
    assert code == 0, said
    assert "ready" in said
    assert project.can("import demo, backend")  # the lock's package, and the project itself
    told = (project.venv / "told").read_text()
    assert "UV_DEFAULT_INDEX" in told
    assert not {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_CONSTRAINT"} & set(told.split())

    asked = len(index.asked)
    assert project.set_up() == (0, "")
    assert len(index.asked) == asked, "a second call asks the network for nothing"

    project.lock.write_text(project.lock.read_text() + index.publish("more", {"more.py": ""}))
    code, said = project.set_up(PIP_INDEX_URL=NOBODY)
    assert code == 1
    assert "environment of before is back" in said
    assert said.splitlines()[-1].startswith("Setup stopped. The package index can't be reached")
    assert "WARNING" not in said, "one sentence, without pip's pages"
    assert project.can("import demo, backend")

    code, said = project.set_up()
    assert code == 0, said
    assert project.can("import demo, more, backend")
    assert not (project.root / ".venv.previous").exists()


def test_two_at_once_make_one_environment(project, index):
    both = [project.start(), project.start()]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted("waiting for it" in words for words in said) == [False, True]
    assert sum("uv-1.0" in path for path in index.asked) == 1, "the second found it ready"


# Half-made environments


@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_setup_that_was_stopped_leaves_nothing_that_is_trusted(project, index, how, code):
    whole = project.lock.read_text()
    slow = f"slow==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
    project.lock.write_text(whole + slow)
    process = project.start()
    assert index.asked_for_slow.wait(200)
    process.send_signal(how)
    process.wait(120)
    index.closing.set()  # lets an installer that outlived the set-up end
    process.communicate(timeout=120)
    assert process.returncode == code
    assert project.venv.exists() == (how == signal.SIGKILL)
    if how == signal.SIGKILL:
        project.lock.write_text(whole)
        code, said = project.set_up()
        assert code == 0, said
        assert "half-made" in said
        assert project.can("import demo, backend")


def finished(root):
    """Make an environment whose stamp and Python look finished, without installing anything."""
    venv = root / ".venv"
    setup.python_in(venv).parent.mkdir(parents=True)
    (root / "requirements.txt").write_text("demo==1.0\n")
    setup.python_in(venv).symlink_to(sys.executable)
    version = "{}.{}".format(*sys.version_info)
    (venv / setup.STAMP).write_text(json.dumps(setup.stamp(root, version)))
    return venv


def other_lock(venv):
    (venv.parent / "requirements.txt").write_text("demo==2.0\n")


def cut_stamp(venv):
    (venv / setup.STAMP).write_text('{"lock": "12')


def strange_stamp(venv):
    (venv / setup.STAMP).write_text("[]")


def no_stamp(venv):
    (venv / setup.STAMP).unlink()


def dead_python(venv):
    setup.python_in(venv).unlink()
    setup.python_in(venv).symlink_to("/nowhere/python3")


def other_python(venv):
    python = setup.python_in(venv)
    python.unlink()
    python.write_text("#!/bin/sh\necho 3.9\n")
    python.chmod(0o755)


def test_a_finished_environment_is_trusted_and_a_spoilt_or_moved_one_is_not(tmp_path, monkeypatch):
    venv = finished(tmp_path / "here")
    assert setup.is_complete(venv, tmp_path / "here")
    assert setup.is_complete(venv, tmp_path / "here", this_python=True)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (3, 99, 0))
        assert setup.is_complete(venv, tmp_path / "here")
        assert not setup.is_complete(venv, tmp_path / "here", this_python=True)
    (tmp_path / "here").rename(tmp_path / "there")
    assert not setup.is_complete(tmp_path / "there" / ".venv", tmp_path / "there")
    trusted = []
    for spoil in (other_lock, cut_stamp, strange_stamp, no_stamp, dead_python, other_python):
        root = tmp_path / spoil.__name__
        spoil(finished(root))
        trusted += [spoil.__name__] if setup.is_complete(root / ".venv", root) else []
    assert trusted == []


# Which Python


def test_the_pythons_are_those_of_pyproject():
    assert setup.supported() == ["3.11", "3.12", "3.13"]


def python_that(folder, name, does):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return str(path)


def test_a_python_is_found_by_its_name_unless_this_one_is_asked_for(tmp_path, monkeypatch):
    root = setup.ROOT
    monkeypatch.setenv("PATH", str(tmp_path))
    assert setup.choose_python(root, this_python=True) == sys.executable
    monkeypatch.setattr(sys, "executable", python_that(tmp_path, "python3", "echo 3.9"))
    bare = python_that(tmp_path, "python3.13", "exit 1")  # without venv
    good = python_that(tmp_path, "python3.12", "echo 3.12")
    assert bare and setup.choose_python(root, this_python=False) == good
    for version, words in (
        ((3, 10, 4), r"3\.10 is too old .* 3\.11, 3\.12 or 3\.13 .*PYTHON=python3\.12"),
        ((3, 14, 0), r"3\.14 is too new"),
        ((3, 12, 0), r"without its module venv .*sudo apt install python3\.12-venv"),
    ):
        monkeypatch.setattr(sys, "version_info", version)
        with pytest.raises(setup.SetupError, match=words):
            setup.choose_python(root, this_python=True)


# What is in the way: one sentence, with the remedy


def test_a_package_that_is_not_what_the_lock_says(project, index):
    project.lock.write_text(f"{index.uv}demo==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    code, said = project.set_up()
    assert code == 1
    assert "arrived damaged or changed" in said
    assert not project.venv.exists()


@pytest.mark.parametrize("end", ["echo no AVX here; exit 1", "kill -ILL $$"])
def test_a_tensorflow_that_cannot_be_loaded(tmp_path, end):
    with pytest.raises(setup.SetupError, match=r"can't be loaded here .*AVX"):
        setup.try_tensorflow(python_that(tmp_path, "python", end))


def test_a_disk_that_is_full_and_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "NEEDED_BYTES", 10**18)
    with pytest.raises(setup.SetupError, match=r"GB are free and the packages need .* make"):
        setup.check_disk(tmp_path)
    (tmp_path / "file").write_text("")  # root may write in every folder, but nobody in a file
    with pytest.raises(setup.SetupError, match="a folder of your own"):
        setup.check_folder(tmp_path / "file")


def test_windows_is_shown_the_way_in_any_locale(tmp_path, monkeypatch):
    (tmp_path / "requirements.txt").write_text("")
    said = io.TextIOWrapper(io.BytesIO(), encoding="iso-8859-1")
    with monkeypatch.context() as patch:
        patch.setattr(setup, "ROOT", tmp_path)
        patch.setattr(setup.os, "name", "nt")
        patch.setattr(sys, "stderr", said)
        patch.setattr(sys, "stdout", said)
        code = setup.main([])
        setup.say("Waiting")
    said.seek(0)
    assert code == 1
    assert "WSL" in (words := said.read())
    assert "Waiting ?" in words


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
    room = f"GB in {tmp_path}/gone, TMPDIR; "
    wrong = []
    for words, sentence in {
        "ERROR: Could not install: [Errno 28] No space left on device": room,
        "error: failed to write: Disk quota exceeded (os error 122)": "/a/cache, UV_CACHE_DIR",
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
        "No matching distribution found for tensorflow==2.21.0": "Linux, WSL or an Apple",
        "Because tensorflow==2.21.0 has no wheels with a matching platform": "Linux, WSL or an",
        "ERROR: something new": "in the installer's own words",
    }.items():
        wrong += [] if sentence in setup.remedy(words) else [(words, setup.remedy(words))]
    assert wrong == []
    assert capsys.readouterr().err == "ERROR: something new\n"


# The script itself


def test_an_old_python_can_read_it_and_it_needs_nothing_but_python():
    for script in (SCRIPT, SCRIPT.with_name("unpacking.py")):
        tree = ast.parse(script.read_text("utf-8"), feature_version=(3, 7))
        names = set()
        for node in ast.walk(tree):
            names |= {one.name for one in node.names} if isinstance(node, ast.Import) else set()
            names |= {node.module} if isinstance(node, ast.ImportFrom) else set()
        assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
