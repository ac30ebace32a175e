"""The archive for a room without a network: made of tiny packages, then spoilt in every way."""

import json
import os
import re
import shutil
import signal
import stat
import sys
import zipfile
from pathlib import Path
from unittest.mock import Mock

import pytest
from packages import BACKEND, NOBODY, PYPROJECT, UV, settings, wheel
from programs import end, ran, start, wait_until

from helpers import assets
from tools import packing, setup, unpacking
from tools.packing import PackError

ROOT = packing.ROOT
HERE = unpacking.machine(unpacking.this_platform(), setup.this_python())
NEW = "new folder[1]"
WAIT = "import pathlib, time\npathlib.Path('waiting').touch(); time.sleep(60)"


class Workshop:
    """A workshop as far as the archive and the set-up look at it, and an archive of it."""

    def __init__(self, folder):
        self.root, shelf = folder / "workshop", folder / "wheels"
        self.fetched = {"toy.onnx": folder / "toy.onnx"}
        packages = wheel("uv", UV), wheel("demo", {"tensorflow.py": ""})
        files = {
            "tools/__init__.py": "",
            "tools/setup.py": Path(setup.__file__).read_text(),
            "tools/unpacking.py": Path(unpacking.__file__).read_text(),
            "helpers/__init__.py": "",
            "helpers/backend.py": BACKEND,
            "helpers/.env": "TOKEN=secret",
            "notebooks/00_start.ipynb": "{}",
            "binder/start": "#!/bin/sh\n",
            "build/large": "",
            "pyproject.toml": PYPROJECT.replace('["."]', '["helpers"]'),
            "requirements.txt": "".join(line for _, _, line in packages),
            "../toy.onnx": "".join(map(chr, range(128))) * 10_000,
        }
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        (self.root / "binder" / "start").chmod(0o755)
        shelf.mkdir()
        for name, content, _ in packages:
            (shelf / name).write_bytes(content)
        self.wheels = sorted(shelf.iterdir())

    def pack(self, target, machine=HERE, wheels=None):
        wheels = self.wheels if wheels is None else wheels
        packing.write(target, {machine: wheels}, self.fetched, self.root)
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
    return Workshop(tmp_path_factory.mktemp("pack"))


@pytest.fixture(scope="module")
def whole(workshop, tmp_path_factory):
    """A sound archive."""
    return workshop.pack(tmp_path_factory.mktemp("archive") / "toy.zip")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


# Packing


def test_an_archive_holds_the_workshop_and_no_more(workshop, whole, tmp_path):
    with zipfile.ZipFile(whole) as archive:
        names = archive.namelist()
        assert names[:3] == ["READ_ME.txt", "__main__.py", unpacking.MACHINES]
        assert {"notebooks/00_start.ipynb", "assets/toy.onnx"} <= set(names)
        assert not [name for name in names if ".env" in name or "build" in name]
        for info in archive.infolist():
            stored = info.filename.endswith((".whl", ".onnx"))
            assert (info.compress_type == zipfile.ZIP_STORED) == stored, info.filename
        wheels = [path.name for path in workshop.wheels]
        assert json.loads(archive.read(unpacking.MACHINES)) == {HERE: wheels}
        assert archive.read("READ_ME.txt").decode().count("\n") == 2
        assert archive.getinfo("binder/start").external_attr >> 16 & 0o777 == 0o755
    target = workshop.pack(tmp_path / "toy.zip")
    assert target.read_bytes() == whole.read_bytes(), "the same files make the same archive"
    with pytest.raises(PackError, match=r"toy\.zip can't be written"):
        workshop.pack(target, wheels=[tmp_path / "gone.whl"])
    assert target.read_bytes() == whole.read_bytes(), "a failed pack leaves that of before"
    assert names_in(tmp_path) == ["toy.zip"]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_all_that_git_keeps_is_packed():
    kept = ran("git", "ls-files", cwd=ROOT)[1].splitlines()
    packed = {inside for inside, _ in packing.workshop()}
    hidden = re.compile(r"\.(?!ci)")
    assert {n for n in kept if not hidden.match(n) and (ROOT / n).exists()} <= packed


def test_pack_asks_for_what_is_there_and_is_told_at_once_when_it_is_not(
    workshop, tmp_path, monkeypatch
):
    asked = []
    monkeypatch.setattr(packing, "BUILD", tmp_path / "build")
    monkeypatch.setattr(assets, "fetched", lambda name: asked.append(name) or {})
    monkeypatch.setattr(packing, "download", lambda platform, python: workshop.wheels)
    for names in ((), ("hed",)):
        target = packing.pack(names, target=tmp_path / "x.zip")
        assert HERE in target.with_suffix(".txt").read_text()
    assert asked == [*assets.names(setup=True), "hed"]
    for wrong, sentence in (
        ({"platforms": ["beos"]}, "no platform beos; there are: linux-x86_64"),
        ({"pythons": ["3.10"]}, "Python 3.10 is none of 3.11, 3.12, 3.13"),
    ):
        with pytest.raises(PackError, match=sentence):
            packing.pack(**wrong)
    assert asked[-1] == "hed", "nothing was fetched"


