"""Unpack the workshop where there is no network: `python3 tensorflow-workshop.zip` runs this file.

The archive, which `python -m helpers pack` wrote, holds

    __main__.py     this file
    READ_ME.txt     two lines for people
    contents.json   for which machines its packages are, and which weights there are
    workshop/       lessons, helpers, data
    weights/        of other people's networks
    wheels/         all packages of the lock
    SHA256SUMS      what each of these must be; `sha256sum -c` reads it, too

Nothing is believed before its hash was checked, and nothing stays when something is wrong. The
hashes tell damage; who gave you the archive is for you to judge, for it is a program. This file
runs before anything is installed: it uses the standard library only.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

SUMS = "SHA256SUMS"
CONTENTS = "contents.json"
FOLDER = "tensorflow-workshop"
TOPS = ("workshop", "weights", "wheels")
CHUNK = 1 << 20
AGAIN = "copy it again from where it comes"
# On Windows these would lead elsewhere, be another name for a device, or not exist.
STRANGE = re.compile(r'[\\:*?"<>|\x00-\x1f]|[. ]$')


class UnpackError(RuntimeError):
    """Why the archive is refused, and what to do, in a sentence or two."""


def main(arguments=None):
    """Unpack the archive that this file runs in; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python3 tensorflow-workshop.zip",
        description="Unpack the workshop and install its packages, all without a network.",
    )
    parser.add_argument("folder", nargs="?", default=FOLDER, help="a new one (%(default)s)")
    options = parser.parse_args(arguments)
    # A polite kill tidies up as Ctrl-C does.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        unpack(Path(__file__).resolve().parent, options.folder)
    except UnpackError as error:
        print(f"\nUnpacking stopped. {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing half-made was left.", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def unpack(archive, folder=FOLDER):
    """Unpack `archive` to `folder`, install its packages there, put its weights in the cache.

    Raises UnpackError, and leaves nothing behind, when the archive is not whole, not for this
    machine, or the place is taken.
    """
    archive, folder = Path(archive), Path(folder).absolute()
    with opened(archive) as whole:
        sums = read_sums(whole)
        check_members(whole, sums)
        contents = json.loads(read(whole, CONTENTS, sums))
        wheels = wheels_for(contents)
        check_place(folder, whole)
        with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=str(folder.parent)) as work:
            say(f"Checking and unpacking {len(sums)} files")
            extract(whole, sums, Path(work), wheels)
            settle(Path(work), folder, contents["weights"])
    say(f"Done. To begin: cd {shlex.quote(str(folder))} && WORKSHOP_OFFLINE=1 make lab")


def settle(work, folder, weights):
    """Move the workshop to its place and make it ready there; on failure take it away again."""
    if folder.exists():  # it is empty, as check_place saw
        folder.rmdir()
    (work / "workshop").rename(folder)
    try:
        install(folder, work)
        if weights:
            take_weights(folder, work / "weights", weights)
    except BaseException:
        shutil.rmtree(str(folder), ignore_errors=True)
        raise


def say(step):
    """Tell what happens now."""
    print("· " + step, flush=True)


# Which machine


