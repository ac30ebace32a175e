"""Worker processes on this machine: started, watched and stopped, and none is left behind.

A cluster lives in a folder. Each worker gets its place in the cluster in TF_CONFIG, appends what
happens to `worker-0.jsonl` (a line of JSON each), and everything else that it says goes to
`worker-0.log`. Workers end when told to, when one of them fails, and when the process that started
them is gone, however it went: they hold the other end of a pipe.

TensorFlow's servers ask nobody who he is, and TensorFlow opens them on every network card. Where
the system lets us (Linux 5.7 or later) `confine` ties them to this machine's loopback.
"""

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
WORKER = ("-m", "helpers.scaling.worker")
POLL = 0.05  # seconds between two looks at the workers
GRACE = 3.0  # seconds that a worker gets to end by itself
PATIENCE = 120.0  # seconds without news before a worker counts as stuck; loading takes the longest
PEER_LOST = 75  # exit code of a worker that could not go on because of another one
LOOPBACK = b"lo\0"
AGAIN = "Start it again: it goes on from the last checkpoint."


class ClusterError(RuntimeError):
    """A cluster could not do its work: one sentence about the worker that was to blame."""


def free_ports(count: int) -> list[int]:
    """Return `count` different ports of this machine that nobody listens on at the moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]


def tf_config(addresses: Sequence[str], index: int) -> str:
    """Return the TF_CONFIG of worker `index`, as JSON: all `addresses`, and which one it is."""
    cluster = {"worker": list(addresses)}
    return json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})


# -- in the worker -------------------------------------------------------------------------------


class Reporter:
    """Append events to a file, a line of JSON each, as they happen."""

    def __init__(self, file: Path):
        """Open `file` for appending."""
        self._file = Path(file).open("a", encoding="utf-8")  # noqa: SIM115 - open until the end

    def __call__(self, event: str, **facts: float) -> None:
        """Write one event, and `facts` about it."""
        self._file.write(json.dumps({"event": event, "time": time.time(), **facts}) + "\n")
        self._file.flush()


def end_with_parent() -> None:
    """End this process as soon as nobody holds the other end of its standard input."""

    def wait():
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def confine(port: int, done: Callable[[], None] = lambda: None) -> threading.Thread:
    """Tie this process's server on `port` to loopback, as soon as it is there; return the thread.

    From then on nothing that comes over a network card reaches it, and `done` is called. Only Linux
    can do that to a server that is already open; elsewhere nothing happens.
    """

    def wait():
        process, until = psutil.Process(), time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for one in process.net_connections("tcp"):
                if one.status == psutil.CONN_LISTEN and one.laddr.port == port:
                    with contextlib.suppress(OSError):
                        _bind_to_loopback(one.fd)
                        done()
                    return
            time.sleep(0.002)

    thread = threading.Thread(target=wait, daemon=True)
    if hasattr(socket, "SO_BINDTODEVICE"):
        thread.start()
    return thread


def _bind_to_loopback(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, LOOPBACK)


# -- in the process that starts them -------------------------------------------------------------


class _Reports:
    """What a worker has reported: `events`, oldest first, read on by each call of `update`."""

    def __init__(self, file: Path):
        """Begin where `file` ends: a cluster before this one may have left its reports in it."""
        self.file, self.events = file, []
        self._position = file.stat().st_size if file.exists() else 0

    def update(self) -> list[dict]:
        """Read what is new; return all events so far. A line without its end waits for the rest."""
        if self.file.exists():
            with self.file.open("rb") as opened:
                opened.seek(self._position)
                whole, end, _ = opened.read().rpartition(b"\n")
            self._position += len(whole + end)
            self.events += map(json.loads, whole.splitlines())
        return self.events

    def last(self, event: str) -> int:
        """Return the step of the last `event`; 0 before the first."""
        return next((one["step"] for one in reversed(self.events) if one["event"] == event), 0)


class Cluster:
    """`workers` processes that run `program` with this Python, in `folder`.

        with Cluster(folder) as two:
            two.watch(bar)

    They are started on entering and stopped on leaving, whatever happens between.
    """

    def __init__(self, folder: Path, workers: int = 2, program: Sequence[str] = WORKER):
        """Prepare; nothing runs yet. The program gets the folder as its argument."""
        self.folder, self.program = Path(folder), tuple(program)
        self.addresses = [f"{HOST}:{port}" for port in free_ports(workers)]
        self.processes: list[subprocess.Popen] = []
        self._reports: list[_Reports] = []

    def __enter__(self) -> "Cluster":
        """Start the workers."""
        atexit.register(self.stop)
        try:
            for index in range(len(self.addresses)):
                self._reports.append(_Reports(self.folder / f"worker-{index}.jsonl"))
                self.processes.append(self._start(index))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception) -> None:
        """Stop those that still run."""
        self.stop()

    def _start(self, index: int) -> subprocess.Popen:
        settings = {
            "TF_CONFIG": tf_config(self.addresses, index),
            "TF_CPP_MIN_LOG_LEVEL": "2",  # its errors may be the only trace: they go to the log
            "CUDA_VISIBLE_DEVICES": "-1",  # two processes on one GPU would fight for its memory
            "no_grpc_proxy": f"{HOST},localhost",
        }
        with (self.folder / f"worker-{index}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self.program, str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=os.environ | settings,
                start_new_session=True,  # Ctrl-C is for us; we tell them
            )

    def events(self, index: int) -> list[dict]:
        """Return what worker `index` has reported since this cluster was started, oldest first."""
        return self._reports[index].update()

    def steps(self) -> int:
        """Return the last step that all workers have done; 0 before the first."""
        for reports in self._reports:
            reports.update()
        # A training that is resumed does not begin with step 1.
        return min(max(one.last("step"), one.last("started")) for one in self._reports)

    def watch(
        self,
        on_step: Callable[[], None] = lambda: None,
        until: int | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """Wait until all workers are done, or have done step `until`; call `on_step` at each step.

        ClusterError, and all are stopped, when one fails, or when none has moved for `patience`
        seconds.
        """
        seen, heard, moved = self.steps(), 0, time.monotonic()
        while True:
            ended = self.running() == 0
            steps = self.steps()
            if not seen:
                seen = min(one.last("started") for one in self._reports)
            while seen < steps:
                on_step()
                seen += 1
            if self._failed():
                raise ClusterError(self._blame())
            if ended or (until is not None and seen >= until):
                return
            if (news := sum(len(reports.events) for reports in self._reports)) > heard:
                heard, moved = news, time.monotonic()
            if time.monotonic() - moved > patience:
                self.stop()
                raise ClusterError(
                    f"No worker has moved for {patience:g} s, so the cluster was stopped. {AGAIN}"
                )
            time.sleep(POLL)

    def _failed(self) -> list[int]:
        codes = [process.poll() for process in self.processes]
        return [index for index, code in enumerate(codes) if code not in (None, 0)]

    def _blame(self) -> str:
        """Stop all, and say which worker failed first, and how."""
        first = self._failed()
        # The others notice that a peer is gone, say so, and end: they get a moment for it.
        self._wait()
        # Who lost a peer is not to blame, unless nobody else is.
        suspects = first + [index for index in self._failed() if index not in first]
        codes = [self.processes[index].returncode for index in suspects]
        code = next((code for code in codes if code != PEER_LOST), PEER_LOST)
        index = suspects[codes.index(code)]
        self.stop()
        if code == -getattr(signal, "SIGKILL", 9):
            how = "was killed"
        else:
            how = f"ended with code {code} ({self._last_words(index)})"
        return f"Worker {index} {how} before its work was done, so the cluster was stopped. {AGAIN}"

    def _last_words(self, index: int) -> str:
        log = (self.folder / f"worker-{index}.log").read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in log.splitlines() if line.strip()]
        return lines[-1][:200] if lines else "it said nothing"

    def kill(self, index: int) -> None:
        """End worker `index` at once, as a power cut would: it gets no chance to save anything."""
        self.processes[index].kill()
        self.processes[index].wait()

    def running(self) -> int:
        """Return how many workers run."""
        return sum(process.poll() is None for process in self.processes)

    def stop(self) -> None:
        """Stop all workers: ask, wait a moment, then insist. Stopping twice does no harm."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        self._wait()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()
        atexit.unregister(self.stop)

    def _wait(self) -> None:
        """Give those that still run a moment to end by themselves."""
        until = time.monotonic() + GRACE
        while self.running() and time.monotonic() < until:
            time.sleep(POLL)
