"""The archive for a room without a network: made of tiny packages, then spoilt in every way."""

import ast
import hashlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from test_setup import BACKEND, PYPROJECT, Index

from helpers import assets
from tools import packing, setup, unpacking
from tools.packing import PackError
from tools.unpacking import UnpackError

SCRIPT = Path(unpacking.__file__)
ROOT = packing.ROOT
LOCK = (ROOT / "requirements.txt").read_text()
HERE = unpacking.machine(unpacking.this_platform(), unpacking.this_python())
NEW = "new folder"
# Stands for the workshop's own `helpers`: what `fetch --from` is asked for is written down.
FETCH = """
import pathlib, sys
asked = " ".join(sys.argv[1:])
found = sorted(file.name for file in pathlib.Path(sys.argv[3]).iterdir())
pathlib.Path("fetched").write_text(f"{asked}: {found}")
"""


class Workshop:
    """A workshop as far as the archive and the set-up look at it, and an archive of it."""

    def __init__(self, root, shelf):
        self.root = root
        (root / "helpers").mkdir(parents=True)
        for module in (setup, unpacking):
            shutil.copy(module.__file__, root / "helpers")
        (root / "helpers" / "__init__.py").write_text("")
        (root / "helpers" / "__main__.py").write_text(FETCH)
        (root / "helpers" / "__pycache__").mkdir()
        (root / "helpers" / "__pycache__" / "x.pyc").write_text("")
        (root / "notebooks").mkdir()
        (root / "notebooks" / "00_start.ipynb").write_text("{}")
        (root / "binder").mkdir()
        (root / "binder" / "start").write_text("#!/bin/sh\n")
        (root / "binder" / "start").chmod(0o755)
        (root / "pyproject.toml").write_text(PYPROJECT)
        (root / "helpers" / "backend.py").write_text(BACKEND)
        (root / "pyproject.toml").write_text(PYPROJECT.replace('["."]', '["helpers"]'))
        lock = shelf.publish("demo", {"demo.py": "", "tensorflow.py": ""})
        (root / "requirements.txt").write_text(lock)
        self.wheels = sorted((shelf.folder / "demo").glob("*.whl"))
        self.weights = root.parent / "toy.onnx"
        self.weights.write_bytes(bytes(range(256)) * 5000)

    def pack(self, target, machine=HERE):
        packing.write(target, {machine: self.wheels}, {"toy": self.weights}, self.root)
        return target


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder, the current one."""
    (tmp_path / "place").mkdir()
    monkeypatch.chdir(tmp_path / "place")
    monkeypatch.setattr(setup, "NEEDED_BYTES", 0)
    return tmp_path / "place"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack")
    with Index(folder / "index") as shelf:  # for its wheels; it is asked for nothing
        return Workshop(folder / "workshop", shelf)


@pytest.fixture(scope="module")
def whole(workshop, tmp_path_factory):
    """A sound archive."""
    return workshop.pack(tmp_path_factory.mktemp("archive") / "toy.zip")


def run(archive, *arguments, cwd, **settings):
    """Run the archive as people do; return its exit code and all that it said."""
    cut_off = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, str(archive), *arguments],
        cwd=cwd,
        env={**os.environ, **cut_off, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


# Packing


def test_an_archive_names_and_sums_all_that_is_in_it(whole):
    with zipfile.ZipFile(whole) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names))
        sums = unpacking.read_sums(archive)
        assert set(names) == {*sums, unpacking.SUMS}
        for name, digest in sums.items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
        for info in archive.infolist():
            stored = info.filename.startswith(("wheels/", "weights/"))
            assert (info.compress_type == zipfile.ZIP_STORED) == stored, info.filename
        contents = json.loads(archive.read(unpacking.CONTENTS))
        assert contents == {"machines": {HERE: ["demo-1.0-py3-none-any.whl"]}, "weights": ["toy"]}
        assert archive.read("READ_ME.txt").decode().count("\n") == 2
        assert not [name for name in names if "pycache" in name]
        assert archive.getinfo("workshop/binder/start").external_attr >> 16 & 0o777 == 0o755


def test_the_same_files_make_the_same_archive(workshop, whole, tmp_path):
    assert workshop.pack(tmp_path / "toy.zip").read_bytes() == whole.read_bytes()


def test_a_failed_pack_leaves_the_archive_of_before(workshop, tmp_path):
    target = workshop.pack(tmp_path / "toy.zip")
    before = target.read_bytes()
    with pytest.raises(PackError, match=r"toy\.zip can't be written"):
        packing.write(target, {HERE: [tmp_path / "gone.whl"]}, {}, workshop.root)
    assert target.read_bytes() == before
    assert names_in(tmp_path) == ["toy.zip"]


def test_packing_holds_no_whole_file_in_memory(workshop, tmp_path):
    large = tmp_path / "large-1.0-py3-none-any.whl"
    with large.open("wb") as stream:
        stream.truncate(300_000_000)
    code = (
        "import pathlib, resource, sys; from helpers import packing\n"
        "root, wheel, target = map(pathlib.Path, sys.argv[1:])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "packing.write(target, {'any': [wheel]}, {}, root)\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print((after - before) // 1024)"
    )
    command = [sys.executable, "-c", code, str(workshop.root), str(large), str(tmp_path / "x.zip")]
    assert int(subprocess.check_output(command, text=True)) < 100  # megabytes


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_all_that_git_keeps_is_packed():
    kept = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()  # noqa: S607
    packed = {inside for inside, _ in packing.workshop()}
    assert {name for name in kept if not name.startswith(".git")} <= packed
    assert not {name for name in packed if name.startswith(("build", "runs", ".git"))}


def test_the_default_weights_are_those_of_make_setup():
    assert packing.default_weights() == ["hed", "style-predict", "style-transform", "style-26"]
    assert set(packing.default_weights()) <= set(assets.names())


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platform", packing.MACHINES)
def test_the_lock_is_read_for_the_machine_that_is_asked_for(platform, python):
    pins = packing.pins(LOCK, platform, python)
    names = {pin.partition("==")[0] for pin in pins}
    assert ("tensorflow-cpu" in names) == (platform == "linux-x86_64")
    assert ("tensorflow" in names) == (platform != "linux-x86_64")
    assert all("==" in line and "--hash=sha256:" in line for line in pins.values())
    assert not any(";" in line for line in pins.values()), "pip would ask the wrong machine"
    assert not {"pywinpty", "pywin32"} & names
    assert "uv" in names


def test_a_line_for_some_patch_versions_of_python_is_packed_for_all():
    lines = "a==1.0 ; python_full_version < '3.11.5' \\\n    --hash=sha256:{0}\n"
    lines += "a==2.0 ; python_full_version >= '3.11.5' \\\n    --hash=sha256:{0}\n"
    pins = packing.pins(lines.format("0" * 64), "linux-x86_64", "3.11")
    assert list(pins) == ["a==1.0", "a==2.0"]
    assert list(packing.pins(lines.format("0" * 64), "linux-x86_64", "3.12")) == ["a==2.0"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"platforms": ["beos"]}, "no platform beos; there are: linux-x86_64"),
        ({"platforms": ["windows"]}, "Windows runs the workshop in WSL: linux-x86_64"),
        ({"pythons": ["3.10"]}, "Python 3.10 is none of 3.11, 3.12, 3.13"),
    ],
)
def test_what_cannot_be_packed_is_told_before_anything_is_downloaded(asked, sentence, tmp_path):
    with pytest.raises(PackError, match=sentence):
        packing.pack(target=tmp_path / "x.zip", **asked)


# Downloads, from an index on loopback


@pytest.fixture
def index(tmp_path, monkeypatch):
    with Index(tmp_path / "index") as index:
        threading.Thread(target=index.serve_forever, daemon=True).start()
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.delenv("WORKSHOP_OFFLINE", raising=False)
        settings = {"INDEX_URL": index.url, "CONFIG_FILE": os.devnull, "NO_CACHE_DIR": "1"}
        for name, value in {**settings, "RETRIES": "0"}.items():
            monkeypatch.setenv(f"PIP_{name}", value)
        yield index
        index.shutdown()


def test_wheels_are_downloaded_once_and_only_those_of_the_lock(index, tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text(index.publish("demo", {"demo.py": ""}) + index.publish("more", {}))
    arguments = ("macos-arm64", "3.12", lock, tmp_path / "build")
    names = [path.name for path in packing.download(*arguments)]
    assert names == ["demo-1.0-py3-none-any.whl", "more-1.0-py3-none-any.whl"]
    asked = len(index.asked)
    assert [path.name for path in packing.download(*arguments)] == names
    assert len(index.asked) == asked

    lock.write_text(index.publish("demo", {"demo.py": "changed"}))
    (path,) = packing.download(*arguments)
    with zipfile.ZipFile(path) as wheel:
        assert wheel.read("demo.py") == b"changed"


def test_an_index_that_nobody_answers_for_is_told(index, tmp_path, monkeypatch):
    lock = tmp_path / "lock.txt"
    lock.write_text(index.publish("demo", {}))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(PackError, match=r"linux-x86_64 can't be had.*index can't be reached"):
        packing.download("linux-x86_64", "3.12", lock, tmp_path / "build")


def test_offline_nothing_is_downloaded_and_what_is_here_is_packed(index, tmp_path, monkeypatch):
    lock = tmp_path / "lock.txt"
    lock.write_text(index.publish("demo", {}))
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    with pytest.raises(PackError, match=r"1 packages .* WORKSHOP_OFFLINE=1 forbids"):
        packing.download("linux-x86_64", "3.12", lock, tmp_path / "build")
    assert index.asked == []
    monkeypatch.delenv("WORKSHOP_OFFLINE")
    brought = packing.download("linux-x86_64", "3.12", lock, tmp_path / "build")
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    assert packing.download("linux-x86_64", "3.12", lock, tmp_path / "build") == brought


def test_two_versions_of_a_package_are_both_brought(index, tmp_path):
    first = index.publish("demo", {}).replace("==1.0", "==1.0 ; python_full_version < '3.12.5'")
    second = index.publish("demo", {"demo.py": ""}, "2.0")
    lock = tmp_path / "lock.txt"
    lock.write_text(first + second.replace("==2.0", "==2.0 ; python_full_version >= '3.12.5'"))
    found = packing.download("linux-x86_64", "3.12", lock, tmp_path / "build")
    assert [path.name[:8] for path in found] == ["demo-1.0", "demo-2.0"]


def test_a_package_that_is_not_the_lock_s_is_not_packed(index, tmp_path):
    lock = tmp_path / "lock.txt"
    index.publish("demo", {})
    lock.write_text(f"demo==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackError, match="damaged or changed"):
        packing.download("linux-x86_64", "3.12", lock, tmp_path / "build")


# Unpacking


def test_from_an_archive_to_a_ready_environment_without_a_network(whole, place):
    code, said = run(whole, NEW, cwd=place)
    assert code == 0, said
    folder = place / NEW
    python = setup.python_in(folder / ".venv")
    subprocess.run([str(python), "-I", "-c", "import demo, helpers.backend"], check=True)
    assert (folder / "notebooks" / "00_start.ipynb").read_text() == "{}"
    assert os.access(folder / "binder" / "start", os.X_OK)
    asked = (folder / "fetched").read_text()
    assert asked.startswith("fetch --from ") and asked.endswith("toy: ['toy.onnx']")
    assert setup.is_complete(folder / ".venv", folder)
    assert names_in(place) == [NEW], "nothing else is left"
    assert f"cd '{folder}' && WORKSHOP_OFFLINE=1 make lab" in said

    code, said = run(whole, NEW, cwd=place)
    assert code == 1
    assert "is there already: name another folder" in said
    assert setup.is_complete(folder / ".venv", folder)


def test_settings_of_pip_do_not_lead_elsewhere(whole, place):
    bad = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_CONSTRAINT": "/gone", "PIP_TARGET": "/gone"}
    code, said = run(whole, NEW, cwd=place, **bad)
    assert code == 0, said


def spoilt(whole, target, change=None, drop=(), add=(), sums=None):
    """Copy an archive with members changed, dropped or added; return the copy's path.

    change: {name: bytes}. add: [(ZipInfo or name, bytes)]. sums: {name: digest} for the list.
    """
    change = change or {}
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(target, "w") as new:
        listed = unpacking.read_sums(old) | (sums or {})
        for info in old.infolist():
            if info.filename == unpacking.SUMS:
                text = "".join(f"{digest}  {name}\n" for name, digest in listed.items() if digest)
                new.writestr(info, change.get(unpacking.SUMS, text))
            elif info.filename not in drop:
                new.writestr(info, change.get(info.filename, old.read(info)))
        for name, data in add:
            new.writestr(name, data)
    return target


def refused(archive, place):
    """Unpack, which must fail and leave nothing; return the sentence."""
    with pytest.raises(UnpackError) as caught:
        unpacking.unpack(archive, place / NEW)
    assert names_in(place) == []
    return str(caught.value)


WHEEL = "wheels/demo-1.0-py3-none-any.whl"
LESSON = "workshop/notebooks/00_start.ipynb"


@pytest.mark.parametrize("name", [LESSON, WHEEL, "weights/toy.onnx", "READ_ME.txt"])
def test_a_changed_member_is_refused(whole, place, tmp_path, name):
    archive = spoilt(whole, tmp_path / "x.zip", change={name: b"changed"})
    assert refused(archive, place).startswith(f"{name} is not what the archive's list says")


def test_changed_contents_are_refused_before_they_are_believed(whole, place, tmp_path):
    archive = spoilt(whole, tmp_path / "x.zip", change={unpacking.CONTENTS: b"{}"})
    assert refused(archive, place).startswith("contents.json is not what the archive's list says")


def test_a_wrong_hash_is_refused(whole, place, tmp_path):
    archive = spoilt(whole, tmp_path / "x.zip", sums={LESSON: "0" * 64})
    assert refused(archive, place).startswith(f"{LESSON} is not what")


def test_a_missing_member_is_refused(whole, place, tmp_path):
    archive = spoilt(whole, tmp_path / "x.zip", drop=[WHEEL])
    assert refused(archive, place).startswith(f"The archive lacks {WHEEL}")


def test_a_member_that_nobody_named_is_refused(whole, place, tmp_path):
    archive = spoilt(whole, tmp_path / "x.zip", add=[("workshop/more.py", b"")])
    assert "workshop/more.py, which its list doesn't name" in refused(archive, place)


def test_no_list_or_a_garbled_one_is_refused(whole, place, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.txt", "")
    assert "has no SHA256SUMS" in refused(tmp_path / "x.zip", place)
    archive = spoilt(whole, tmp_path / "y.zip", change={unpacking.SUMS: b"nonsense"})
    assert "SHA256SUMS can't be read" in refused(archive, place)


def evil(name, kind=stat.S_IFREG):
    info = zipfile.ZipInfo(name)
    info.filename = name  # ZipInfo cleans what it is given
    info.external_attr = (kind | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("../outside", stat.S_IFREG, "outside"),
        ("workshop/../../outside", stat.S_IFREG, "outside"),
        ("/outside", stat.S_IFREG, "outside"),
        ("C:/outside", stat.S_IFREG, "outside"),
        ("workshop\\..\\outside", stat.S_IFREG, "outside"),
        ("workshop/link", stat.S_IFLNK, "no plain file"),
        ("workshop/pipe", stat.S_IFIFO, "no plain file"),
        ("workshop/folder/", stat.S_IFDIR, "no plain file"),
        ("workshop//twice", stat.S_IFREG, "no plain file"),
        ("WORKSHOP/notebooks/00_start.ipynb", stat.S_IFREG, "a name twice"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_even_when_listed(
    whole, place, tmp_path, name, kind, reason
):
    digest = hashlib.sha256(b"/etc").hexdigest()
    archive = spoilt(
        whole, tmp_path / "x.zip", add=[(evil(name, kind), b"/etc")], sums={name: digest}
    )
    assert reason in refused(archive, place)
    assert names_in(tmp_path) == ["place", "x.zip"]


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_a_short_archive_is_refused(whole, place, tmp_path, kept):
    data = whole.read_bytes()
    (tmp_path / "x.zip").write_bytes(data[: int(len(data) * kept)])
    assert re.search("(broken or|cut) short", refused(tmp_path / "x.zip", place))


def test_a_flipped_bit_anywhere_is_refused(whole, place, tmp_path):
    data = whole.read_bytes()
    for position in range(40, len(data) - 4000, len(data) // 40):
        changed = bytearray(data)
        changed[position] ^= 16
        (tmp_path / "x.zip").write_bytes(changed)
        assert refused(tmp_path / "x.zip", place)


def test_an_archive_that_is_not_there(place):
    assert refused(place / "gone.zip", place).startswith("There is no archive")


def test_an_archive_for_another_machine_says_which(workshop, place, tmp_path):
    archive = workshop.pack(tmp_path / "x.zip", machine="macos-arm64 with Python 3.10")
    said = refused(archive, place)
    assert "for macos-arm64 with Python 3.10. This is " in said
    assert HERE in said


def test_a_full_disk_is_told_before_anything_is_written(whole, place, monkeypatch):
    usage = shutil.disk_usage(place)._replace(free=1000)
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda folder: usage)
    assert "0.0 GB are free" in refused(whole, place)


def test_a_folder_with_something_in_it_is_left_alone(whole, place):
    (place / "mine").mkdir()
    (place / "mine" / "notes").write_text("mine")
    with pytest.raises(UnpackError, match="mine is there already"):
        unpacking.unpack(whole, "mine")
    assert (place / "mine" / "notes").read_text() == "mine"
    with pytest.raises(UnpackError, match="There is no folder"):
        unpacking.unpack(whole, place / "no" / "where")


def test_packages_that_cannot_be_installed_leave_nothing(workshop, place, tmp_path):
    root = tmp_path / "workshop"
    shutil.copytree(workshop.root, root)
    (root / "requirements.txt").write_text(f"demo==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    target = tmp_path / "x.zip"
    packing.write(target, {HERE: workshop.wheels}, {}, root)
    before = dict(os.environ)
    assert "damaged or changed" in refused(target, place)
    assert dict(os.environ) == before


def test_weights_that_cannot_be_kept_leave_nothing(workshop, place, tmp_path):
    root = tmp_path / "workshop"
    shutil.copytree(workshop.root, root)
    (root / "helpers" / "__main__.py").write_text("raise SystemExit(1)")
    target = tmp_path / "x.zip"
    packing.write(target, {HERE: workshop.wheels}, {"toy": workshop.weights}, root)
    assert "weights could not be put in the cache" in refused(target, place)


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_unpacking_leaves_nothing(workshop, place, tmp_path, how, code):
    root = tmp_path / "workshop"
    shutil.copytree(workshop.root, root)
    waits = "import pathlib, time; pathlib.Path('waiting').touch(); time.sleep(60)"
    (root / "helpers" / "__main__.py").write_text(waits)
    target = tmp_path / "x.zip"
    packing.write(target, {HERE: workshop.wheels}, {"toy": workshop.weights}, root)
    process = subprocess.Popen([sys.executable, str(target), NEW], cwd=place)
    deadline = time.monotonic() + 60
    while not (place / NEW / "waiting").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(how)
    assert process.wait(60) == code
    assert names_in(place) == []


# The script that the archive runs


def test_an_old_python_can_read_the_script_to_say_what_the_archive_is_for():
    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))


def test_the_script_needs_nothing_but_python():
    names = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("system", "processor", "name"),
    [
        ("linux", "x86_64", "linux-x86_64"),
        ("linux", "aarch64", "linux-aarch64"),
        ("darwin", "arm64", "macos-arm64"),
        ("win32", "AMD64", "windows-x86_64"),
    ],
)
def test_a_machine_knows_its_name(monkeypatch, system, processor, name):
    monkeypatch.setattr(unpacking.sys, "platform", system)
    monkeypatch.setattr(unpacking.platform, "machine", lambda: processor)
    assert unpacking.this_platform() == name
