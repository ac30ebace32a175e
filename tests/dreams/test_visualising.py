"""What channels look for: waves become pictures, robust to change, and the climb climbs."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import interrupted_after, small_network

from helpers.dreams import visualising
from helpers.dreams.dreaming import DreamError
from helpers.dreams.visualising import Visualiser
from helpers.vision import photos


@pytest.fixture(scope="module")
def look(network):
    return Visualiser(network, "third")


def test_waves_make_pictures_with_the_colours_and_shapes_of_photographs():
    pictures = np.array(visualising.from_waves(tf.constant(100 * visualising.waves(4, 64)), 64))
    assert pictures.shape == (4, 64, 64, 3) and pictures.min() >= 0 and pictures.max() <= 255
    pixels = pictures.reshape(-1, 3)
    assert pixels.sum(1).std() > 2 * (pixels[:, 0] - pixels[:, 2]).std()
    coarse = np.array(tf.nn.avg_pool2d(pictures, 8, 8, "SAME"))
    assert coarse.std() > 0.5 * pictures.std()  # of white noise, an eighth would be left
    flat = np.zeros((1, 3, 32, 17, 2), "float32")
    np.testing.assert_allclose(visualising.from_waves(flat, 32), 127.5, atol=1e-3)
    flat[0, :, 0, 2, 0] = 5.0  # two waves across
    row = np.array(visualising.from_waves(flat, 32))[0, 0, :, 0]
    assert row[0] == row.max() and row[8] == row.min() and row[16] == pytest.approx(row[0])


def test_wobble_by_nothing_changes_nothing_and_a_shift_shifts():
    pictures = photos.load("cat", (64, 64))[None].astype("float32")
    still, moved, turned = (
        np.array(visualising.wobble(pictures, 1.0, turn, shift))
        for turn, shift in [(0.0, (0.0, 0.0)), (0.0, (5.0, -3.0)), (180.0, (0.0, 0.0))]
    )
    np.testing.assert_allclose(still, pictures, atol=1e-3)
    np.testing.assert_allclose(moved[:, 10:50, 10:50], pictures[:, 7:47, 15:55], atol=1e-2)
    np.testing.assert_allclose(turned, pictures[:, ::-1, ::-1], atol=0.5)


def test_seeing_raises_the_activation_repeats_itself_and_an_interrupt_keeps_what_there_is(
    look, monkeypatch
):
    start, seen, again = (look.see([2, 5], 48, steps) for steps in (0, 20, 20))
    assert seen.shape == (2, 48, 48, 3) and seen.dtype == np.uint8 and np.any(seen[0] != seen[1])
    assert np.all(look.answers(seen, [2, 5]) > look.answers(start, [2, 5]))
    np.testing.assert_array_equal(seen, again)
    third, count, step = look.see([1], 32, 3), interrupted_after(4), look._step
    monkeypatch.setattr(look, "_step", lambda *state: (count(), step(*state))[1])
    np.testing.assert_array_equal(look.see([1], 32, 20), third)


def test_seeing_a_class_uses_the_networks_own_size():
    look = Visualiser(small_network(64, classes=5), "logits")
    start, seen = (look.see([3], steps=steps) for steps in (0, 20))
    assert seen.shape == (1, 64, 64, 3)
    assert look.answers(seen, [3])[0] > look.answers(start, [3])[0]


def test_channels_and_sizes_that_are_not_there_get_their_sentence(look):
    wrong = [([16], 64, "from 0 to 15"), ([], 64, "name some"), ([1], 33, "even number")]
    for channels, size, reason in [*wrong, ([1], 30, "from 32 on")]:
        with pytest.raises(DreamError, match=reason):
            look.see(channels, size)


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
