"""What CONTRIBUTING and the workflows promise is there."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_each_path_that_contributing_names_is_there_and_each_room_is_named():
    places = "helpers|tools|tests|notebooks|docs|data|binder"
    named = set(re.findall(rf"`((?:{places})/[^`*\s]*)`", TEXT))
    assert not [name for name in named if "NN" not in name and not (ROOT / name).exists()]
    rooms = {f"helpers/{path.parent.name}" for path in (ROOT / "helpers").glob("*/checks.py")}
    assert rooms <= named
    ground = {path.stem for path in (ROOT / "helpers").glob("[a-z]*.py")}
    assert not [name for name in ground if f"`{name}`" not in TEXT]


def test_a_workflows_steps_are_make_targets_on_pythons_that_are_supported():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    text = "".join(path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    (matrix,) = re.findall(r"target: \[(.*)\]", text)
    called = set(re.findall(r"run: make ([a-z-]+)", text)) | set(matrix.split(", "))
    assert called <= targets and {"test", "test-browser", "test-newest", "check-links"} <= called
    assert not re.findall(r"run: (?!make )", text)


def test_all_of_them_can_be_read():
    for path in (ROOT / ".github").rglob("*.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert f'version = "{citation["version"]}"' in (ROOT / "pyproject.toml").read_text()
    assert f"## {citation['version']}" in (ROOT / "CHANGELOG.md").read_text()
