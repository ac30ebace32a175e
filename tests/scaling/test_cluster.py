"""`helpers.scaling.cluster`: workers are started, watched, stopped, and none is left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest

from helpers.scaling import cluster, training
from helpers.scaling.cluster import Cluster, ClusterError

# A worker without TensorFlow: it counts to 20, and may fail, hang or refuse to end on the way.
COUNTS = """
import json, os, sys, time
from pathlib import Path
from helpers.scaling import cluster
cluster.end_with_parent()
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
report = cluster.Reporter(Path(sys.argv[1]) / f"worker-{index}.jsonl")
report("process", pid=os.getpid())
for step in range(1, 21):
    report("step", step=step)
    time.sleep(0.02)
    EXTRA
report("done", step=20)
"""


def counting(extra="pass"):
    return "-c", COUNTS.replace("EXTRA", extra)


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


def test_free_ports_are_different_and_free():
    ports = cluster.free_ports(20)
    assert len(set(ports)) == 20
    for port in ports[:3]:
        with socket.socket() as one:
            one.bind((cluster.HOST, port))


def test_tf_config_is_what_tensorflow_reads(monkeypatch):
    addresses = ["127.0.0.1:4000", "127.0.0.1:4001", "127.0.0.1:4002"]
    texts = [cluster.tf_config(addresses, index) for index in range(3)]
    assert len({json.dumps(json.loads(text)["cluster"]) for text in texts}) == 1
    import tensorflow as tf

    monkeypatch.setenv("TF_CONFIG", texts[2])
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    assert (resolver.task_type, resolver.task_id) == ("worker", 2)
    assert resolver.cluster_spec().as_dict() == {"worker": addresses}


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


def test_it_watches_until_all_are_done(tmp_path):
    steps = []
    with Cluster(tmp_path, 3, counting()) as workers:
        assert workers.running() == 3
        workers.watch(lambda: steps.append(1))
    assert len(steps) == 20 and workers.steps() == 20
    assert workers.running() == 0 and gone(*pids(workers))
    assert [workers.events(i)[-1]["event"] for i in range(3)] == ["done"] * 3


def test_it_hands_over_in_between_and_stops_what_still_runs(tmp_path):
    with Cluster(tmp_path, 2, counting("time.sleep(0.3)")) as workers:
        workers.watch(until=3)
        assert 3 <= workers.steps() < 20 and workers.running() == 2
    assert workers.running() == 0 and gone(*pids(workers))
    workers.stop()  # once more does no harm


def test_steps_before_a_resumed_start_are_not_counted(tmp_path):
    steps, started = [], 'pid=os.getpid())\nreport("started", step=15)'
    extra = counting()[1].replace("range(1,", "range(16,").replace("pid=os.getpid())", started)
    with Cluster(tmp_path, 2, ("-c", extra)) as workers:
        workers.watch(lambda: steps.append(1))
    assert len(steps) == 5


def test_a_second_cluster_in_the_folder_has_only_its_own_reports(tmp_path):
    for _ in range(2):
        with Cluster(tmp_path, 1, counting()) as workers:
            workers.watch()
        assert [event["event"] for event in workers.events(0)].count("process") == 1


def test_a_line_that_is_being_written_waits_for_its_end(tmp_path):
    reports = cluster._Reports(tmp_path / "worker-0.jsonl")
    assert reports.update() == []
    with reports.file.open("w") as file:
        for piece, count in [('{"event": "a"}\n{"eve', 1), ('nt": "b"}', 1), ("\n", 2)]:
            file.write(piece)
            file.flush()
            assert len(reports.update()) == count


def test_a_killed_worker_is_named_and_the_others_are_stopped(tmp_path):
    with Cluster(tmp_path, 3, counting("time.sleep(0.3)")) as workers:
        workers.watch(until=2)
        workers.kill(1)
        with pytest.raises(ClusterError, match="Worker 1 was killed before its work was done"):
            workers.watch()
        assert workers.running() == 0
    assert gone(*pids(workers))


def test_the_first_that_failed_is_to_blame_and_not_who_lost_a_peer(tmp_path):
    for extra in (
        f"sys.exit('out of paper' if index else {cluster.PEER_LOST})",
        "time.sleep(0 if index else 1.5); sys.exit('out of paper' if index else 'too late')",
    ):
        with (
            Cluster(tmp_path, 2, counting(extra)) as workers,
            pytest.raises(ClusterError, match=r"Worker 1 ended with code 1 \(out of paper\)"),
        ):
            workers.watch()


def test_a_hanging_cluster_is_stopped(tmp_path):
    with (
        Cluster(tmp_path, 2, counting("time.sleep(60)")) as workers,
        pytest.raises(ClusterError, match="No worker has moved for 1 s"),
    ):
        workers.watch(patience=1)
    assert gone(*pids(workers))


def test_one_that_will_not_end_is_made_to(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "GRACE", 0.3)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    with Cluster(tmp_path, 2, counting(deaf)) as workers:
        workers.watch(until=1)
        time.sleep(0.3)
    assert gone(*pids(workers))


def test_an_interrupt_stops_the_workers(tmp_path):
    main = threading.main_thread().ident
    with pytest.raises(KeyboardInterrupt), Cluster(tmp_path, 2, counting("time.sleep(1)")) as two:
        threading.Timer(0.5, signal.pthread_kill, (main, signal.SIGINT)).start()
        two.watch()
    assert gone(*pids(two))


ABANDONED = """
import os, sys
from helpers.scaling.cluster import Cluster
workers = Cluster(sys.argv[1], 2, sys.argv[2:])
workers.__enter__()
workers.watch(until=2)
print(*(process.pid for process in workers.processes), flush=True)
LAST
"""


@pytest.mark.parametrize("last", ["os.kill(os.getpid(), 9)", "1 / 0"])
def test_workers_end_with_the_process_that_started_them(tmp_path, last):
    script = ABANDONED.replace("LAST", last)
    command = [sys.executable, "-c", script, str(tmp_path), *counting("time.sleep(1)")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = [int(pid) for pid in done.stdout.split()]
    assert len(found) == 2 and gone(*found)


# -- the real one --------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_workers_train_one_dies_and_nothing_is_lost(tmp_path):
    """Two TensorFlow processes on loopback; the result is that of one process within rounding."""
    x = np.random.default_rng(0).random((64, 28, 28, 1), "float32")
    y = np.random.default_rng(1).integers(0, 10, 64)
    training.write_arrays(tmp_path / "digits.npz", pictures=x, labels=y)
    plan = training.Plan(steps=24, batch=16, save_every=5, pause=0.1)
    plan.write(tmp_path / "plan.json")
    with Cluster(tmp_path) as workers:
        workers.watch(until=12)
        if hasattr(socket, "SO_BINDTODEVICE"):
            told = [[event["event"] for event in workers.events(i)] for i in (0, 1)]
            assert all("confined" in events for events in told)
        workers.kill(1)
        with pytest.raises(ClusterError, match="Worker 1 was killed"):
            workers.watch()
    assert gone(*pids(workers)) and not (tmp_path / "weights.npz").exists()
    with Cluster(tmp_path) as workers:
        workers.watch()
    assert gone(*pids(workers))
    started = next(one for one in workers.events(0) if one["event"] == "started")
    assert started["step"] in (10, 15, 20)
    found = training.read_arrays(tmp_path / "weights.npz", "weights")
    assert training.farthest(found, _alone(tmp_path, plan)) < 1e-3


ALONE = """
import sys
from pathlib import Path
from helpers.scaling import training
folder = Path(sys.argv[1])
import tensorflow as tf
tf.config.experimental.enable_op_determinism()
x, y = (training.read_arrays(folder / "digits.npz", name)[0] for name in ("pictures", "labels"))
plan = training.Plan.read(folder / "plan.json")
model = training.train(tf.distribute.get_strategy(), x, y, plan)
training.write_arrays(folder / "alone.npz", weights=training.weights(model))
"""


def _alone(folder, plan):
    subprocess.run(
        [sys.executable, "-c", ALONE, str(folder)], check=True, env=os.environ | {"TF_CONFIG": ""}
    )
    return training.read_arrays(folder / "alone.npz", "weights")
