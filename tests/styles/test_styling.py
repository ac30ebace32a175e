"""Style transfer by optimisation: Gram matrices, losses, the way down, pictures of any kind."""

import keras
import numpy as np
import originals
import pytest
import tensorflow as tf
from lessons import run_lesson
from PIL import Image
from skimage import data
from small import interrupted_after

from helpers import assets, images
from helpers.images import as_floats
from helpers.styles import patterns, styling
from helpers.vision import backbones
from tools import notebooks

LAYERS = styling.STYLE_LAYERS
RNG = np.random.default_rng(0)
CAT = images.read(data.chelsea(), 64)


@pytest.fixture(scope="module")
def style():
    return patterns.strokes(64)


def test_a_gram_matrix_has_no_negative_direction_and_forgets_places_and_sizes():
    features = RNG.normal(size=(2, 5, 7, 4)).astype("float32")
    matrices = styling.gram(features).numpy()
    assert matrices.shape == (2, 4, 4) and np.linalg.eigvalsh(matrices).min() > -1e-6
    one, other = features[0, ..., 1], features[0, ..., 3]
    np.testing.assert_allclose(matrices[0, 1, 3], (one * other).mean(), rtol=1e-5)
    mixed = RNG.permutation(features[:1].reshape(35, 4)).reshape(1, 7, 5, 4)
    for same in (np.roll(features[:1], (2, 3), (1, 2)), mixed, np.tile(features[:1], (1, 2, 3, 1))):
        np.testing.assert_allclose(styling.gram(same)[0], matrices[0], atol=1e-6)


def test_losses_are_shares_of_what_was_wanted_and_variation_counts_steps_between_neighbours():
    features = tf.constant(RNG.normal(size=(1, 4, 4, 3)).astype("float32"))
    wanted, nothing = {"a": styling.gram(features)}, tf.zeros((1, 4, 4, 3))
    assert styling.style_loss({"a": features}, wanted) == 0 == styling.distance(features, features)
    assert float(styling.style_loss({"a": nothing}, wanted)) == pytest.approx(1)
    assert float(styling.distance(nothing, features)) == pytest.approx(1)
    flat, board = np.full((1, 6, 6, 3), 0.3, "float32"), np.zeros((1, 6, 6, 3), "float32")
    board[:, ::2, ::2] = board[:, 1::2, 1::2] = 1
    assert styling.total_variation(flat) == 0 and styling.total_variation(board) == 2


def test_the_lessons_loss_and_the_rooms_are_the_same(see):
    lesson = notebooks.taught("08")
    lesson.see, lesson.gram = see, lambda features: styling.gram(features[None])[0]
    content, pattern, picture = (RNG.random((32, 40, 3)).astype("float32") for _ in range(3))
    theirs = lesson.painting_loss(tf.constant(content), tf.constant(pattern), 0.7)
    ours = styling.painting_loss(see, pattern, content, 0.7)
    picture = tf.constant(picture)
    assert float(ours(picture)) == pytest.approx(float(theirs(picture)), rel=1e-4)


