"""TensorBoard in its frame shows this run's data: in JupyterLab, with a password, in a Hub."""

import re
from urllib.parse import urlsplit

import psutil
import pytest
from lab import start_lab
from playwright.sync_api import expect

# Small, but with something for every dashboard, under names that nothing else on the page has.
LOG = """
import keras, numpy as np, tensorflow as tf
from tensorboard.plugins import projector
from tensorboard.plugins.hparams import api as hp
from helpers import board

logs = board.new_folder("browser")
x, y = np.random.rand(64, 784).astype("float32"), np.arange(64) % 10
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(8, name="chestnut"),
                          keras.layers.Dense(10, name="walnut")], name="hazel")
model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
callback = keras.callbacks.TensorBoard(board.new_run(logs, "oak"), histogram_freq=1)
model.fit(x, y, epochs=3, verbose=0, callbacks=[callback])
with tf.summary.create_file_writer(str(board.new_run(logs, "elm"))).as_default():
    tf.summary.image("willow", x[:2].reshape(2, 28, 28, 1), step=7)
for width in (31, 47):
    run = board.new_run(logs, f"birch {width}")
    with tf.summary.create_file_writer(str(run)).as_default():
        hp.hparams({"poplar": width})
        tf.summary.scalar("juniper", width / 100, step=1)
run = board.new_run(logs, "maple")
np.savetxt(run / "vectors.tsv", x[:, :5], delimiter="\\t")
np.savetxt(run / "labels.tsv", y, fmt="%d")
config = projector.ProjectorConfig()
config.embeddings.add(tensor_name="rowan", tensor_path="vectors.tsv", metadata_path="labels.tsv")
projector.visualize_embeddings(str(run), config)
tf.summary.create_file_writer(str(run)).close()
"""
MAGIC = '%load_ext tensorboard\n%tensorboard --logdir "{logs}"'
expect.set_options(timeout=30_000)  # a slow machine draws late
SHOW = 'board.show(logs, "{}")'


# Each with a proxy for the web in the environment, which is not for this machine.
SETTINGS = {"http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
HUB = {"JUPYTERHUB_SERVICE_PREFIX": "/user/some-name/", "JUPYTERHUB_USER": "some-name"}


@pytest.fixture(scope="module", params=["plain", "password", "Hub"])
def anywhere(request, tmp_path_factory):
    """JupyterLab in one of three settings."""
    base = "/" if request.param == "plain" else "/user/some-name/"
    environment = SETTINGS | (HUB if request.param == "Hub" else {})
    folder = tmp_path_factory.mktemp("lab")
    with start_lab(folder, base_url=base, environment=environment) as lab:
        if request.param == "password":  # then Jupyter tells the kernel no token
            [described] = (folder / "runtime").glob("jpserver-*.json")
            described.write_text(described.read_text().replace(lab.token, ""))
        yield lab


def test_every_dashboard_shows_this_runs_data(anywhere, page):
    strays = []  # a proxy lets nothing through but its own address, and nothing is on the web
    home = urlsplit(anywhere.url).netloc
    page.route(lambda url: urlsplit(url).netloc not in (home, ""), lambda r: r.abort())
    page.on("requestfailed", lambda r: urlsplit(r.url).netloc != home and strays.append(r.url))

    opened = anywhere.run_new(page, LOG, *map(SHOW.format, LOOK), MAGIC)
    for dashboard, look in LOOK.items():
        cell = opened.cell(SHOW.format(dashboard))
        look(cell.frame_locator("iframe[title=TensorBoard]"))
        href = cell.get_by_role("link", name="in its own tab").get_attribute("href")
        assert href.startswith(urlsplit(anywhere.url).path + "proxy/")
    magic = opened.cell(MAGIC).frame_locator("iframe")
    expect(magic.get_by_text("oak/train").first).to_be_visible()
    assert not strays
    kernel = psutil.Process(opened.value("__import__('os').getpid()"))
    [server] = kernel.children()  # for all frames and the magic
    assert "starter.py" in " ".join(server.cmdline())


def look_at_scalars(frame):
    expect(frame.locator("tf-scalar-card", has_text="epoch_loss").first).to_be_visible()
    expect(frame.locator("tf-runs-selector").get_by_text("oak/train")).to_be_visible()
    expect(frame.get_by_text("juniper").first).to_be_visible()


def look_at_images(frame):
    expect(frame.locator("tf-image-loader", has_text="willow").first).to_be_visible()
    picture = frame.locator("tf-image-loader img").first
    expect(picture).to_be_visible()
    picture.evaluate("image => image.decode()")
    assert picture.evaluate("image => image.naturalWidth") == 28
    expect(frame.locator("tf-image-loader", has_text="willow").first).to_contain_text("step 7")


def look_at_graphs(frame):
    frame.get_by_text("Conceptual graph").click()
    node = frame.locator("g.node")
    node.filter(has_text="hazel").locator("rect.nodecolortarget").first.dblclick()
    expect(node.filter(has_text="chestnut").first).to_be_visible()
    expect(node.filter(has_text="walnut").first).to_be_visible()


def look_at_histograms(frame):
    card = frame.locator("tf-histogram-loader", has_text="hazel/chestnut/kernel").first
    expect(card).to_be_visible()
    expect(card.locator("path").nth(2)).to_be_attached()  # one outline for each epoch


def look_at_projector(frame):
    frame = frame.frame_locator("iframe").frame_locator("iframe")  # pages of the plug-in's own
    expect(frame.locator(".numDataPoints")).to_have_text("64")
    expect(frame.locator("span.dim")).to_have_text("5")
    expect(frame.locator("vz-projector-data-panel")).to_contain_text("rowan")


def look_at_hparams(frame):
    expect(frame.get_by_text("poplar").first).to_be_visible()
    for width in ("31.000", "47.000"):
        expect(frame.get_by_text(width).first).to_be_visible()
    expect(frame.get_by_text("juniper").first).to_be_visible()


LOOK = {
    "scalars": look_at_scalars,
    "images": look_at_images,
    "graphs": look_at_graphs,
    "histograms": look_at_histograms,
    "projector": look_at_projector,
    "hparams": look_at_hparams,
}


def test_the_lesson_with_tensorboard_fits_its_memory(lab, page):
    notebook = lab.open(page, "02_tensorboard.ipynb")
    notebook.run_all(seconds=400)
    frame = notebook.cell("board.show(").frame_locator("iframe[title=TensorBoard]")
    expect(frame.get_by_text(re.compile(r"^\s*scalars\s*$", re.IGNORECASE)).first).to_be_visible()
    kernel = psutil.Process(notebook.value("__import__('os').getpid()"))
    [server] = kernel.children()
    assert "starter.py" in " ".join(server.cmdline())
    assert sum(p.memory_info().rss for p in (kernel, server)) < 1.3e9
    lab.shut_down_kernels()
    gone, alive = psutil.wait_procs([kernel, server], timeout=20)
    assert len(gone) == 2 and not alive
