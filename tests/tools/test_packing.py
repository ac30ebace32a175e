"""The archive for a room without a network: made of tiny packages, then spoilt in every way."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import zipfile

import pytest
from test_setup import BACKEND, PYPROJECT, shelf  # noqa: F401 - a fixture

from helpers import assets
from tools import packing, setup, unpacking
from tools.packing import PackError
from tools.unpacking import UnpackError

ROOT = packing.ROOT
LOCK = (ROOT / "requirements.txt").read_text()
HERE = unpacking.machine(unpacking.this_platform(), unpacking.this_python())
NEW = "new folder[1]"
# Stands for the workshop's own `helpers`: what `fetch` is asked for is written down.
FETCH = """
import os, pathlib, sys
found = sorted(file.name for file in pathlib.Path(os.environ["WORKSHOP_MIRROR"]).iterdir())
pathlib.Path("fetched").write_text(f"{sys.argv[1:]} {found}")
"""


class Workshop:
    """A workshop as far as the archive and the set-up look at it, and an archive of it."""

    def __init__(self, root, index):
        self.root = root
        for folder in ("helpers", "tools", "notebooks", "binder", "build"):
            (root / folder).mkdir(parents=True)
        for module in (setup, unpacking):
            shutil.copy(module.__file__, root / "tools")
        for name, text in {
            "helpers/__init__.py": "",
            "helpers/__main__.py": FETCH,
            "helpers/backend.py": BACKEND,
            "helpers/.env": "TOKEN=secret",
            "notebooks/00_start.ipynb": "{}",
            "binder/start": "#!/bin/sh\n",
            "build/large": "",
            "pyproject.toml": PYPROJECT.replace('["."]', '["helpers"]'),
            "requirements.txt": index.uv + index.publish("demo", {"tensorflow.py": ""}),
        }.items():
            (root / name).write_text(text)
        (root / "binder" / "start").chmod(0o755)
        self.wheels = sorted(index.folder.glob("[du][ev]*/*.whl"))
        self.mirror = root.parent / "mirror"
        self.mirror.mkdir()
        (self.mirror / "toy.onnx").write_bytes(bytes(range(256)) * 5000)

    def pack(self, target, machine=HERE, wheels=None):
        wheels = self.wheels if wheels is None else wheels
        packing.write(target, {machine: wheels}, ["toy"], self.mirror, self.root)
        return target


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder, the current one."""
    (tmp_path / "place").mkdir()
    monkeypatch.chdir(tmp_path / "place")
    monkeypatch.setattr(setup, "NEEDED_BYTES", 0)
    return tmp_path / "place"


@pytest.fixture(scope="module")
def workshop(shelf, tmp_path_factory):  # noqa: F811
    return Workshop(tmp_path_factory.mktemp("pack") / "workshop", shelf)


@pytest.fixture(scope="module")
def whole(workshop, tmp_path_factory):
    """A sound archive."""
    return workshop.pack(tmp_path_factory.mktemp("archive") / "toy.zip")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


# Packing


def test_an_archive_holds_the_workshop_and_no_more(workshop, whole, tmp_path):
    with zipfile.ZipFile(whole) as archive:
        names = [name for name in archive.namelist() if not name.startswith("workshop/helpers")]
        assert names[:3] == ["READ_ME.txt", "contents.json", "__main__.py"]
        assert set(names[3:]) >= {"workshop/notebooks/00_start.ipynb", "mirror/toy.onnx"}
        assert not [name for name in archive.namelist() if ".env" in name or "build" in name]
        for info in archive.infolist():
            stored = info.filename.startswith(("wheels/", "mirror/"))
            assert (info.compress_type == zipfile.ZIP_STORED) == stored, info.filename
        contents = json.loads(archive.read(unpacking.CONTENTS))
        assert contents["machines"][HERE] == [path.name for path in workshop.wheels]
        assert contents["assets"] == ["toy"]
        assert archive.read("READ_ME.txt").decode().count("\n") == 2
        assert archive.getinfo("workshop/binder/start").external_attr >> 16 & 0o777 == 0o755
    again = workshop.pack(tmp_path / "toy.zip")
    assert again.read_bytes() == whole.read_bytes(), "the same files make the same archive"


