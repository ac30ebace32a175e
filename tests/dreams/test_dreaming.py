"""Dreaming: nothing for nothing, the same for the same seed, no seams, and never a lost picture."""

import numpy as np
import pytest
import tensorflow as tf
from small import interrupted_after

from helpers.dreams import objectives
from helpers.dreams.dreaming import Dreamer, DreamError
from helpers.vision import photos
from helpers.vision.backbones import BackboneError

PICTURE = photos.load("coffee", 96)


def activation(dreamer, picture, objective=objectives.strength):
    return float(objective(dreamer.features(picture)))


def test_strength_counts_what_is_above_zero_and_a_mixture_factors_not_amounts():
    features = [tf.constant([[[[-3.0, 2.0]]]]), tf.constant([[[[4.0]]]])]
    assert float(objectives.strength(features)) == pytest.approx(4 / 2 + 16)
    small, large = tf.fill([1, 2, 2, 1], 0.1), tf.fill([1, 2, 2, 1], 10.0)
    for weights, rises in [([1.0, 1.0], (4, 4)), ([1.0, 0.0], (4, 1))]:
        mixed = objectives.mixture(weights)
        before = float(mixed([small, large]))
        for pair, rise in zip(([2 * small, large], [small, 2 * large]), rises, strict=True):
            assert float(mixed(pair)) - before == pytest.approx(np.log(rise), abs=1e-3)


def test_toward_forgets_places_and_a_guided_dream_comes_closer(network, dreamer):
    guide = dreamer.features(photos.load("flower", 96))
    flower = objectives.toward(guide)
    for turned in (guide[0][:, ::-1], guide[0][:, :, ::-1]):
        assert float(flower([turned])) == pytest.approx(float(flower(guide)), rel=1e-4)
    assert float(flower([-guide[0]])) < float(flower(guide))
    guided = Dreamer(network, "third", flower)
    dream = guided.dream(PICTURE, 12, 1)
    assert activation(guided, dream.picture, flower) > 1.1 * activation(guided, PICTURE, flower)


def test_a_dream_excites_its_layer_and_repeats_itself_by_seed(dreamer):
    one, two, other = (dreamer.dream(PICTURE, 12, octaves=1, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.picture, two.picture)
    assert np.any(one.picture != other.picture)
    assert activation(dreamer, one.picture) > 1.2 * activation(dreamer, PICTURE)
    assert one.finished and len(one.activations) == 12


def test_an_interrupt_gives_back_how_far_it_came(dreamer, monkeypatch):
    stages, step = list(dreamer.stages(PICTURE, 4, 1)), dreamer.step
    for steps, wanted in [(3, stages[2].picture()), (0, PICTURE)]:
        count = interrupted_after(steps + 1)
        monkeypatch.setattr(dreamer, "step", lambda *at, count=count: (count(), step(*at))[1])
        broken = dreamer.dream(PICTURE, 4, 1)
        assert not broken.finished and len(broken.activations) == steps
        np.testing.assert_array_equal(broken.picture, wanted)


def test_stages_show_the_whole_picture_from_the_smallest_octave_on(dreamer):
    large = photos.load("coffee", 240)
    first = next(dreamer.stages(large, steps=1, octaves=2))
    assert first.picture().shape == large.shape and (first.done, first.total) == (1, 2)
    # What was not dreamt stays as sharp as it was: no mere enlargement of the small octave.
    edges = [np.abs(np.diff(p.astype(float), axis=1)).mean() for p in (large, first.picture())]
    assert edges[1] > 0.95 * edges[0]


def test_a_dream_in_tiles_has_no_seams(network):
    tiled = Dreamer(network, "third", tile=160)
    dreamt = tiled.dream(np.full((192, 320, 3), 128, np.uint8), 8, octaves=1).picture
    jumps = np.abs(np.diff(dreamt.astype(float), axis=1)).mean((0, 2))
    assert jumps[159] < 1.5 * np.median(jumps)


def test_a_step_moves_the_pixels_by_its_size_and_jitter_leaves_the_picture_in_place(dreamer):
    x = tf.constant(photos.load("coffee", (96, 110)), tf.float32)
    moved, _ = dreamer.step(x, 0.0, at=(0.9, 0.1))
    np.testing.assert_array_equal(moved, x)
    grey = x / 4 + 96
    still, shifted = (dreamer.step(grey, 4.0, at)[0] for at in ((0, 0), (0.2, 0)))
    assert np.std(still - grey) == pytest.approx(4, rel=0.05)
    assert still.shape == shifted.shape and np.any(still != shifted)


def test_pictures_of_any_kind_in_one_compiled_step(dreamer):
    for odd in [
        np.full((1, 1, 3), 200, np.uint8),
        np.full((3, 250, 3), 90, np.uint8),
        np.full((120, 100, 4), 128, np.uint8),
        np.random.default_rng(0).uniform(0, 1, (101, 99)),
    ]:
        dream = dreamer.dream(odd, steps=1, octaves=3)
        assert dream.picture.shape == (*odd.shape[:2], 3) and dream.picture.dtype == np.uint8
    assert dreamer._gradient_of_a_tile.experimental_get_tracing_count() == 1


def test_settings_that_make_no_sense_get_their_sentence(network, dreamer):
    for wrong in ({"steps": -1}, {"octaves": 0}):
        with pytest.raises(DreamError, match="octaves is 1 or more"):
            dreamer.dream(PICTURE, **wrong)
    with pytest.raises(DreamError, match="96 or more"):
        Dreamer(network, "third", tile=64)
    with pytest.raises(BackboneError, match="no layer 'fourth'"):
        Dreamer(network, "fourth")
