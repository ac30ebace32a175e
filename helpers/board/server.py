"""TensorBoard's server: started once for each folder, found from the browser, never left behind.

TensorBoard's own manager starts it, by the program that TENSORBOARD_BINARY names: ours, which runs
`starter.py`. So `%tensorboard` works as well. (On Windows, where a shell script is no program,
lessons show pictures of the event files instead.)
"""

import atexit
import contextlib
import importlib.util
import json
import os
import secrets
import shlex
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil
import requests
from tensorboard import manager

from helpers.board import events

LOAD_SECONDS = 15  # to read the event files before the page asks for them
RELOAD_SECONDS = 2  # between two looks at them, as `starter.py` says

_local = requests.Session()
_local.trust_env = False  # it asks this machine alone: a proxy for the web has no part in it


class ServerError(RuntimeError):
    """TensorBoard can't run here: one sentence that says why."""


def jupyter() -> dict | None:
    """Return the Jupyter server that started this kernel, as it describes itself, or None."""
    from jupyter_core.paths import jupyter_runtime_dir

    with contextlib.suppress(OSError, ValueError):
        file = Path(jupyter_runtime_dir(), f"jpserver-{os.getppid()}.json")
        return json.loads(file.read_text(encoding="utf-8"))
    return None


def address(folder: Path) -> str:
    """Return where the browser finds the TensorBoard of `folder`, which is started if need be."""
    try:
        prepare()
        for info in manager.get_all():
            if not psutil.pid_exists(info.pid):  # killed: the manager would think that it runs
                note = Path(tempfile.gettempdir(), ".tensorboard-info", f"pid-{info.pid}.info")
                note.unlink(missing_ok=True)
        started = manager.start(["--logdir", str(folder)])  # as `%tensorboard` does
        said = (getattr(started, "stderr", None) or "").strip()
        said = said or getattr(started, "os_error", "it gave no answer")
    except OSError as error:  # no place for temporary files
        started, said = None, error
    if not isinstance(started, manager.StartLaunched | manager.StartReused):
        raise ServerError(f"TensorBoard can't be started here ({str(said).splitlines()[-1]}).")
    port = started.info.port
    _wait_for_data(f"http://127.0.0.1:{port}{started.info.path_prefix}/data/", folder)
    return os.environ["TENSORBOARD_PROXY_URL"].replace("%PORT%", str(port))


def prepare() -> None:
    """Tell TensorBoard's manager, once for each kernel, how to start it and where to find it.

    It will serve at a secret path, as others on this machine can reach the port. Under a Jupyter
    server the browser goes through that server's proxy, with its login and its base address.
    """
    kernel, path = os.environ.get("WORKSHOP_TENSORBOARD", "0 ").split(" ")
    if int(kernel) == os.getpid():
        return
    folder = tempfile.mkdtemp(prefix="workshop-tensorboard-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = Path(folder) / "tensorboard"
    command = shlex.join([sys.executable, "-P", str(Path(__file__).with_name("starter.py"))])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    program.chmod(0o700)
    os.environ["TENSORBOARD_BINARY"] = str(program)
    if not path:
        path = f"/{secrets.token_urlsafe(16)}"
        behind = jupyter() if importlib.util.find_spec("jupyter_server_proxy") else None
        known = f"{behind['base_url']}proxy/%PORT%" if behind else "http://127.0.0.1:%PORT%"
        proxy = os.environ.get("TENSORBOARD_PROXY_URL") or known
        os.environ["TENSORBOARD_PROXY_URL"] = f"{proxy.rstrip('/')}{path}/"
    os.environ["WORKSHOP_TENSORBOARD"] = f"{os.getpid()} {path}"


def _wait_for_data(data: str, folder: Path) -> None:
    """Wait until the server has read what is on disk: the page asks once, when it opens."""
    files = [file for file in events.files(folder) if file.stat().st_size]
    runs = {file.parent.relative_to(folder).as_posix() for file in files}
    pages = ["runs", *(f"plugin/{kind}/tags" for kind in ("scalars", "histograms", "images"))]
    seen, since, end = None, 0.0, time.monotonic() + LOAD_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(requests.RequestException):
            found, *tags = (_local.get(data + page, timeout=5).json() for page in pages)
            if tags != seen:
                seen, since = tags, time.monotonic()
            # A run is listed before it is read; one that has no tags is waited for a reload long.
            calm = 0.2 if runs <= set().union(*tags) else RELOAD_SECONDS + 0.5
            if runs <= set(found) and time.monotonic() - since > calm:
                return
        time.sleep(0.3)
