"""TensorBoard in the lesson: fresh folders, event files read back, pictures, servers that end."""

import os
import signal
import subprocess
import sys

import numpy as np
import psutil
import pytest
import requests

from helpers import board, figures
from helpers.board import events, pictures, server


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Two training runs, a run with pictures, two with settings, an embedding, a graph."""
    import keras
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
    for width in (8, 16, 24, 32, 64):
        with writer(f"grid/{width}"):
            hp.hparams({"width": width, "optimizer": "adam"})
            tf.summary.scalar("accuracy", width / 64, step=1)
    run = board.new_run(logs, "embedding")  # as the lesson writes it
    np.savetxt(run / "vectors.tsv", np.eye(20, 5), delimiter="\t")
    (run / "labels.tsv").write_text("digit\tread as\n" + "ä b\t7\n" * 10 + "ox\t7\n" * 10)
    (run / "projector_config.pbtxt").touch()
    tf.summary.create_file_writer(str(run)).close()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2), keras.layers.ReLU()])
    callback = keras.callbacks.TensorBoard(board.new_run(logs, "graph"))
    callback.set_model(model)
    callback.on_train_end()
    return logs


def test_every_folder_and_run_is_fresh_also_where_runs_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_RUNS", str(tmp_path / "runs"))
    first, second = board.new_folder("digits"), board.new_folder("digits")
    assert first != second and first.parent == second.parent == tmp_path / "runs" / "digits"
    names = [board.new_run(first, "adam").name for _ in range(3)]
    assert names == ["adam", "adam (2)", "adam (3)"]

    # Another learner of this machine has been here, and what is hers can't be written to.
    (tmp_path / "file").write_text("")
    (tmp_path / "digits").write_text("")
    monkeypatch.setenv("WORKSHOP_RUNS", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first, second = board.new_folder("digits"), board.new_folder("digits")
    assert first != second and first.is_relative_to(tmp_path)
    assert (first.parent.name, list(first.iterdir())) == ("digits", [])


def test_what_was_logged_is_read_back(logs):
    runs = events.read(logs)
    assert list(runs) == sorted(runs)
    steps, values = runs["rate 2"].scalars["loss"]
    np.testing.assert_array_equal(steps, [0, 1, 2, 3])
    np.testing.assert_allclose(values, [2, 1, 2 / 3, 1 / 2], rtol=1e-6)
    step, buckets = runs["rate 2"].histograms["weights"][-1]
    assert (step, buckets[0, 0], buckets[-1, 1], buckets[:, 2].sum()) == (3, -2, 2, 50)
    [(_, black), (_, white)] = runs["wrong"].images["digits"]
    assert (len(black), black[0].max(), white[0].min()) == (3, 0, 255)
    assert runs["grid/16"].hparams == {"width": 16, "optimizer": "adam"}
    assert "Sequential" in runs["graph/train"].graphs["keras"]

    chosen = events.choose(runs, "rate", "^loss$")
    assert list(chosen) == ["rate 1", "rate 2"]
    assert all(set(run.scalars) == {"loss"} and not run.histograms for run in chosen.values())


@pytest.fixture
def shown(monkeypatch):
    """What figures.show got, instead of showing it: (figure, its pixels, alt text)."""
    shown = []
    monkeypatch.setattr(
        figures, "show", lambda fig, alt: shown.append((fig, figures.render(fig), alt))
    )
    return shown


@pytest.fixture
def looked_at(monkeypatch):
    """A kernel that a Jupyter server has started."""
    monkeypatch.setattr(server, "jupyter", lambda: {"url": "http://127.0.0.1:9/", "base_url": "/"})


def test_every_dashboard_has_a_picture(logs, shown, tmp_path, capsys):
    for dashboard in pictures.DASHBOARDS:
        board.show(logs, dashboard)
        fig, pixels, alt = shown.pop()
        assert np.ptp(pixels) > 0 and dashboard in alt
        if dashboard == "projector":
            assert [text.get_text() for text in fig.axes[0].texts] == ["ox", "ä b"]
    board.show(logs, runs="rate", tags="loss", alt="Falling curves.")
    [(fig, _, alt)] = shown
    [axis] = fig.axes
    assert [line.get_label() for line in axis.lines] == ["rate 1", "rate 2"]
    np.testing.assert_allclose(axis.lines[1].get_ydata()[:2], [2, 1])
    assert (alt, axis.get_xlabel()) == ("Falling curves.", "step")

    board.show(tmp_path)
    said = "Nothing for the scalars dashboard has been logged there yet.\n"
    assert capsys.readouterr().out.endswith(said)
    with pytest.raises(ValueError, match="only scalars"):
        board.show(tmp_path, "pictures")


KERNEL = """
import pathlib, sys, time
from helpers.board import server
from tensorboard import manager
for folder in sys.argv[1:]:
    address = server.address(pathlib.Path(folder))
    started = manager.start(["--logdir", folder])
    print(address, started.info.pid, flush=True)
