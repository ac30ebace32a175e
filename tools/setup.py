"""Make `.venv`, where the lessons run, with nothing but Python: `workshop.py` does it first.

The environment is trusted only when it carries a stamp, and the stamp is written last. So whatever
stops the work half-way, the next call begins again, and an environment that was fine before comes
back. It is used before anything is installed, so it knows the standard library only.
"""

import ast
import contextlib
import hashlib
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
NEEDED_BYTES = 4_000_000_000  # 2.5 GB when installed, the rest for downloads and their cache
STAMP = "workshop-stamp.json"
WINDOWS = os.name == "nt"

# Where packages come from is the user's to say, to pip, and uv hears the same under these names.
# Where they go is ours: no other setting of pip's counts here (user, target, constraint, …).
SOURCES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": None,  # an option, as is no-index: their variables differ between versions of uv
    "no-index": None,
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "trusted-host": "UV_INSECURE_HOST",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "retries": "UV_HTTP_RETRIES",
    "no-cache-dir": "UV_NO_CACHE",
}
OURS = re.compile(r"PIP_|PYTHON(HOME|PATH)$|UV_(?!.*(INDEX|HTTP|HOST|CACHE|CERT|TLS|RING|MIRROR))")

# Words of pip or uv for a failure -> ours. The first that is found counts: the finer come first.
REMEDIES = {
    "No space left on device|Disk quota exceeded|os error (28|122)": "No room is left ({room})",
    "DO NOT MATCH THE HASHES|Hash mismatch": (
        "A package arrived damaged or changed and was thrown away: if another try doesn't help, "
        "use another mirror or network"
    ),
    "certificate (is not yet valid|has expired)|NotValidYet|Expired": (
        "The package index's certificate isn't valid at the time of this machine, {today}: if that "
        "is wrong, set the clock"
    ),
    "CERTIFICATE_VERIFY_FAILED|invalid peer certificate": (
        "The package index's certificate isn't trusted here: where a network has its own "
        "certificate, set PIP_CERT to its file"
    ),
    r"(?i)\b407\b|proxy auth": (
        "The proxy asks for a name and a password: set HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT"
    ),
    r"\b40[13]\b.{0,40}(Forbidden|Unauthorized|url)|HTTP error 40[13]": (
        "The package index, or a proxy on the way to it, refuses to answer: use another network, "
        "or a mirror (PIP_INDEX_URL, with a name and a password where it asks for them)"
    ),
    r"Retrying \(Retry|Max retries exceeded|timed out|Connection (refused|reset|aborted)"
    "|name resolution|error sending request|dns error|Failed to fetch|from versions: none": (
        "The package index can't be reached: check the network (behind a proxy set HTTPS_PROXY, "
        "with a mirror PIP_INDEX_URL)"
    ),
    "(No matching distribution found for|Because) tensorflow|no wheels? with a matching": (
        "TensorFlow has no package for this kind of machine (README.md says where it runs): use "
        "Binder or Colab, or a machine with Linux, Windows or an Apple chip"
    ),
}
AGAIN = "then run the same command again"


class SetupError(RuntimeError):
    """What is in the way, and what to do about it, in one sentence or two."""