def test_a_failed_pack_leaves_the_archive_of_before(workshop, tmp_path):
    target = workshop.pack(tmp_path / "toy.zip")
    before = target.read_bytes()
    with pytest.raises(PackError, match=r"toy\.zip can't be written"):
        workshop.pack(target, wheels=[tmp_path / "gone.whl"])
    assert target.read_bytes() == before
    assert names_in(tmp_path) == ["toy.zip"]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_all_that_git_keeps_is_packed():
    kept = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()  # noqa: S607
    packed = {inside for inside, _ in packing.workshop()}
    hidden = re.compile(r"\.(?!ci)")
    assert {n for n in kept if not hidden.match(n) and (ROOT / n).exists()} <= packed


def test_the_lock_is_read_for_the_machine_that_is_asked_for():
    for platform in packing.MACHINES:
        for python in setup.supported():
            pins = packing.pins(LOCK, platform, python)
            names = {pin.partition("==")[0] for pin in pins}
            assert ("tensorflow-cpu" in names) == (platform == "linux-x86_64")
            assert ("tensorflow" in names) == (platform != "linux-x86_64")
            assert all("==" in line and "--hash=sha256:" in line for line in pins.values())
            assert not any(";" in line for line in pins.values()), "pip would ask the wrong machine"
            assert not {"pywinpty", "pywin32"} & names
            assert "uv" in names
    lines = "a==1.0 ; python_full_version < '3.11.5' \\\n    --hash=sha256:{0}\n"
    lines += "a==2.0 ; python_full_version >= '3.11.5' \\\n    --hash=sha256:{0}\n"
    lines = lines.format("0" * 64)
    assert list(packing.pins(lines, "linux-x86_64", "3.11")) == ["a==1.0", "a==2.0"]
    assert list(packing.pins(lines, "linux-x86_64", "3.12")) == ["a==2.0"]


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


@pytest.mark.parametrize("names", [(), ("hed",)])
def test_pack_asks_for_a_mirror_of_what_set_up_fetches_or_of_what_is_named(
    workshop, tmp_path, monkeypatch, names
):
    asked = []
    monkeypatch.setattr(packing, "BUILD", tmp_path / "build")
    monkeypatch.setattr(assets, "write_mirror", lambda folder, names: asked.extend(names))
    monkeypatch.setattr(packing, "download", lambda platform, python: workshop.wheels)
    target = packing.pack(names, target=tmp_path / "x.zip")
    assert asked == (list(names) or assets.names(setup=True))
    assert HERE in target.with_suffix(".txt").read_text()


# Downloads, from an index on loopback