time.sleep(60)
"""


def start_kernel(*folders):
    """A process that, as a kernel would, starts servers; and their (address, process)."""
    command = [sys.executable, "-c", KERNEL, *map(str, folders)]
    proxied = os.environ | {"http_proxy": "http://127.0.0.1:9"}  # which is asked for nothing
    kernel = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=proxied)
    lines = [kernel.stdout.readline().split() for _ in folders]
    return kernel, [(address, psutil.Process(int(pid))) for address, pid in lines]


def ask(address):
    return requests.get(f"{address}data/runs", timeout=5)


@pytest.fixture
def unprepared(monkeypatch):
    """This process as a kernel is at first."""
    for variable in ("WORKSHOP_TENSORBOARD", "TENSORBOARD_BINARY", "TENSORBOARD_PROXY_URL"):
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)


def test_servers_are_reused_kept_apart_outlive_interrupts_and_end_with_their_kernel(logs, tmp_path):
    kernel, servers = start_kernel(logs, tmp_path, logs)
    try:
        (first, process), (other, other_process), (again, same) = servers
        assert (again, same) == (first, process) and other != first
        process.send_signal(signal.SIGINT)  # as Jupyter interrupts a cell, and its children
        assert "rate 1" in ask(first).json()
        assert ask(other).json() == []
        assert "tensorflow" not in " ".join(m.path for m in process.memory_maps())
        secret = first.split("/")[3]
        assert secret not in " ".join(process.cmdline())  # which everybody can read
        assert ask(first.replace(secret, "")).status_code == 404
        kernel.kill()
        _, alive = psutil.wait_procs([process, other_process], timeout=10)
    finally:
        kernel.kill()
        kernel.wait()
    assert not alive


def test_where_no_server_can_start_there_is_a_picture(
    logs, shown, looked_at, unprepared, monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    board.show(logs, tags="loss")
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    board.show(logs, tags="loss")
    assert capsys.readouterr().out.count("can't be started here (") == len(shown) == 2


def test_the_frame_opens_the_dashboard_with_what_is_to_be_seen(tmp_path, looked_at, monkeypatch):
    frames = []
    monkeypatch.setattr(board, "display", lambda html: frames.append(html.data))
    monkeypatch.setattr(server, "address", lambda folder: "/proxy/1/secret/")
    board.show(tmp_path, "scalars", runs="a|b", tags="loss")
    board.show(tmp_path, "images")
    view = "#scalars&amp;regexInput=a%7Cb&amp;tagFilter=loss&amp;_smoothingWeight=0"
    assert f'src="/proxy/1/secret/{view}" title="TensorBoard"' in frames[0]
    assert 'href="/proxy/1/secret/#images"' in frames[1]


def test_the_browser_goes_through_jupyter_where_it_has_a_proxy(tmp_path, unprepared, monkeypatch):
    assert not server.jupyter()  # a test is not looked at
    monkeypatch.setattr("jupyter_core.paths.jupyter_runtime_dir", lambda: str(tmp_path))
    (tmp_path / f"jpserver-{os.getppid()}.json").write_text('{"base_url": "/ada/"}')
    for has_proxy, place in ((True, "/ada/proxy/%PORT%/"), (None, "http://127.0.0.1:%PORT%/")):
        for variable in ("WORKSHOP_TENSORBOARD", "TENSORBOARD_PROXY_URL"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setattr("importlib.util.find_spec", lambda name, found=has_proxy: found)
        server.prepare()
        address = os.environ["TENSORBOARD_PROXY_URL"]  # which `%tensorboard` reads, too
        server.prepare()
        assert address == os.environ["TENSORBOARD_PROXY_URL"]
        assert address.startswith(place) and len(address) > len(place) + 16