def test_the_eye_ends_at_the_last_layer_it_needs_and_pools_by_average(vgg):
    assert set(vgg(tf.zeros((1, 32, 32, 3)))) == set(LAYERS)
    pixels = as_floats(CAT[:40, :40])[None]
    below = styling.eye(("block1_conv1", "block1_conv2", "block2_pool", "block1_pool"))(pixels)
    backbone = backbones.load("vgg16", top=False)
    expected = backbone.upto("block1_conv1")(backbone.scale(pixels * 255))
    average = tf.nn.avg_pool2d(below["block1_conv2"], 2, 2, "VALID")
    np.testing.assert_allclose(below["block1_conv1"], expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(below["block1_pool"], average, rtol=1e-4, atol=1e-3)
    with pytest.raises(backbones.BackboneError, match=r"no layer 'block9_conv1'.*block4_conv1"):
        styling.eye(("block9_conv1",))


@pytest.mark.slow
def test_lesson_08_runs_from_top_to_bottom_with_vgg19(tmp_path, monkeypatch, capsys):
    """In the format of Keras's own download, with random numbers."""
    network = keras.applications.VGG19(include_top=False, weights=None)
    path, found = originals.write(network, tmp_path), assets.path
    monkeypatch.setattr(assets, "path", lambda name: path if name == "vgg19-notop" else found(name))
    lesson = run_lesson("08", lambda source: source.replace('"vgg16"', '"vgg19"'))
    assert lesson["see"](tf.zeros((1, 32, 32, 3))).keys() == set(LAYERS)
    assert len(lesson["losses"]) > 10 and np.isfinite(lesson["losses"]).all()
    assert "block4_conv1: 512 maps" in capsys.readouterr().out


def test_the_way_down_repeats_ends_at_the_best_and_an_interrupt_loses_nothing():
    def bowl(picture):
        return tf.reduce_mean((picture - 0.7) ** 2)

    start = RNG.random((8, 9, 3)).astype("float32")
    (picture, losses, stopped), (again, *_) = (styling.descend(bowl, start, 60) for _ in "12")
    assert not stopped and min(losses) < 0.05 * losses[0]
    assert picture.shape == start.shape and picture.min() >= 0 and picture.max() <= 1
    assert float(bowl(picture)) == pytest.approx(min(losses), rel=1e-4)
    np.testing.assert_array_equal(picture, again)
    picture, losses, stopped = styling.descend(bowl, start, 60, interrupted_after(2))
    assert stopped and len(losses) == 2
    assert float(bowl(picture)) == pytest.approx(min(losses), rel=1e-4)
    picture, losses, stopped = styling.descend(bowl, start, 0)
    np.testing.assert_array_equal(picture, start)
    assert losses == [] and not stopped


def test_the_real_network_paints_down_to_the_smallest_picture(vgg, style):
    painted = styling.paint(CAT, style, 64, see=vgg, stages=((1.0, 8),))
    assert painted.picture.shape == (43, 64, 3) and painted.picture.dtype == np.uint8
    assert min(painted.losses) < 0.7 * painted.losses[0]
    dot = styling.paint(np.zeros((1, 1, 3), np.uint8), CAT, 32, see=vgg, stages=((1.0, 1),))
    assert dot.picture.shape == (1, 1, 3)


def test_the_same_again_and_with_no_steps_only_the_colours_change(see, style):
    pair = [styling.paint(CAT, style, 48, see=see, stages=((0.5, 3), (1.0, 2))) for _ in "12"]
    np.testing.assert_array_equal(pair[0].picture, pair[1].picture)
    start = styling.match_colours(as_floats(CAT), as_floats(style))
    painted = styling.paint(CAT, style, 64, see=see, stages=((1.0, 0),))
    np.testing.assert_array_equal(painted.picture, images.as_bytes(start))
    assert painted.losses == []


def test_content_weight_and_a_loss_of_ones_own_say_what_is_wanted(see, style):
    def painted(**wishes):
        return styling.paint(CAT, style, 48, see=see, stages=((1.0, 20),), **wishes).picture

    start = styling.match_colours(*(as_floats(images.read(x, 48)) for x in (CAT, style)))
    far = [np.abs(as_floats(painted(content_weight=w)) - start).mean() for w in (10.0, 0.01)]
    assert far[0] < far[1]
    dark = painted(extra=lambda picture: 30 * tf.reduce_mean(picture))
    assert dark.mean() < painted().mean() - 20


def test_any_picture_can_be_painted_and_be_the_style(see):
    alpha = np.dstack([data.chelsea()[:50, :60], np.full((50, 60), 128, np.uint8)])
    for picture, shape in [
        (np.zeros((1, 90, 3), np.uint8), (1, 48)),
        (alpha, (40, 48)),
        (Image.new("P", (20, 30)), (30, 20)),
    ]:
        painted = styling.paint(picture, picture, 48, see=see, stages=((1.0, 1),))
        assert painted.picture.shape == (*shape, 3)


def test_an_interrupt_ends_all_sizes_and_gives_the_full_size(see, style):
    painted = styling.paint(CAT, style, 64, see=see, extra=interrupted_after(1))
    assert painted.losses == [] and painted.picture.shape == (43, 64, 3)


def test_matched_colours_have_the_palettes_mean_and_spread():
    picture = RNG.random((40, 50, 3)) * [0.2, 0.3, 0.1] + 0.4
    palette = as_floats(data.chelsea()[:80, :80]) * 0.3 + 0.35  # no clipping
    matched, wanted = styling.match_colours(picture, palette).reshape(-1, 3), palette.reshape(-1, 3)
    np.testing.assert_allclose(matched.mean(0), wanted.mean(0), atol=1e-3)
    np.testing.assert_allclose(np.cov(matched.T), np.cov(wanted.T), atol=3e-4, rtol=0.05)
    plain, grey = np.full((8, 8, 3), 0.5), np.repeat(RNG.random((8, 8, 1)), 3, 2)
    for one, other in [(plain, grey), (grey, plain), (plain, RNG.random((8, 8, 3)))]:
        matched = styling.match_colours(one, other)
        np.testing.assert_allclose(matched.mean((0, 1)), other.mean((0, 1)), atol=0.05)


def test_kept_colours_have_the_paintings_brightness_and_the_photographs_hue():
    photograph, painted = CAT // 2 + 64, patterns.strokes(64)[:43] // 2 + 64
    kept = styling.keep_colours(painted, photograph)
    unclipped = ((kept > 0) & (kept < 255)).all(2)
    brightness = (kept @ styling.LUMA - painted @ styling.LUMA)[unclipped]
    assert unclipped.mean() > 0.9 and np.abs(brightness).max() < 1.5
    assert (np.ptp(kept.astype(float) - photograph, axis=2)[unclipped] <= 1).all()
    np.testing.assert_array_equal(styling.keep_colours(CAT, CAT), CAT)