def test_wheels_are_downloaded_once_and_only_those_of_the_lock(index, tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", settings(tmp_path, index)["PIP_CONFIG_FILE"])
    lock = tmp_path / "lock.txt"
    old = index.publish("demo").replace("==1.0", "==1.0 ; python_full_version < '3.12.5'")
    new = index.publish("demo", {"demo.py": "whole"}, "2.0")
    lock.write_text(old + new.replace("==2.0", "==2.0 ; python_full_version >= '3.12.5'"))

    def download(offline="0"):
        monkeypatch.setenv("WORKSHOP_OFFLINE", offline)
        return packing.download("macos-arm64", "3.12", lock, tmp_path / "build")

    with pytest.raises(PackError, match=r"2 packages .* WORKSHOP_OFFLINE=1 forbids"):
        download("1")
    assert index.asked == []
    found = download()
    assert [path.name[:8] for path in found] == ["demo-1.0", "demo-2.0"], "both: it may need either"
    assert download("1") == found
    lock.write_text(index.publish("demo", {"demo.py": "changed"}, "2.0"))
    (path,) = download()
    assert zipfile.ZipFile(path).read("demo.py") == b"changed"
    lock.write_text(f"demo==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackError, match="damaged or changed"):
        download()


# Unpacking


def test_from_an_archive_to_a_ready_environment_without_a_network(whole, place):
    misleading = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "PIP_INDEX_URL"), NOBODY)
    misleading |= dict.fromkeys(("PIP_CONSTRAINT", "PIP_TARGET"), "/gone")

    def run():
        return ran(sys.executable, whole, NEW, env={**os.environ, **misleading})

    code, said = run()
    assert code == 0, said
    folder = place / NEW
    python = setup.python_in(folder / ".venv")
    assert ran(python, "-I", "-c", "import tensorflow, helpers.backend") == (0, "")
    assert (folder / "notebooks" / "00_start.ipynb").read_text() == "{}"
    assert os.access(folder / "binder" / "start", os.X_OK)
    assert (folder / "assets" / "toy.onnx").exists() and not (folder / "wheels").exists()
    assert names_in(place) == [NEW], "nothing else is left"
    assert f"python3 workshop.py --offline lab, in the folder {folder}" in said
    code, said = run()
    assert code == 1 and "Unpacking stopped." in said and "is there already: name another" in said
    assert setup.is_complete(folder / ".venv", folder)


def refused(archive, place, folder=NEW):
    """Unpack, which must fail and leave what was there; return the sentence."""
    before = names_in(place)
    with pytest.raises(setup.SetupError) as caught:
        unpacking.unpack(archive, place / folder)
    assert names_in(place) == before
    return str(caught.value)


@pytest.fixture
def no_set_up(monkeypatch):
    """Nothing is installed: what is wrong has to show before."""
    monkeypatch.setattr(setup, "make", lambda folder, same_python: None)


def test_an_archive_that_is_cut_short_damaged_or_gone_is_refused(whole, place, tmp_path, no_set_up):
    data, copy = whole.read_bytes(), tmp_path / "x.zip"
    spoilt = [data[: int(len(data) * kept)] for kept in (0.0, 0.3, 0.9, 0.999)]
    for info in zipfile.ZipFile(whole).infolist():  # a spoilt byte in each file
        if info.file_size > 8:  # it may be padding
            changed = bytearray(data)
            changed[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 255
            spoilt.append(changed)
    for content in spoilt:
        copy.write_bytes(content)
        assert "broken or short" in refused(copy, place)
    with zipfile.ZipFile(copy, "w") as archive:
        archive.writestr("a.txt", "")
    assert "broken or short" in refused(copy, place)
    assert refused(place / "gone.zip", place).startswith("There is no archive")


def test_no_name_leads_out_of_the_folder(whole, place, tmp_path, no_set_up):
    archive = tmp_path / "x.zip"
    shutil.copy(whole, archive)
    names = ("../outside", "notebooks/./../../../outside", "assets/../../../outside")
    with zipfile.ZipFile(archive, "a") as spoilt:
        for name in (*names, "/outside", "link"):
            info = zipfile.ZipInfo(name)
            info.filename = name  # ZipInfo cleans what it is given
            kind = stat.S_IFLNK if name.endswith("link") else stat.S_IFREG
            info.external_attr = (kind | 0o777) << 16
            spoilt.writestr(info, "/etc")
    unpacking.unpack(archive, place / NEW)
    assert names_in(place) == [NEW] and names_in(tmp_path) == ["place", "x.zip"]
    assert not (place / NEW / "link").is_symlink()


def test_a_place_that_is_full_or_taken_or_a_wrong_machine_is_told_before_anything_is_written(
    workshop, whole, place, tmp_path, monkeypatch
):
    usage = shutil.disk_usage(place)._replace(free=1000)
    with monkeypatch.context() as patch:
        patch.setattr(setup.shutil, "disk_usage", lambda folder: usage)
        assert "0.0 GB are free" in refused(whole, place)
    other = workshop.pack(tmp_path / "x.zip", machine="macos-arm64 with Python 3.10")
    assert f"for macos-arm64 with Python 3.10. This is {HERE}" in refused(other, place)
    (place / "mine").mkdir()
    (place / "mine" / "notes").write_text("mine")
    assert "mine is there already" in refused(whole, place, "mine")
    assert "Nothing can be written" in refused(whole, place, "no/where")
    assert (place / "mine" / "notes").read_text() == "mine"


def test_packages_that_fail_and_an_interrupt_leave_nothing(place, tmp_path, monkeypatch):
    workshop = Workshop(tmp_path)
    backend = workshop.root / "helpers" / "backend.py"
    backend.write_text(WAIT + backend.read_text())
    archive = workshop.pack(tmp_path / "x.zip")
    process = start(sys.executable, archive, NEW, cwd=place)
    wait_until((place / NEW / "waiting").exists, process)
    process.send_signal(signal.SIGTERM)
    assert end(process)[0] == 143 and names_in(place) == []
    monkeypatch.setattr(setup, "make", Mock(side_effect=setup.SetupError("A hash is wrong.")))
    assert refused(archive, place) == "A hash is wrong."
