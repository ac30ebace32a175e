"""The doctor says OK or a remedy, sees a container's limits, and never imports TensorFlow."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections import namedtuple

import pytest

from helpers import assets
from tools import doctor
from tools.doctor import NOTE, OK, WRONG


@pytest.fixture(autouse=True)
def no_hub(monkeypatch):
    for name in ("JUPYTERHUB_SERVICE_PREFIX", "TENSORBOARD_PROXY_URL", "MEM_LIMIT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def control_group(tmp_path, monkeypatch):
    """Return a function that sets up control groups: memberships, then {file: text}."""

    def write(memberships, files):
        (tmp_path / "self").write_text(memberships)
        for file, text in files.items():
            path = tmp_path / "fs" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.setattr(doctor, "CGROUPS", tmp_path / "fs")
        monkeypatch.setattr(doctor, "SELF_CGROUP", tmp_path / "self")

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


def test_the_doctor_needs_no_tensorflow():
    script = (
        "import sys; from helpers.__main__ import main; code = main(['doctor'])\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'matplotlib', 'jupyterlab'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == ""
    wrong = "WRONG" in done.stdout  # a test's machine may be short of memory
    assert (done.returncode, "Ready for the lessons." in done.stdout) == (int(wrong), not wrong)


def test_what_the_lock_installs_is_fine():
    findings = [*doctor.python(), *doctor.packages(), *doctor.widgets()]
    assert [finding for finding in findings if finding.state != OK] == []
    assert "tensorflow" in findings[1].fact


def test_without_any_package_it_says_what_to_do(tmp_path):
    """As with a Python that is not the environment's: -S leaves out its packages."""
    script = (
        f"import sys; sys.path.insert(0, {str(doctor.ROOT)!r})\n"
        "from helpers.__main__ import main; sys.exit(main(['doctor']))"
    )
    command = [sys.executable, "-S", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert "packaging is missing" in done.stdout
    assert "make setup" in done.stdout


def test_a_user_whom_the_system_does_not_know_has_a_doctor_too(tmp_path):
    """As in a container that runs under any number: no home, no entry in passwd."""
    script = (
        "import os, pwd, sys; pwd.getpwuid = {}.__getitem__; del os.environ['HOME']\n"
        "from helpers.__main__ import main; main(['doctor'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert "OK     widgets" in done.stdout


def test_what_can_t_be_looked_at_is_a_finding(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: 1 / 0)
    (finding,) = doctor.examine()["disk"]
    assert (finding.state, finding.fact) == (WRONG, "it can't be looked at: division by zero")


def test_files_that_hide_a_module_are_named(tmp_path, monkeypatch):
    """A learner's own beside the notebook, an old package where PYTHONPATH says."""
    lessons, old = tmp_path / "notebooks", tmp_path / "old"
    for file in ("keras.py", "random.py", "helpers.py", "mine.py", "tensorflow/__init__.py"):
        place = (old if "/" in file else lessons) / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    monkeypatch.chdir(lessons)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(old), str(doctor.ROOT)]))
    found = {finding.item: finding.remedy.split(",")[0] for finding in doctor.packages()}
    renamed = dict.fromkeys(("helpers", "keras", "random"), "rename it")
    assert found == {
        **renamed,
        "tensorflow": "take its folder out of PYTHONPATH",
        "packages": "",
    }


def test_an_old_python_is_wrong(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 2))
    (finding,) = doctor.python()
    assert (finding.state, finding.fact) == (WRONG, "3.10.2 is not <3.14,>=3.11")
    assert finding.remedy


def test_packages_missing_too_old_and_not_as_locked(monkeypatch):
    assert [finding.state for finding in doctor.packages()] == [OK]
    with_versions(monkeypatch, keras="3.99.0", pooch="1.0")
    states = {finding.item: finding.state for finding in doctor.packages()}
    assert states == {"packages": OK, "keras": NOTE, "pooch": WRONG}
    with_versions(monkeypatch, anywidget=None, nbclient=None)
    missing = doctor.packages()[0]
    assert missing.state == WRONG
    assert "missing: anywidget, nbclient" in missing.fact
    assert "make setup" in missing.remedy


def test_the_lock_is_read_for_this_python_and_a_gpu_build_stands_in(monkeypatch):
    locked = doctor._locked()
    assert locked["numpy"] == importlib.metadata.version("numpy")  # the lock has it twice
    assert ("tensorflow" in locked) != ("tensorflow-cpu" in locked)
    assert len(locked) > 100
    version = locked.get("tensorflow-cpu", locked.get("tensorflow"))
    with_versions(monkeypatch, tensorflow_cpu=None, tensorflow=version)
    assert [finding.state for finding in doctor.packages()] == [OK]


@pytest.mark.parametrize(
    ("memberships", "files", "expected"),
    [
        ("0::/\n", {"memory.max": "2147483648\n"}, 2147483648),
        ("0::/\n", {"memory.max": "max\n"}, None),
        ("0::/a/b\n", {"a/memory.max": "1000\n", "a/b/memory.max": "max\n"}, 1000),
        ("0::/outside\n", {"memory.max": "3000\n"}, 3000),
        ("4:memory:/pod\n", {"memory/pod/memory.limit_in_bytes": "500\n"}, 500),
        ("4:memory:/\n", {"memory/memory.limit_in_bytes": "9223372036854771712\n"}, None),
        ("4:cpu:/\n0::/\n", {}, None),
        ("", {}, None),
    ],
)
def test_memory_limits_of_both_kinds_of_control_groups(control_group, memberships, files, expected):
    control_group(memberships, files)
    assert doctor.memory_limit() == expected