def this_platform():
    """Return the name of this kind of machine, as "linux-x86_64"."""
    system = {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(
        sys.platform, sys.platform
    )
    processor = platform.machine().lower()
    if system != "macos":
        processor = {"amd64": "x86_64", "arm64": "aarch64"}.get(processor, processor)
    return f"{system}-{processor}"


def this_python():
    """Return this Python's version as "3.12"."""
    return "{}.{}".format(*sys.version_info)


def machine(platform, python):
    """Return the name by which `contents.json` knows a machine."""
    return f"{platform} with Python {python}"


def wheels_for(contents):
    """Return the names of this machine's wheels. Raise UnpackError when there are none."""
    here = machine(this_platform(), this_python())
    if here not in contents["machines"]:
        known = " and for ".join(contents["machines"])
        raise UnpackError(
            f"The archive is for {known}. This is {here}: use a Python that it is for, or ask for "
            "an archive for this machine (python -m helpers pack --platform … --python …)."
        )
    return set(contents["machines"][here])


# Is it whole, and is it safe?


@contextlib.contextmanager
def opened(path):
    """Open the archive, and turn whatever is wrong in it into an UnpackError."""
    try:
        with zipfile.ZipFile(str(path)) as whole:
            yield whole
    except FileNotFoundError as error:
        raise UnpackError(f"There is no archive {path}.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise UnpackError(f"{path.name} is broken or short ({error}): {AGAIN}.") from error
    except OSError as error:
        raise UnpackError(f"{path.name} can't be unpacked: {error}.") from error


def read_sums(whole):
    """Return {member: SHA-256} from the archive's list."""
    try:
        text = whole.read(SUMS).decode()
    except KeyError:
        raise UnpackError(
            f"The archive has no {SUMS}: it is cut short, or not the workshop's."
        ) from None
    lines = [re.match(r"([0-9a-f]{64})  (\S.*)$", line) for line in text.splitlines()]
    if not all(lines):
        raise UnpackError(f"The archive's {SUMS} can't be read: {AGAIN}.")
    return {line.group(2): line.group(1) for line in lines}


def check_members(whole, sums):
    """Raise UnpackError unless the archive holds plain files, and just those of its list."""
    names = [info.filename for info in whole.infolist()]
    for info in whole.infolist():
        name = info.filename
        parts = name.split("/")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if name.startswith("/") or ".." in parts or any(map(STRANGE.search, parts)):
            raise UnpackError(f"The archive would write outside its folder ({name!r}): refused.")
        if "" in parts or "." in parts or kind not in (0, stat.S_IFREG):
            raise UnpackError(f"The archive holds {name!r}, which is no plain file: refused.")
    if len({name.lower() for name in names}) < len(names):
        raise UnpackError("The archive holds a name twice: refused.")
    for name in sorted(set(names) - set(sums) - {SUMS}):
        raise UnpackError(f"The archive holds {name}, which its list doesn't name: refused.")
    for name in sorted(set(sums) - set(names)):
        raise UnpackError(f"The archive lacks {name}: {AGAIN}.")


def check_place(folder, whole):
    """Raise UnpackError when the folder is taken, can't be made, or its disk is too small."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UnpackError(
            f"{folder} is there already: name another folder behind the archive, or remove it."
        )
    if not folder.parent.is_dir():
        raise UnpackError(f"There is no folder {folder.parent} to unpack in.")
    needed = sum(info.file_size for info in whole.infolist())
    free = shutil.disk_usage(str(folder.parent)).free
    if free < needed:
        raise UnpackError(
            f"{free / 1e9:.1f} GB are free and the archive holds {needed / 1e9:.1f} GB: make room, "
            "or unpack on another disk."
        )


def read(whole, name, sums):
    """Return a small member's bytes, once its hash was checked."""
    data = whole.read(name)
    if hashlib.sha256(data).hexdigest() != sums[name]:
        raise UnpackError(changed(name))
    return data


def changed(name):
    """Return the sentence about a member that is not what the list says."""
    return f"{name} is not what the archive's list says, damaged or changed: {AGAIN}."


def extract(whole, sums, work, wheels):
    """Check every member; write the workshop, the weights and this machine's wheels to `work`."""
    for top in TOPS:
        (work / top).mkdir()
    for name, expected in sums.items():
        top, _, rest = name.partition("/")
        wanted = top in TOPS and (top != "wheels" or rest in wheels)
        place = work.joinpath(*PurePosixPath(name).parts)
        digest = hashlib.sha256()
        with contextlib.ExitStack() as stack:
            source = stack.enter_context(whole.open(name))
            if wanted:
                place.parent.mkdir(parents=True, exist_ok=True)
                sink = stack.enter_context(place.open("wb"))
            for chunk in iter(lambda source=source: source.read(CHUNK), b""):
                digest.update(chunk)
                if wanted:
                    sink.write(chunk)
        if digest.hexdigest() != expected:
            raise UnpackError(changed(name))
        if wanted:
            place.chmod(0o755 if whole.getinfo(name).external_attr >> 16 & 0o100 else 0o644)


# Making it ready, by the workshop's own means


def install(folder, work):
    """Make the environment from the wheels alone, as `make setup` does it from an index."""
    setup = load(folder / "tools" / "setup.py")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    only = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(work / "wheels"),
        "PIP_CONFIG_FILE": os.devnull,  # a machine's settings know of other places
        "PIP_NO_CACHE_DIR": "1",
    }
    before = dict(os.environ)
    try:
        replace_environment({**kept, **only})
        setup.make(folder)
    except setup.SetupError as error:
        raise UnpackError(str(error)) from error
    finally:
        replace_environment(before)


def replace_environment(variables):
    """Make `variables` the environment of this process."""
    os.environ.clear()
    os.environ.update(variables)


def load(path):
    """Return the module in a file that stands in no package."""
    spec = importlib.util.spec_from_file_location("workshop_setup", str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def take_weights(folder, source, names):
    """Put the archive's weights where the lessons look for them. Raise UnpackError on failure."""
    command = [str(folder / ".venv" / "bin" / "python"), "-m", "helpers", "fetch"]
    command += ["--from", str(source), *names]
    settings = {**os.environ, "WORKSHOP_OFFLINE": "1"}
    if subprocess.run(command, cwd=str(folder), env=settings, check=False).returncode:
        raise UnpackError("The weights could not be put in the cache: the reason stands above.")


if __name__ == "__main__":
    sys.exit(main())
