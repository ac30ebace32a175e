"""The files that describe the environment agree with each other, and do what they say."""

import importlib.metadata
import os
import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from programs import ran

from tools import lock, packing, setup

ROOT = Path(setup.__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
DIRECT = [Requirement(line) for line in PROJECT["dependencies"]]
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()
BASH = shutil.which("bash")
MACHINES = [
    {**markers, "python_version": version, "python_full_version": f"{version}.0"}
    for markers in (machine.markers for machine in packing.MACHINES.values())
    for version in setup.supported()
]
LEARNERS, *OTHERS = (
    list(lock.read((ROOT / file).read_text()))
    for file in ("requirements.txt", "classroom/requirements.txt", "docs/site/requirements.txt")
)


# The lock


def on(machine, requirements):
    """Those of the requirements that count on a machine, as (name, requirement)."""
    there = [one for one in requirements if one.marker is None or one.marker.evaluate(machine)]
    return [(canonicalize_name(one.name), one) for one in there]


def test_the_locks_have_every_line_pinned_and_hashed_and_agree():
    assert len(LEARNERS) > 100
    learners = versions(LEARNERS)
    for group, pins in zip(("classroom", "site"), OTHERS, strict=True):
        assert [pin.name for pin, hashes in (*LEARNERS, *pins) if not hashes] == []
        here = versions(pins)
        for requirement in map(Requirement, PYPROJECT["dependency-groups"][group]):
            assert all(version in requirement.specifier for version in here[requirement.name])
        shared = here.keys() & learners.keys()
        assert {name for name in shared if not here[name] <= learners[name]} == set(), "make lock"


def versions(pins):
    """Which versions a lock has of each package: one, or some for different Pythons."""
    found = {}
    for pin, _ in pins:
        found.setdefault(pin.name, set()).add(lock.version(pin))
    return found


def test_each_machine_gets_what_the_project_asks_for_and_one_tensorflow():
    wrong = []
    for machine in MACHINES:
        pins = on(machine, (pin for pin, _ in LEARNERS))
        found = dict(pins)
        for name, asked in on(machine, DIRECT):
            once = [pin for pin, _ in pins].count(name) == 1
            if not (once and lock.version(found[name]) in asked.specifier):
                wrong.append((str(asked), machine))
        small = (machine["sys_platform"], machine["platform_machine"]) == ("linux", "x86_64")
        got = {"tensorflow", "tensorflow-cpu"} & found.keys()
        wrong += [] if got == {"tensorflow-cpu" if small else "tensorflow"} else [(machine, got)]
    assert wrong == []
    text = (ROOT / "requirements.txt").read_text()
    asked = re.findall(r"^(\S+)==.*\n(?:[ \t].*\n)*?.*\(pyproject\.toml\)", text, re.MULTILINE)
    assert set(asked) <= {canonicalize_name(requirement.name) for requirement in DIRECT}


def test_pip_takes_each_package_on_this_python():
    """uv overlooks the upper bounds of Pythons, and pip, which makes Binder's image, doesn't."""
    refused = []
    for name, pin in on(default_environment(), (pin for pin, _ in LEARNERS)):
        found = importlib.metadata.metadata(name)
        pythons = SpecifierSet(found["Requires-Python"] or "")
        if found["Version"] == lock.version(pin) and setup.this_python() + ".9" not in pythons:
            refused.append(name)
    assert refused == []


def test_no_file_names_a_package_index_or_a_place_of_one_machine():
    place = re.compile(
        r"(index-url|find-links|trusted-host)[= ]+[^\s-]|https?://\S*/simple\b"
        r"|(file|git\+\w+)://|pythonhosted"
    )
    written = (".md", ".py", ".toml", ".txt", ".yml", ".ipynb", "")
    texts = {
        name: path.read_text("utf-8").replace("--find-links={place}", "")
        for name, path in packing.workshop()
        if path.suffix in written and not name.startswith("tests/")
    }
    assert len(texts) > 200 and [name for name, text in texts.items() if place.search(text)] == []


def test_all_name_the_same_pythons_and_conda_and_binder_install_the_lock():
    """The versions stand in pyproject.toml; what can't read it agrees with it."""
    supported = setup.supported()
    specifier = SpecifierSet(PROJECT["requires-python"])
    assert supported == [f"3.{minor}" for minor in range(8, 20) if f"3.{minor}.5" in specifier]
    assert f"Python {', '.join(supported[:-1])} or {supported[-1]}" in README
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    (python,) = (item for item in conda["dependencies"] if str(item).startswith("python="))
    assert python.removeprefix("python=") in supported
    assert (ROOT / "binder" / "runtime.txt").read_text().strip() == python.replace("=", "-")
    assert conda["name"] == PROJECT["name"]
    (by_pip,) = (item["pip"] for item in conda["dependencies"] if isinstance(item, dict))
    assert by_pip == ["-r requirements.txt"]
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    (only,) = (line for line in lines if not line.startswith("#"))
    assert (ROOT / "binder" / only.removeprefix("-r ")).resolve() == ROOT / "requirements.txt"
    (version,) = {lock.version(pin) for pin, _ in LEARNERS if pin.name == "tensorflow"}
    assert f"tensorflow[and-cuda]=={version}" in README  # for GPUs


# Binder, and what starts on a hub


def started(**settings):
    """The environment that binder/start hands over, as lines."""
    settings = {"PATH": "/usr/bin:/bin", **settings}
    return set(ran(BASH, ROOT / "binder" / "start", "env", env=settings)[1].splitlines())


def test_start_sets_what_lessons_need_and_hands_over(tmp_path):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    said = started(
        JUPYTERHUB_SERVICE_PREFIX="/user/ada/",
        REPO_DIR=str(tmp_path),
        HOME="/home/ada",
        JUPYTER_PATH="/others",
    )
    assert {
        "TENSORBOARD_PROXY_URL=/user/ada/proxy/%PORT%/",
        *("OMP_NUM_THREADS=2", "OPENBLAS_NUM_THREADS=2"),
        *("TF_NUM_INTRAOP_THREADS=2", "TF_NUM_INTEROP_THREADS=2"),
        "WORKSHOP_RUNS=/home/ada/runs",
        f"PATH={tmp_path}/.venv/bin:/usr/bin:/bin",
        f"JUPYTER_PATH={tmp_path}/jupyter:/others",
    } <= said
    elsewhere = started(REPO_DIR="/nowhere", WORKSHOP_RUNS="/scratch")
    assert {"TENSORBOARD_PROXY_URL=/proxy/%PORT%/", "WORKSHOP_RUNS=/scratch"} <= elsewhere
    assert "PATH=/usr/bin:/bin" in elsewhere
    assert list((ROOT / "jupyter" / "labextensions").glob("*/package.json"))


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
    assert ran(BASH, ROOT / "binder" / "postBuild", env=settings)[0] == code
    calls = (tmp_path / "calls").read_text().splitlines()
    assert re.match(r"-m pip install .*--no-deps.*--editable \.$", calls[0])
    assert calls[1:] == ([] if code else ["-m helpers fetch --all"])
    assert (tmp_path / ".cache" / "pip").exists() == bool(code)


# make


def make(*arguments, **settings):
    """Run make as a person would, whatever make these tests run under; return what it said."""
    outer = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON")
    kept = {k: v for k, v in os.environ.items() if k not in outer} | settings
    return ran(shutil.which("make"), *arguments, cwd=ROOT, env=kept)


def test_make_explains_every_target_and_passes_on_what_it_is_given(tmp_path):
    for call in ([], ["help"]):
        _, said = make(*call)
        for target in TARGETS:
            assert re.search(rf"^ *make {target} +\w.{{10,}}$", said, re.MULTILINE), target
    _, said = make("-n", "lab", "PORT=9123", "ARGS=--no-browser --debug")
    assert said.splitlines()[-1].endswith('" workshop.py lab --port=9123 --no-browser --debug')
    for given, wanted in (([], False), (["PYTHON=/opt/my/python"], True)):
        assert ("--this-python" in make("-n", "setup", *given)[1]) == wanted
    code, said = make("setup", PATH=str(tmp_path))
    assert code and "No Python is found here" in said


# What the workflows promise


def test_a_workflows_steps_are_make_targets_on_pythons_that_are_supported():
    text = "".join(path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    (matrix,) = re.findall(r"target: \[(.*)\]", text)
    called = set(re.findall(r"run: make ([a-z-]+)", text)) | set(matrix.split(", "))
    steps = re.findall(r"run: python workshop\.py ([a-z]+)", text)
    assert set(steps) == {"setup", "test"}
    assert (
        called <= set(TARGETS)
        and {"test-browser", "test-oldest", "test-newest", "check-links"} <= called
    )
    assert not re.findall(r"run: (?!make |python workshop\.py )", text)


def test_a_release_has_one_number():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"]
    assert f"## {citation['version']}" in (ROOT / "CHANGELOG.md").read_text()
