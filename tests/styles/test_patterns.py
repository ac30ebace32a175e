"""The patterns: same seed same drawing, at any size, colourful, and no two kinds alike."""

import numpy as np
import pytest

from helpers import images
from helpers.styles import patterns


def apart(one, other):
    return np.abs(one.astype(float) - other).mean()


@pytest.mark.parametrize("draw", patterns.ALL.values(), ids=patterns.ALL)
def test_a_kind_repeats_by_seed_at_any_size_with_light_shade_and_hues(draw):
    picture = draw(64)
    assert picture.shape == (64, 64, 3) and picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, draw(64))
    assert draw(1).shape == (1, 1, 3)
    finer, other = (images.resize(draw(128, seed=seed), (64, 64)) for seed in (0, 9))
    assert apart(picture, finer) < 0.4 * apart(picture, other) and apart(picture, other) > 10
    assert picture.mean(2).std() > 25
    chroma = picture - picture.mean(2, keepdims=True)
    assert np.linalg.eigvalsh(np.cov(chroma.reshape(-1, 3).T))[-1] > 50


def test_a_palette_of_ones_own_bars_of_black_and_no_size():
    for channel, palette in enumerate([("#ff0000", "#aa0000"), ("#00ff00", "#00aa00")]):
        means = patterns.pointillism(64, palette=palette).mean((0, 1))
        assert means[channel] > means[1 - channel] + 40
    assert 0.05 < (patterns.blocks(200, seed=1).max(2) < 60).mean() < 0.6
    with pytest.raises(ValueError, match="at least 1"):
        patterns.waves(0)
