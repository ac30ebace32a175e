"""The files that describe the environment agree with each other, and do what they say."""

import os
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools import lock, setup

ROOT = Path(setup.__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DIRECT = [Requirement(line) for line in PROJECT["dependencies"]]
BASH = shutil.which("bash")
LINUX = {"sys_platform": "linux", "platform_machine": "x86_64", "platform_system": "Linux"}
ARM = {"sys_platform": "linux", "platform_machine": "aarch64", "platform_system": "Linux"}
MAC = {"sys_platform": "darwin", "platform_machine": "arm64", "platform_system": "Darwin"}
WINDOWS = {"sys_platform": "win32", "platform_machine": "AMD64", "platform_system": "Windows"}
MACHINES = [
    {**machine, "python_version": version, "python_full_version": f"{version}.0"}
    for machine in (LINUX, ARM, MAC, WINDOWS)
    for version in ("3.11", "3.12", "3.13")
]
FILES = [
    "Makefile",
    "README.md",
    "environment.yml",
    "pyproject.toml",
    "requirements.txt",
    "tools/setup.py",
    ".ci/run",
    "classroom/jupyterhub_config.py",
    "classroom/requirements.txt",
    *(f"binder/{name}" for name in ("postBuild", "requirements.txt", "runtime.txt", "start")),
]


@dataclass(frozen=True)
class Pin:
    """One package of the lock: name, version, the machines it is for, hashes."""

    name: str
    version: Version
    marker: Marker | None
    hashes: tuple

    def is_for(self, machine):
        return self.marker is None or self.marker.evaluate(machine)


def read_lock(text):
    for pin, hashes in lock.read(text):
        yield Pin(pin.name, Version(lock.version(pin)), pin.marker, tuple(hashes))


LOCK = list(read_lock((ROOT / "requirements.txt").read_text()))
CLASSROOM = "classroom/requirements.txt"
README = (ROOT / "README.md").read_text()


# The lock


def test_the_locks_have_every_line_pinned_and_hashed_and_agree():
    assert len(LOCK) > 100
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    server = {pin.name: pin for pin in read_lock((ROOT / CLASSROOM).read_text())}
    assert [pin.name for pin in (*LOCK, *server.values()) if not pin.hashes] == []
    for requirement in map(Requirement, groups["classroom"]):
        assert server[requirement.name].version in requirement.specifier
    learners = {pin.name: pin.version for pin in LOCK}
    other = {name for name in server.keys() & learners if server[name].version != learners[name]}
    assert not other, "run make lock"


def test_what_the_project_asks_for_is_in_the_lock_within_its_bounds_and_no_more():
    wrong = []
    for requirement in DIRECT:
        for machine in MACHINES:
            if requirement.marker is None or requirement.marker.evaluate(machine):
                pins = [p for p in LOCK if p.name == canonicalize_name(requirement.name)]
                found = {pin.version for pin in pins if pin.is_for(machine)}
                if len(found) != 1 or not all(one in requirement.specifier for one in found):
                    wrong.append((str(requirement), machine, found))
    assert wrong == []
    text = (ROOT / "requirements.txt").read_text()
    for name in re.findall(r"^(\S+)==.*\n(?:[ \t].*\n)*?.*\(pyproject\.toml\)", text, re.MULTILINE):
        assert name in {canonicalize_name(requirement.name) for requirement in DIRECT}


def test_each_machine_gets_one_tensorflow_and_only_linux_on_x86_the_small_one():
    for machine in MACHINES:
        got = [p.name for p in LOCK if p.name.startswith("tensorflow") and p.is_for(machine)]
        small = (machine["sys_platform"], machine["platform_machine"]) == ("linux", "x86_64")
        assert [n for n in got if n in ("tensorflow", "tensorflow-cpu")] == [
            "tensorflow-cpu" if small else "tensorflow"
        ]
    assert {"uv", "setuptools"} <= {pin.name for pin in LOCK if pin.marker is None}


def test_no_file_names_a_package_index_or_a_place_of_one_machine():
    wrong = []
    for file in FILES:
        text = (ROOT / file).read_text()
        if re.search(
            r"(index-url|find-links|trusted-host)[= ]+[^\s-]|https?://\S*/simple\b"
            r"|(file|git\+\w+)://|pythonhosted",
            text.replace('f"--find-links={place}"', ""),
        ):
            wrong.append(file)
    assert wrong == []


# Versions of Python


def test_all_name_the_same_pythons():
    """They stand in pyproject.toml; what can't read it agrees with it."""
    supported = setup.supported()
    specifier = SpecifierSet(PROJECT["requires-python"])
    assert supported == [f"3.{minor}" for minor in range(8, 20) if f"3.{minor}.5" in specifier]
    assert f"Python {', '.join(supported[:-1])} or {supported[-1]}" in README
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (python,) = (item for item in conda if str(item).startswith("python="))
    assert python.removeprefix("python=") in supported
    runtime = (ROOT / "binder" / "runtime.txt").read_text().strip()
    assert runtime == python.replace("=", "-")


def test_conda_and_binder_install_the_lock():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert conda["name"] == PROJECT["name"]
    (by_pip,) = (item["pip"] for item in conda["dependencies"] if isinstance(item, dict))
    assert by_pip == ["-r requirements.txt"]
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    (only,) = (line for line in lines if not line.startswith("#"))
    assert (ROOT / "binder" / only.removeprefix("-r ")).resolve() == ROOT / "requirements.txt"
    (version,) = {pin.version for pin in LOCK if pin.name == "tensorflow"}
    assert f"tensorflow[and-cuda]=={version}" in README  # for GPUs


# Binder, and what starts on a hub


@pytest.mark.parametrize("file", ["binder/postBuild", "binder/start", ".ci/run"])
def test_scripts_can_be_executed_and_stop_at_an_error(file):
    assert os.access(ROOT / file, os.X_OK)
    assert "set -euo pipefail" in (ROOT / file).read_text()
    subprocess.run([BASH, "-n", str(ROOT / file)], check=True)


def test_start_caps_threads_shows_the_way_to_tensorboard_and_hands_over():
    settings = {"PATH": os.environ["PATH"], "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/"}
    command = [BASH, str(ROOT / "binder" / "start"), "env"]
    said = subprocess.check_output(command, env=settings, text=True).splitlines()
    assert "TENSORBOARD_PROXY_URL=/user/ada/proxy/%PORT%/" in said
    for variable in ("OMP", "OPENBLAS", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
        assert any(re.fullmatch(rf"{variable}(_NUM)?_THREADS=2", line) for line in said), variable
    said = subprocess.check_output(command, env={"PATH": os.environ["PATH"]}, text=True)
    assert "TENSORBOARD_PROXY_URL=/proxy/%PORT%/\n" in said


def test_start_keeps_event_files_at_home_and_finds_the_workshops_python(tmp_path):
    command = [BASH, str(ROOT / "binder" / "start"), "env"]
    (tmp_path / "workshop" / ".venv" / "bin").mkdir(parents=True)
    settings = {"PATH": "/usr/bin:/bin", "REPO_DIR": f"{tmp_path}/workshop", "HOME": "/home/ada"}
    said = subprocess.check_output(command, env=settings, text=True).splitlines()
    assert "WORKSHOP_RUNS=/home/ada/runs" in said
    assert f"PATH={tmp_path}/workshop/.venv/bin:/usr/bin:/bin" in said
    settings |= {"REPO_DIR": "/nowhere", "WORKSHOP_RUNS": "/scratch"}
    said = subprocess.check_output(command, env=settings, text=True).splitlines()
    assert {"WORKSHOP_RUNS=/scratch", "PATH=/usr/bin:/bin"} <= set(said)


def test_start_and_make_bring_the_additions_to_jupyterlab():
    command = [BASH, str(ROOT / "binder" / "start"), "env"]
    settings = {"PATH": os.environ["PATH"], "REPO_DIR": str(ROOT), "JUPYTER_PATH": "/others"}
    said = subprocess.check_output(command, env=settings, text=True).splitlines()
    assert f"JUPYTER_PATH={ROOT / 'jupyter'}:/others" in said
    assert list((ROOT / "jupyter" / "labextensions").glob("*/package.json"))
    assert "JUPYTER_PATH := $(CURDIR)/jupyter$(if $(JUPYTER_PATH),:$(JUPYTER_PATH))" in MAKEFILE


@pytest.mark.parametrize(("fails", "code"), [("fetch", 0), ("pip", 1)])
def test_an_image_is_built_without_the_larger_weights_but_not_without_the_project(
    tmp_path, fails, code
):
    python = tmp_path / "python"
    note = f'echo "$*" >> {tmp_path}/calls'
    python.write_text(f'#!/bin/sh\n{note}\ncase "$*" in *{fails}*) exit 1; esac\n')
    python.chmod(0o755)
    (tmp_path / ".cache" / "pip").mkdir(parents=True)
    settings = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    build = [BASH, str(ROOT / "binder" / "postBuild")]
    assert subprocess.run(build, env=settings, check=False).returncode == code
    calls = (tmp_path / "calls").read_text().splitlines()
    assert re.match(r"-m pip install .*--no-deps.*--editable \.$", calls[0])
    assert calls[1:] == ([] if code else ["-m helpers fetch --all"])
    assert (tmp_path / ".cache" / "pip").exists() == bool(code)


# make

MAKEFILE = (ROOT / "Makefile").read_text()


def make(*arguments, **settings):
    """Run make as a person would, whatever make these tests run under; return what it said."""
    outer = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON")
    kept = {k: v for k, v in os.environ.items() if k not in outer}
    return subprocess.run(
        [shutil.which("make"), *arguments],
        cwd=ROOT,
        env={**kept, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_make_alone_and_make_help_explain_every_target():
    targets = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()
    for call in ([], ["help"]):
        said = make(*call).stdout
        for target in targets:
            assert re.search(rf"^ *make {target} +\w.{{10,}}$", said, re.MULTILINE), target


def test_make_lab_opens_the_first_lesson_and_passes_on_what_it_is_given():
    said = make("-n", "lab", "PORT=9123", "ARGS=--no-browser --debug").stdout
    (command,) = (line for line in said.splitlines() if "-m jupyterlab" in line)
    assert "=/lab/tree/notebooks/00_start_here.ipynb " in command
    assert "--port=9123 " in command
    assert command.endswith("--no-browser --debug")
    assert ("--allow-root" in command) == (os.getuid() == 0)


def test_make_takes_the_python_it_is_told():
    said = make("-n", "setup", "PYTHON=/opt/my/python").stdout
    assert '"/opt/my/python" -I tools/setup.py --this-python' in said
    assert "--this-python" not in make("-n", "setup").stdout


def test_make_says_what_to_do_where_there_is_no_python_at_all(tmp_path):
    done = make("setup", PATH=str(tmp_path))
    assert done.returncode
    assert "No Python is found here" in done.stdout
