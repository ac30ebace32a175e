"""Worker processes on this machine: started, watched and stopped, and none is left behind.

A cluster lives in a folder. Each worker runs the same program there, with its place in the cluster
in TF_CONFIG. What it prints, a line of JSON for each event, goes to `worker-0.jsonl`, everything
else to `worker-0.log`. Workers end when told to, when one of them fails, and when the process that
started them is gone, however it went.

On Linux workers are forked from one process that has loaded TensorFlow and done nothing with it:
they start at once, and hold what they don't change only once. That process, about 0.2 GB, ends with
the one that started it.

TensorFlow's servers ask nobody who he is, and TensorFlow opens them on every network card. Where
the system lets us (Linux 5.7 or later) `confine` ties them to this machine's loopback.
"""

import contextlib
import json
import multiprocessing
import os
import runpy
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from pathlib import Path

import psutil

HOST = "127.0.0.1"
LOADED = ("helpers.scaling.loaded",)  # before the workers are forked
POLL = 0.05  # seconds between two looks at the workers
GRACE = 3.0  # seconds that a worker gets to end by itself
PATIENCE = 120.0  # seconds without a step before workers count as stuck; the first takes longest
PEER_LOST = 75  # exit code of a worker that could not go on because of another one
LOST = "UnavailableError", "DeadlineExceededError", "AbortedError"  # TensorFlow's words for it
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


def _work(program: Path, addresses: Sequence[str], index: int) -> None:
    """Run `program` in its folder as worker `index`: the whole life of a worker's process."""
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C is for the one who started us; it tells us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.chdir(program.parent)
    sys.path.insert(0, str(program.parent))  # as when Python starts a program
    for descriptor, name in (1, f"worker-{index}.jsonl"), (2, f"worker-{index}.log"):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(file, descriptor)
        os.close(file)
    os.environ |= {
        "TF_CONFIG": tf_config(addresses, index),
        "TF_CPP_MIN_LOG_LEVEL": "2",  # its errors may be the only trace: they go to the log
        "CUDA_VISIBLE_DEVICES": "-1",  # two processes on one GPU would fight for its memory
        "no_grpc_proxy": f"{HOST},localhost",
    }
    confine(int(addresses[index].rpartition(":")[2]))
    try:
        runpy.run_path(str(program), run_name="__main__")
    except Exception as error:
        print(f"{type(error).__name__}: {error}".partition("\n")[0], file=sys.stderr, flush=True)
        # Not sys.exit: TensorFlow's own farewell would wait for the one that is gone.
        os._exit(PEER_LOST if type(error).__name__ in LOST else 1)


def _end_with_parent() -> None:
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def confine(port: int) -> threading.Thread:
    """Tie this process's server on `port` to loopback, as soon as it is there; return the thread.

    From then on nothing that comes over a network card reaches it. Only Linux can do that to a
    server that is already open; elsewhere nothing happens.
    """

    def look():
        process, until = psutil.Process(), time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for one in process.net_connections("tcp"):
                if one.laddr.port == port and one.status == psutil.CONN_LISTEN:
                    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(one.fd)) as own:
                        own.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
                    return
            time.sleep(0.002)

    thread = threading.Thread(target=look, daemon=True)
    if hasattr(socket, "SO_BINDTODEVICE"):
        thread.start()
    return thread


# -- in the process that starts them -------------------------------------------------------------


