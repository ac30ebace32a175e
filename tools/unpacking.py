"""Unpack the workshop where there is no network: `python3 tensorflow-workshop.zip` runs this file.

The archive, which `python -m helpers pack` wrote, holds

    __main__.py     this file
    setup.py        what makes the environment, as in the workshop
    READ_ME.txt     two lines for people
    contents.json   for which machines its packages are, and which assets it brings
    workshop/       lessons, helpers, data
    mirror/         the assets' files, as WORKSHOP_MIRROR has them
    wheels/         all packages of the lock

Damage shows by the zip's own checksums, a wrong package by the lock's hashes, a wrong asset by the
manifest's, and nothing stays when something is wrong. Who gave you the archive is for you to judge,
for it is a program. This file runs before anything is installed: it uses the standard library only.
"""

import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

if __package__:
    from tools import setup
else:  # in the archive
    import setup

CONTENTS = "contents.json"
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, KeyError)
AGAIN = "copy it again from where it comes"


class UnpackError(setup.SetupError):
    """Why the archive is refused, and what to do, in a sentence or two."""


def main():
    """Unpack the archive that this file runs in, to the folder named after it, if any."""
    archive = Path(__file__).resolve().parent
    return setup.told("Unpacking", lambda: unpack(archive, *sys.argv[1:2]))


def unpack(archive, folder="tensorflow-workshop"):
    """Unpack `archive` to `folder`, install its packages there, put its assets in the cache.

    Raises UnpackError, and leaves nothing behind, when the archive is not whole, not for this
    machine, or the place is taken.
    """
    archive, folder = Path(archive), Path(folder).absolute()
    with opened(archive) as whole:
        contents = json.loads(whole.read(CONTENTS).decode())
        wheels = wheels_for(contents)
        check_place(folder, whole)
        with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=str(folder.parent)) as work:
            setup.say("Unpacking")
            extract(whole, Path(work), wheels)
            settle(Path(work), folder, contents["assets"])
    print(f"Done. To begin: python3 workshop.py --offline lab, in the folder {folder}")


def settle(work, folder, assets):
    """Move the workshop to its place and make it ready there; on failure take it away again."""
    if folder.exists():  # it is empty, as check_place saw
        folder.rmdir()
    (work / "workshop").rename(folder)
    try:
        install(folder, work)
        if assets:
            take_assets(folder, work / "mirror", assets)
    except BaseException:
        shutil.rmtree(str(folder), ignore_errors=True)
        raise


# Which machine


def this_platform():
    """Return the name of this kind of machine, as "linux-x86_64"."""
    names = {"darwin": "macos", "win32": "windows"}
    system, processor = names.get(sys.platform, sys.platform), platform.machine().lower()
    if system != "macos":
        processor = {"amd64": "x86_64", "arm64": "aarch64"}.get(processor, processor)
    return f"{system}-{processor}"


def machine(platform, python):
    """Return the name by which `contents.json` knows a machine."""
    return f"{platform} with Python {python}"


def wheels_for(contents):
    """Return the names of this machine's wheels. Raise UnpackError when there are none."""
    here = machine(this_platform(), setup.this_python())
    if here not in contents["machines"]:
        known = " and for ".join(contents["machines"])
        raise UnpackError(
            f"The archive is for {known}. This is {here}: use a Python that it is for, or ask for "
            "an archive for this machine (python -m helpers pack --platform … --python …)."
        )
    return set(contents["machines"][here])


# Is it whole, and where does it go?


@contextlib.contextmanager
def opened(path):
    """Open the archive, and turn whatever is wrong in it into an UnpackError."""
    try:
        with zipfile.ZipFile(str(path)) as whole:
            yield whole
    except FileNotFoundError as error:
        raise UnpackError(f"There is no archive {path}.") from error
    except BROKEN as error:
        raise UnpackError(f"{path.name} is broken or short ({error}): {AGAIN}.") from error
    except OSError as error:
        raise UnpackError(f"{path.name} can't be unpacked: {error}.") from error


def check_place(folder, whole):
    """Raise UnpackError when the folder is taken, can't be made, or its disk is too small."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UnpackError(
            f"{folder} is there already: name another folder behind the archive, or remove it."
        )
    setup.check_place(folder.parent, sum(info.file_size for info in whole.infolist()))


def extract(whole, work, wheels):
    """Write the workshop, the mirror and this machine's wheels to `work`.

    zipfile keeps every name within the folder, makes plain files only, and checks their sums.
    """
    for info in whole.infolist():
        top, _, name = info.filename.partition("/")
        if top in ("workshop", "mirror") or (top == "wheels" and name in wheels):
            place = Path(whole.extract(info, str(work)))
            if info.external_attr >> 16 & 0o100:
                place.chmod(0o755)


# Making it ready, by the workshop's own means


def install(folder, work):
    """Make the environment from the wheels alone, as the set-up does it from an index."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith(("PIP_", "UV_"))]:
        del os.environ[name]  # a machine's settings know of other places, and so do pip's files
    os.environ.update(PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull, PIP_NO_CACHE_DIR="1")
    os.environ["PIP_FIND_LINKS"] = (work / "wheels").as_uri()
    try:
        setup.make(folder, same_python=True)
    finally:
        os.environ.clear()
        os.environ.update(before)


def take_assets(folder, mirror, names):
    """Put the archive's assets where the lessons look for them. Raise UnpackError on failure."""
    command = [str(setup.python_in(folder / ".venv")), "-m", "helpers", "fetch", *names]
    settings = {**os.environ, "WORKSHOP_OFFLINE": "1", "WORKSHOP_MIRROR": str(mirror)}
    if subprocess.run(command, cwd=str(folder), env=settings, check=False).returncode:
        raise UnpackError("The assets could not be put in the cache: the reason stands above.")


if __name__ == "__main__":
    sys.exit(main())
