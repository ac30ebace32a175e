"""Unpack the workshop where there is no network: `python3 tensorflow-workshop.zip` runs `main`.

The archive, which `python -m helpers pack` wrote, is the workshop and beside its files

    __main__.py     what calls `main`
    READ_ME.txt     two lines for people
    assets/         the assets' files, as the cache has them
    wheels/         all packages of the lock, and in machines.json which kind of machine needs which

Damage shows by the zip's own checksums, a wrong package by the lock's hashes, a wrong asset by the
manifest's, and nothing stays when something is wrong. Who gave you the archive is for you to judge,
for it is a program. This file runs before anything is installed: it uses the standard library only.
"""

import json
import platform
import shutil
import sys
import zipfile
import zlib
from pathlib import Path

from tools import setup

MAIN = "import sys\nfrom tools import unpacking\nsys.exit(unpacking.main())\n"
MACHINES = "wheels/machines.json"
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, KeyError)


def main():
    """Unpack the archive that this file runs in, to the folder named after it, if any."""
    archive = Path(__file__).resolve().parents[1]
    return setup.told("Unpacking", lambda: unpack(archive, *sys.argv[1:2]))


def unpack(archive, folder="tensorflow-workshop"):
    """Unpack `archive` to `folder`, and make the environment there from its packages alone.

    Raises SetupError, and leaves nothing behind, when the archive is not whole, not for this
    machine, or the place is taken.
    """
    archive, folder = Path(archive), Path(folder).absolute()
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise setup.SetupError(
            f"{folder} is there already: name another folder behind the archive, or remove it."
        )
    try:
        extract(archive, folder)
        setup.make(folder, same_python=True)
        shutil.rmtree(str(folder / "wheels"))
    except BaseException:
        shutil.rmtree(str(folder), ignore_errors=True)
        raise
    print(f"Done. To begin: python3 workshop.py --offline lab, in the folder {folder}")


def extract(archive, folder):
    """Write the workshop, its assets and this machine's wheels to `folder`; or SetupError.

    zipfile keeps every name within the folder, makes plain files only, and checks their sums.
    """
    try:
        with zipfile.ZipFile(str(archive)) as whole:
            wheels = wheels_for(json.loads(whole.read(MACHINES).decode()))
            wanted = [
                info
                for info in whole.infolist()
                if not info.filename.startswith("wheels/") or info.filename[7:] in wheels
            ]
            setup.check_place(folder.parent, sum(info.file_size for info in wanted))
            setup.say("Unpacking")
            for info in wanted:
                place = Path(whole.extract(info, str(folder)))
                if info.external_attr >> 16 & 0o100:
                    place.chmod(0o755)
    except FileNotFoundError as error:
        raise setup.SetupError(f"There is no archive {archive}.") from error
    except BROKEN as error:
        raise setup.SetupError(
            f"{archive.name} is broken or short ({error}): copy it again from where it comes."
        ) from error
    except OSError as error:
        raise setup.SetupError(f"{archive.name} can't be unpacked: {error}.") from error


def this_platform():
    """Return the name of this kind of machine, as "linux-x86_64"."""
    names = {"darwin": "macos", "win32": "windows"}
    system, processor = names.get(sys.platform, sys.platform), platform.machine().lower()
    if system != "macos":
        processor = {"amd64": "x86_64", "arm64": "aarch64"}.get(processor, processor)
    return f"{system}-{processor}"


def machine(platform, python):
    """Return the name by which the archive knows a machine."""
    return f"{platform} with Python {python}"


def wheels_for(machines):
    """Return the names of this machine's wheels. Raise SetupError when there are none."""
    here = machine(this_platform(), setup.this_python())
    if here not in machines:
        raise setup.SetupError(
            f"The archive is for {' and for '.join(machines)}. This is {here}: use a Python that "
            "it is for, or ask for an archive for this machine (python -m helpers pack "
            "--platform … --python …)."
        )
    return set(machines[here])
