"""`helpers.scaling.cluster`: workers are started, watched, stopped, and none is left behind."""

import signal
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

from helpers.scaling import cluster
from helpers.scaling.cluster import Cluster, ClusterError

# A worker without TensorFlow: it counts to 20, and may fail, hang or refuse to end on the way.
COUNTS = """
import json, os, signal, sys, time
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
def report(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)
print("talk")
report("started", step=FIRST - 1)
for step in range(FIRST, 21):
    report("step", step=step)
    time.sleep(0.02)
    EXTRA
report("done", step=20)
"""


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """These workers need no TensorFlow."""
    monkeypatch.setattr(cluster, "LOADED", ())


@pytest.fixture
def counting(tmp_path):
    """Write such a program; return its path."""

    def write(extra="pass", first=1):
        program = tmp_path / "count.py"
        program.write_text(COUNTS.replace("EXTRA", extra).replace("FIRST", str(first)))
        return program

    return write


def gone(*pids, seconds=8):
    """Whether all these processes have ended, soon."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        alive = [one for one in pids if psutil.pid_exists(one)]
        if not [one for one in alive if psutil.Process(one).status() != psutil.STATUS_ZOMBIE]:
            return True
        time.sleep(0.05)
    return False


def pids(workers):
    return [process.pid for process in workers.processes]


# -- places --------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(socket, "SO_BINDTODEVICE"), reason="Linux ties ports to a device")
def test_a_confined_server_listens_on_loopback_only():
    with socket.socket() as server:
        server.bind(("0.0.0.0", 0))  # noqa: S104 - as TensorFlow does
        server.listen()
        port = server.getsockname()[1]
        cluster.confine(port).join(10)
        device = server.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
        assert device.rstrip(b"\0") == b"lo"
        with socket.create_connection((cluster.HOST, port), 5):
            pass


# -- start, watch, stop --------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "count"), [(1, 20), (16, 5)])
def test_it_watches_until_all_are_done_from_where_they_start(counting, first, count):
    steps = []
    with Cluster(counting(first=first), 3) as workers:
        assert workers.running() == 3
        workers.watch(lambda: steps.append(1))
    assert len(steps) == count and workers.steps() == 20
    assert workers.running() == 0 and gone(*pids(workers))
    assert [workers.events(i)[-1]["event"] for i in range(3)] == ["done"] * 3


def test_it_hands_over_in_between_and_stops_what_still_runs(counting):
    with Cluster(counting("time.sleep(0.3)"), 2) as workers:
        workers.watch(until=3)
        assert 3 <= workers.steps() < 20 and workers.running() == 2
    assert workers.running() == 0 and gone(*pids(workers))
    workers.stop()  # once more does no harm
    with Cluster(counting(), 1) as workers:  # and another can be started
        workers.watch()


def test_the_first_that_failed_is_to_blame_and_not_who_lost_a_peer(counting):
    for extra in (
        f"sys.exit('out of paper' if index else {cluster.PEER_LOST})",
        "time.sleep(0 if index else 1.5); sys.exit('out of paper' if index else 'too late')",
    ):
        with (
            Cluster(counting(extra), 2) as workers,
            pytest.raises(ClusterError, match=r"Worker 1 ended with code 1 \(out of paper\)"),
        ):
            workers.watch()


def test_a_hanging_cluster_is_stopped(counting, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with (
        Cluster(counting("time.sleep(60)"), 2) as workers,
        pytest.raises(ClusterError, match="No worker has moved for 1 s"),
    ):
        workers.watch()
    assert gone(*pids(workers))


def test_one_that_will_not_end_is_made_to(counting, monkeypatch):
    monkeypatch.setattr(cluster, "GRACE", 0.3)
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    with Cluster(counting(deaf), 2) as workers:
        workers.watch(until=1)
        time.sleep(0.3)
    assert gone(*pids(workers))


def test_an_interrupt_stops_the_workers(counting):
    main = threading.main_thread().ident
    with pytest.raises(KeyboardInterrupt), Cluster(counting("time.sleep(1)"), 2) as two:
        threading.Timer(0.5, signal.pthread_kill, (main, signal.SIGINT)).start()
        two.watch()
    assert gone(*pids(two))


ABANDONED = """
import os, sys
from helpers.scaling import cluster
cluster.LOADED = ()
if __name__ == "__main__":
    workers = cluster.Cluster(sys.argv[1], 2)
    workers.__enter__()
    workers.watch(until=2)
    print(*(process.pid for process in workers.processes), flush=True)
    LAST
"""


@pytest.mark.parametrize("last", ["os.kill(os.getpid(), 9)", "1 / 0"])
def test_workers_end_with_the_process_that_started_them(counting, last):
    script = ABANDONED.replace("LAST", last)
    command = [sys.executable, "-c", script, str(counting("time.sleep(1)"))]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = [int(pid) for pid in done.stdout.split()]
    assert len(found) == 2 and gone(*found)
