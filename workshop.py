# /// script
# requires-python = ">=3.11,<3.14"
# ///
"""The workshop's commands, the same on Linux, macOS and Windows: `uv run workshop.py lab`.

Without uv it is `python3 workshop.py lab` (on Windows `py workshop.py lab`). Each command first
makes the environment, unless it is there. This file can be read by any Python, to tell its owner
what to do; so it does without what only newer ones know.
"""

import os
import signal
import subprocess
import sys

USAGE = """usage: workshop.py COMMAND

  lab     open the lessons in JupyterLab; what follows is handed to it, such as --no-browser
  setup   make the environment alone; --this-python: with this Python, whatever made it before
  test    check all that is quick; --all: everything; --style, --lessons: how it is written, or what
          the lessons put out, alone; --oldest: the lessons with the oldest packages that they are
          for; --newest: with the newest; what follows is pytest's
  hosted  on Colab and Kaggle, in the first cell: get what is missing there
  --offline before a command forbids it every download, --full lets lessons train from nothing

Anything else is a command of `python -m helpers`, such as `doctor`, `run` or `pack`."""

ROOT = os.path.dirname(os.path.abspath(__file__))
LESSON = "/lab/tree/notebooks/00_start_here.ipynb"
# Lessons, which nbval compares strictly, two at a time in the order of conftest.py; and units.
LESSONS = ["-m", "pytest", "notebooks", "--nbval", "--nbval-current-env", "-n", "2"]
LESSONS += ["--nbval-cell-timeout=300", "--dist", "loadfile", "--no-loadscope-reorder"]
UNITS = ["tests"] + ["--ignore=tests/" + one for one in ("browser", "classroom", "bench")]
QUICK = UNITS + ["-m", "not slow"]
MORE = {"--all": UNITS, "--lessons": [], "--oldest": [], "--newest": QUICK, "--style": []}
SWITCHES = {"--offline": ("WORKSHOP_OFFLINE", "1"), "--full": ("WORKSHOP_MODE", "full")}
STYLE = (["ruff", "check"], ["ruff", "format", "--check"], ["codespell_lib"])

if sys.version_info < (3, 7):
    sys.exit(
        "Python %d.%d is too old for the workshop: install Python 3.12, or uv, which brings it, "
        "and run `uv run workshop.py lab`." % sys.version_info[:2]
    )
if __name__ == "__main__":  # nothing of the user's own stands before Python's modules
    theirs = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path = [one for one in sys.path if one not in theirs]
sys.path.insert(0, ROOT)

from tools import setup  # noqa: E402


def main(words):
    """Do what the words ask; return the exit status."""
    while words and words[0] in SWITCHES:
        os.environ.update([SWITCHES[words[0]]])
        words = words[1:]
    if not words or words[0] in ("help", "-h", "--help"):
        print(USAGE)
        return 0
    command, words = words[0], words[1:]
    if command == "hosted":
        return setup.told("Setup", hosted)
    code = setup.told("Setup", lambda: setup.make(setup.ROOT, "--this-python" in words))
    if code or command not in ("lab", "setup", "test"):
        return code or python(["-m", "helpers", command] + words)
    if command == "test":
        return test(words)
    python(["-m", "helpers", "fetch", "--setup"])
    return lab(words) if command == "lab" else 0


def python(words, folder=None, program=None):
    """Run the environment's Python (or another's program); return its exit status."""
    program = str(program or setup.python_in(setup.ROOT / ".venv"))
    return subprocess.call([program] + words, cwd=folder, env=environment(program))


def environment(program):
    """Return the variables for what runs: the environment's programs, JupyterLab's additions."""
    ours = {"PATH": os.path.dirname(program), "JUPYTER_PATH": os.path.join(ROOT, "jupyter")}
    theirs = {name: os.environ[name] for name in ours if os.environ.get(name)}
    ours.update((name, os.pathsep.join([ours[name], theirs[name]])) for name in theirs)
    return dict(os.environ, **ours)


