"""A JupyterHub on this machine and its learners, without a browser: for the test and the benchmark.

    with start_hub(folder) as hub:
        ada = Learner(hub, "ada")
        ada.start()                                  # her own JupyterLab
        notebook = ada.open("notebooks/01_mnist_keras.ipynb")
        kernel = ada.start_kernel("notebooks/01_mnist_keras.ipynb")
        kernel.run(notebook, last=10)                # the outputs are put into `notebook`
        ada.save("notebooks/01_mnist_keras.ipynb", notebook)

A learner does all of it through the hub's address and API, as her browser would. JupyterHub itself
is no part of the learners' environment: `packages` installs its lock into a folder of build/.
"""

import contextlib
import json
import os
import secrets
import shutil
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import psutil
import requests
import websocket
from jupyter_client.session import Session

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "support"))  # for the benchmark
from programs import answers, free_ports, ran, wait_until  # noqa: E402

from tools import setup  # noqa: E402

LOCK = ROOT / "classroom" / "requirements.txt"
CONFIG = """
c = get_config()
load_subconfig({ours!r})
# Here JupyterHub and its additions come from a folder of their own, beside the environment.
c.Spawner.cmd = [c.Spawner.cmd[0], {python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args += {root!r}
c.Spawner.environment |= {environment!r}
# Learners of the test have no accounts on this machine, and one password.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = {password!r}
c.Authenticator.allow_all = True
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}/"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[1]}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{ports[2]}"
c.ConfigurableHTTPProxy.command = [{python!r}, {proxy!r}]
c.JupyterHub.db_url = "sqlite:///jupyterhub.sqlite"
"""


class HubError(RuntimeError):
    """The hub or a learner's server does not do what it should; the message says what it said."""


def packages(place=ROOT / "build" / "classroom"):
    """Install classroom/requirements.txt into `place`, unless that was done; return `place`."""
    stamp = place / "requirements.txt"
    if stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
        return place
    shutil.rmtree(place, ignore_errors=True)
    settings = setup.pip_settings(sys.executable)
    environment = setup.installers_environment(settings)
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes"]
    command += ["--python", sys.executable, "--target", str(place), "-r", str(LOCK)]
    command += setup.uv_sources(settings)
    code, said = ran(*command, env=environment)
    if code:
        raise HubError(f"JupyterHub can't be installed for the test. {said.strip()}")
    shutil.copy(LOCK, stamp)
    return place


@dataclass
class Hub:
    """A running JupyterHub: its address, everyone's password, where homes are, its log file."""

    url: str
    password: str
    homes: Path
    log: Path
    process: psutil.Popen

    def family(self):
        """All processes that the hub has started and that still run, itself included."""
        return [self.process, *self.process.children(recursive=True)]


@contextlib.contextmanager
def start_hub(folder):
    """Start a JupyterHub with its files in `folder`; all that it started ends with the block."""
    place = packages()
    folder.mkdir(parents=True, exist_ok=True)
    ports, password = free_ports(3), secrets.token_hex(16)
    config = folder / "jupyterhub_config.py"
    config.write_text(
        CONFIG.format(
            ours=str(ROOT / "classroom" / "jupyterhub_config.py"),
            python=sys.executable,
            root=["--allow-root"] if os.geteuid() == 0 else [],  # in containers
            environment=_environment(place),
            homes=str(folder / "homes" / "{username}"),
            proxy=str(place / "bin" / "configurable-http-proxy"),
            password=password,
            ports=ports,
        )
    )
    config.chmod(0o600)  # it holds the password
    log = folder / "jupyterhub.log"
    command = [sys.executable, "-m", "jupyterhub", "--config", str(config)]
    environment = os.environ | _environment(place) | {"CONFIGPROXY_AUTH_TOKEN": secrets.token_hex()}
    with log.open("wb") as stream:
        process = psutil.Popen(command, cwd=folder, env=environment, stdout=stream, stderr=stream)
    hub = Hub(f"http://127.0.0.1:{ports[0]}", password, folder / "homes", log, process)
    try:
        wait_until(lambda: answers(f"{hub.url}/hub/health"), process, log)
        yield hub
    finally:
        _stop(hub)


def _environment(place):
    """Where JupyterHub's packages and the helpers are found, as if all were installed."""
    return {
        "PYTHONPATH": f"{place}:{ROOT}",
        "JUPYTER_CONFIG_PATH": str(place / "etc" / "jupyter"),
        "WORKSHOP_MODE": "quick",
        "WORKSHOP_OFFLINE": "1",
    }


def _stop(hub):
    """Ask the hub to end, which ends its learners' servers; end by force what is left then."""
    family = hub.family() if hub.process.poll() is None else []
    hub.process.terminate()
    for one in psutil.wait_procs(family, timeout=30)[1]:
        with contextlib.suppress(psutil.Error):
            one.kill()