def told(name, work):
    """Do `work()`, and tell what stopped it; return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a notebook's has none
            stream.reconfigure(errors="replace")  # a locale without our dots and dashes
    # A polite kill tidies up as Ctrl-C does.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        work()
    except SetupError as error:
        print(f"\n{name} stopped. {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{name} interrupted. Nothing half-made will be used.", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def make(root, same_python=False):
    """Make `root/.venv` from `root/requirements.txt`, unless that was done. Raise SetupError."""
    venv = root / ".venv"
    if os.path.expanduser("~") == "~":  # noqa: PTH111 - a user whom the system doesn't know
        os.environ["HOME"] = str(root)
    with one_at_a_time(root):
        if is_complete(venv, root, same_python):
            return
        python = choose_python(root, same_python)
        check_place(root)
        started = time.monotonic()
        with place_for(venv):
            say("Making .venv with Python " + version_of(python))
            call([str(python), "-I", "-m", "venv", str(venv)], installers_environment({}), root)
            install(venv, root)
            try_tensorflow(python_in(venv))
            (venv / STAMP).write_text(json.dumps(stamp(root, version_of(python))))
        print(f"The environment is ready ({time.monotonic() - started:.0f} s).")


@contextlib.contextmanager
def one_at_a_time(root):
    """Wait while another setup works in this folder."""
    with (root / "requirements.txt").open() as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another setup is at work in this folder: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        except (ImportError, OSError):
            pass  # Windows and some network drives: two at once are the user's to avoid
        yield


# Is it there, and is it whole?


def stamp(root, python_version):
    """Return what a complete environment made from `root` with that Python carries."""
    lock = hashlib.sha256((root / "requirements.txt").read_bytes()).hexdigest()
    return {"lock": lock, "python": python_version, "place": str(root)}


def is_complete(venv, root, same_python=False):
    """Tell whether `venv` was finished from this lock, in this place, and its Python still runs."""
    try:
        found = json.loads((venv / STAMP).read_text())
    except (OSError, ValueError):
        return False
    version = version_of(python_in(venv))
    return found == stamp(root, version) and (not same_python or version == this_python())


def python_in(venv):
    """Return the path of the environment's interpreter."""
    return program_in(venv, "python")


def program_in(venv, name):
    """Return the path of a program of the environment."""
    return venv / "Scripts" / (name + ".exe") if WINDOWS else venv / "bin" / name


def this_python():
    """Return this Python's version as "3.12"."""
    return "{}.{}".format(*sys.version_info)


def version_of(python, first="pass"):
    """Return an interpreter's version as "3.12", or None when it, or `first` in it, can't run."""
    code = first + "\nimport sys; print('{}.{}'.format(*sys.version_info))"
    try:
        failed, said = ask([str(python), "-I", "-c", code])
    except OSError:
        return None
    found = re.search(r"^\d+\.\d+$", said, re.MULTILINE)  # beside what Python warns of
    return found.group() if found and not failed else None


def ask(command, environment=None):
    """Run a program; return its exit code and all that it said."""
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
    done = subprocess.run(command, env=environment, check=False, errors="replace", **how)
    return done.returncode, done.stdout


# What must be there first


def supported(root=ROOT):
    """Return the versions of Python that pyproject.toml asks for, as ["3.11", "3.12", …]."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    first, end = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', text).groups()
    return [f"3.{minor}" for minor in range(int(first), int(end))]


def choose_python(root, same_python):
    """Return a Python that can make the environment: this one, one found by its name, or uv's.

    Raises SetupError when there is none, or when it has to be this one and can't be.
    """
    known = supported(root)
    others = [] if same_python else [shutil.which("python" + one) for one in reversed(known)]
    for python in filter(None, [sys.executable, *others]):
        if version_of(python, "import ensurepip, venv") in known:
            return python
    version = this_python()
    if version in known:
        raise SetupError(
            f"Python {version} came without its module venv or ensurepip, which make environments: "
            f"on Debian or Ubuntu `sudo apt install python{version}-venv` brings them."
        )
    if not same_python:
        with contextlib.suppress(SetupError, OSError):
            return bring_python(root, known[-2])
    age = "old" if sys.version_info[:2] < (3, int(known[0][2:])) else "new"
    raise SetupError(
        f"Python {version} is too {age} for TensorFlow, and uv could not bring another: install "
        f"Python {', '.join(known[:-1])} or {known[-1]}, and run the same with it, as in "
        "`python3.12 workshop.py lab`."
    )


def bring_python(root, version):
    """Have uv find or download a Python of that version; return its path, or raise SetupError."""
    say(f"Python {this_python()} doesn't fit: uv gets {version}")
    with tempfile.TemporaryDirectory() as place:
        environment = installers_environment(pip_settings(sys.executable))
        uv = shutil.which("uv")
        if not uv:
            call([sys.executable, "-I", "-m", "venv", place], environment)
            uv = get_uv(Path(place), root, environment)
        call([str(uv), "python", "install", version], environment, root)
        _, said = ask([str(uv), "python", "find", "--no-project", version], environment)
    return said.strip()


def check_place(root, needed=None):
    """Raise SetupError when nothing can be written there, or `needed` bytes don't fit."""
    needed = needed or NEEDED_BYTES
    try:
        with tempfile.TemporaryDirectory(dir=str(root)) as place:
            Path(place, "x" * 90, "y" * 80).mkdir(parents=True)  # as long as TensorFlow's longest
    except OSError as error:
        raise SetupError(
            f"Nothing can be written in {root}, or no long names ({error.strerror}): put the "
            "workshop into a folder of your own with a short path and run the command there."
        ) from error
    free = shutil.disk_usage(str(root)).free
    if free < needed:
        raise SetupError(
            f"{free / 1e9:.1f} GB are free and the workshop needs {needed / 1e9:.1f} GB: make room "
            "on this disk, or put it on another."
        )