def lab(words):
    """Open the first lesson in JupyterLab: no news pop-up, and root (in containers) is fine."""
    print("JupyterLab starts. Without a browser: open the address below. Ctrl-C stops it.")
    command = ["-m", "jupyterlab", "--LabApp.default_url=" + LESSON, "--LabApp.news_url=None"]
    command += ["--log-level=WARN"] + words
    if setup.WINDOWS:
        signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for JupyterLab
        return python(command, ROOT)
    if os.getuid() == 0:
        command.append("--allow-root")
    os.chdir(ROOT)
    sys.stdout.flush()
    program = str(setup.python_in(setup.ROOT / ".venv"))
    return os.execve(program, [program] + command, environment(program))


def test(words):
    """Check style, units and lessons, or what the first word asks for; the rest is pytest's."""
    kind, words = (words[0], words[1:]) if words and words[0] in MORE else ("", words)
    program, failed = None, 0
    if kind in ("--oldest", "--newest"):
        program, failed = other(kind[2:])
    elif kind != "--lessons":
        failed = max(python(["-m"] + one, ROOT) for one in STYLE)
    if failed or kind == "--style":
        return failed
    return python(LESSONS + MORE.get(kind, QUICK) + words, ROOT, program)


RESOLUTION = {"oldest": ["--resolution=lowest-direct"], "newest": ["--upgrade"]}


def other(name):
    """Make an environment with the oldest or newest packages that pyproject.toml allows."""
    place, uv = os.path.join("build", name), setup.program_in(setup.ROOT / ".venv", "uv")
    settings = setup.pip_settings(setup.python_in(setup.ROOT / ".venv"))
    ours = setup.installers_environment(settings)
    steps = [
        ["venv", "--quiet", "--clear", "--python", ".venv", place],
        ["pip", "install", "--quiet", "--python", place, "--editable", "."]
        + RESOLUTION[name]
        + setup.uv_sources(settings),
    ]
    failed = max(subprocess.call([str(uv)] + step, cwd=ROOT, env=ours) for step in steps)
    return setup.python_in(setup.ROOT / place), failed


def hosted():
    """Get what a hosted notebook lacks, and say when its TensorFlow is another than the lock's.

    Whatever is there already stays as it is: TensorFlow, and all that it was built with.
    """
    import re
    import tempfile
    import tomllib
    from importlib.metadata import distributions

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    os.environ["PYTHONPATH"] = ROOT  # for the programs that lessons start
    found = [one for one in distributions() if one.metadata["Name"]]  # some are half removed
    here = {canonicalize_name(one.metadata["Name"]): one.version for one in found}
    text = (setup.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = [Requirement(one) for one in tomllib.loads(text)["project"]["dependencies"]]
    names = {one.name: str(one) for one in wanted if one.marker is None}
    missing = [
        names[one] for one in names if canonicalize_name(one) not in dict(here, **NOT_HOSTED)
    ]
    with tempfile.TemporaryDirectory() as place:
        fixed = os.path.join(place, "here.txt")
        with open(fixed, "w") as file:
            file.writelines("{}=={}\n".format(*one) for one in here.items())
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", fixed]
        if missing:
            setup.call(command + missing, dict(os.environ))
    subprocess.call([sys.executable, "-m", "helpers", "fetch", "--setup"])
    here["tensorflow"] = here.get("tensorflow") or here.get("tensorflow-cpu")
    lock = (setup.ROOT / "requirements.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^(tensorflow|keras)==([\d.]+)", lock, re.MULTILINE))
    if any(here.get(name) != locked[name] for name in locked):
        both = "TensorFlow {0[tensorflow]} and Keras {0[keras]}"
        print(
            both.format(here)
            + " are here; the outputs below were made with "
            + both.format(locked)
            + ", so last digits may differ."
        )
    try:
        from google.colab import output
    except ImportError:
        return
    output.enable_custom_widget_manager()


# What serves tests or JupyterLab alone.
NOT_HOSTED = dict.fromkeys(
    "jupyterlab jupyter-server-proxy nbclient nbconvert uv setuptools pytest pytest-xdist nbval "
    "ruff codespell hypothesis conllu playwright axe-playwright-python".split()
)

if __name__ == "__main__":
    status = main(sys.argv[1:])
    if status:
        sys.exit(status)
