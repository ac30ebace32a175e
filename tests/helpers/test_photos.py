"""The photographs are in the installed packages, and crops of two parts have no pixel in common."""

import numpy as np
import pytest

from helpers.datasets import photos


@pytest.mark.parametrize("name", photos.PHOTOGRAPHS)
def test_each_photograph_is_here_and_credited(name):
    picture = photos.load(name)
    assert picture.ndim == 3 and picture.shape[2] == 3 and picture.dtype == np.uint8
    assert min(picture.shape[:2]) >= 224 and picture.std() > 5
    assert photos.PHOTOGRAPHS[name].credit and photos.PHOTOGRAPHS[name].shows


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(KeyError, match="There are: cat, coffee"):
        photos.load("dog")


def test_a_missing_package_gets_its_sentence():
    with pytest.raises(ValueError, match="which isn't installed: run make setup"):
        photos.Photograph("no-such-package", "x.png", "nothing", "nobody").path  # noqa: B018


def test_crops_are_repeatable_and_lie_in_their_part(monkeypatch):
    ramp = np.zeros((120, 400, 3), np.uint8)
    ramp[..., 0] = np.arange(400) // 2
    monkeypatch.setattr(photos, "load", lambda name: ramp)
    left, right = (photos.crops("x", 30, 96, 0, part) for part in ((0, 0.5), (0.5, 1)))
    assert left.shape == (30, 96, 96, 3)
    assert left[..., 0].max() < 100 <= right[..., 0].min()
    np.testing.assert_array_equal(left, photos.crops("x", 30, 96, 0, (0, 0.5)))
    assert (left != photos.crops("x", 30, 96, 1, (0, 0.5))).any()
    with pytest.raises(ValueError, match="96 pixels are more"):
        photos.crops("x", 1, 96, 0, (0.0, 0.1))
