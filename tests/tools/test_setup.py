"""The set-up, with locks of two tiny packages and a package index on loopback."""

import ast
import hashlib
import http.server
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
# What "uv" does here: note that it was called, then leave the work to pip, which knows the index.
FAKE_UV_CODE = """
import os, pathlib, subprocess, sys
def main():
    pathlib.Path(sys.prefix, "uv-was-called").write_text(os.environ["UV_DEFAULT_INDEX"])
    asked = [word for word in sys.argv[2:] if word != "--compile-bytecode"]
    del asked[asked.index("--python"):asked.index("--python") + 2]
    sys.exit(subprocess.call([sys.executable, "-m", "pip", *asked]))
"""
FAKE_UV = {
    "fake_uv.py": FAKE_UV_CODE,
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
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


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


@pytest.fixture
def index(tmp_path):
    with Index(tmp_path / "index") as index:
        threading.Thread(target=index.serve_forever, daemon=True).start()
        yield index
        index.closing.set()
        index.shutdown()


class Project:
    """A fresh copy of the workshop, as far as the set-up looks at it."""

    def __init__(self, root, index):
        self.root = root
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.lock = root / "requirements.txt"
        (root / "helpers").mkdir(parents=True)
        shutil.copy(SCRIPT, root / "helpers")
        (root / "backend.py").write_text(BACKEND)
        (root / "pyproject.toml").write_text(PYPROJECT)
        self.lock.write_text(index.publish("demo", {"demo.py": "", "tensorflow.py": ""}))
        mine = ("PIP_", "UV_", "HTTP", "NO_PROXY", "ALL_PROXY", "SSL_")
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(mine)}
        settings = {
            "PIP_INDEX_URL": index.url,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_CACHE_DIR": "1",
            "PIP_RETRIES": "0",
        }
        self.environment = {**kept, **settings}

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
        said, _ = process.communicate(timeout=120)
        return process.returncode, said

    def can(self, code):
        """Tell whether the environment's Python runs this code."""
        return subprocess.run([str(self.python), "-I", "-c", code], check=False).returncode == 0


@pytest.fixture
def project(tmp_path, index):
    return Project(tmp_path / "a workshop", index)


# From nothing to ready, and again


def test_from_nothing_to_ready_then_at_once_and_through_a_change_of_the_lock(project, index):
    code, said = project.set_up()
    assert code == 0, said
    assert "ready" in said
    assert project.can("import demo, backend")  # the lock's package, and the project itself

    asked = len(index.asked)
    assert project.set_up() == (0, "")
    assert len(index.asked) == asked, "a second call asks the network for nothing"

    project.lock.write_text(project.lock.read_text() + index.publish("more", {"more.py": ""}))
    code, said = project.set_up(PIP_INDEX_URL=NOBODY, PIP_RETRIES="1")
    assert code == 1
    assert "environment of before is back" in said
    assert said.splitlines()[-1].startswith("Setup stopped. The package index can't be reached")
    assert "WARNING" not in said, "one sentence, without pip's pages"
    assert project.can("import demo, backend")

    code, said = project.set_up()
    assert code == 0, said
    assert project.can("import demo, more, backend")
    assert not (project.root / ".venv.previous").exists()


def test_uv_comes_from_the_lock_and_does_the_work(project, index):
    project.lock.write_text(project.lock.read_text() + index.publish("uv", FAKE_UV))
    code, said = project.set_up()
    assert code == 0, said
    assert (project.venv / "uv-was-called").read_text() == index.url, "pip's mirror serves uv too"
    assert project.can("import demo, backend")


def test_where_uv_fails_pip_is_to_go_on(tmp_path, capsys):
    done = setup.uv_install("false", Path(sys.executable), tmp_path / "lock", dict(os.environ))
    assert not done
    assert "uv could not finish: pip tries" in capsys.readouterr().out


def test_packages_from_a_folder_are_left_to_pip(tmp_path):
    settings = {**os.environ, "PIP_NO_INDEX": "1"}
    assert not setup.uv_install("true", Path(sys.executable), tmp_path / "lock", settings)


def test_two_at_once_make_one_environment(project, index):
    both = [project.start(), project.start()]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted("waiting for it" in words for words in said) == [False, True]
    assert sum(path.endswith(".whl") for path in index.asked) == 1, "the second found it ready"


# Half-made environments


def interrupt(project, index, how):
    """Send a signal to a set-up that is in the midst of a download; return its exit code."""
    slow = f"slow==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
    project.lock.write_text(project.lock.read_text() + slow)
    process = project.start()
    assert index.asked_for_slow.wait(60)
    process.send_signal(how)
    process.wait(60)
    index.closing.set()  # lets a pip that outlived the set-up end
    process.communicate(timeout=60)
    return process.returncode


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_setup_leaves_nothing_behind(project, index, how, code):
    assert interrupt(project, index, how) == code
    assert not project.venv.exists()


