"""What lesson 04 learns from few labels: which pictures, split how, and the figures it shows."""

import keras
import numpy as np

from helpers import assets
from helpers.vision import backbones, few_labels
from helpers.vision.guesser import overlay


def test_the_pictures_labels_and_features_go_together():
    for name, classes in (("things", few_labels.THINGS), ("flowers", few_labels.FLOWERS)):
        files, labels = few_labels.files(classes)
        features, again = few_labels.load_features(name)
        assert (labels == again).all() and len(set(files)) == len(labels)
        assert all(file.startswith(f"{classes[k]}/") for file, k in zip(files, labels, strict=True))
        assert all(values.shape[0] == len(labels) for values in features.values())
    features, labels = few_labels.load_features("cells")
    assert np.bincount(labels).tolist() == [few_labels.OF_EACH] * 3
    assert [values.shape[1] for values in features.values()] == [832, 1024]


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


def test_more_labels_help_and_noise_stays_noise():
    draw, labels = np.random.default_rng(0), np.repeat([0, 1], 60)
    features = draw.normal(size=(120, 8)) + labels[:, None]
    curve = few_labels.learning_curve(features, labels, (1, 20))
    assert np.mean(curve[20]) > np.mean(curve[1]) > 0.5 and len(curve[1]) == 5
    assert (
        abs(np.mean(few_labels.learning_curve(draw.normal(size=(120, 8)), labels, (9,))[9]) - 0.5)
        < 0.1
    )


class Says:
    """A model that gives every picture to the first class."""

    def predict(self, x, **_):
        return np.eye(5)[np.zeros(len(x), int)]


def test_the_long_runs_write_features_and_pair_all_ways(monkeypatch, tmp_path):
    """With a small network instead of the real one, on a few grey pictures."""
    x = inputs = keras.Input((None, None, 3))
    for cut, channels in zip(few_labels.CUTS, (4, 6), strict=True):
        x = keras.layers.Conv2D(channels, 3, name=cut)(x)
    size, scale = (16, 16), lambda x: x / 255
    small = backbones.Backbone("small", "S", "none", size, scale, (), keras.Model(inputs, x))
    monkeypatch.setattr(backbones, "load", lambda *_, **__: small)
    monkeypatch.setattr(few_labels, "SIDE", 16)
    monkeypatch.setattr(few_labels, "cells", lambda: (np.zeros((3, 16, 16, 3), np.uint8), range(3)))
    monkeypatch.setattr(assets, "available", lambda name: False)
    labels = {5: np.repeat(range(5), 12), 2: np.repeat(range(2), 12)}
    monkeypatch.setattr(
        few_labels, "files", lambda all: (["none"] * 12 * len(all), labels[len(all)])
    )
    written = {}

    def publish(name, write):
        write(tmp_path / name)
        written[name] = tmp_path / name

    monkeypatch.setattr(assets, "publish", publish)
    monkeypatch.setattr(assets, "path", lambda name: written[name])
    few_labels.publish(*(lambda *_, **__: Says() for _ in range(3)))
    features, _ = few_labels.load_features("flowers")
    assert [values.shape for values in features.values()] == [(24, 4), (24, 6)]
    study = few_labels.load()
    assert study["network"] == "small" and study["rate"] == few_labels.RATES[0]
    assert all(shares == [0.2] * 5 for shares in study["things"].values())
    assert {len(seconds) for seconds in study["seconds"].values()} == {5}


def test_the_published_figures_say_what_the_lesson_says():
    study = few_labels.load()
    things = {way: np.mean(values) for way, values in study["things"].items()}
    assert set(things) == {few_labels.HEAD, *few_labels.STEPS, few_labels.NOTHING}
    assert all(len(values) == len(few_labels.SEEDS) for values in study["things"].values())
    assert study["network"] == "googlenet" and study["rate"] in few_labels.RATES
    assert things[few_labels.HEAD] > things[few_labels.NOTHING] + 0.1
    assert things[few_labels.LARGE] < things[few_labels.HEAD]


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
