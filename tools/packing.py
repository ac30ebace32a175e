"""One archive for a room without a network: the workshop, its weights, and all packages.

The archive is a zip that Python itself can run: `tools/unpacking.py` is its `__main__`, and tells
what stands in it. Wheels are the lock's, hash by hash, for the machines that are asked for; pip
brings them and keeps them in `build/wheels`, so that the next pack downloads only what is new.
"""

import contextlib
import hashlib
import json
import os
import re
import stat
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from helpers import assets
from tools import setup, unpacking

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
ARCHIVE = "tensorflow-workshop.zip"
# The workshop: all but git's own files. `.ci` is here because a test reads it.
WORKSHOP = (
    *("README.md", "LICENSE", "LICENSE-lessons", "Makefile", "environment.yml"),
    *("pyproject.toml", "requirements.txt"),
    *(".ci", "binder", "classroom", "data", "docs", "helpers", "jupyter", "notebooks", "tests"),
)
LEFT_OUT = re.compile(r"\.|__pycache__$|.*\.egg-info$")  # what tools leave behind
EPOCH = (1980, 1, 1, 0, 0, 0)  # no times: the same files make the same archive
CHUNK = 1 << 20
INSTRUCTION = """\
On {machines}, with 5 GB of free disk and no network: python3 {archive}
{remedy}
"""
INSIDE = "It makes the folder tensorflow-workshop, says what it does, and how to begin."
BESIDE = "If that fails at once, this copy is not whole. The archive's SHA-256 is {digest}."


class PackError(RuntimeError):
    """The archive can't be made as it was asked for: what to do, in a sentence or two."""

    exit_code = 2


@dataclass(frozen=True)
class Machine:
    """A kind of machine: its names in pip's tags, best first, and in the lock's markers."""

    tags: tuple[str, ...]
    markers: dict[str, str]


