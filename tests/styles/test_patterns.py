"""The patterns: the same drawing at any size, colourful, and no two kinds alike."""

import numpy as np
import pytest

from helpers import images
from helpers.styles import patterns


def apart(one, other):
    return np.abs(one.astype(float) - other).mean()


@pytest.mark.parametrize("draw", patterns.ALL.values(), ids=patterns.ALL)
def test_a_kind_is_the_same_drawing_at_any_size_with_light_shade_and_hues(draw):
    picture = draw(64)
    assert picture.shape == (64, 64, 3) and picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, draw(64))
    assert draw(1).shape == (1, 1, 3)
    finer = images.resize(draw(128), (64, 64))
    assert apart(picture, finer) < 0.4 * apart(picture, finer[::-1])
    assert picture.mean(2).std() > 25
    chroma = picture - picture.mean(2, keepdims=True)
    assert np.linalg.eigvalsh(np.cov(chroma.reshape(-1, 3).T))[-1] > 50
    with pytest.raises(ValueError, match="at least 1"):
        draw(0)
