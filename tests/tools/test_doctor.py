"""The doctor says OK or a remedy, sees a container's limits, and never imports TensorFlow."""

import importlib.metadata
import os
import shutil
import sys
from collections import namedtuple

import psutil
import pytest
from programs import ran
from shelf import put

from helpers import assets
from tools import doctor
from tools.doctor import NOTE, OK, WRONG

RUN = "import sys; from helpers.__main__ import main; code = main(['doctor'])\n"


@pytest.fixture(autouse=True)
def no_hub(monkeypatch):
    monkeypatch.delenv("MEM_LIMIT", raising=False)


@pytest.fixture
def control_group(tmp_path, monkeypatch):
    """Return a function that sets up control groups: memberships, then {file: text}."""

    monkeypatch.setattr(doctor, "CGROUPS", tmp_path / "fs")
    monkeypatch.setattr(doctor, "SELF_CGROUP", tmp_path / "self")

    def write(memberships, files):
        shutil.rmtree(tmp_path / "fs", ignore_errors=True)
        (tmp_path / "self").write_text(memberships)
        for file, text in files.items():
            put(tmp_path / "fs" / file, text.encode())

    return write


def with_versions(monkeypatch, **versions):
    """Let some packages (underscores for hyphens) have another version, or none at all."""
    real = importlib.metadata.version

    def version(name):
        found = versions.get(name.replace("-", "_"), "real")
        if found is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name) if found == "real" else found

    monkeypatch.setattr(importlib.metadata, "version", version)


def states(findings):
    return [finding.state for finding in findings]


def test_the_doctor_is_quick_and_serves_who_has_no_home_or_no_packages(tmp_path):
    def run(before, after="", *options, **more):
        script = before + RUN + after + "\nsys.exit(code)"
        code, said = ran(sys.executable, *options, "-c", script, **more)
        wrong = "WRONG" in said  # a test's machine may be short of memory
        assert (code, "Ready for the lessons." in said) == (int(wrong), not wrong), said
        return said

    # In a container that runs under any number there is no home and no entry in passwd.
    nobody = "import os, pwd; pwd.getpwuid = {}.__getitem__; del os.environ['HOME']\n"
    heavy = "heavy = {'tensorflow', 'keras', 'numpy', 'matplotlib', 'jupyterlab'}\n"
    said = run(nobody, heavy + "assert not heavy & set(sys.modules)")
    assert "OK     packages" in said
    # A Python that is not the environment's: -S leaves out its packages.
    place = f"import sys; sys.path.insert(0, {str(doctor.ROOT)!r})\n"
    said = run(place, "", "-S", cwd=tmp_path)
    assert "packaging is missing" in said and "workshop.py lab" in said


def test_what_the_lock_installs_is_fine_and_a_gpu_build_stands_in(monkeypatch):
    findings = [*doctor.python(), *doctor.packages()]
    assert [finding for finding in findings if finding.state != OK] == []
    assert "tensorflow" in findings[1].fact
    locked = doctor._locked()
    assert locked["numpy"] == importlib.metadata.version("numpy")  # the lock has it twice
    assert ("tensorflow" in locked) != ("tensorflow-cpu" in locked)
    version = locked.get("tensorflow-cpu", locked.get("tensorflow"))
    with_versions(monkeypatch, tensorflow_cpu=None, tensorflow=version)
    assert states(doctor.packages()) == [OK]


def test_packages_missing_too_old_and_not_as_locked(monkeypatch):
    with_versions(monkeypatch, keras="3.99.0", pooch="1.0")
    found = {finding.item: finding.state for finding in doctor.packages()}
    assert found == {"packages": OK, "keras": NOTE, "pooch": WRONG}
    with_versions(monkeypatch, anywidget=None, nbclient=None)
    missing = doctor.packages()[0]
    assert missing.state == WRONG and "missing: anywidget, nbclient" in missing.fact
    monkeypatch.setattr(sys, "version_info", (3, 10, 2))
    (finding,) = doctor.python()
    assert (finding.state, finding.fact) == (WRONG, "3.10.2 is not >=3.11,<3.14")


def test_what_can_t_be_looked_at_is_a_finding(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: 1 / 0)
    (finding,) = doctor.examine()["disk"]
    assert (finding.state, finding.fact) == (WRONG, "it can't be looked at: division by zero")