# Making it


@contextlib.contextmanager
def place_for(venv):
    """Clear the place for a new environment; give the old one back when the new one fails."""
    previous = venv.with_name(".venv.previous")
    if (venv / STAMP).exists():
        say("The lock, the Python or the folder has changed: making the environment anew")
        remove(previous)
        try:
            venv.rename(previous)
        except OSError as error:  # Windows keeps what is in use
            raise SetupError(f"Something still uses .venv: close it, {AGAIN}.") from error
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
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(str(folder))
    except OSError as error:
        raise SetupError(
            f"{folder} can't be removed ({error.strerror}): remove it by hand, then run this again."
        ) from error


def install(venv, root):
    """Install the lock, hash by hash, and the workshop itself: pip brings uv, uv the rest."""
    requirements = (root / "requirements.txt").read_text(encoding="utf-8")
    settings = pip_settings(python_in(venv))
    if (root / "wheels").is_dir():  # an archive brought them, for a room without a network
        links = (root / "wheels").as_uri()
        settings = {"no-index": "1", "find-links": links, "no-cache-dir": "1"}
    environment = installers_environment(settings)
    # In the folder and with relative names: a name such as `workshop[1]` means something to uv.
    uv = [str(get_uv(venv, root, environment)), "pip", "install", "--python", venv.name]
    count = len(re.findall(r"^\S+==", requirements, re.MULTILINE))
    download = "" if "no-index" in settings else ": about 600 MB to download, the first time"
    say(f"Installing up to {count} packages{download}")
    # Compiling now rather than at the first import, which learners would wait for.
    lock = ["--require-hashes", "--compile-bytecode", "-r", "requirements.txt"]
    call([*uv, *lock, *uv_sources(settings)], environment, root)
    say("Installing the workshop's own helpers")
    # The lock brings setuptools, so nothing is fetched to build with.
    own = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--editable", "."]
    call([*uv, *own], environment, root)


def get_uv(venv, root, environment):
    """Install the lock's uv into an environment that has pip; return its path."""
    say("Getting uv, the fast installer")
    lock = (root / "requirements.txt").read_text(encoding="utf-8")
    pin = re.search(r"^uv==.*\n(?:[ \t].*\n)*", lock, re.MULTILINE).group()
    (venv / "uv.txt").write_text(pin)
    ours = ["install", "--quiet", "--require-hashes", "-r", str(venv / "uv.txt")]
    pip(python_in(venv), ours, environment, root)
    return program_in(venv, "uv")


def pip_settings(python):
    """Return pip's settings by name, from its files and from variables (which win)."""
    # PIP_USER, or `user = true` would show the user's file alone.
    _, said = ask([str(python), "-m", "pip", "config", "list"], {**os.environ, "PIP_USER": "0"})
    found = re.findall(r"^\S+?\.([\w-]+)=('.*')$", said, re.MULTILINE)
    # pip lists the variables first. A setting of several lines comes as one, written "\n".
    return {name: " ".join(ast.literal_eval(value).split()) for name, value in reversed(found)}


