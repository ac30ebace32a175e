"""InceptionV3 from files of Keras's format, full of random numbers; lessons 04 and 07 with it."""

import re

import keras
import numpy as np
import originals
import pytest
from lessons import run_lesson

from helpers import assets
from helpers.vision import backbones


@pytest.fixture
def here(monkeypatch, tmp_path):
    """What of InceptionV3's files is on this machine, {asset: file}; nothing else is fetched."""
    found, path, available = {}, assets.path, assets.available
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("WORKSHOP_MIRROR", raising=False)
    monkeypatch.setattr(assets, "path", lambda name: found.get(name) or path(name))
    monkeypatch.setattr(assets, "available", lambda name: name in found or available(name))
    return found


def written(model, asset, folder):
    """Write a model with random weights as the file that an asset is; return the file."""
    return originals.write(model, folder).rename(folder / assets.facts(asset).file)


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


def test_either_file_serves(here, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.applications, "InceptionV3", tiny)
    choice = ("inception_v3", "efficientnet_lite0")
    assert backbones.first_here(*choice) == "efficientnet_lite0"
    with pytest.raises(assets.AssetError, match="WORKSHOP_OFFLINE"):
        backbones.load("inception_v3")
    here["inception-v3"] = written(model := tiny(), "inception-v3", tmp_path)
    assert backbones.first_here(*choice) == "inception_v3"
    loaded, bare = (backbones.load("inception_v3", top=top) for top in (True, False))
    assert loaded.scale(np.array([0, 255])).tolist() == [-1, 1] and bare.asset == "inception-v3"
    x = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    np.testing.assert_allclose(loaded.model(x), model(x), rtol=1e-4, atol=1e-5)
    maps = keras.Model(model.input, model.get_layer("mixed10").output)(x)
    np.testing.assert_allclose(bare.model(x), maps, rtol=1e-4, atol=1e-5)
    smaller = "inception-v3-notop"
    here[smaller] = written(tiny(include_top=False), smaller, tmp_path)
    assert backbones.load("inception_v3", top=False).asset == smaller


SAID = {  # what a lesson says of InceptionV3, and of no other network
    "04": ("inception_v3 9\n", "features of googlenet"),
    "07": ("InceptionV3, trained on ImageNet", "mixed2 288 channels", "mixed7 768 channels"),
}


@pytest.mark.slow
@pytest.mark.parametrize("number", SAID)
def test_a_lesson_runs_from_top_to_bottom(number, here, tmp_path, capsys):
    for asset, top in (("inception-v3", True), ("inception-v3-notop", False)):
        network = keras.applications.InceptionV3(weights=None, include_top=top)
        here[asset] = written(network, asset, tmp_path)

    def with_it(source):
        source = re.sub(r"(?m)^NETWORK = .*", 'NETWORK = "inception_v3"', source)
        return source.replace("del base", "print(base.name, len(learning))\ndel base")

    run_lesson(number, with_it)
    said = capsys.readouterr().out
    assert all(words in said for words in SAID[number])