def _linux(processor):
    # TensorFlow asks for the C library of 2014 or later, others for up to that of 2018.
    tags = [f"manylinux_2_{minor}_{processor}" for minor in range(28, 16, -1)]
    tags += [f"manylinux2014_{processor}", f"manylinux2010_{processor}", f"manylinux1_{processor}"]
    names = {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": processor}
    return Machine(tuple(tags), names)


# What the set-up supports. Windows runs the workshop in WSL, which is a linux-x86_64.
MACHINES = {
    "linux-x86_64": _linux("x86_64"),
    "linux-aarch64": _linux("aarch64"),
    "macos-arm64": Machine(
        ("macosx_12_0_arm64",),  # pip takes the older ones, too
        {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    ),
}


def pack(weights=(), platforms=(), pythons=(), target=None):
    """Write the archive and, beside it, how to use it; return the archive's path.

    weights: assets by name (default: those that `make setup` fetches). platforms: names of MACHINES
    (default: this machine's). pythons: versions such as "3.12" (default: this one's). target: the
    archive's path (default: in `build/pack`). Raises PackError and AssetError.
    """
    target = Path(target or BUILD / "pack" / ARCHIVE)
    platforms = _known(platforms or [unpacking.this_platform()])
    pythons = _supported(pythons or [unpacking.this_python()])
    names = list(weights or default_weights())
    files = {name: assets.path(name) for name in names}
    wheels = {
        unpacking.machine(platform, python): download(platform, python)
        for platform in platforms
        for python in pythons
    }
    digest = write(target, wheels, files)
    beside = instruction(wheels, target.name, BESIDE.format(digest=digest))
    files.write(target.with_suffix(".txt"), beside)
    print(f"{target} ({target.stat().st_size / 1e6:,.0f} MB)\n{beside}", end="")
    return target


def instruction(machines, archive, remedy):
    """Return the two lines that people in the room need."""
    return INSTRUCTION.format(machines=" or ".join(machines), archive=archive, remedy=remedy)


def default_weights():
    """Return the names of the assets that `make setup` fetches."""
    return [name for name in assets.names(setup=True) if assets.facts(name).digest]


def _known(platforms):
    for name in platforms:
        if name not in MACHINES:
            windows = " Windows runs the workshop in WSL: linux-x86_64." if "win" in name else ""
            raise PackError(
                f"There is no platform {name}; there are: {', '.join(MACHINES)}.{windows}"
            )
    return list(dict.fromkeys(platforms))


def _supported(pythons):
    oldest, newest = setup.OLDEST, setup.NEWEST
    supported = [f"3.{minor}" for minor in range(oldest[1], newest[1] + 1)]
    for version in pythons:
        if version not in supported:
            raise PackError(f"Python {version} is none of {', '.join(supported)}.")
    return list(dict.fromkeys(pythons))


# Wheels


def pins(text, platform, python):
    """Return the lock's lines for one kind of machine: {"name==version": the same with hashes}.

    pip can't do that: it evaluates the lock's conditions for the machine that it runs on. Some ask
    for the third number of Python's version, which nobody knows of the room: all that fit any.
    """
    from packaging.requirements import Requirement

    environments = [
        {
            **{"os_name": "posix", "platform_release": "", "platform_version": "", "extra": ""},
            **{"implementation_name": "cpython", "platform_python_implementation": "CPython"},
            **{"python_version": python, "python_full_version": f"{python}.{third}"},
            **{"implementation_version": f"{python}.{third}"},
            **MACHINES[platform].markers,
        }
        for third in range(30)
    ]
    found = {}
    for block in re.findall(r"^\S.*==.*\n(?:[ \t].*\n)*", text, re.MULTILINE):
        requirement = Requirement(block.splitlines()[0].removesuffix("\\"))
        marker = requirement.marker
        if marker is None or any(map(marker.evaluate, environments)):
            hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}", block)
            pin = f"{requirement.name}{requirement.specifier}"
            found[pin] = " ".join([pin, *hashes])
    return found


def download(platform, python, lock=ROOT / "requirements.txt", build=BUILD):
    """Bring the lock's wheels for one kind of machine to `build/wheels`; return their paths.

    Wheels that are there and that the lock names are not asked for again. Raises PackError.
    """
    wanted = pins(lock.read_text(), platform, python)
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
        _pip_download(
            {pin.partition("==")[0]: missing[pin] for pin in missing}, platform, python, folder
        )
        before, here = here, chosen(folder, wanted)
        if here == before:
            raise PackError(f"pip brought no wheel of {', '.join(missing)} for {platform}.")
    return sorted(here.values())


def _pip_download(lines, platform, python, folder):
    """Download the wheels of {package: its line of the lock} to `folder`. Raise PackError."""
    requirements = folder / "missing.txt"
    requirements.write_text("".join(f"{line}\n" for line in lines.values()))
    command = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += ["--python-version", python, "--implementation", "cp", "--progress-bar", "on"]
    command += ["--ignore-requires-python"]  # the lock has seen to that, up to the third number
    command += [f"--platform={tag}" for tag in MACHINES[platform].tags]
    command += [f"--dest={folder}", f"--requirement={requirements}"]
    try:
        setup.pip(Path(sys.executable), command, dict(os.environ))
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
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            if digest in wanted.get(f"{name}=={version}", ""):
                found[f"{name}=={version}"] = path
    return found


# The archive


def workshop(root=ROOT):
    """Yield (path in the workshop, file) of all that goes into the archive of it."""
    for name in WORKSHOP:
        files = [root / name] if (root / name).is_file() else sorted((root / name).rglob("*"))
        for file in files:
            inside = file.relative_to(root)
            if file.is_file() and not any(map(LEFT_OUT.match, inside.parts[1:])):
                yield inside.as_posix(), file


def write(target, wheels, weights, root=ROOT):
    """Write the archive to `target`, whole or not at all; return its SHA-256.

    wheels: {machine: [paths]}. weights: {asset: path}. Files are streamed; those that are
    compressed already are stored as they are.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
            sums = _write_members(archive, wheels, weights, root, target.name)
            lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
            _add_text(archive, unpacking.SUMS, lines)
        with fresh.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        fresh.replace(target)
    except OSError as error:
        raise PackError(f"{target} can't be written ({error.strerror or error}).") from error
    finally:
        fresh.unlink(missing_ok=True)
    return digest


def _write_members(archive, wheels, weights, root, name):
    """Add everything but the list of hashes; return {member: SHA-256}."""
    contents = {
        "machines": {machine: [path.name for path in paths] for machine, paths in wheels.items()},
        "weights": list(weights),
    }
    texts = {
        "READ_ME.txt": instruction(wheels, name, INSIDE),
        unpacking.CONTENTS: json.dumps(contents, indent=1) + "\n",
    }
    sums = {member: _add_text(archive, member, text) for member, text in texts.items()}
    sums["__main__.py"] = _add(archive, "__main__.py", Path(unpacking.__file__))
    for inside, file in workshop(root):
        sums[f"workshop/{inside}"] = _add(archive, f"workshop/{inside}", file)
    stored = {f"weights/{path.name}": path for path in weights.values()}
    stored |= {f"wheels/{path.name}": path for paths in wheels.values() for path in paths}
    for member, path in stored.items():
        sums[member] = _add(archive, member, path, zipfile.ZIP_STORED)
    return sums


def _add(archive, member, path, compression=zipfile.ZIP_DEFLATED):
    """Stream a file into the archive; return its SHA-256."""
    found = path.stat()
    info = zipfile.ZipInfo(member, EPOCH)
    info.compress_type, info.file_size = compression, found.st_size
    info.external_attr = (stat.S_IFREG | (0o755 if found.st_mode & 0o100 else 0o644)) << 16
    digest = hashlib.sha256()
    with path.open("rb") as source, archive.open(info, "w") as sink:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            sink.write(chunk)
    return digest.hexdigest()


def _add_text(archive, member, text):
    info = zipfile.ZipInfo(member, EPOCH)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, (stat.S_IFREG | 0o644) << 16
    archive.writestr(info, text)
    return hashlib.sha256(text.encode()).hexdigest()
