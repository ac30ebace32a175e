"""Style transfer by optimisation: Gram matrices, losses, the way down, pictures of any kind."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data

from helpers import images
from helpers.styles import patterns, styling
from helpers.styles.styling import StyleError

LAYERS = styling.STYLE_LAYERS
RNG = np.random.default_rng(0)
FILTERS = [RNG.normal(0, 0.3, (3, 3, 3, 6)).astype("float32") for _ in LAYERS]


def see(pictures):
    """Stand in for the network: one layer of random filters at each of four sizes. Quick."""
    found = {}
    for name, kernel in zip(LAYERS, FILTERS, strict=True):
        found[name] = tf.nn.relu(tf.nn.conv2d(pictures, kernel, 1, "SAME"))
        pictures = tf.nn.avg_pool2d(pictures, 2, 2, "SAME")
    return found


@pytest.fixture(scope="module")
def vgg():
    return styling.eye()


@pytest.fixture(scope="module")
def style():
    return patterns.strokes(64)


def floats(picture):
    return styling.as_floats(picture)


# -- Gram matrices and losses --------------------------------------------------------------------


def test_a_gram_matrix_is_symmetric_with_no_negative_direction():
    features = RNG.normal(size=(2, 5, 7, 4)).astype("float32")
    matrices = styling.gram(features).numpy()
    assert matrices.shape == (2, 4, 4)
    np.testing.assert_allclose(matrices, matrices.transpose(0, 2, 1), atol=1e-6)
    assert np.linalg.eigvalsh(matrices).min() > -1e-6
    one, other = features[0, ..., 1], features[0, ..., 3]
    np.testing.assert_allclose(matrices[0, 1, 3], (one * other).mean(), rtol=1e-5)


def test_a_gram_matrix_forgets_places_and_sizes():
    features = RNG.normal(size=(1, 6, 8, 4)).astype("float32")
    mixed = RNG.permutation(features.reshape(48, 4)).reshape(1, 8, 6, 4)
    for same in (np.roll(features, (2, 3), (1, 2)), mixed, np.tile(features, (1, 2, 3, 1))):
        np.testing.assert_allclose(styling.gram(same), styling.gram(features), atol=1e-6)


def test_a_shifted_pattern_has_the_same_style_and_another_content(vgg):
    pattern = floats(patterns.waves(96))
    shifted = np.roll(pattern, (24, 40), (0, 1))
    seen, moved = vgg(pattern[None]), vgg(shifted[None])
    textures = {layer: styling.gram(seen[layer]) for layer in LAYERS}
    other = vgg(floats(patterns.blocks(96))[None])
    assert styling.style_loss(moved, textures) < 0.1 * styling.style_loss(other, textures)
    assert styling.content_loss(moved, {LAYERS[-1]: seen[LAYERS[-1]]}) > 0.2


def test_losses_are_shares_of_what_was_wanted():
    features = {"a": tf.constant(RNG.normal(size=(1, 4, 4, 3)).astype("float32"))}
    wanted = {"a": styling.gram(features["a"])}
    nothing = {"a": tf.zeros((1, 4, 4, 3))}
    assert styling.style_loss(features, wanted) == 0 == styling.content_loss(features, features)
    assert float(styling.style_loss(nothing, wanted)) == pytest.approx(1)
    assert float(styling.content_loss(nothing, features)) == pytest.approx(1)
    two = {"a": tf.tile(features["a"], (2, 1, 1, 1))}
    assert float(styling.style_loss(two, wanted)) == pytest.approx(0, abs=1e-6)


def test_total_variation_counts_steps_between_neighbours():
    flat, board = np.full((1, 6, 6, 3), 0.3, "float32"), np.zeros((1, 6, 6, 3), "float32")
    board[:, ::2, ::2] = board[:, 1::2, 1::2] = 1
    assert styling.total_variation(flat) == 0
    assert styling.total_variation(board) == 2


def test_the_eye_ends_at_the_last_layer_it_needs_and_pools_by_average(vgg):
    from helpers.vision import backbones

    assert set(vgg(tf.zeros((1, 32, 32, 3)))) == set(LAYERS)
    early = styling.eye(("block1_conv1",))
    pixels = floats(data.chelsea()[:40, :40])[None]
    expected = backbones.load("vgg16").upto("block1_conv1")(backbones._scale_vgg(pixels * 255))
    np.testing.assert_allclose(early(pixels)["block1_conv1"], expected, rtol=1e-4, atol=1e-3)
    below = styling.eye(("block1_conv2", "block2_pool", "block1_pool"))(pixels)
    average = tf.nn.avg_pool2d(below["block1_conv2"], 2, 2, "VALID")
    np.testing.assert_allclose(below["block1_pool"], average, rtol=1e-4, atol=1e-3)
    with pytest.raises(StyleError, match=r"no layer 'block9_conv1'.*block4_conv1"):
        styling.eye(("block9_conv1",))


# -- downhill ------------------------------------------------------------------------------------


def bowl(picture):
    return tf.reduce_mean((picture - 0.7) ** 2)


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_the_way_down(method):
    start = RNG.random((8, 9, 3)).astype("float32")
    picture, losses, stopped = styling.descend(bowl, start, 60, method)
    assert not stopped and min(losses) < 0.05 * losses[0]
    assert picture.shape == start.shape and picture.min() >= 0 and picture.max() <= 1
    assert float(bowl(picture)) == pytest.approx(min(losses), rel=1e-4)
    again, _, _ = styling.descend(bowl, start, 60, method)
    np.testing.assert_array_equal(picture, again)


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_no_steps_no_change(method):
    start = RNG.random((8, 9, 3)).astype("float32")
    picture, losses, _ = styling.descend(bowl, start, 0, method)
    np.testing.assert_array_equal(picture, start)
    assert losses == []


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_an_interrupt_gives_the_best_so_far(method):
    looks = []

    def impatient(picture):
        looks.append(float(bowl(picture)))
        if len(looks) == 5:
            raise KeyboardInterrupt

    start = RNG.random((8, 9, 3)).astype("float32")
    picture, losses, stopped = styling.descend(bowl, start, 60, method, impatient)
    assert stopped and len(losses) == 5
    assert float(bowl(picture)) == pytest.approx(min(looks), rel=1e-4)


def test_an_unknown_way_down_gets_its_sentence():
    with pytest.raises(StyleError, match="choose lbfgs or adam"):
        styling.descend(bowl, np.zeros((8, 8, 3)), 1, "sideways")


# -- paintings -----------------------------------------------------------------------------------


def test_painting_lowers_the_loss_and_keeps_the_shape(vgg, style):
    painted = styling.paint(data.chelsea(), style, 64, see=vgg, stages=((1.0, 8),))
    assert painted.picture.shape == (43, 64, 3) and painted.picture.dtype == np.uint8
    assert min(painted.losses) < 0.7 * painted.losses[0]


def test_the_same_again(style):
    one, other = (
        styling.paint(data.chelsea(), style, 48, see=see, stages=((0.5, 3), (1.0, 2)))
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.picture, other.picture)


def test_with_no_steps_only_the_colours_change(style):
    photograph = images.read(data.chelsea(), 64)
    start = styling.match_colours(floats(photograph), floats(images.read(style, 64)))
    painted = styling.paint(photograph, style, 64, see=see, stages=((1.0, 0),))
    np.testing.assert_array_equal(painted.picture, styling.as_bytes(start))
    assert painted.losses == []


def test_content_weight_says_how_much_of_the_photograph_stays(style):
    def distance(weight):
        painted = styling.paint(
            data.chelsea(), style, 48, see=see, stages=((1.0, 25),), content_weight=weight
        )
        content = styling.match_colours(
            floats(images.read(data.chelsea(), 48)), floats(images.read(style, 48))
        )
        return np.abs(floats(painted.picture) - content).mean()

    assert distance(10.0) < distance(0.01)


def pictures():
    alpha = np.dstack([data.chelsea()[:50, :60], np.full((50, 60), 128, np.uint8)])
    return {
        "one pixel": (np.full((1, 1, 3), 200, np.uint8), (1, 1)),
        "a line": (np.zeros((1, 90, 3), np.uint8), (1, 48)),
        "grey": (data.camera()[:70, :70], (48, 48)),
        "alpha": (alpha, (40, 48)),
        "palette": (Image.new("P", (20, 30)), (30, 20)),
        "huge": (np.zeros((3000, 2000, 3), np.uint8), (48, 32)),
    }


@pytest.mark.parametrize("name", pictures())
def test_any_picture_can_be_painted_and_be_the_style(name, style):
    picture, shape = pictures()[name]
    painted = styling.paint(picture, style, 48, see=see, stages=((0.5, 1), (1.0, 1)))
    assert painted.picture.shape == (*shape, 3)
    styled = styling.paint(data.chelsea(), picture, 48, see=see, stages=((1.0, 1),))
    assert styled.picture.shape == (32, 48, 3)


def test_the_real_network_takes_the_smallest_picture(vgg):
    painted = styling.paint(np.zeros((1, 1, 3), np.uint8), data.coffee(), 32, see=vgg)
    assert painted.picture.shape == (1, 1, 3)


def test_an_interrupt_ends_all_sizes_and_gives_the_full_size(style):
    def impatient(picture):
        raise KeyboardInterrupt

    painted = styling.paint(data.chelsea(), style, 80, see=see, watch=impatient)
    assert painted.stopped and len(painted.losses) == 1
    assert painted.picture.shape == (53, 80, 3)


def test_a_loss_of_ones_own_pulls_too(style):
    stages = ((1.0, 10),)
    plain = styling.paint(data.chelsea(), style, 48, see=see, stages=stages)
    dark = styling.paint(
        data.chelsea(), style, 48, see=see, stages=stages, extra=lambda x: 30 * tf.reduce_mean(x)
    )
    assert dark.picture.mean() < plain.picture.mean() - 20


def test_a_texture_comes_from_noise(vgg):
    pattern = patterns.waves(64)
    woven = styling.texture(pattern, 64, see=vgg, stages=((1.0, 12),))
    assert woven.picture.shape == (64, 64, 3)
    assert min(woven.losses) < 0.3 * woven.losses[0]


def test_textures_differ_by_seed_alone():
    pattern, stages = patterns.waves(48), ((1.0, 3),)
    one, again, other = (
        styling.texture(pattern, 48, seed, see=see, stages=stages).picture for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert np.abs(one.astype(float) - other).mean() > 5


# -- colours -------------------------------------------------------------------------------------


def test_matched_colours_have_the_palettes_mean_and_spread():
    picture = RNG.random((40, 50, 3)) * [0.2, 0.3, 0.1] + 0.4
    palette = floats(data.chelsea()[:80, :80]) * 0.3 + 0.35  # no clipping
    matched = styling.match_colours(picture, palette).reshape(-1, 3)
    np.testing.assert_allclose(matched.mean(0), palette.reshape(-1, 3).mean(0), atol=1e-3)
    np.testing.assert_allclose(
        np.cov(matched.T), np.cov(palette.reshape(-1, 3).T), atol=3e-4, rtol=0.05
    )


def test_matching_takes_plain_and_grey_pictures():
    plain, grey = np.full((8, 8, 3), 0.5), np.repeat(RNG.random((8, 8, 1)), 3, 2)
    for one, other in [(plain, grey), (grey, plain), (plain, RNG.random((8, 8, 3)))]:
        matched = styling.match_colours(one, other)
        assert np.isfinite(matched).all()
        np.testing.assert_allclose(matched.mean((0, 1)), other.mean((0, 1)), atol=0.05)


def test_kept_colours_have_the_paintings_brightness_and_the_photographs_hue():
    photograph = images.read(data.chelsea(), 64)
    painted = images.read(patterns.strokes((43, 64)), (43, 64)) // 2 + 64
    kept = styling.keep_colours(painted, photograph // 2 + 64)
    unclipped = ((kept > 0) & (kept < 255)).all(2)
    brightness = (kept @ styling.LUMA - painted @ styling.LUMA)[unclipped]
    assert unclipped.mean() > 0.9 and np.abs(brightness).max() < 1.5
    difference = kept.astype(float) - (photograph // 2 + 64)
    assert (np.ptp(difference, axis=2)[unclipped] <= 1).all()
    np.testing.assert_array_equal(styling.keep_colours(photograph, photograph), photograph)
