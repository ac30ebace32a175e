"""Binder's image, made and started step by step in a clean Debian root, without a container engine.

    python binder/rehearsal.py FOLDER --python PREFIX [--lesson 08]

It takes Linux, root, debootstrap and a network; PREFIX is where a Python of binder/runtime.txt is
installed (it stands for conda's). What repo2docker writes for the time after the repository was
copied is run as it stands, by a user without rights; then binder/start and JupyterLab under a
base address, and a lesson in it. Prints the memory of all of it beside what Binder gives.
"""

import argparse
import os
import re
import shlex
import shutil
import string
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import nbformat
import psutil
import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT), str(ROOT / "tests" / "classroom")]
from hub import Kernel, answers, free_ports, packages, wait_until

from tools import running

BINDER = 2 * 2**30
BASE, NAME, TOKEN = "/user/ada/", "ada", "rehearsal"
SUITE = "bookworm"
# What buildpack-deps, the real base, has of what a Python needs.
LIBRARIES = "ca-certificates,curl,git,libbz2-1.0,libffi8,liblzma5,libreadline8,libsqlite3-0,libssl3"
ENTER = """
mount --rbind /proc "$1/proc" && mount --rbind /dev "$1/dev" || exit
[ -z "$WORKSHOP_MIRROR" ] || mount --bind "$WORKSHOP_MIRROR" "$1/mirror" || exit
exec chroot --userspec=1000:1000 "$1" /usr/bin/env -i "${@:2}"
"""
SCRIPT = """
from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import PythonBuildPack
kinds = (k(base_image="docker.io/library/buildpack-deps:24.04") for k in Repo2Docker().buildpacks)
chosen = next(kind for kind in kinds if kind.detect())
assert isinstance(chosen, PythonBuildPack)
assert (chosen.binder_dir, chosen.python_version) == ("binder", "3.12")
chosen.platform = "linux/amd64"  # what an engine would tell it
print(chosen.render())
"""
Learner = namedtuple("Learner", "hub name token")
Hub = namedtuple("Hub", "url")


def rendered(place):
    """Return the Dockerfile that repo2docker, installed at `place`, writes for this repository."""
    environment = os.environ | {"PYTHONPATH": str(place)}
    return subprocess.check_output(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, text=True
    )


def steps(dockerfile):
    """Return what variables a Dockerfile sets, and what it runs once the repository is there."""
    known, runs = {"NB_USER": "jovyan", "NB_UID": "1000", "PATH": "/usr/bin:/bin"}, None
    for line in re.sub(r"\\\n", "", dockerfile).splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction in ("ENV", "ARG"):
            for name, _, value in (pair.partition("=") for pair in shlex.split(rest)):
                known[name] = string.Template(value or known[name]).substitute(known)
        elif instruction == "COPY" and re.search(r" src/ ", rest):
            runs = []
        elif instruction == "RUN" and runs is not None:
            runs.append(rest)
    return known, runs


def clean_root(folder, prefix, known):
    """Make a Debian root with the repository's files and an environment of that Python."""
    if not (folder / "etc").exists():
        command = ["debootstrap", "--variant=minbase", f"--include={LIBRARIES}", SUITE]
        subprocess.run([*command, str(folder)], check=True, stdout=subprocess.DEVNULL)
    inside = {name: folder / known[name].lstrip("/") for name in ("CONDA_DIR", "REPO_DIR")}
    for place in inside.values():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    shutil.copytree(prefix, inside["CONDA_DIR"] / "base", symlinks=True)
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for name in filter(None, files.stdout.decode().split("\0")):
        target = inside["REPO_DIR"] / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    (folder / "mirror").mkdir(exist_ok=True)
    for file in filter(None, ("/etc/resolv.conf", "/etc/hosts", os.environ.get("PIP_CERT"))):
        shutil.copy(file, folder / file.lstrip("/"))
    subprocess.run(["chown", "-R", "1000:1000", *map(str, inside.values())], check=True)


def command(folder, known, words):
    """Return a command that runs `words` in that root, as a user without rights."""
    own = {"WORKSHOP_MIRROR": "/mirror"} if os.environ.get("WORKSHOP_MIRROR") else {}
    index = {k: v for k, v in os.environ.items() if k.startswith("PIP_") and "LINKS" not in k}
    plain = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}  # the one that a Debian root knows
    plain["LD_LIBRARY_PATH"] = f"{known['CONDA_DIR']}/base/lib"  # of a Python from another place
    settings = [f"{name}={value}" for name, value in (known | index | own | plain).items()]
    enter = ["unshare", "--mount", "bash", "-c", ENTER, "-", str(folder), *settings]
    return [*enter, "bash", "-c", f"cd {known['REPO_DIR']} && {words}"]


def main():
    """Make the image, start it, and print what it holds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", type=Path, default=Path(sys.base_prefix))
    parser.add_argument("--lesson", default="08")
    options = parser.parse_args()
    folder = options.folder.absolute()
    known, runs = steps(rendered(packages()))
    clean_root(folder, options.python, known)
    make = f"{known['CONDA_DIR']}/base/bin/python3 -m venv {known['KERNEL_PYTHON_PREFIX']}"
    for words in (make, *runs):
        began = time.monotonic()
        subprocess.run(command(folder, known, words), check=True)
        print(f"{time.monotonic() - began:5.0f} s  {words}", flush=True)
    size = subprocess.check_output(["du", "-sx", "--block-size=1MB", str(folder)], text=True)
    print(f"The root holds {int(size.split()[0]) / 1000:.1f} GB.")
    start(folder, known, options.lesson)


def start(folder, known, number):
    """Start JupyterLab as the image's entry point does, and run a lesson in it."""
    (port,) = free_ports(1)
    words = f"exec binder/start jupyter lab --ip 127.0.0.1 --port {port} --no-browser"
    words += f" --ServerApp.base_url={BASE} --IdentityProvider.token={TOKEN}"
    known = known | {"JUPYTERHUB_SERVICE_PREFIX": BASE, "WORKSHOP_OFFLINE": "1"}
    log, host = folder / "lab.log", f"http://127.0.0.1:{port}"
    with log.open("wb") as stream:
        server = psutil.Popen(command(folder, known, words), stdout=stream, stderr=stream)
    try:
        wait_until(lambda: answers(f"{host}{BASE}api"), server, log)
        print(f"JupyterLab answers at {BASE}: {answers(f'{host}{BASE}lab?token={TOKEN}')}")
        at_rest, busy = running.MemoryWatch(server.pid), running.MemoryWatch(server.pid)
        with at_rest.watching():
            time.sleep(5)
        shown(at_rest, "JupyterLab at rest")
        (lesson,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
        request = {"path": f"notebooks/{lesson.name}", "type": "notebook", "name": lesson.name}
        request["kernel"] = {"name": "python3"}
        headers = {"Authorization": f"token {TOKEN}"}
        reply = requests.post(
            f"{host}{BASE}api/sessions", json=request, headers=headers, timeout=60
        )
        with busy.watching():
            kernel = Kernel(Learner(Hub(host), NAME, TOKEN), reply.json()["kernel"]["id"])
            kernel.run(nbformat.read(lesson, as_version=4))
        shown(busy, f"with lesson {number}, run to its end")
    finally:
        server.terminate()
        server.wait(60)


def shown(watch, what):
    """Print the peak that was watched beside what Binder gives."""
    share = watch.peak / BINDER
    print(f"{what}: {watch.peak / 1e9:.2f} GB, {share:.0%} of Binder's {BINDER / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