@pytest.fixture
def build(shelf, tmp_path, monkeypatch):  # noqa: F811
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("WORKSHOP_OFFLINE", raising=False)
    conf = tmp_path / "pip.conf"
    conf.write_text(f"[global]\nindex-url = {shelf.url}\nno-cache-dir = true\nretries = 0\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(conf))
    shelf.asked.clear()
    return tmp_path / "build"


def test_wheels_are_downloaded_once_and_only_those_of_the_lock(shelf, build, tmp_path, monkeypatch):  # noqa: F811
    lock = tmp_path / "lock.txt"
    lock.write_text(shelf.publish("demo", {"demo.py": ""}) + shelf.publish("more", {}))
    arguments = ("macos-arm64", "3.12", lock, build)
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    with pytest.raises(PackError, match=r"2 packages .* WORKSHOP_OFFLINE=1 forbids"):
        packing.download(*arguments)
    assert shelf.asked == []
    monkeypatch.delenv("WORKSHOP_OFFLINE")
    names = [path.name for path in packing.download(*arguments)]
    assert names == ["demo-1.0-py3-none-any.whl", "more-1.0-py3-none-any.whl"]
    asked = len(shelf.asked)
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    assert [path.name for path in packing.download(*arguments)] == names
    assert len(shelf.asked) == asked
    monkeypatch.delenv("WORKSHOP_OFFLINE")
    lock.write_text(shelf.publish("demo", {"demo.py": "changed"}))
    (path,) = packing.download(*arguments)
    with zipfile.ZipFile(path) as wheel:
        assert wheel.read("demo.py") == b"changed"


def test_two_versions_are_both_brought_and_a_package_that_is_not_the_locks_is_not(
    shelf,  # noqa: F811
    build,
    tmp_path,
):
    lock = tmp_path / "lock.txt"
    first = shelf.publish("demo", {}).replace("==1.0", "==1.0 ; python_full_version < '3.12.5'")
    second = shelf.publish("demo", {"demo.py": ""}, "2.0")
    lock.write_text(first + second.replace("==2.0", "==2.0 ; python_full_version >= '3.12.5'"))
    found = packing.download("linux-x86_64", "3.12", lock, build)
    assert [path.name[:8] for path in found] == ["demo-1.0", "demo-2.0"]
    lock.write_text(f"demo==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackError, match="damaged or changed"):
        packing.download("linux-x86_64", "3.12", lock, build)


# Unpacking


def test_from_an_archive_to_a_ready_environment_without_a_network(whole, place):
    cut_off = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), "http://127.0.0.1:9")
    misleading = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_CONSTRAINT": "/gone"}

    def run():
        done = subprocess.run(
            [sys.executable, str(whole), NEW],
            env={**os.environ, **cut_off, **misleading, "PIP_TARGET": "/gone"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    code, said = run()
    assert code == 0, said
    folder = place / NEW
    python = setup.python_in(folder / ".venv")
    subprocess.run([str(python), "-I", "-c", "import tensorflow, helpers.backend"], check=True)
    assert (folder / "notebooks" / "00_start.ipynb").read_text() == "{}"
    assert os.access(folder / "binder" / "start", os.X_OK)
    assert (folder / "fetched").read_text() == "['fetch', 'toy'] ['toy.onnx']"
    assert setup.is_complete(folder / ".venv", folder)
    assert names_in(place) == [NEW], "nothing else is left"
    assert f"cd '{folder}' && WORKSHOP_OFFLINE=1 make lab" in said
    code, said = run()
    assert code == 1
    assert "is there already: name another folder" in said
    assert setup.is_complete(folder / ".venv", folder)


def refused(archive, place):
    """Unpack, which must fail and leave nothing; return the sentence."""
    with pytest.raises(UnpackError) as caught:
        unpacking.unpack(archive, place / NEW)
    assert names_in(place) == []
    return str(caught.value)


@pytest.fixture
def no_set_up(monkeypatch):
    """Nothing is installed and nothing fetched: what is wrong has to show before."""
    monkeypatch.setattr(unpacking, "install", lambda folder, work: None)
    monkeypatch.setattr(unpacking, "take_assets", lambda *words: None)


def test_an_archive_that_is_cut_short_damaged_or_gone_is_refused(whole, place, tmp_path, no_set_up):
    data, copy = whole.read_bytes(), tmp_path / "x.zip"
    for kept in (0.0, 0.3, 0.9, 0.999):
        copy.write_bytes(data[: int(len(data) * kept)])
        assert "broken or short" in refused(copy, place)
    with zipfile.ZipFile(whole) as archive:
        inside = [i for i in archive.infolist() if i.filename.startswith(("wor", "mir", "whe"))]
    for info in inside[:: len(inside) // 6]:  # a flipped bit in what is taken out
        changed = bytearray(data)
        changed[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 16
        copy.write_bytes(changed)
        if info.compress_size:
            assert "broken or short" in refused(copy, place), info.filename
    with zipfile.ZipFile(copy, "w") as archive:
        archive.writestr("a.txt", "")
    assert "broken or short" in refused(copy, place)
    assert refused(place / "gone.zip", place).startswith("There is no archive")


def test_no_name_leads_out_of_the_folder(whole, place, tmp_path, no_set_up):
    archive = tmp_path / "x.zip"
    shutil.copy(whole, archive)
    names = ("workshop/../../outside", "workshop/./../../../outside", "mirror/../../../outside")
    with zipfile.ZipFile(archive, "a") as spoilt:
        for name in (*names, "/outside", "workshop/link"):
            info = zipfile.ZipInfo(name)
            info.filename = name  # ZipInfo cleans what it is given
            kind = stat.S_IFLNK if name.endswith("link") else stat.S_IFREG
            info.external_attr = (kind | 0o777) << 16
            spoilt.writestr(info, "/etc")
    unpacking.unpack(archive, place / NEW)
    assert names_in(place) == [NEW]
    assert names_in(tmp_path) == ["place", "x.zip"]
    assert not (place / NEW / "link").is_symlink()


def test_an_archive_for_another_machine_says_which(workshop, place, tmp_path):
    archive = workshop.pack(tmp_path / "x.zip", machine="macos-arm64 with Python 3.10")
    said = refused(archive, place)
    assert "for macos-arm64 with Python 3.10. This is " in said
    assert HERE in said


def test_a_place_that_is_full_or_taken_is_told_before_anything_is_written(
    whole, place, monkeypatch
):
    usage = shutil.disk_usage(place)._replace(free=1000)
    with monkeypatch.context() as patch:
        patch.setattr(unpacking.shutil, "disk_usage", lambda folder: usage)
        assert "0.0 GB are free" in refused(whole, place)
    (place / "mine").mkdir()
    (place / "mine" / "notes").write_text("mine")
    with pytest.raises(UnpackError, match="mine is there already"):
        unpacking.unpack(whole, "mine")
    assert (place / "mine" / "notes").read_text() == "mine"
    with pytest.raises(UnpackError, match="There is no folder"):
        unpacking.unpack(whole, place / "no" / "where")


def altered(workshop, tmp_path, **changes):
    """An archive of the workshop with other files: `name__ext="text"`."""
    root = tmp_path / "workshop"
    shutil.copytree(workshop.root, root)
    for name, text in changes.items():
        (root / name.replace("__", ".").replace("_slash_", "/")).write_text(text)
    packing.write(tmp_path / "x.zip", {HERE: workshop.wheels}, ["toy"], workshop.mirror, root)
    return tmp_path / "x.zip"


def test_packages_that_cannot_be_installed_leave_nothing(workshop, shelf, place, tmp_path):  # noqa: F811
    wrong = f"{shelf.uv}demo==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
    before = dict(os.environ)
    assert "damaged or changed" in refused(
        altered(workshop, tmp_path, requirements__txt=wrong), place
    )
    assert dict(os.environ) == before


def test_an_interrupted_unpacking_leaves_nothing(workshop, place, tmp_path):
    """Nor do assets that can't be kept: both happen when all else is done."""
    waits = "import pathlib, time; pathlib.Path('waiting').touch(); time.sleep(60)"
    target = altered(workshop, tmp_path, helpers_slash_backend__py=BACKEND)
    root = tmp_path / "workshop"
    for code, how in ((waits, signal.SIGTERM), ("raise SystemExit(1)", None)):
        (root / "helpers" / "__main__.py").write_text(code)
        packing.write(target, {HERE: workshop.wheels}, ["toy"], workshop.mirror, root)
        process = subprocess.Popen(
            [sys.executable, str(target), NEW], cwd=place, stderr=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + 300
        while how and not (place / NEW / "waiting").exists():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        if how:
            process.send_signal(how)
        _, said = process.communicate(timeout=300)
        assert process.returncode == (143 if how else 1)
        assert how or "assets could not be put in the cache" in said
        assert names_in(place) == []


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
