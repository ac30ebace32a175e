"""Make `.venv`, where the lessons run, with nothing but Python: `make setup` runs this file.

The environment is trusted only when it carries a stamp, and the stamp is written last. So whatever
stops the work half-way, the next call begins again, and an environment that was fine before comes
back. This file is run as a script, before anything is installed: it uses the standard library only.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)  # what TensorFlow has wheels for; pyproject.toml says the same
NEEDED_BYTES = 4_000_000_000  # 2.5 GB when installed, the rest for downloads and their cache
STAMP = "workshop-stamp.json"

# Settings of pip that uv knows by another name: a mirror or certificate given to pip serves both.
PIP_TO_UV = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
# What would send the packages somewhere else than into `.venv`, or mix others in.
MISLEADING = ("PYTHONHOME", "PYTHONPATH", "PIP_PREFIX", "PIP_TARGET", "PIP_USER")

# pip's words for a failure -> ours. The first that is found counts, so the finer stand first.
REMEDIES = (
    (
        "No space left on device",
        "The disk is full: make room for 4 GB, then run the same command again.",
    ),
    (
        "DO NOT MATCH THE HASHES",
        "A package arrived damaged or changed and was thrown away: run the same command again, and "
        "if that doesn't help, use another mirror or network.",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "The package index's certificate isn't trusted here: where a network has its own "
        "certificate, set PIP_CERT to its file, then run the same command again.",
    ),
    (
        r"Retrying \(Retry|Max retries exceeded|timed out|Connection (refused|reset|aborted)"
        r"|name resolution",
        "The package index can't be reached: check the network (behind a proxy set HTTPS_PROXY, "
        "with a mirror PIP_INDEX_URL), then run the same command again.",
    ),
    (
        "No matching distribution found for tensorflow",
        "TensorFlow has no package for this kind of machine (README.md says where it runs): use "
        "Binder, or a machine with Linux, WSL or an Apple chip.",
    ),
)
UNKNOWN = "The reason stands above, in pip's own words: when it is dealt with, run this again."


class SetupError(RuntimeError):
    """What is in the way, and what to do about it, in one sentence or two."""


def main(arguments=None):
    """Make the environment unless it is there; return the exit status."""
    parser = argparse.ArgumentParser(description="Make .venv, where the lessons run.")
    parser.add_argument(
        "--this-python",
        action="store_true",
        help="make it anew when another Python version made it",
    )
    options = parser.parse_args(arguments)
    # A polite kill tidies up as Ctrl-C does.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        make(ROOT, options.this_python)
    except SetupError as error:
        print(f"\nSetup stopped. {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSetup interrupted. Nothing half-made will be used.", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def make(root, this_python=False):
    """Make `root/.venv` from `root/requirements.txt`, unless that was done. Raise SetupError."""
    venv = root / ".venv"
    with one_at_a_time(root):
        if is_complete(venv, root, this_python):
            return
        check_python(sys.version_info)
        check_venv_module()
        check_folder(root)
        check_disk(root)
        started = time.monotonic()
        with place_for(venv):
            python = create(venv)
            install(python, root)
            try_tensorflow(python)
            (venv / STAMP).write_text(json.dumps(stamp(root, version_of(python))))
        print(f"The environment is ready ({time.monotonic() - started:.0f} s).")


@contextlib.contextmanager
def one_at_a_time(root):
    """Wait while another setup works in this folder."""
    if os.name == "nt":
        raise SetupError(
            "This set-up is for Linux, macOS and WSL: on Windows use WSL, or conda as README.md "
            "shows."
        )
    import fcntl

    with (root / "requirements.txt").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another setup is at work in this folder: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:
            pass  # some network drives have no locks: then two at once are the user's to avoid
        yield


# Is it there, and is it whole?


def stamp(root, python_version):
    """Return what a complete environment made from `root` with that Python carries."""
    lock = hashlib.sha256((root / "requirements.txt").read_bytes()).hexdigest()
    return {"lock": lock, "python": python_version, "place": str(root)}


def is_complete(venv, root, this_python=False):
    """Tell whether `venv` was finished from this lock, in this place, and its Python still runs."""
    try:
        found = json.loads((venv / STAMP).read_text())
    except (OSError, ValueError):
        return False
    version = version_of(python_in(venv))
    if this_python and version != "{}.{}".format(*sys.version_info):
        return False
    return found == stamp(root, version)


def python_in(venv):
    """Return the path of the environment's interpreter."""
    return venv / "bin" / "python"