def installers_environment(settings):
    """Return the variables for pip and uv: the user's, but of their settings only the SOURCES."""
    environment = {k: v for k, v in os.environ.items() if not OURS.match(k)}
    for name in settings.keys() & SOURCES.keys():
        environment["PIP_" + name.upper().replace("-", "_")] = settings[name]
        if SOURCES[name]:
            environment.setdefault(SOURCES[name], settings[name])
    if not os.access(str(nearest(cache_folder())), os.W_OK):
        environment["UV_NO_CACHE"] = "1"
    # Folders may have any name, and with hashes it doesn't matter which index a file comes from.
    ours = {"PYTHONUTF8": "1", "UV_INDEX_STRATEGY": "unsafe-best-match"}
    return {**environment, "PIP_CONFIG_FILE": os.devnull, **ours}


def uv_sources(settings):
    """Return uv's options for the SOURCES that have no variable."""
    links = [f"--find-links={place}" for place in settings.get("find-links", "").split()]
    return [*links, *(["--no-index"] if "no-index" in settings else [])]


def cache_folder():
    """Return the folder where uv keeps what it downloads."""
    local = os.environ.get("LOCALAPPDATA") if WINDOWS else os.environ.get("XDG_CACHE_HOME")
    caches = local or os.path.expanduser("~/.cache")  # noqa: PTH111
    return Path(os.environ.get("UV_CACHE_DIR") or caches + "/uv").absolute()


def nearest(path):
    """Return the path itself if it is there, else the nearest folder above it that is."""
    return next(place for place in (path, *path.parents) if place.exists())


def try_tensorflow(python):
    """Raise SetupError when TensorFlow, though installed, can't run on this machine."""
    say("Loading TensorFlow for the first time")
    code, said = ask([str(python), "-I", "-c", "import tensorflow"])
    if code:
        last = (said.strip().splitlines() or ["it said nothing"])[-1]
        # A negative code is a signal: most likely an instruction that the processor doesn't have.
        raise SetupError(
            f"TensorFlow is installed but can't be loaded here (code {code}: {last}): "
            "it needs a processor with AVX and a system from 2019 or later; use another machine, "
            "or Binder."
        )


def pip(python, arguments, environment, root=ROOT):
    """Run pip. Raise SetupError with cause and remedy when it fails."""
    call([str(python), "-m", "pip", "--disable-pip-version-check", *arguments], environment, root)


def call(command, environment, root=ROOT):
    """Run an installer in `root`, the lines on downloads in sight; raise SetupError if it fails."""
    pipe = {"stderr": subprocess.PIPE, "encoding": "utf-8", "errors": "replace"}
    process, words = subprocess.Popen(command, env=environment, cwd=str(root), **pipe), []
    try:
        for line in process.stderr:
            words.append(line)
            if line.lstrip().startswith("Download"):
                print("  " + line.strip(), flush=True)
    except BaseException:
        process.kill()
        raise
    finally:
        process.wait()
    if process.returncode:
        raise SetupError(remedy("".join(words)))


def remedy(words):
    """Return the sentence for a failure that a tool described in its own words."""
    for pattern, sentence in REMEDIES.items():
        if re.search(pattern, words):
            return sentence.format(room=room(), today=time.strftime("%d %B %Y")) + f", {AGAIN}."
    print(words.strip(), file=sys.stderr)
    return f"The reason stands above, in the installer's own words: deal with it, {AGAIN}."


def room():
    """Tell how much room there is wherever an installer writes, and what names another place."""
    temporary = Path(os.environ.get("TMPDIR") or tempfile.gettempdir())
    places = {"here": ROOT, "TMPDIR": temporary, "UV_CACHE_DIR": cache_folder()}
    free = {name: shutil.disk_usage(str(nearest(places[name]))).free / 1e9 for name in places}
    said = "; ".join(f"{name}: {places[name]}, {free[name]:.1f} GB" for name in places)
    return f"{said}. Make room, or let a variable name another folder"


def say(step):
    """Tell the learner what happens now."""
    print(f"· {step} …", flush=True)
