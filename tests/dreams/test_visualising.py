"""What channels look for: waves become pictures, robust to change, and the climb climbs."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.linalg import sqrtm
from small import interrupted_after

from helpers.dreams import visualising
from helpers.vision import googlenet, lite0, photos


def test_waves_make_pictures_with_the_colours_and_shapes_of_photographs():
    pictures = np.array(visualising.from_waves(tf.constant(100 * visualising.waves(4, 64)), 64))
    assert pictures.shape == (4, 64, 64, 3) and pictures.min() >= 0 and pictures.max() <= 255
    coarse = np.array(tf.nn.avg_pool2d(pictures, 8, 8, "SAME"))
    assert coarse.std() > 0.5 * pictures.std()  # of white noise, an eighth would be left
    flat = np.zeros((1, 3, 32, 17, 2), "float32")
    np.testing.assert_allclose(visualising.from_waves(flat, 32), 127.5, atol=1e-3)
    flat[0, :, 0, 2, 0] = 5.0  # two waves across
    row = np.array(visualising.from_waves(flat, 32))[0, 0, :, 0]
    assert row[0] == row.max() and row[8] == row.min() and row[16] == pytest.approx(row[0])


def test_colours_are_those_of_the_photographs():
    names = ("cat", "coffee", "flower", "palace", "astronaut", "rocket", "galaxies")
    covariances = [np.cov(photos.load(name, (96, 96)).reshape(-1, 3).T) for name in names]
    root = sqrtm(np.mean([matrix / np.trace(matrix) for matrix in covariances], axis=0)).real
    measured = root / np.linalg.norm(root, axis=1).max()
    np.testing.assert_allclose(visualising.COLOURS, measured, atol=0.03)


def test_wobble_by_nothing_changes_nothing_and_a_shift_shifts():
    pictures = photos.load("cat", (64, 64))[None].astype("float32")
    still, moved, turned = (
        np.array(visualising.wobble(pictures, 1.0, turn, shift))
        for turn, shift in [(0.0, (0.0, 0.0)), (0.0, (5.0, -3.0)), (180.0, (0.0, 0.0))]
    )
    np.testing.assert_allclose(still, pictures, atol=1e-3)
    np.testing.assert_allclose(moved[:, 10:50, 10:50], pictures[:, 7:47, 15:55], atol=1e-2)
    np.testing.assert_allclose(turned, pictures[:, ::-1, ::-1], atol=0.5)


def branches():
    """A module of two convolutions with relus, one built in, and a pooling."""
    inputs = keras.Input((None, None, 3))
    plain = keras.layers.Conv2D(4, 3, 2, "same", name="plain")(inputs)
    built_in = keras.layers.Conv2D(5, 3, 2, "same", activation="relu", name="built_in")(inputs)
    parts = [keras.layers.ReLU()(plain), built_in, keras.layers.MaxPooling2D(2)(inputs)]
    return keras.Model(inputs, keras.layers.Concatenate(name="module")(parts))


def test_before_the_relu_there_is_what_the_relu_gets(network):
    backbone = dataclasses.replace(network, scale=lambda x: x, model=branches())
    bare = visualising.before_relu(backbone, "module")
    pictures = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype("float32")
    before, after = (np.array(model(pictures)) for model in (bare, backbone.model))
    assert before[..., :9].min() < 0
    np.testing.assert_allclose(np.maximum(before[..., :9], 0), after[..., :9], atol=1e-6)
    np.testing.assert_array_equal(before[..., 9:], after[..., 9:])


def test_seeing_reaches_its_goal_repeats_itself_and_an_interrupt_keeps_what_there_is(
    network, monkeypatch
):
    goal = visualising.channels([2, 5])
    start, seen = (visualising.see(network, "third", goal, 2, 48, steps) for steps in (0, 20))
    assert seen.shape == (2, 48, 48, 3) and seen.dtype == np.uint8 and np.any(seen[0] != seen[1])
    reached = [
        goal(network.model(network.scale(one.astype("float32")))).numpy() for one in (start, seen)
    ]
    assert np.all(reached[1] > reached[0])
    third, count = visualising.see(network, "third", goal, 2, 32, 3), interrupted_after(4)
    apply = keras.optimizers.Adam.apply
    monkeypatch.setattr(keras.optimizers.Adam, "apply", lambda *of: (count(), apply(*of)))
    np.testing.assert_array_equal(visualising.see(network, "third", goal, 2, 32, 20), third)


def test_exciting_places_are_found_in_order(network):
    inputs = keras.Input((None, None, 3))
    brightness = keras.layers.AveragePooling2D(4, name="brightness")(inputs)
    model = keras.Model(inputs, brightness)
    plain = dataclasses.replace(network, scale=lambda x: x, model=model)
    dark = np.zeros((64, 64, 3), np.uint8)
    one, two = dark.copy(), dark.copy()
    one[8:12, 40:44, 0] = 250
    two[40:44, 8:12, 0] = 100
    red, _ = visualising.exciting(plain, "brightness", [0, 2], [two, one, dark], side=16, count=2)
    assert [patch.shape for patch in red] == [(16, 16, 3)] * 2
    assert [patch[..., 0].max() for patch in red] == [250, 100]
    assert red[0][8, 8, 0] == 250


def test_every_tour_stays_within_its_network():
    for name, model in (
        ("googlenet", googlenet.network(top=False)),
        ("efficientnet_lite0", lite0.network(top=False)),
        ("inception_v3", keras.applications.InceptionV3(include_top=False, weights=None)),
    ):
        tour = visualising.tour(name)
        for layer, channels in [*tour.stops.items(), (tour.layer, [*tour.channels, tour.asleep])]:
            assert max(channels) < model.get_layer(layer).output.shape[-1], (name, layer)
        assert set(tour.dreams) <= {layer.name for layer in model.layers}
