"""One archive for a room without a network: the workshop, its assets, and all packages.

The archive is a zip that Python itself can run: `tools/unpacking.py` does what it does, and tells
what stands in it. Wheels are the lock's, hash by hash, for the machines that are asked for; pip
brings them and keeps them in `build/wheels`, so that the next pack downloads only what is new.
"""

import contextlib
import json
import re
import shutil
import stat
import sys
import zipfile
from collections import namedtuple
from pathlib import Path

from packaging.markers import default_environment

from helpers import assets, files
from tools import lock, setup, unpacking

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
ARCHIVE = "tensorflow-workshop.zip"
# The workshop is what these hold. Anything else beside them is somebody's own.
WORKSHOP = (
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "LICENSE-lessons"),
    *("Makefile", "environment.yml", "pyproject.toml", "requirements.txt", "conftest.py", ".ci"),
    "workshop.py",
    *("binder", "classroom", "data", "docs", "helpers", "jupyter", "notebooks", "tests", "tools"),
)
LEFT_OUT = re.compile(r"\.|__pycache__$|.*\.egg-info$")  # what programs leave, and what is hidden
EPOCH = (1980, 1, 1, 0, 0, 0)  # no times: the same files make the same archive
INSTRUCTION = """\
On {machines}, with 5 GB of free disk and no network: python3 {archive}
{remedy}
"""
INSIDE = "It makes the folder tensorflow-workshop, says what it does, and how to begin."
BESIDE = "If that fails at once, this copy is not whole. The archive's SHA-256 is {digest}."


class PackError(RuntimeError):
    """The archive can't be made as it was asked for: what to do, in a sentence or two."""

    exit_code = 2


# A kind of machine: its names in pip's tags, best first, and in the lock's markers.
Machine = namedtuple("Machine", "tags markers")


