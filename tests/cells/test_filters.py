"""Nine numbers slid over a picture: the sums are right, and the known filters do what they say."""

import numpy as np
import pytest
from scipy import signal

from helpers.cells import filters
from helpers.cells.filters import FILTERS


def test_it_is_the_sum_of_products_in_every_place():
    random = np.random.default_rng(0)
    picture, weights = random.integers(0, 256, (7, 9)).astype(np.uint8), random.normal(size=(3, 3))
    expected = signal.correlate2d(picture.astype(float), weights, mode="valid")
    np.testing.assert_allclose(filters.convolve(picture, weights), expected)
    coloured = np.stack([picture, picture, 255 - picture], axis=2)
    np.testing.assert_allclose(filters.convolve(coloured, weights)[..., 1], expected)


@pytest.mark.parametrize("shape", [(2, 9), (9, 2), (2, 2)])
def test_a_picture_smaller_than_the_filter_is_refused(shape):
    with pytest.raises(ValueError, match="at least 3 × 3"):
        filters.convolve(np.zeros(shape), np.ones((3, 3)))


@pytest.mark.parametrize("name", FILTERS)
def test_a_plain_wall_stays_as_it_is_or_turns_black(name):
    wall = np.full((6, 6), 90, np.uint8)
    answer = filters.convolve(wall, FILTERS[name].weights)
    brightness = 0 if FILTERS[name].ignore_sign else 90
    np.testing.assert_allclose(answer, brightness, atol=1e-9)


def test_each_sobel_filter_sees_one_kind_of_edge():
    upright = np.repeat([[0, 0, 0, 255, 255, 255]], 6, axis=0)
    for picture, sees, blind in [
        (upright, "Upright edges (Sobel)", "Level edges (Sobel)"),
        (upright.T, "Level edges (Sobel)", "Upright edges (Sobel)"),
    ]:
        assert np.abs(filters.convolve(picture, FILTERS[sees].weights)).max() == 4 * 255
        assert not filters.convolve(picture, FILTERS[blind].weights).any()


def test_answers_become_a_picture():
    answers = np.array([[-300.0, -20.4, 0.4, 254.6, 999.0]])
    assert filters.visible(answers).tolist() == [[0, 0, 0, 255, 255]]
    assert filters.visible(answers, ignore_sign=True).tolist() == [[255, 20, 0, 255, 255]]


def test_the_photograph_is_there_and_grey():
    photograph = filters.photograph(300)
    assert photograph.shape == (200, 300) and photograph.dtype == np.uint8
    assert photograph.std() > 30