def test_a_killed_setup_is_not_trusted(project, index):
    whole = project.lock.read_text()
    interrupt(project, index, signal.SIGKILL)
    assert project.venv.exists()
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


def test_a_finished_environment_is_trusted(tmp_path):
    venv = finished(tmp_path)
    assert setup.is_complete(venv, tmp_path)
    assert setup.is_complete(venv, tmp_path, this_python=True)


def other_lock(venv):
    (venv.parent / "requirements.txt").write_text("demo==2.0\n")


def cut_stamp(venv):
    (venv / setup.STAMP).write_text('{"lock": "12')


def strange_stamp(venv):
    (venv / setup.STAMP).write_text("[]")


def no_stamp(venv):
    (venv / setup.STAMP).unlink()


def no_python(venv):
    setup.python_in(venv).unlink()


def dead_python(venv):
    setup.python_in(venv).unlink()
    setup.python_in(venv).symlink_to("/nowhere/python3")


def other_python(venv):
    python = setup.python_in(venv)
    python.unlink()
    python.write_text("#!/bin/sh\necho 3.9\n")
    python.chmod(0o755)


@pytest.mark.parametrize(
    "spoil", [other_lock, cut_stamp, strange_stamp, no_stamp, no_python, dead_python, other_python]
)
def test_a_spoilt_environment_is_not(tmp_path, spoil):
    venv = finished(tmp_path)
    spoil(venv)
    assert not setup.is_complete(venv, tmp_path)


def test_a_moved_folder_is_not_trusted(tmp_path):
    finished(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    assert not setup.is_complete(tmp_path / "there" / ".venv", tmp_path / "there")


def test_an_environment_that_works_is_kept_unless_another_python_is_asked_for(
    tmp_path, monkeypatch
):
    venv = finished(tmp_path)
    monkeypatch.setattr(sys, "version_info", (3, 99, 0))
    assert setup.is_complete(venv, tmp_path)
    assert not setup.is_complete(venv, tmp_path, this_python=True)


# What is in the way: one sentence, with the remedy


def test_a_package_that_is_not_what_the_lock_says(project):
    project.lock.write_text(f"demo==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    code, said = project.set_up()
    assert code == 1
    assert "arrived damaged or changed" in said
    assert not project.venv.exists()


@pytest.mark.parametrize("end", ["echo no AVX here; exit 1", "kill -ILL $$"])
def test_a_tensorflow_that_cannot_be_loaded(tmp_path, end):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{end}\n")
    python.chmod(0o755)
    with pytest.raises(setup.SetupError, match=r"can't be loaded here .*AVX"):
        setup.try_tensorflow(python)


@pytest.mark.parametrize(("version", "age"), [((3, 10, 4), "old"), ((3, 14, 0), "new")])
def test_a_python_too_old_or_too_new(tmp_path, monkeypatch, capsys, version, age):
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "version_info", version)
    assert setup.main([]) == 1
    said = capsys.readouterr().err
    assert f"Python {version[0]}.{version[1]} is too {age}" in said
    assert "make lab PYTHON=python3.12" in said


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 1)])
def test_a_python_that_suits(version):
    setup.check_python(version)


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv(monkeypatch, module):
    found = setup.importlib.util.find_spec
    monkeypatch.setattr(
        setup.importlib.util, "find_spec", lambda name: None if name == module else found(name)
    )
    with pytest.raises(setup.SetupError, match=rf"{module} module.*sudo apt install python3"):
        setup.check_venv_module()


def test_a_disk_that_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "NEEDED_BYTES", 10**18)
    with pytest.raises(setup.SetupError, match=r"GB are free and the packages need .* make"):
        setup.check_disk(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path):
    file = tmp_path / "file"
    file.write_text("")  # root may write in every folder, but nobody in a file
    with pytest.raises(setup.SetupError, match="a folder of your own"):
        setup.check_folder(file)


def test_windows_is_shown_the_way(tmp_path, monkeypatch, capsys):
    (tmp_path / "requirements.txt").write_text("")
    with monkeypatch.context() as patch:
        patch.setattr(setup, "ROOT", tmp_path)
        patch.setattr(setup.os, "name", "nt")
        code = setup.main([])
    assert code == 1
    assert "WSL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "The disk is full"),
        ("SSLError: CERTIFICATE_VERIFY_FAILED ... Max retries exceeded", "PIP_CERT"),
        ("Failed: Temporary failure in name resolution", "can't be reached"),
        ("ERROR: No matching distribution found for tensorflow==2.21.0", "Linux, WSL or an Apple"),
        ("ERROR: something new", "in pip's own words"),
    ],
)
def test_words_of_pip_become_a_remedy(words, sentence, capsys):
    assert sentence in setup.remedy(words)
    assert ("something new" in capsys.readouterr().err) == ("something new" in words)


# The script itself


def test_an_old_python_can_read_the_script_to_say_that_it_is_too_old():
    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))


def test_it_needs_nothing_but_python():
    names = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    assert "json" in names
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