class Cluster:
    """`workers` processes that run `program`, a Python file, in its folder.

        with Cluster("worker.py") as two:
            two.watch(bar)

    They are started on entering and stopped on leaving, whatever happens between.
    """

    def __init__(self, program: Path, workers: int = 2):
        """Prepare; nothing runs yet."""
        self.program = Path(program).resolve()
        self.addresses = [f"{HOST}:{port}" for port in free_ports(workers)]
        self.processes: list[multiprocessing.Process] = []

    def __enter__(self) -> "Cluster":
        """Start the workers."""
        from helpers.start import silenced  # here: a worker, which loads this, needs no IPython

        # Forked from one that is ready, or begun anew where forking is unsafe.
        starter = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
        starter.set_forkserver_preload(list(LOADED))
        try:
            for index in range(len(self.addresses)):
                for kind in ("jsonl", "log"):  # of a cluster before this one
                    self._file(index, kind).unlink(missing_ok=True)
                task = self.program, self.addresses, index
                worker = starter.Process(target=_work, args=task, daemon=True)
                with silenced():  # what TensorFlow says before it can be told not to
                    worker.start()
                self.processes.append(worker)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception) -> None:
        """Stop those that still run."""
        self.stop()

    def _file(self, index: int, kind: str) -> Path:
        return self.program.parent / f"worker-{index}.{kind}"

    def events(self, index: int) -> list[dict]:
        """Return what worker `index` has reported, oldest first."""
        file, found = self._file(index, "jsonl"), []
        for line in file.read_bytes().splitlines() if file.exists() else []:
            with contextlib.suppress(ValueError):  # half a line yet, or something else was printed
                found.append(json.loads(line))
        return found

    def steps(self, told: Sequence[str] = ("started", "step")) -> int:
        """Return the last step that all workers have `told` of in such events; 0 before the first.

        A training that is resumed does not start at 0.
        """
        each = [self.events(index) for index in range(len(self.addresses))]
        found = [[one["step"] for one in events if one["event"] in told] for events in each]
        return min(max(steps, default=0) for steps in found)

    def watch(self, on_step: Callable[[], None] = lambda: None, until: int | None = None) -> None:
        """Wait until all workers are done, or have done step `until`; call `on_step` at each step.

        ClusterError, and all are stopped, when one fails, or when none has moved for `PATIENCE`.
        """
        seen, moved = self.steps(), time.monotonic()
        while True:
            ended, steps = self.running() == 0, self.steps()
            seen = seen or self.steps(["started"])
            while seen < steps:
                on_step()
                seen, moved = seen + 1, time.monotonic()
            if self._failed():
                raise ClusterError(self._blame())
            if ended or (until is not None and seen >= until):
                return
            if time.monotonic() - moved > PATIENCE:
                self.stop()
                what = f"No worker has moved for {PATIENCE:g} s"
                raise ClusterError(f"{what}, so the cluster was stopped. {AGAIN}")
            time.sleep(POLL)

    def _failed(self) -> list[int]:
        return [i for i, process in enumerate(self.processes) if process.exitcode not in (None, 0)]

    def _blame(self) -> str:
        """Stop all, and say which worker failed first, and how."""
        first = self._failed()
        self._wait()  # the others notice that a peer is gone, say so, and end
        suspects = dict.fromkeys(first + self._failed())
        codes = {index: self.processes[index].exitcode for index in suspects}
        self.stop()
        # Who lost a peer is not to blame, unless nobody else is.
        index = next((index for index in codes if codes[index] != PEER_LOST), first[0])
        log = self._file(index, "log").read_text(encoding="utf-8", errors="replace")
        said = (log.strip().splitlines() or ["it said nothing"])[-1].strip()[:200]
        how = "was killed" if codes[index] == -9 else f"ended with code {codes[index]} ({said})"
        return f"Worker {index} {how} before its work was done, so the cluster was stopped. {AGAIN}"

    def kill(self, index: int) -> None:
        """End worker `index` at once, as a power cut would: it gets no chance to save anything."""
        self.processes[index].kill()
        self.processes[index].join()

    def running(self) -> int:
        """Return how many workers run."""
        return sum(process.is_alive() for process in self.processes)

    def stop(self) -> None:
        """Stop all workers: ask, wait a moment, then insist. Stopping twice does no harm."""
        for process in self.processes:
            process.terminate()
        self._wait()
        for process in self.processes:
            process.kill()
            process.join()

    def _wait(self) -> None:
        """Give those that still run a moment to end by themselves."""
        until = time.monotonic() + GRACE
        for process in self.processes:
            process.join(max(0, until - time.monotonic()))
