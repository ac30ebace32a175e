"""The patterns: same seed same drawing, at any size, colourful, and no two kinds alike."""

import numpy as np
import pytest

from helpers import images
from helpers.styles import patterns

KINDS = pytest.mark.parametrize("draw", patterns.ALL.values(), ids=patterns.ALL)


@KINDS
def test_the_same_seed_draws_the_same_and_another_something_else(draw):
    picture = draw(64, seed=3)
    assert picture.shape == (64, 64, 3) and picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, draw(64, seed=3))
    assert np.abs(picture.astype(float) - draw(64, seed=4)).mean() > 10


@KINDS
@pytest.mark.parametrize("size", [1, (1, 3), (20, 90), (90, 20)])
def test_any_size_and_shape(draw, size):
    assert draw(size).shape == (*((size, size) if size == 1 else size), 3)


@KINDS
def test_a_larger_drawing_is_the_same_drawing_finer(draw):
    small, large = draw(100), images.resize(draw(200), (100, 100))
    other = images.resize(draw(200, seed=9), (100, 100))
    gap = np.abs(small.astype(float) - large).mean()
    assert gap < 0.35 * np.abs(small.astype(float) - other).mean()


@KINDS
def test_it_has_light_and_shade_and_more_than_one_hue(draw):
    picture = draw(96).astype(float)
    assert picture.mean(2).std() > 25
    chroma = picture - picture.mean(2, keepdims=True)
    assert np.linalg.eigvalsh(np.cov(chroma.reshape(-1, 3).T))[-1] > 50


def test_a_palette_of_ones_own():
    red = patterns.pointillism(64, palette=("#ff0000", "#aa0000"))
    green = patterns.pointillism(64, palette=("#00ff00", "#00aa00"))
    assert red[..., 0].mean() > red[..., 1].mean() + 40
    assert green[..., 1].mean() > green[..., 0].mean() + 40


def test_blocks_have_black_bars_around_plain_colours():
    picture = patterns.blocks(200, seed=1)
    dark = (picture.max(2) < 60).mean()
    assert 0.05 < dark < 0.6


def test_no_size_no_drawing():
    with pytest.raises(ValueError, match="at least 1"):
        patterns.waves(0)


def test_the_card_says_whose_work_it_is():
    assert "Nobody's paintings" in patterns.card()