@dataclass
class Learner:
    """Somebody with a name at a browser, logged in at the hub."""

    hub: Hub
    name: str

    def __post_init__(self):
        """Log in by the form, as people do, and ask for a token for all that follows."""
        session = requests.Session()
        session.get(f"{self.hub.url}/hub/login", timeout=30)
        form = {"username": self.name, "password": self.hub.password}
        form["_xsrf"] = session.cookies["_xsrf"]
        session.post(f"{self.hub.url}/hub/login", data=form, timeout=30, allow_redirects=False)
        session.get(f"{self.hub.url}/hub/token", timeout=30)  # the page with the button
        headers = {"X-XSRFToken": session.cookies["_xsrf"]}
        tokens = f"{self.hub.url}/hub/api/users/{self.name}/tokens"
        reply = session.post(tokens, json={}, headers=headers, timeout=30)
        reply.raise_for_status()
        self.token = reply.json()["token"]

    @property
    def home(self):
        """Her home folder."""
        return self.hub.homes / self.name

    def ask(self, path, method="GET", timeout=60, **more):
        """Ask the hub or a server behind it, with her token; return the reply, whatever it is."""
        more |= {"headers": {"Authorization": f"token {self.token}"}, "allow_redirects": False}
        return requests.request(method, self.hub.url + path, timeout=timeout, **more)

    def _asked(self, path, method="GET", **more):
        reply = self.ask(path, method, **more)
        if not reply.ok:
            raise HubError(f"{method} {path}: {reply.status_code} {reply.text[:2000]}")
        return reply

    def api(self, path, method="GET", **more):
        """Ask her own server's API; return what it says."""
        reply = self._asked(f"/user/{self.name}/api/{path}", method, **more)
        return reply.json() if reply.content else None

    def start(self):
        """Start her server and wait until it is ready."""
        self._server("POST", lambda servers: servers.get("", {}).get("ready"))

    def stop(self):
        """Stop her server and all that runs in it."""
        self._server("DELETE", lambda servers: not servers)

    def _server(self, method, done):
        path, hub = f"/hub/api/users/{self.name}", self.hub
        self._asked(f"{path}/server", method)
        wait_until(lambda: done(self._asked(path).json()["servers"]), hub.process, hub.log)

    def pull(self, **link):
        """Follow an nbgitpuller link with these parts; raise HubError if it fails.

        The page of the link asks for the same parts again, at git-pull/api, and shows what comes.
        """
        self._asked(f"/user/{self.name}/git-pull", params=link)
        reply = self._asked(f"/user/{self.name}/git-pull/api", params=link)
        events = [json.loads(line[6:]) for line in reply.text.splitlines() if line[:5] == "data:"]
        if events[-1]["phase"] != "finished":
            raise HubError(f"nbgitpuller: {events[-1]}")

    def open(self, path):
        """Return a notebook of her home folder as her server gives it."""
        return nbformat.from_dict(self.api(f"contents/{path}")["content"])

    def save(self, path, notebook):
        """Save a notebook through her server."""
        self.api(f"contents/{path}", "PUT", json={"type": "notebook", "content": notebook})

    def start_kernel(self, path):
        """Start a kernel for the notebook at `path`, as JupyterLab does; her server ends it."""
        request = {"path": path, "type": "notebook", "name": path, "kernel": {"name": "python3"}}
        session = self.api("sessions", "POST", json=request)
        return Kernel(self, session["kernel"]["id"])

    def end_kernel(self, kernel):
        """End a kernel, as *Shut Down Kernel* does."""
        kernel.socket.close()
        self.api(f"kernels/{kernel.number}", "DELETE")

    @cached_property
    def process(self):
        """The process of her server: the one whose environment says so."""
        for one in self.hub.process.children():
            with contextlib.suppress(psutil.Error):
                if one.environ().get("JUPYTERHUB_USER") == self.name:
                    return one
        raise HubError(f"No server of {self.name} runs.")

    def family(self):
        """Her server's process, and those of its kernels and TensorBoards."""
        return [self.process, *self.process.children(recursive=True)]

    def listening(self):
        """(address, port) of everything that listens for her on this machine."""
        found = set()
        for one in self.family():
            with contextlib.suppress(psutil.Error):
                sockets = one.net_connections("tcp")
                found |= {tuple(it.laddr) for it in sockets if it.status == psutil.CONN_LISTEN}
        return found


class Kernel:
    """A running kernel, by the websocket that JupyterLab uses."""

    def __init__(self, learner, number):
        """Connect to the kernel `number` of `learner`."""
        host, self.number = urlsplit(learner.hub.url).netloc, number
        address = f"ws://{host}/user/{learner.name}/api/kernels/{number}"
        self.session = Session()
        self.socket = websocket.create_connection(
            f"{address}/channels?session_id={self.session.session}",
            header=[f"Authorization: token {learner.token}"],
            timeout=900,  # seconds without a word, on a busy machine
        )

    def run(self, notebook, last=None):
        """Run the code cells of `notebook` up to cell `last`, outputs and counts into them.

        Raises HubError with the first error.
        """
        for index, cell in enumerate(notebook.cells[:last]):
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
                self._run(cell, index)

    def _run(self, cell, index):
        content = {"code": cell.source, "silent": False, "store_history": True}
        content |= {"user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
        request = self.session.msg("execute_request", content)
        self.socket.send(json.dumps({**request, "channel": "shell"}, default=str))
        done = set()
        while done != {"reply", "idle"}:
            received = self.socket.recv()
            if isinstance(received, bytes):  # a widget's pictures; a cell's outputs come as text
                continue
            message = json.loads(received)
            if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "execute_reply":
                done.add("reply")
                cell.execution_count = content.get("execution_count")
            elif kind == "status" and content["execution_state"] == "idle":
                done.add("idle")
            elif kind in ("stream", "display_data", "execute_result", "error"):
                cell.outputs.append(nbformat.v4.output_from_msg(nbformat.from_dict(message)))
            if kind == "error":
                raise HubError(f"cell {index}: {content['ename']}: {content['evalue']}")
