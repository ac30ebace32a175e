"""What lesson 04 learns from few labels: which pictures, split how, and the figures it shows."""

import keras
import numpy as np
import pytest

from helpers import assets
from helpers.vision import backbones, few_labels
from helpers.vision.guesser import overlay


def test_without_the_collection_pictures_are_grey(monkeypatch):
    monkeypatch.setattr(assets, "available", lambda name: False)
    assert (few_labels.pictures(["emu/image_0001.jpg"], 8) == 128).all()


def test_a_split_holds_out_all_others_and_changes_with_the_seed():
    labels = np.repeat([0, 1, 2], [5, 6, 7])
    learn, held = few_labels.split(labels, 3, seed=1)
    assert np.bincount(labels[learn]).tolist() == [3, 3, 3]
    assert sorted([*learn, *held]) == list(range(18))
    assert (learn == few_labels.split(labels, 3, seed=1)[0]).all()
    assert set(learn) != set(few_labels.split(labels, 3, seed=2)[0])


class Says:
    """A model that gives every picture to the first class."""

    def predict_on_batch(self, x):
        return np.eye(5)[np.zeros(len(x), int)]


def test_the_long_runs_write_features_and_pair_all_ways(monkeypatch, tmp_path):
    """With a small network instead of the real one, on a few grey pictures."""
    x = inputs = keras.Input((None, None, 3))
    for cut, channels in zip(few_labels.CUTS, (4, 6), strict=True):
        x = keras.layers.Conv2D(channels, 3, name=cut)(x)
    size, scale = (16, 16), lambda x: x / 255
    small = backbones.Backbone(
        "small", "S", "none", size, scale, few_labels.CUTS, keras.Model(inputs, x)
    )
    monkeypatch.setattr(backbones, "load", lambda *_, **__: small)
    monkeypatch.setattr(few_labels, "SIDE", 16)
    smears = np.zeros((66, 16, 16, 3), np.uint8), np.repeat(range(3), 22)
    monkeypatch.setattr(few_labels, "cells", lambda side=16: smears)
    monkeypatch.setattr(few_labels, "COPIES", 1)
    monkeypatch.setattr(assets, "available", lambda name: name == "googlenet")
    labels = {5: np.repeat(range(5), 22), 2: np.repeat(range(2), 22)}
    monkeypatch.setattr(
        few_labels, "files", lambda all: (["none"] * 22 * len(all), labels[len(all)])
    )
    known = tmp_path / "known"
    known.write_text('{"cuts": {"inception_v3": "as it was"}}')
    written = dict.fromkeys(("transfer-study", "googlenet", "caltech-ten", "blood-smears"), known)

    def publish(name, write):
        write(tmp_path / name)
        written[name] = tmp_path / name

    monkeypatch.setattr(assets, "publish", publish)
    monkeypatch.setattr(assets, "path", lambda name: written[name])
    few_labels.publish(*(lambda *_, **__: Says() for _ in range(3)))
    features, _ = few_labels.load_features("flowers")
    assert [values.shape for values in features.values()] == [(44, 4), (44, 6)]
    study = few_labels.load()
    assert study["network"] == "small" and study["rate"] == few_labels.RATES[0]
    assert all(shares == [0.2] * 5 for shares in study["things"].values())
    cut = few_labels.CUTS[0]
    assert study["cuts"]["inception_v3"] == "as it was"
    assert study["cuts"]["googlenet"]["things"][cut] == pytest.approx([0.2] * 5)
    assert {len(seconds) for seconds in study["seconds"].values()} == {5}
    for ways in study["copies"].values():
        assert list(ways) == [few_labels.PLAIN, few_labels.CHANGED]
        assert ways[few_labels.CHANGED]["10"] == pytest.approx(ways[few_labels.PLAIN]["10"])


def test_grad_cam_finds_the_place_that_decides(lesson):
    """A network that answers to red alone: the map is bright where the picture is red."""
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.AveragePooling2D(4)(inputs)
    x = keras.layers.Conv2D(2, 1, use_bias=False)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(2, use_bias=False)(x))
    model.set_weights([np.array([[[[2, 0], [0, 1], [0, 0]]]], "float32"), np.eye(2)])
    model.trainable = False  # as a frozen backbone is
    picture = np.zeros((1, 32, 32, 3), "float32")
    picture[0, :8, :8, 0] = picture[0, 24:, 24:, 1] = 1
    halves = lesson.halves(model)
    heat = lesson.grad_cam(*halves, picture)
    assert heat.shape == (8, 8) and heat[:2, :2].min() == 1 and heat[2:].max() == 0
    assert lesson.grad_cam(*halves, 0 * picture).max() == 0
    grey = np.full((32, 32, 3), 100, np.uint8)
    seen = overlay(grey, heat)
    assert seen.shape == grey.shape and seen[2, 2, 0] > 200 and (seen[20:] == 100).all()
