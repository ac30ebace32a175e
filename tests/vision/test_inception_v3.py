"""InceptionV3 from files of Keras's format, full of random numbers; lessons 04 and 07 with it."""

import re
import shutil

import keras
import nbformat
import numpy as np
import originals
import pytest
from nbclient import NotebookClient

from helpers import assets
from helpers.vision import backbones

ROOT = assets.DATA.parent


def tiny(include_top=True, weights=None, classifier_activation=None):
    """Build a network of five layers as Keras Applications builds InceptionV3."""
    inputs = keras.Input((32, 32, 3) if include_top else (None, None, 3))
    x = keras.layers.Conv2D(4, 3, 2, use_bias=False)(inputs)
    x = keras.layers.BatchNormalization(scale=False)(x)
    x = keras.layers.Activation("relu", name="mixed10")(keras.layers.Conv2D(6, 3)(x))
    if include_top:
        x = keras.layers.GlobalAveragePooling2D()(x)
        x = keras.layers.Dense(1000, name="predictions")(x)
    return keras.Model(inputs, x, name="inception_v3")


def test_either_file_serves_and_a_wrong_one_is_refused(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.applications, "InceptionV3", tiny)
    file = originals.write(model := tiny(), tmp_path)
    place = shelf("inception-v3", file)
    choice = ("inception_v3", "efficientnet_lite0")
    assert backbones.first_here(*choice) == "efficientnet_lite0"
    with pytest.raises(assets.AssetError, match="WORKSHOP_OFFLINE"):
        backbones.load("inception_v3")
    shutil.copy(file, place)
    assert backbones.first_here(*choice) == "inception_v3"
    loaded, bare = (backbones.load("inception_v3", top=top) for top in (True, False))
    assert loaded.scale(np.array([0, 255])).tolist() == [-1, 1] and bare.asset == "inception-v3"
    x = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    np.testing.assert_allclose(loaded.model(x), model(x), rtol=1e-4, atol=1e-5)
    maps = keras.Model(model.input, model.get_layer("mixed10").output)(x)
    np.testing.assert_allclose(bare.model(x), maps, rtol=1e-4, atol=1e-5)
    file = originals.write(tiny(include_top=False), tmp_path)
    shutil.copy(file, smaller := shelf("inception-v3-notop", file))
    assert backbones.load("inception_v3", top=False).asset == "inception-v3-notop"
    smaller.write_bytes(bytes(8) + file.read_bytes()[8:])
    with pytest.raises(assets.AssetError, match="its MD5 is another"):
        assets.path("inception-v3-notop")


SAID = {  # what a lesson says of InceptionV3, and of no other network
    "04_inception_transfer_learning": ("inception_v3 9\n", "features of googlenet"),
    "07_deep_dream": (
        "InceptionV3, trained on ImageNet",
        "mixed2 288 channels",
        "mixed7 768 channels",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SAID)
def test_a_lesson_runs_from_top_to_bottom(name, shelf, tmp_path, monkeypatch):
    for asset, top in (("inception-v3", True), ("inception-v3-notop", False)):
        network = keras.applications.InceptionV3(weights=None, include_top=top)
        file = originals.write(network, tmp_path)
        shutil.copy(file, shelf(asset, file))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    lesson = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    for cell in lesson.cells:
        cell.source = re.sub(r"(?m)^NETWORK = .*", 'NETWORK = "inception_v3"', cell.source)
        cell.source = cell.source.replace("del base", "print(base.name, len(learning))\ndel base")
    here = f"from helpers import assets\nassets.DATA = type(assets.DATA)({str(assets.DATA)!r})"
    lesson.cells.insert(0, nbformat.v4.new_code_cell(here))
    NotebookClient(lesson, timeout=600, resources={"metadata": {"path": ROOT}}).execute()
    outputs = [output for cell in lesson.cells for output in cell.get("outputs", [])]
    said = "".join(output.text for output in outputs if output.output_type == "stream")
    assert all(words in said for words in SAID[name])
