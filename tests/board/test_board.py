"""TensorBoard in the lesson: fresh folders, event files read back, pictures, servers that end."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import numpy as np
import psutil
import pytest

from helpers import board, figures
from helpers.board import embedding, events, pictures, server


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Two training runs, a run with pictures, two with settings, an embedding."""
    import tensorflow as tf
    from tensorboard.plugins.hparams import api as hp

    logs = tmp_path_factory.mktemp("logs")

    def writer(name):
        return tf.summary.create_file_writer(str(board.new_run(logs, name))).as_default()

    for rate in (1, 2):
        with writer(f"rate {rate}"):
            for step in range(4):
                tf.summary.scalar("loss", rate / (step + 1), step=step)
                tf.summary.scalar("accuracy", 0.5, step=step)
                tf.summary.histogram("weights", np.linspace(-rate, rate, 50), step=step)
    with writer("wrong"):
        for step in range(2):
            tf.summary.image("digits", np.full((3, 28, 28, 1), step * 255, np.uint8), step=step)
    for width in (8, 16):
        with writer(f"grid/{width}"):
            hp.hparams({"width": width, "optimizer": "adam"})
            tf.summary.scalar("accuracy", width / 16, step=1)
    run = board.new_run(logs, "embedding")
    vectors, digits = np.eye(20, 5), np.arange(20) % 10
    pixels = np.zeros((20, 28, 28), np.uint8)
    board.write_embedding(run, "hidden", vectors, {"digit": digits}, pixels)
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2), keras.layers.ReLU()])
    model.compile("sgd", "mse")
    callback = keras.callbacks.TensorBoard(board.new_run(logs, "graph"))
    model.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0, callbacks=[callback])
    return logs


# -- folders -------------------------------------------------------------------------------------