def test_the_tightest_limit_counts_rather_than_the_hosts_memory(control_group, monkeypatch):
    control_group("0::/\n", {"memory.max": "3000"})
    monkeypatch.setenv("MEM_LIMIT", "2000")  # a hub's
    assert doctor.memory_limit() == 2000
    monkeypatch.setenv("MEM_LIMIT", "")
    assert doctor.memory_limit() == 3000
    control_group("0::/\n", {"memory.max": str(10**9)})
    (finding,) = doctor.memory()
    assert finding.state == WRONG
    assert "1.0 GB (this container's limit)" in finding.fact
    control_group("0::/\n", {"memory.max": str(2 * 2**30)})  # Binder
    assert doctor.memory()[0].state != WRONG


def test_a_busy_machine_is_a_note(control_group, monkeypatch):
    import psutil

    control_group("", {})
    system = namedtuple("system", "total available")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: system(8e9, 1e9))
    assert doctor.memory()[0].state == NOTE
    monkeypatch.setattr(psutil, "virtual_memory", lambda: system(8e9, 6e9))
    assert doctor.memory()[0].state == OK


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", 8), ("200000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8)],
)
def test_cores_are_those_that_may_be_used(control_group, monkeypatch, quota, expected):
    monkeypatch.setattr(doctor, "_affinity", lambda: set(range(8)))
    control_group("0::/\n", {"cpu.max": quota})
    assert doctor.cores() == expected
    used, period = quota.split()
    files = {"cpu/cpu.cfs_quota_us": used.replace("max", "-1"), "cpu/cpu.cfs_period_us": period}
    control_group("1:cpu,cpuacct:/\n", files)
    assert doctor.cores() == expected


def test_invisible_quotas_ask_for_thread_caps(control_group, monkeypatch):
    monkeypatch.setattr(doctor, "_affinity", lambda: set(range(64)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    control_group("0::/\n", {"cpu.max": "200000 100000"})
    (finding,) = doctor.processors()
    assert finding.state == NOTE
    assert "OMP_NUM_THREADS=2" in finding.remedy
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert doctor.processors()[0].state == OK


@pytest.mark.parametrize(("free", "state"), [(1e8, WRONG), (5e8, NOTE), (5e9, OK)])
def test_disk(monkeypatch, free, state):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(free))
    assert doctor.disk()[0].state == state


def test_a_widget_without_its_part_for_the_browser_is_wrong(tmp_path, monkeypatch):
    assert [finding.state for finding in doctor.widgets()] == [OK]
    import jupyter_core.paths

    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *words: [str(tmp_path)])
    assert [finding.state for finding in doctor.widgets()] == [WRONG, WRONG]


def test_tensorboard_needs_its_proxy_on_a_hub_only(monkeypatch):
    assert doctor.tensorboard()[0].state == OK
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    (finding,) = doctor.tensorboard()
    assert finding.state == WRONG
    assert "TENSORBOARD_PROXY_URL=/user/ada/proxy/%PORT%/" in finding.remedy
    monkeypatch.setenv("TENSORBOARD_PROXY_URL", "/user/ada/proxy/%PORT%/")
    assert doctor.tensorboard()[0].state == OK
    with_versions(monkeypatch, jupyter_server_proxy=None)
    assert doctor.tensorboard()[0].state == WRONG


def test_a_cache_that_cannot_be_written_is_a_note(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "new" / "cache"))
    assert doctor.cache()[0].state == OK
    assert list(tmp_path.iterdir()) == []  # looking makes nothing
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "file" / "cache"))
    (finding,) = doctor.cache()
    assert finding.state == NOTE
    assert "WORKSHOP_CACHE" in finding.remedy


def test_only_what_comes_with_the_workshop_has_to_be_here(monkeypatch):
    monkeypatch.setattr(assets, "available", lambda name: False)
    findings = {finding.item: finding for finding in doctor.assets()}
    assert findings["mnist-5k"].state == WRONG
    assert "make setup" in findings["mnist-5k"].remedy
    assert findings["optional"].state == NOTE
    assert "mnist," in findings["optional"].fact + ","
    assert "mnist" not in findings


def test_main_fails_only_when_something_is_wrong(monkeypatch, capsys):
    note = doctor.Finding("cores", NOTE, "1 core", "be patient")
    monkeypatch.setattr(doctor, "examine", lambda: {"cores": [note]})
    assert doctor.main() == 0
    wrong = doctor.Finding("disk", WRONG, "0.1 GB free", "make room")
    monkeypatch.setattr(doctor, "examine", lambda: {"cores": [note], "disk": [wrong]})
    assert doctor.main() == 1
    out = capsys.readouterr().out
    assert "WRONG  disk   0.1 GB free\n              -> make room\n" in out
    assert "1 wrong" in out
    doctor.show()  # in a lesson nothing depends on the machine
    assert capsys.readouterr().out == (
        "OK     cores\nWRONG  disk  0.1 GB free\n             -> make room\n"
    )


def test_cores_agree_with_the_system(control_group):
    control_group("", {})
    assert 1 <= doctor.cores() <= os.cpu_count()
