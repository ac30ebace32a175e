"""Dreaming: nothing for nothing, the same for the same seed, no seams, and never a lost picture."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.linalg import sqrtm
from small import interrupted_after, small_network

from helpers.dreams import dreaming, objectives
from helpers.dreams.dreaming import Dreamer, DreamError
from helpers.vision import backbones, photos
from helpers.vision.backbones import Backbone, BackboneError

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
    dream = guided.dream(PICTURE, 5, 1)
    assert activation(guided, dream.picture, flower) > 1.1 * activation(guided, PICTURE, flower)


def test_a_normalised_gradient_has_a_spread_of_one_and_levels_bring_out_large_shapes():
    grain = np.random.default_rng(0).normal(size=(37, 50, 3)).astype("float32")
    coarse = {}
    for levels in (1, 4):
        for factor in (1e-6, 1.0, 1e5):
            result = dreaming.normalised(tf.constant(factor * grain), levels)
            assert np.std(result) == pytest.approx(1, abs=0.02)
        coarse[levels] = np.std(tf.nn.avg_pool2d(result[None], 8, 8, "SAME"))
    assert coarse[4] > 2 * coarse[1]
    assert not np.any(dreaming.normalised(tf.zeros((8, 8, 3)), 4))


def test_colours_are_those_of_the_photographs():
    names = ("cat", "coffee", "flower", "palace", "astronaut", "rocket", "galaxies")
    covariances = [np.cov(photos.load(name, (96, 96)).reshape(-1, 3).T) for name in names]
    root = sqrtm(np.mean([matrix / np.trace(matrix) for matrix in covariances], axis=0)).real
    measured = root / np.linalg.norm(root, axis=1).max()
    np.testing.assert_allclose(dreaming.COLOURS, measured, atol=0.03)
    np.testing.assert_array_equal(dreaming.colour_mix(0), np.eye(3, dtype="float32"))
    natural, green = dreaming.colour_mix(1), np.array([-1.0, 2.0, -1.0])
    assert np.linalg.norm(natural @ np.ones(3)) > 5 * np.linalg.norm(natural @ green)


def test_tiles_cover_everything_and_fade_where_they_lack_surroundings():
    for length, tile in ((513, 512), (1000, 256), (1024, 512), (700, 192)):
        total = np.zeros(length)
        for where, weight in dreaming.tiles(length, tile):
            assert where.stop - where.start == tile == len(weight)
            assert weight[0] == (where.start == 0) and weight[-1] == (where.stop == length)
            total[where] += weight
        assert total.min() > 0.9
    assert len(dreaming.tiles(300, 512)) == 1


def test_in_tiles_a_gradient_is_the_whole_one_and_a_dream_has_no_seams(network, dreamer):
    tiled = Dreamer(network, "third", tile=192)
    palace = photos.load("palace", (224, 320)).astype("float32")
    (whole, one), (pieces, other) = (each.gradient(palace) for each in (dreamer, tiled))
    whole, pieces = (np.array(dreaming.normalised(slope)) for slope in (whole, pieces))
    np.testing.assert_allclose(pieces, whole, atol=0.03)
    assert other == pytest.approx(one, rel=0.1)
    dreamt = tiled.dream(np.full((192, 320, 3), 128, np.uint8), 4, octaves=1, jitter=0).picture
    jumps = np.abs(np.diff(dreamt.astype(float), axis=1)).mean((0, 2))
    for where, _ in dreaming.tiles(320, 192)[1:]:
        assert jumps[where.start - 1] < 1.5 * np.median(jumps)


def test_a_dream_excites_its_layer_and_repeats_itself_by_seed(dreamer):
    one, two, other = (dreamer.dream(PICTURE, 5, octaves=1, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.picture, two.picture)
    assert np.any(one.picture != other.picture)
    assert activation(dreamer, one.picture) > 1.2 * activation(dreamer, PICTURE)
    assert one.finished and len(one.activations) == 5


def test_a_step_moves_the_pixels_by_its_size_and_jitter_leaves_the_picture_in_place(dreamer):
    x = photos.load("coffee", (96, 110)).astype("float32")
    moved, _ = dreamer.step(tf.constant(x), step_size=0.0, shift=(13, -7))
    np.testing.assert_array_equal(moved, x)
    grey = tf.fill((96, 96, 3), 128.0)
    for size in (1.0, 4.0):
        moved, _ = dreamer.step(grey, size)
        assert np.std(moved - grey) == pytest.approx(size, rel=0.05)


def test_pictures_of_any_kind_in_one_compiled_step(dreamer):
    for odd in [
        np.full((1, 1, 3), 200, np.uint8),
        np.full((3, 250, 3), 90, np.uint8),
        np.full((120, 100, 4), 128, np.uint8),
        np.random.default_rng(0).uniform(0, 1, (101, 99)),
    ]:
        dream = dreamer.dream(odd, steps=1, octaves=3)
        assert dream.picture.shape == (*odd.shape[:2], 3) and dream.picture.dtype == np.uint8
    assert dreamer._slope.experimental_get_tracing_count() == 1
    assert dreaming._octaves((200, 140), 3) == [(143, 100), (200, 140)]


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


def test_settings_that_make_no_sense_get_their_sentence(network, dreamer):
    for wrong in ({"steps": -1}, {"octaves": 0}, {"jitter": -2}):
        with pytest.raises(DreamError, match="octaves is 1 or more"):
            dreamer.dream(PICTURE, **wrong)
    for wrong, reason in (({"tile": 200}, "multiple of 32"), ({"colour": 1.5}, "share")):
        with pytest.raises(DreamError, match=reason):
            Dreamer(network, "third", **wrong)
    with pytest.raises(BackboneError, match="no layer 'fourth'"):
        Dreamer(network, "fourth")
    # The network is cut off after the last layer in use.
    assert Dreamer(network, ["first", "second"]).network.layers[-1].name == "second"


@pytest.mark.slow
def test_inception_v3_dreams_with_the_same_code():
    model = keras.applications.InceptionV3(include_top=False, weights=None)
    scale, layers = backbones._scale_inception, tuple(f"mixed{number}" for number in range(11))
    inception = Backbone("inception_v3", "", "inception-v3", (299, 299), scale, layers, model)
    dot = np.full((10, 20, 3), 140, np.uint8)
    assert Dreamer(inception, "mixed0").dream(dot, 2, 2).picture.shape == (10, 20, 3)


def test_a_nudge_changes_each_pixel_by_no_more_than_told_and_does_its_work():
    judge, cat = small_network(64, classes=5), photos.load("cat", (64, 64))

    def chance(picture):
        return judge.probabilities([picture])[0, 2]

    away, here = (dreaming.nudge(judge, cat, 2, 3, toward=toward) for toward in (False, True))
    for changed in (away, here):
        assert changed.dtype == np.uint8 and np.abs(changed.astype(int) - cat).max() == 3
    assert chance(away) < chance(cat) < chance(here)
    further = dreaming.nudge(judge, cat, 2, 1, steps=3)
    assert 1 < np.abs(further.astype(int) - cat).max() <= 3
    assert chance(further) < chance(dreaming.nudge(judge, cat, 2, 1))