def test_every_log_folder_and_every_run_is_a_fresh_one(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_RUNS", str(tmp_path))
    first, second = board.new_folder("digits"), board.new_folder("digits")
    assert first != second
    assert first.parent == second.parent == tmp_path / "digits"
    names = [board.new_run(first, "adam").name for _ in range(3)]
    assert names == ["adam", "adam (2)", "adam (3)"]


def test_where_runs_cannot_be_written_a_temporary_folder_is_used(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("WORKSHOP_RUNS", str(blocked))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    # Another learner of this machine has been here, and what is hers can't be written to.
    (tmp_path / "digits").write_text("")
    first, second = board.new_folder("digits"), board.new_folder("digits")
    assert first != second
    assert first.is_relative_to(tmp_path)
    assert (first.parent.name, list(first.iterdir())) == ("digits", [])


# -- event files ---------------------------------------------------------------------------------


def test_what_was_logged_is_read_back(logs):
    runs = events.read(logs)
    assert list(runs) == sorted(runs)
    steps, values = runs["rate 2"].scalars["loss"]
    np.testing.assert_array_equal(steps, [0, 1, 2, 3])
    np.testing.assert_allclose(values, [2, 1, 2 / 3, 1 / 2], rtol=1e-6)
    step, buckets = runs["rate 2"].histograms["weights"][-1]
    assert step == 3
    assert buckets[0, 0] == -2
    assert buckets[-1, 1] == 2
    assert buckets[:, 2].sum() == 50
    [(_, black), (_, white)] = runs["wrong"].images["digits"]
    assert len(black) == 3
    assert black[0].max() == 0
    assert white[0].min() == 255
    assert runs["grid/16"].hparams == {"width": 16, "optimizer": "adam"}
    assert "Sequential" in runs["graph/train"].graphs["keras"]


def test_runs_and_tags_are_chosen_by_pattern(logs):
    chosen = events.choose(events.read(logs), "rate", "^loss$")
    assert list(chosen) == ["rate 1", "rate 2"]
    assert all(set(run.scalars) == {"loss"} for run in chosen.values())
    assert not chosen["rate 1"].histograms


def test_smoothing_lags_behind_and_does_not_start_at_zero():
    smoothed = events.smooth([1, 1, 1, 0, 0, 0], 0.9)
    np.testing.assert_allclose(smoothed[:3], 1)
    assert 0 < smoothed[-1] < 1
    np.testing.assert_allclose(events.smooth([3, 1, 2], 0), [3, 1, 2])


@pytest.mark.parametrize("columns", [1, 2])
def test_an_embedding_is_read_back(tmp_path, columns):
    vectors = np.arange(12.0).reshape(4, 3)
    named = {"digit": [7, 8, 9, 7], "read as": [7, 8, 4, 7]}
    named = dict(list(named.items())[:columns])
    board.write_embedding(tmp_path, "hidden", vectors, named, np.zeros((4, 28, 28), np.uint8))
    read, labels = embedding.read(tmp_path)
    np.testing.assert_array_equal(read, vectors)
    assert labels == ["7", "8", "9", "7"]
    with pytest.raises(ValueError, match="as many"):
        board.write_embedding(tmp_path, "hidden", vectors[1:], named, np.zeros((4, 28, 28)))


def test_an_embedding_needs_no_pictures(tmp_path):
    board.write_embedding(tmp_path, "words", np.eye(2), {"word": ["one", "two"]})
    assert embedding.read(tmp_path)[1] == ["one", "two"]
    assert not (tmp_path / "sprites.png").exists()
    assert "sprite" not in (tmp_path / embedding.CONFIG).read_text()
    with pytest.raises(ValueError, match="as many"):
        board.write_embedding(tmp_path, "words", np.eye(2), {"word": ["one"]})


# -- pictures ------------------------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch):
    """What figures.show got, instead of showing it: (figure's pixels, alt text)."""
    shown = []
    monkeypatch.setattr(
        figures, "show", lambda fig, alt: shown.append((fig, figures.render(fig), alt))
    )
    return shown


@pytest.mark.parametrize("dashboard", board.DASHBOARDS)
def test_every_dashboard_has_a_picture(logs, shown, dashboard):
    board.show(logs, dashboard, live=False)
    [(_, pixels, alt)] = shown
    assert np.ptp(pixels) > 0
    assert dashboard in alt


def test_the_picture_shows_the_chosen_curves(logs, shown):
    board.show(logs, runs="rate", tags="loss", alt="Two curves that fall.", live=False)
    [(fig, _, alt)] = shown
    [axis] = fig.axes
    assert [line.get_label() for line in axis.lines] == ["rate 1", "rate 2"]
    np.testing.assert_allclose(axis.lines[1].get_ydata()[0], 2)
    assert alt == "Two curves that fall."


def test_a_skipping_connection_is_drawn():
    layers = [
        {"class_name": "InputLayer", "inbound_nodes": []},
        {"class_name": "Dense", "inbound_nodes": [{"args": [{"keras_history": ["in", 0, 0]}]}]},
        {
            "class_name": "Add",
            "inbound_nodes": [{"args": [{"x": ["in", 0, 0]}, {"x": ["dense", 0, 0]}]}],
        },
    ]
    assert pictures._edges(layers, ["in", "dense", "add"]) == [(0, 1), (0, 2), (1, 2)]


def test_nothing_logged_is_said(tmp_path, capsys):
    board.show(tmp_path, live=False)
    assert capsys.readouterr().out == (
        "Nothing for the scalars dashboard has been logged there yet.\n"
    )
    with pytest.raises(ValueError, match="only scalars"):
        board.show(tmp_path, "pictures")


# -- servers -------------------------------------------------------------------------------------

KERNEL = """
import pathlib, sys, time
from helpers.board import server
for folder in sys.argv[1:]:
    print(server.address(pathlib.Path(folder)), server._servers[pathlib.Path(folder)][0].pid)
sys.stdout.flush()
time.sleep(60)
"""


def start_kernel(*folders):
    """A process that, as a kernel would, starts servers; and their (address, process)."""
    command = [sys.executable, "-c", KERNEL, *map(str, folders)]
    kernel = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    lines = [kernel.stdout.readline().split() for _ in folders]
    return kernel, [(address, psutil.Process(int(pid))) for address, pid in lines]


def ask(address):
    with urllib.request.urlopen(address) as reply:  # noqa: S310 - loopback
        return reply.read().decode()


def test_servers_are_reused_kept_apart_and_end_with_a_killed_kernel(logs, tmp_path):
    kernel, servers = start_kernel(logs, tmp_path, logs)
    try:
        (first, process), (other, other_process), (again, same) = servers
        assert first == again
        assert process == same
        assert other != first
        assert "rate 1" in ask(first + "data/runs")
        assert "rate 1" not in ask(other + "data/runs")
        assert "tensorflow" not in " ".join(m.path for m in process.memory_maps())
        secret = first.split("/")[3]
        assert secret not in " ".join(process.cmdline())  # which everybody can read
        with pytest.raises(urllib.error.HTTPError):
            ask(first.replace(secret, ""))

        os.killpg(kernel.pid, signal.SIGINT)  # as Jupyter interrupts a cell
        kernel.wait(10)
    finally:
        kernel.kill()
        kernel.wait()
    _, alive = psutil.wait_procs([process, other_process], timeout=10)
    assert not alive


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_server_outlives_its_kernel(tmp_path, number):
    kernel, [(_, process)] = start_kernel(tmp_path)
    kernel.send_signal(number)
    try:
        process.wait(10)
    finally:
        kernel.kill()
        kernel.wait()
    assert not process.is_running()


def test_where_no_server_can_start_there_is_a_picture(logs, shown, monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    board.show(logs, tags="loss", live=True)
    assert "can't be started here" in capsys.readouterr().out
    assert len(shown) == 1


def test_a_test_or_a_headless_run_is_not_in_jupyter():
    assert not server.in_jupyter()


# -- profiles ------------------------------------------------------------------------------------


def test_a_profile_tells_waiting_from_working(tmp_path):
    import time

    import keras
    import tensorflow as tf

    from helpers.board import trace

    def slow(x):
        time.sleep(0.02)
        return x

    def prepare(x):
        return tf.reshape(tf.numpy_function(slow, [x], tf.float32), (1,)), x

    numbers = tf.data.Dataset.from_tensor_slices(np.ones(8, np.float32)).map(prepare).batch(1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    callback = keras.callbacks.TensorBoard(tmp_path, profile_batch=(10, 14))
    model.fit(numbers, epochs=2, shuffle=False, callbacks=[callback], verbose=0)
    waits, works = trace.read(tmp_path)
    assert len(waits) == len(works) == 4
    assert (waits > 10).all()  # Keras prepares the next batch meanwhile
    assert waits.sum() > works.sum()
    with pytest.raises(FileNotFoundError, match="profile_batch"):
        trace.read(tmp_path / "nothing")