def _linux(processor):
    # TensorFlow asks for the C library of 2014 or later, others for up to that of 2018.
    tags = [f"manylinux_2_{minor}_{processor}" for minor in range(28, 16, -1)]
    tags += [f"manylinux{year}_{processor}" for year in ("2014", "2010", "1")]
    names = {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": processor}
    return Machine(tags, names)


# What the set-up supports.
MACHINES = {
    "linux-x86_64": _linux("x86_64"),
    "linux-aarch64": _linux("aarch64"),
    "macos-arm64": Machine(
        ["macosx_12_0_arm64"],  # pip takes the older ones, too
        {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    ),
    "windows-x86_64": Machine(
        ["win_amd64"],
        {"sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
    ),
}


def pack(names=(), platforms=(), pythons=(), target=None):
    """Write the archive and, beside it, how to use it; return the archive's path.

    names: assets (default: those that set-up fetches). platforms: names of MACHINES (default:
    this machine's). pythons: versions such as "3.12" (default: this one's). target: the archive's
    path (default: in `build/pack`). Raises PackError and AssetError.
    """
    target = Path(target or BUILD / "pack" / ARCHIVE)
    platforms = set(platforms or [unpacking.this_platform()])
    pythons = set(pythons or [setup.this_python()])
    for python in pythons - set(setup.supported()):
        raise PackError(f"Python {python} is none of {', '.join(setup.supported())}.")
    for platform in platforms - set(MACHINES):
        raise PackError(f"There is no platform {platform}; there are: {', '.join(MACHINES)}.")
    names = names or assets.names(setup=True)
    fetched = {inside: file for name in names for inside, file in assets.fetched(name).items()}
    wheels = {
        unpacking.machine(platform, python): download(platform, python)
        for platform in sorted(platforms)
        for python in sorted(pythons)
    }
    write(target, wheels, fetched)
    beside = instruction(wheels, target.name, BESIDE.format(digest=files.sha256(target)))
    files.write(target.with_suffix(".txt"), beside)
    print(f"{target} ({target.stat().st_size / 1e6:,.0f} MB)\n{beside}", end="")
    return target


def instruction(machines, archive, remedy):
    """Return the two lines that people in the room need."""
    return INSTRUCTION.format(machines=" or ".join(machines), archive=archive, remedy=remedy)


# Wheels


def pins(text, platform, python):
    """Return the lock's lines for one kind of machine: {"name==version": the same with hashes}.

    pip can't do that: it evaluates the lock's conditions for the machine that it runs on. Some ask
    for the third number of Python's version, which nobody knows of the room: all that fit any.
    """
    here = {**default_environment(), **MACHINES[platform].markers, "python_version": python}
    here["os_name"] = "nt" if here["sys_platform"] == "win32" else "posix"
    environments = [{**here, "python_full_version": f"{python}.{third}"} for third in range(30)]
    found = {}
    for requirement, hashes in lock.read(text):
        marker = requirement.marker
        if marker is None or any(map(marker.evaluate, environments)):
            pin = f"{requirement.name}{requirement.specifier}"
            found[pin] = " ".join([pin, *(f"--hash={one}" for one in hashes)])
    return found


def download(platform, python, locked=ROOT / "requirements.txt", build=BUILD):
    """Bring the lock's wheels for one kind of machine to `build/wheels`; return their paths.

    Wheels that are there and that the lock names are not asked for again. Raises PackError.
    """
    wanted = pins(locked.read_text(), platform, python)
    folder = build / "wheels" / unpacking.machine(platform, python).replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    here = chosen(folder, wanted)
    while missing := {pin: line for pin, line in wanted.items() if pin not in here}:
        if assets.offline():
            raise PackError(
                f"{len(missing)} packages for {platform} with Python {python} are not here, and "
                "WORKSHOP_OFFLINE=1 forbids downloading them: unset it."
            )
        print(f"{len(missing)} packages for {platform} with Python {python}", flush=True)
        # pip takes one version of a package at a time.
        one_each = {pin.partition("==")[0]: line for pin, line in missing.items()}
        _pip_download(one_each.values(), platform, python, folder)
        before, here = here, chosen(folder, wanted)
        if here == before:
            raise PackError(f"pip brought no wheel of {', '.join(missing)} for {platform}.")
    return sorted(here.values())


def _pip_download(lines, platform, python, folder):
    """Download the wheels of these lines of the lock to `folder`. Raise PackError."""
    requirements = folder / "missing.txt"
    requirements.write_text("".join(f"{line}\n" for line in lines))
    command = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += ["--python-version", python, "--implementation", "cp", "--progress-bar", "on"]
    command += ["--ignore-requires-python"]  # the lock has seen to that, up to the third number
    command += [f"--platform={tag}" for tag in MACHINES[platform].tags]
    command += [f"--dest={folder}", f"--requirement={requirements}"]
    try:
        here = Path(sys.executable)
        setup.pip(here, command, setup.installers_environment(setup.pip_settings(here)))
    except setup.SetupError as error:
        raise PackError(f"The packages for {platform} can't be had. {error}") from error
    finally:
        requirements.unlink()


def chosen(folder, wanted):
    """Return {"name==version": its wheel in `folder`} for the wheels that `wanted` names."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    found = {}
    for path in sorted(folder.glob("*.whl")):
        with contextlib.suppress(InvalidWheelFilename):
            name, version, *_ = parse_wheel_filename(path.name)
            if files.sha256(path) in wanted.get(f"{name}=={version}", ""):
                found[f"{name}=={version}"] = path
    return found


# The archive


def workshop(root=ROOT):
    """Yield (path in the workshop, file) of all that goes into the archive of it."""
    for name in WORKSHOP:
        inside = [root / name] if (root / name).is_file() else sorted((root / name).rglob("*"))
        for file in filter(Path.is_file, inside):
            place = file.relative_to(root)
            if not any(map(LEFT_OUT.match, place.parts[1:])):
                yield place.as_posix(), file


def write(target, wheels, fetched, root=ROOT):
    """Write the archive to `target`, whole or not at all.

    wheels: {machine: [paths]}. fetched: {path in a cache: file}, the assets' files. They are
    streamed; those that are compressed already are stored as they are.
    """
    machines = {machine: [path.name for path in paths] for machine, paths in wheels.items()}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with files.replacing(target) as fresh, zipfile.ZipFile(fresh, "w") as archive:
            archive.writestr(_info("READ_ME.txt"), instruction(wheels, target.name, INSIDE))
            archive.writestr(_info("__main__.py"), unpacking.MAIN)
            archive.writestr(_info(unpacking.MACHINES), json.dumps(machines, indent=1))
            for inside, file in workshop(root):
                _add(archive, inside, file)
            for inside, file in fetched.items():
                _add(archive, f"assets/{inside}", file, zipfile.ZIP_STORED)
            for file in sorted({path for paths in wheels.values() for path in paths}):
                _add(archive, f"wheels/{file.name}", file, zipfile.ZIP_STORED)
    except OSError as error:
        raise PackError(f"{target} can't be written ({error.strerror or error}).") from error


def _info(member, compression=zipfile.ZIP_DEFLATED, mode=0o644):
    info = zipfile.ZipInfo(member, EPOCH)
    info.compress_type, info.external_attr = compression, (stat.S_IFREG | mode) << 16
    return info


def _add(archive, member, path, compression=zipfile.ZIP_DEFLATED):
    found = path.stat()
    info = _info(member, compression, 0o755 if found.st_mode & 0o100 else 0o644)
    info.file_size = found.st_size
    with path.open("rb") as source, archive.open(info, "w") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
