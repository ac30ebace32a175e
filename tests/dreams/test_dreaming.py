"""Dreaming: nothing for nothing, the same for the same seed, no seams, and never a lost picture."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from helpers.dreams import dreaming
from helpers.dreams.dreaming import Dreamer, DreamError, Visualiser
from helpers.vision import backbones, photos
from helpers.vision.backbones import Backbone, BackboneError


def small_network(size=None, classes=0):
    """A network of three layers with fixed random weights, for pictures of any size."""
    keras.utils.set_random_seed(0)
    inputs = x = keras.Input((size, size, 3))
    for name, channels in (("first", 8), ("second", 12), ("third", 16)):
        x = keras.layers.Conv2D(channels, 3, 2, "same", name=name)(x)
    if classes:
        x = keras.layers.GlobalAveragePooling2D()(x)
        x = keras.layers.Dense(classes, name="logits")(x)
    names = tuple(map(str, range(classes)))
    return Backbone(
        "small",
        "A small network",
        "efficientnet-lite0",
        (size or 64,) * 2,
        lambda pixels: pixels / 127.5 - 1.0,
        ("first", "second", "third"),
        keras.Model(inputs, x),
        names,
    )


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.fixture(scope="module")
def dreamer(network):
    return Dreamer(network, "third")


@pytest.fixture(scope="module")
def picture():
    return photos.load("coffee", 240)


# -- the objectives ------------------------------------------------------------------------------


def test_strength_counts_only_what_is_above_zero():
    features = [tf.constant([[[[-3.0, 2.0]]]]), tf.constant([[[[4.0]]]])]
    assert float(dreaming.strength(features)) == pytest.approx(4 / 2 + 16)


def test_a_mixture_counts_factors_not_amounts():
    small, large = tf.fill([1, 2, 2, 1], 0.1), tf.fill([1, 2, 2, 1], 10.0)
    equal = dreaming.mixture([1.0, 1.0])
    before = float(equal([small, large]))
    assert float(equal([2 * small, large])) - before == pytest.approx(np.log(4), rel=1e-3)
    assert float(equal([small, 2 * large])) - before == pytest.approx(np.log(4), rel=1e-3)
    assert float(dreaming.mixture([1.0, 0.0])([small, 2 * large])) == pytest.approx(
        float(dreaming.mixture([1.0, 0.0])([small, large]))
    )


def test_toward_prefers_the_guide_itself():
    draw = np.random.default_rng(0)
    guide = tf.constant(draw.normal(size=(1, 3, 3, 5)), tf.float32)
    objective = dreaming.toward([guide])
    shuffled = tf.reshape(tf.gather(tf.reshape(guide, (9, 5)), draw.permutation(9)), (1, 3, 3, 5))
    assert float(objective([shuffled])) == pytest.approx(float(objective([guide])), rel=1e-4)
    assert float(objective([-guide])) < float(objective([guide]))


# -- the gradient --------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [1, 4])
@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e5])
def test_a_normalised_gradient_has_a_spread_of_one_whatever_it_was(levels, factor):
    raw = np.random.default_rng(0).normal(size=(37, 50, 3)).astype("float32") * factor
    result = dreaming.normalised(tf.constant(raw), levels)
    assert np.std(result) == pytest.approx(1, abs=0.02)


def test_levels_bring_out_large_shapes():
    grain = np.random.default_rng(0).normal(size=(64, 64, 3)).astype("float32")

    def smoothness(gradient):
        return np.std(tf.nn.avg_pool2d(gradient[None], 8, 8, "SAME"))

    plain, even = (dreaming.normalised(tf.constant(grain), levels) for levels in (1, 4))
    assert smoothness(even) > 2 * smoothness(plain)


def test_a_gradient_of_zero_changes_nothing():
    assert not np.any(dreaming.normalised(tf.zeros((8, 8, 3)), 4))


def test_colours_are_those_of_the_photographs():
    pixels = [
        photos.load(name, (96, 96)).reshape(-1, 3)
        for name in ("cat", "coffee", "flower", "palace", "astronaut", "rocket", "galaxies")
    ]
    covariances = [np.cov(values.T) for values in pixels]
    mean = np.mean([matrix / np.trace(matrix) for matrix in covariances], axis=0)
    values, vectors = np.linalg.eigh(mean)
    root = vectors @ np.diag(np.sqrt(values)) @ vectors.T
    root /= np.linalg.norm(root, axis=1).max()
    np.testing.assert_allclose(dreaming.COLOURS, root, atol=0.03)


def test_the_colour_mix_goes_from_none_to_natural():
    np.testing.assert_array_equal(dreaming.colour_mix(0), np.eye(3, dtype="float32"))
    grey, green = np.ones(3), np.array([-1.0, 2.0, -1.0])
    natural = dreaming.colour_mix(1)
    assert np.linalg.norm(natural @ grey) > 5 * np.linalg.norm(natural @ green)
    with pytest.raises(DreamError, match="share"):
        dreaming.colour_mix(1.5)


def test_tiles_cover_everything_and_fade_where_they_lack_surroundings():
    for length, tile in ((513, 512), (1000, 256), (1024, 512), (700, 192)):
        total = np.zeros(length)
        for where, weight in dreaming.tiles(length, tile):
            assert where.stop - where.start == tile == len(weight)
            assert weight[0] == (1 if where.start == 0 else 0)
            assert weight[-1] == (1 if where.stop == length else 0)
            total[where] += weight
        assert total.min() > 0.9
    assert len(dreaming.tiles(300, 512)) == 1


def test_a_gradient_in_tiles_is_the_whole_gradient(network):
    picture = photos.load("palace", (320, 448)).astype("float32")
    whole, activation = Dreamer(network, "third").gradient(picture)
    tiled, in_tiles = Dreamer(network, "third", tile=192).gradient(picture)
    whole, tiled = (np.array(dreaming.normalised(slope)) for slope in (whole, tiled))
    np.testing.assert_allclose(tiled, whole, atol=0.02)
    assert in_tiles == pytest.approx(activation, rel=0.1)


def test_a_dream_in_tiles_has_no_seams(network):
    picture = np.full((256, 384, 3), 128, np.uint8)
    result = Dreamer(network, "third", tile=192).dream(picture, 4, octaves=1, jitter=0).picture
    jumps = np.abs(np.diff(result.astype(float), axis=1)).mean((0, 2))
    seams = [where.start for where, _ in dreaming.tiles(384, 192) if where.start]
    for seam in seams:
        assert jumps[seam - 1] < 1.5 * np.median(jumps)


# -- dreams --------------------------------------------------------------------------------------


def test_a_dream_of_no_steps_is_the_picture(dreamer, picture):
    dream = dreamer.dream(picture, steps=0)
    np.testing.assert_array_equal(dream.picture, picture)
    assert dream.finished and dream.activations == ()


def test_a_dream_excites_its_layer_and_changes_the_picture(dreamer, picture):
    dream = dreamer.dream(picture, steps=6, octaves=2)
    assert dream.picture.shape == picture.shape and dream.picture.dtype == np.uint8
    assert dreamer.activation(dream.picture) > 1.3 * dreamer.activation(picture)
    assert len(dream.activations) == 12 and dream.finished
    assert np.abs(dream.picture.astype(int) - picture).mean() > 3


def test_the_same_seed_gives_the_same_dream(dreamer, picture):
    one, two, other = (dreamer.dream(picture, 3, 2, seed=seed).picture for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert np.any(one != other)


def test_compiled_or_not_is_the_same(network, dreamer, picture):
    slow = Dreamer(network, "third", compiled=False)
    pair = [each.dream(picture, 2, 1).picture.astype(int) for each in (slow, dreamer)]
    assert np.abs(pair[0] - pair[1]).max() <= 2


def test_jitter_leaves_the_picture_in_its_place(dreamer, picture):
    x = picture.astype("float32")
    moved, _ = dreamer.step(tf.constant(x), step_size=0.0, shift=(13, -7))
    np.testing.assert_array_equal(moved, x)


def test_a_step_moves_the_pixels_by_its_size(dreamer):
    grey = tf.fill((96, 96, 3), 128.0)
    for size in (1.0, 4.0):
        moved, _ = dreamer.step(grey, size)
        assert np.std(moved - grey) == pytest.approx(size, rel=0.05)


@pytest.mark.parametrize(
    "odd",
    [
        np.full((1, 1, 3), 200, np.uint8),
        np.full((3, 250, 3), 90, np.uint8),
        np.tile(np.arange(100, dtype=np.uint8), (120, 1)),
        np.full((120, 100, 4), 128, np.uint8),
        np.random.default_rng(0).uniform(0, 1, (101, 99, 3)),
    ],
    ids=["dot", "strip", "grey", "alpha", "floats"],
)
def test_pictures_of_any_kind(dreamer, odd):
    dream = dreamer.dream(odd, steps=2, octaves=3)
    assert dream.picture.shape == (*odd.shape[:2], 3) and dream.picture.dtype == np.uint8


def test_small_octaves_are_left_out():
    assert dreaming._octaves((400, 300), 3, 2.0) == [(200, 150), (400, 300)]
    assert dreaming._octaves((96, 96), 4, 1.4) == [(96, 96)]


def test_an_interrupt_gives_back_how_far_it_came(dreamer, picture):
    def interrupt(done, total):
        assert total == 12
        if done == 5:
            raise KeyboardInterrupt

    def stop(done, total):
        return done < 5

    broken = dreamer.dream(picture, 6, 2, progress=interrupt)
    stopped = dreamer.dream(picture, 6, 2, progress=stop)
    assert not broken.finished and not stopped.finished
    assert len(broken.activations) == 5
    np.testing.assert_array_equal(broken.picture, stopped.picture)
    assert broken.picture.shape == picture.shape and np.any(broken.picture != picture)


def test_an_interrupt_before_the_first_step_gives_back_the_picture(dreamer, picture, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(dreamer, "step", interrupted)
    dream = dreamer.dream(picture)
    np.testing.assert_array_equal(dream.picture, picture)
    assert not dream.finished


def test_stages_show_the_whole_picture_from_the_smallest_octave_on(dreamer, picture):
    first = next(dreamer.stages(picture, steps=1, octaves=2))
    assert first.picture().shape == picture.shape
    # What was not dreamt stays as sharp as it was: no mere enlargement of the small octave.
    edges = [np.abs(np.diff(p.astype(float), axis=1)).mean() for p in (picture, first.picture())]
    assert edges[1] > 0.95 * edges[0]


def test_settings_that_make_no_sense_get_their_sentence(network, dreamer, picture):
    for wrong in ({"steps": -1}, {"octaves": 0}, {"scale": 1.0}, {"jitter": -2}):
        with pytest.raises(DreamError, match="octaves is 1 or more"):
            dreamer.dream(picture, **wrong)
    with pytest.raises(DreamError, match="multiple of 32"):
        Dreamer(network, "third", tile=200)
    with pytest.raises(BackboneError, match="no layer 'fourth'"):
        Dreamer(network, "fourth")


def test_the_network_is_cut_off_after_the_last_layer_used(network):
    assert [layer.name for layer in Dreamer(network, "second").network.layers][-1] == "second"
    both = Dreamer(network, ["first", "second"], dreaming.mixture([1.0, 0.5]))
    assert len(both.network.outputs) == 2
    assert np.isfinite(both.activation(np.full((100, 100, 3), 90, np.uint8)))


def test_a_guided_dream_comes_closer_to_its_guide(network, picture):
    guide = Dreamer(network, "third").features(photos.load("flower", 128))
    guided = Dreamer(network, "third", dreaming.toward(guide))
    dream = guided.dream(picture, 5, 1)
    assert guided.activation(dream.picture) > 1.1 * guided.activation(picture)


def test_it_compiles_once_for_all_sizes(network):
    dreamer = Dreamer(network, "second")
    for side in (96, 128, 150):
        dreamer.dream(np.full((side, side, 3), 100, np.uint8), 2, 1)
    assert dreamer._slope.experimental_get_tracing_count() == 1


def test_inception_v3_dreams_with_the_same_code():
    model = keras.applications.InceptionV3(include_top=False, weights=None)
    inception = Backbone(
        "inception_v3",
        "InceptionV3",
        "inception-v3",
        (299, 299),
        backbones._scale_inception,
        tuple(f"mixed{number}" for number in range(11)),
        model,
    )
    dreamer = Dreamer(inception, "mixed0")
    dot = np.full((10, 20, 3), 140, np.uint8)
    assert dreamer.dream(dot, 2, 2).picture.shape == (10, 20, 3)


# -- the zoom ------------------------------------------------------------------------------------


def test_a_zoom_has_its_frames_and_stops_when_told(dreamer, picture):
    shots = dreaming.zoom(dreamer, picture, frames=3, steps=1)
    assert [shot.shape for shot in shots] == [picture.shape] * 3
    assert len(dreaming.zoom(dreamer, picture, 9, 1, progress=lambda done, _: done < 2)) == 2

    def interrupt(done, total):
        raise KeyboardInterrupt

    assert len(dreaming.zoom(dreamer, picture, 9, 1, progress=interrupt)) == 1


def test_nearer_enlarges_about_the_middle():
    spot = np.zeros((40, 60, 3), np.uint8)
    spot[15:25, 20:40] = 255
    near = dreaming._nearer(spot, 1.5)
    assert near.shape == spot.shape
    assert near.mean() == pytest.approx(1.5**2 * spot.mean(), rel=0.05)
    np.testing.assert_allclose(near, near[::-1, ::-1], atol=1)


@pytest.mark.parametrize("format", ["webp", "gif"])
def test_an_animation_runs_to_and_fro(tmp_path, format):
    shots = [np.full((20, 30, 3), value, np.uint8) for value in (0, 80, 160, 240)]
    file = tmp_path / f"zoom.{format}"
    dreaming.write_animation(file, shots)
    with Image.open(file) as film:
        assert film.n_frames == 6 and film.size == (30, 20) and film.info["loop"] == 0
        film.seek(3)
        assert np.asarray(film.convert("RGB")).mean() == pytest.approx(240, abs=4)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_an_animation_that_cannot_be_gets_its_sentence(tmp_path):
    shot = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(DreamError, match="'webp' or 'gif'"):
        dreaming.write_animation(tmp_path / "zoom.mp4", [shot])
    with pytest.raises(DreamError, match="no frames"):
        dreaming.animation([])
    with pytest.raises(DreamError, match="another folder"):
        dreaming.write_animation(tmp_path / "nowhere" / "zoom.gif", [shot])
    with Image.open(io.BytesIO(dreaming.animation([shot]))) as film:
        assert film.size == (4, 4)


# -- feature visualisation -----------------------------------------------------------------------


def test_waves_make_pictures_with_the_colours_and_shapes_of_photographs():
    spectra = 100 * dreaming.waves(4, 64)
    pictures = np.array(dreaming.from_waves(tf.constant(spectra), 64))
    assert pictures.shape == (4, 64, 64, 3)
    assert pictures.min() >= 0 and pictures.max() <= 255
    pixels = pictures.reshape(-1, 3)
    grey, apart = pixels.sum(1).std(), (pixels[:, 0] - pixels[:, 2]).std()
    assert grey > 2 * apart
    coarse = np.array(tf.nn.avg_pool2d(pictures, 8, 8, "SAME"))
    assert coarse.std() > 0.5 * pictures.std()  # of white noise, an eighth would be left


def test_from_waves_is_the_inverse_of_a_fourier_transform():
    flat = np.zeros((1, 3, 32, 17, 2), "float32")
    np.testing.assert_allclose(dreaming.from_waves(flat, 32), 127.5, atol=1e-3)
    flat[0, :, 0, 2, 0] = 5.0  # two waves across
    row = np.array(dreaming.from_waves(flat, 32))[0, 0, :, 0]
    assert row[0] == row.max() and row[8] == row.min() and row[16] == pytest.approx(row[0])


def test_wobble_by_nothing_changes_nothing_and_a_shift_shifts():
    pictures = photos.load("cat", (64, 64))[None].astype("float32")
    still = dreaming.wobble(pictures, 1.0, 0.0, (0.0, 0.0))
    np.testing.assert_allclose(still, pictures, atol=1e-3)
    moved = np.array(dreaming.wobble(pictures, 1.0, 0.0, (5.0, -3.0)))
    np.testing.assert_allclose(moved[:, 10:50, 10:50], pictures[:, 7:47, 15:55], atol=1e-2)
    turned = np.array(dreaming.wobble(pictures, 1.0, 180.0, (0.0, 0.0)))
    np.testing.assert_allclose(turned, pictures[:, ::-1, ::-1], atol=0.5)


def test_seeing_raises_the_activation_and_repeats_itself(network):
    look = Visualiser(network, "third")
    start, seen, again = (look.see([2, 5], 48, steps) for steps in (0, 30, 30))
    assert seen.pictures.shape == (2, 48, 48, 3) and seen.pictures.dtype == np.uint8
    assert np.all(seen.activations > start.activations)
    np.testing.assert_array_equal(seen.pictures, again.pictures)
    assert seen.finished and np.any(seen.pictures[0] != seen.pictures[1])


def test_seeing_a_class_uses_the_networks_own_size():
    look = Visualiser(small_network(64, classes=5), "logits")
    start, seen = (look.see([3], steps=steps) for steps in (0, 30))
    assert seen.pictures.shape == (1, 64, 64, 3)
    assert seen.activations[0] > start.activations[0]


def test_seeing_stops_when_told_or_interrupted(network):
    look = Visualiser(network, "second")
    stopped = look.see([1], 32, 20, progress=lambda done, total: done < 3)
    three = look.see([1], 32, 3)

    def interrupt(done, total):
        if done == 3:
            raise KeyboardInterrupt

    broken = look.see([1], 32, 20, progress=interrupt)
    assert not stopped.finished and not broken.finished
    for result in (stopped, broken):
        np.testing.assert_array_equal(result.pictures, three.pictures)


def test_channels_and_sizes_that_are_not_there_get_their_sentence(network):
    look = Visualiser(network, "first")
    with pytest.raises(DreamError, match="from 0 to 7"):
        look.see([8])
    with pytest.raises(DreamError, match="name some"):
        look.see([])
    with pytest.raises(DreamError, match="even number"):
        look.see([1], size=33)


def test_exciting_places_are_found_in_order():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 3))
    brightness = keras.layers.AveragePooling2D(4, name="brightness")(inputs)
    plain = Backbone("plain", "Plain", "efficientnet-lite0", (64, 64), lambda x: x, (), None)
    plain = Backbone(**{**plain.__dict__, "model": keras.Model(inputs, brightness)})
    dark = np.zeros((64, 64, 3), np.uint8)
    one, two = dark.copy(), dark.copy()
    one[8:12, 40:44, 0] = 250
    two[40:44, 8:12, 0] = 100
    red, _ = dreaming.exciting(plain, "brightness", [0, 2], [two, one, dark], side=16, count=2)
    assert [patch.shape for patch in red] == [(16, 16, 3)] * 2
    assert [patch[..., 0].max() for patch in red] == [250, 100]
    assert red[0][8, 8, 0] == 250


# -- with malice ---------------------------------------------------------------------------------


def test_a_nudge_changes_each_pixel_by_no_more_than_told_and_does_its_work():
    judge = small_network(64, classes=5)
    cat = photos.load("cat", (64, 64))

    def chance(picture):
        return judge.probabilities([picture])[0, 2]

    away, here = (dreaming.nudge(judge, cat, 2, 3, toward=toward) for toward in (False, True))
    for changed in (away, here):
        assert changed.dtype == np.uint8
        assert np.abs(changed.astype(int) - cat).max() == 3
    assert chance(away) < chance(cat) < chance(here)
    np.testing.assert_array_equal(dreaming.nudge(judge, cat, 2, 0), cat)
    further = dreaming.nudge(judge, cat, 2, 1, steps=3)
    assert 1 < np.abs(further.astype(int) - cat).max() <= 3
    assert chance(further) < chance(dreaming.nudge(judge, cat, 2, 1))