def test_files_that_hide_a_module_are_named(tmp_path, monkeypatch):
    """A learner's own beside the notebook, an old package where PYTHONPATH says."""
    lessons, old = tmp_path / "notebooks", tmp_path / "old"
    for file in ("keras.py", "random.py", "helpers.py", "mine.py", "tensorflow/__init__.py"):
        put((old if "/" in file else lessons) / file, b"")
    monkeypatch.chdir(lessons)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(old), str(doctor.ROOT)]))
    found = {finding.item: finding.remedy.split(",")[0] for finding in doctor.packages()}
    renamed = dict.fromkeys(("helpers", "keras", "random"), "rename it")
    moved = {"tensorflow": "take its folder out of PYTHONPATH"}
    assert found == renamed | moved | {"packages": ""}


def test_the_limits_of_control_groups_and_of_a_hub_count_and_a_busy_machine_is_a_note(
    control_group, monkeypatch
):
    system = namedtuple("system", "total available")
    for memberships, files, free, limit, state in (
        ("0::/\n", {"memory.max": "2147483648\n"}, 6e9, 2147483648, OK),  # Binder
        ("0::/\n", {"memory.max": "max\n"}, 6e9, None, OK),
        ("0::/a/b\n", {"a/memory.max": "1000\n", "a/b/memory.max": "max\n"}, 6e9, 1000, WRONG),
        ("0::/outside\n", {"memory.max": "3000\n"}, 6e9, 3000, WRONG),
        ("", {}, 1e9, None, NOTE),
    ):
        monkeypatch.setattr(psutil, "virtual_memory", lambda free=free: system(8e9, free))
        control_group(memberships, files)
        assert doctor.memory_limit() == limit, (memberships, files)
        (finding,) = doctor.memory()
        assert finding.state == state, (memberships, files)
        assert ("(this container's limit)" in finding.fact) == (limit is not None)
    control_group("0::/\n", {"memory.max": "3000"})
    monkeypatch.setenv("MEM_LIMIT", "2000")  # a hub's
    assert doctor.memory_limit() == 2000


def test_cores_are_those_that_may_be_used_and_unseen_quotas_ask_for_thread_caps(
    control_group, monkeypatch
):
    control_group("", {})
    assert 1 <= doctor.cores() <= os.cpu_count()
    monkeypatch.setattr(doctor, "_affinity", lambda: set(range(8)))
    for used, expected in (("max", 8), ("50000", 1), ("1600000", 8), ("200000", 2)):
        control_group("0::/\n", {"cpu.max": f"{used} 100000"})
        assert doctor.cores() == expected
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    (finding,) = doctor.processors()
    assert finding.state == NOTE and "OMP_NUM_THREADS=2" in finding.remedy
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert states(doctor.processors()) == [OK]
    monkeypatch.setattr(doctor, "_affinity", lambda: {0})
    assert states(doctor.processors()) == [NOTE]


def test_disk_and_cache(tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")
    for free, state in ((1e8, WRONG), (5e8, NOTE), (5e9, OK)):
        monkeypatch.setattr(shutil, "disk_usage", lambda path, free=free: usage(free))
        assert states(doctor.disk()) == [state]
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "new" / "cache"))
    assert states(doctor.cache()) == [OK]
    assert list(tmp_path.iterdir()) == []  # looking makes nothing
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "file" / "cache"))
    (finding,) = doctor.cache()
    assert finding.state == NOTE and "WORKSHOP_CACHE" in finding.remedy


def test_only_what_comes_with_the_workshop_has_to_be_here(monkeypatch):
    monkeypatch.setattr(assets, "available", lambda name: False)
    findings = {finding.item: finding for finding in doctor.assets()}
    assert findings["mnist-5k"].state == WRONG and "workshop.py" in findings["mnist-5k"].remedy
    assert findings["optional"].state == NOTE and "mnist," in findings["optional"].fact
    assert "mnist" not in findings


def test_main_fails_only_when_something_is_wrong(monkeypatch, capsys):
    found = {"cores": [doctor.Finding("cores", NOTE, "1 core", "be patient")]}
    monkeypatch.setattr(doctor, "examine", lambda: found)
    assert doctor.main() == 0
    found["disk"] = [doctor.Finding("disk", WRONG, "0.1 GB free", "make room")]
    assert doctor.main() == 1
    out = capsys.readouterr().out
    assert "WRONG  disk   0.1 GB free\n              -> make room\n" in out
    assert "1 wrong" in out
    doctor.show()  # in a lesson nothing depends on the machine
    said = "OK     cores\nWRONG  disk  0.1 GB free\n             -> make room\n"
    assert capsys.readouterr().out == said