def version_of(python):
    """Return an interpreter's version as "3.12", or None when it can't run."""
    code = "import sys; print('{}.{}'.format(*sys.version_info))"
    try:
        return subprocess.check_output([str(python), "-I", "-c", code], text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return None


# What must be there first


def check_python(version):
    """Raise SetupError when the lessons' packages don't exist for this version of Python."""
    found = tuple(version[:2])
    if not OLDEST <= found <= NEWEST:
        age = "old" if found < OLDEST else "new"
        raise SetupError(
            f"Python {found[0]}.{found[1]} is too {age} for TensorFlow: install Python 3.11, 3.12 "
            "or 3.13 and, if it is not found by itself, name it, as in "
            "`make lab PYTHON=python3.12`."
        )


def check_venv_module():
    """Raise SetupError when this Python came without the modules that make environments."""
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            version = "{}.{}".format(*sys.version_info)
            raise SetupError(
                f"Python {version} came without its {module} module, which makes environments: on "
                f"Debian or Ubuntu `sudo apt install python{version}-venv` brings it."
            )


def check_folder(root):
    """Raise SetupError when nothing can be written beside the lessons."""
    try:
        tempfile.TemporaryFile(dir=str(root)).close()
    except OSError as error:
        raise SetupError(
            f"Nothing can be written in {root} ({error.strerror}): put the workshop into a "
            "folder of your own and run the command there."
        ) from error


def check_disk(root):
    """Raise SetupError when the packages would not fit."""
    free = shutil.disk_usage(str(root)).free
    if free < NEEDED_BYTES:
        raise SetupError(
            f"{free / 1e9:.1f} GB are free and the packages need {NEEDED_BYTES / 1e9:.0f} GB: "
            "make room on this disk, or put the workshop on another."
        )


# Making it


@contextlib.contextmanager
def place_for(venv):
    """Clear the place for a new environment; give the old one back when the new one fails."""
    previous = venv.with_name(".venv.previous")
    if (venv / STAMP).exists():
        say("The lock, the Python or the folder has changed: making the environment anew")
        remove(previous)
        venv.rename(previous)
    elif venv.exists() or venv.is_symlink():
        say("A .venv without the workshop's stamp is here, half-made or not ours: making it anew")
        remove(venv)
    try:
        yield
    except BaseException:
        remove(venv)
        if previous.exists():
            previous.rename(venv)
            say("The environment of before is back in .venv")
        raise
    remove(previous)


def remove(folder):
    """Remove an environment's folder if it is there. Raise SetupError when that can't be done."""
    try:
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(str(folder))
    except OSError as error:
        raise SetupError(
            f"{folder} can't be removed ({error.strerror}): remove it by hand, then run this again."
        ) from error


def create(venv):
    """Make an empty environment with pip in it; return the path of its Python."""
    say("Making .venv with Python {}.{}.{}".format(*sys.version_info))
    done = subprocess.run(
        [sys.executable, "-I", "-m", "venv", str(venv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SetupError(remedy(done.stdout))
    return python_in(venv)


def install(python, root):
    """Install the lock, hash by hash, and then the project's own helpers, into an environment."""
    requirements = root / "requirements.txt"
    count = len(re.findall(r"^\S+==", requirements.read_text(), re.MULTILINE))
    environment = {k: v for k, v in os.environ.items() if k not in MISLEADING}
    uv = get_uv(python, requirements, environment)
    download = "" if "PIP_NO_INDEX" in environment else ": about 600 MB to download, the first time"
    say(f"Installing up to {count} packages{download}")
    if not (uv and uv_install(uv, python, requirements, environment)):
        pip(python, ["install", "--require-hashes", "-r", str(requirements)], environment)
    say("Installing the workshop's own helpers")
    # The lock brings setuptools, so nothing is fetched to build with.
    own = ["install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--editable"]
    pip(python, [*own, str(root)], environment)


def try_tensorflow(python):
    """Raise SetupError when TensorFlow, though installed, can't run on this machine."""
    say("Loading TensorFlow for the first time")
    done = subprocess.run(
        [str(python), "-I", "-c", "import tensorflow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        # A negative code is a signal: most likely an instruction that the processor doesn't have.
        raise SetupError(
            f"TensorFlow is installed but can't be loaded here (code {done.returncode}: {last}): "
            "it needs a processor with AVX and a system from 2019 or later; use another machine, "
            "or Binder."
        )


def get_uv(python, requirements, environment):
    """Install uv, the fast installer, as the lock pins it. Return its path, None if not to be had.

    It is small and comes first, so that a missing network shows at once.
    """
    pinned = re.search(r"^uv==.*\n(?:[ \t].*\n)*", requirements.read_text(), re.MULTILINE)
    if not pinned:
        return None
    say("Getting uv, the fast installer")
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder) / "uv.txt"
        only_uv.write_text(pinned.group())
        pip(python, ["install", "--quiet", "--require-hashes", "-r", str(only_uv)], environment)
    return python.with_name("uv")


def uv_install(uv, python, requirements, environment):
    """Install the lock by uv, which shows its own progress. Tell whether it worked."""
    settings = pip_settings(python, environment)
    if "no-index" in settings:  # packages from a folder: pip is set up for it, uv isn't
        return False
    known = {uv_name: settings[name] for name, uv_name in PIP_TO_UV.items() if name in settings}
    command = [str(uv), "pip", "install", "--python", str(python), "--require-hashes"]
    # Compiling now rather than at the first import, which learners would wait for.
    command += ["--compile-bytecode", "-r", str(requirements)]
    if subprocess.run(command, env={**known, **environment}, check=False).returncode == 0:
        return True
    say("uv could not finish: pip tries, more slowly")
    return False


def pip_settings(python, environment):
    """Return pip's settings by name, from its files and from variables (which win)."""
    command = [str(python), "-m", "pip", "config", "list"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    found = re.findall(r"^\S+?\.([\w-]+)='(.*)'$", done.stdout, re.MULTILINE)
    return dict(reversed(found))  # pip lists the variables first


def pip(python, arguments, environment):
    """Run pip, its progress in sight. Raise SetupError with cause and remedy when it fails."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SetupError(remedy(done.stderr))


def remedy(words):
    """Return the sentence for a failure that a tool described in its own words."""
    for pattern, sentence in REMEDIES:
        if re.search(pattern, words):
            return sentence
    print(words.strip(), file=sys.stderr)
    return UNKNOWN


def say(step):
    """Tell the learner what happens now."""
    print(f"· {step} …", flush=True)


if __name__ == "__main__":
    sys.exit(main())
