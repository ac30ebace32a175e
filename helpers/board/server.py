"""TensorBoard's server: started once for each folder, found from the browser, never left behind.

Run as a program (`python -m helpers.board.server`), this file is that server.
"""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import psutil

from helpers.board import events

START_SECONDS = 60  # for a slow, crowded machine; usually it takes 2 to 4
LOAD_SECONDS = 15  # to read the event files before the page asks for them
RELOAD_SECONDS = 2  # how often it looks for new event files

_servers = {}  # folder -> (process, address on this machine)


class ServerError(RuntimeError):
    """TensorBoard can't run here: one sentence that says why."""


def in_jupyter():
    """Whether a Jupyter server started this kernel: then somebody looks at it in a browser."""
    return _jupyter() is not None


def address(folder):
    """Return where the browser finds the TensorBoard of `folder`, which is started if need be.

    Under a Jupyter server it goes through that server, with its login and its base address, as in
    JupyterHub and Binder. Raises ServerError.
    """
    process, local = _servers.get(folder, (None, None))
    if process is None or process.poll() is not None:
        process, local = _servers[folder] = _start(folder)
    _wait_for_data(local, folder)
    return _proxied(local) or local


def _start(folder):
    """Start a server process; return (process, its address on this machine)."""
    # The path is a secret, as Jupyter's token is: others on this machine can reach the port.
    settings = {"folder": str(folder), "path": f"/{secrets.token_urlsafe(16)}"}
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "helpers.board.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            # A cell's interrupt goes to the kernel's whole group; TensorBoard shall live on.
            start_new_session=True,
        )
        late = threading.Timer(START_SECONDS, process.kill)
        late.start()
        try:
            with contextlib.suppress(BrokenPipeError):  # it ended already: no line to read
                process.stdin.write(json.dumps(settings) + "\n")
                process.stdin.flush()  # and stays open: its end tells of this process's end
            local = process.stdout.readline().strip()
        except BaseException:  # above all a KeyboardInterrupt
            process.kill()
            raise
        finally:
            late.cancel()
        if not local:
            process.kill()
            complaints.seek(0)
            last = (complaints.read().strip().splitlines() or ["it gave no answer"])[-1]
            raise ServerError(f"TensorBoard can't be started here ({last}).")
    return process, local


def _wait_for_data(local, folder):
    """Wait until the server has read what is on disk: the page asks once, when it opens."""
    runs = {
        file.parent.relative_to(folder).as_posix()
        for file in folder.rglob(events.FILES)
        if file.stat().st_size
    }
    seen, end = None, time.monotonic() + LOAD_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            found = _get(local + "data/runs")
            tags = [_get(f"{local}data/plugin/{p}/tags") for p in ("scalars", "histograms")]
            if runs <= set(found) and tags == seen:
                return
            seen = tags
        time.sleep(0.3)


def _jupyter():
    """Return the Jupyter server that started this kernel, as Jupyter describes it, or None."""
    from jupyter_core.paths import jupyter_runtime_dir

    for parent in psutil.Process().parents()[:2]:  # on Windows Python's launcher is in between
        with contextlib.suppress(OSError, ValueError):
            return json.loads(
                Path(jupyter_runtime_dir(), f"jpserver-{parent.pid}.json").read_text()
            )
    return None


def _proxied(local):
    """Return the address through the Jupyter server, or None where it can't be reached so."""
    jupyter = _jupyter()
    if jupyter is None:
        return None
    path = "proxy/" + local.removeprefix("http://127.0.0.1:")
    if os.environ.get("JUPYTERHUB_SERVICE_PREFIX"):
        return jupyter["base_url"] + path  # the only way, and its login isn't ours to try
    try:
        _get(jupyter["url"] + path + "data/runs", jupyter["token"])
    except OSError:  # JupyterLab runs from another environment, without jupyter-server-proxy
        return None
    return jupyter["base_url"] + path


def _get(url, token=None):
    headers = {"Authorization": f"token {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310 - loopback
        return json.loads(reply.read())


def _serve(folder, path):
    """Be the server: TensorBoard on a free port of loopback, for as long as stdin is open."""
    import tensorboard.compat

    # TensorBoard then uses its small stand-in for TensorFlow: 80 MB and 2 s, not 600 MB and 12 s.
    sys.modules["tensorboard.compat.notf"] = tensorboard.compat
    from tensorboard import default, program

    board = program.TensorBoard(default.get_plugins())
    arguments = ["tensorboard", "--logdir", folder, "--host", "127.0.0.1", "--port", "0"]
    arguments += ["--path_prefix", path, "--reload_interval", str(RELOAD_SECONDS)]
    board.configure([*arguments, "--load_fast", "false"])
    print(board.launch(), flush=True)
    sys.stdin.read()  # returns when the kernel has ended in whatever way, SIGKILL included
    os._exit(0)


if __name__ == "__main__":
    _serve(**json.loads(sys.stdin.readline()))
