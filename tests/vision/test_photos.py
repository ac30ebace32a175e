"""The photographs: all there, in colour or grey, at the size that was asked for."""

import numpy as np
import pytest

from helpers import assets
from helpers.vision import photos


def test_each_photograph_shows_something_and_has_its_place_in_the_manifest():
    for name in photos.NAMES:
        picture = photos.load(name, 64)
        assert picture.dtype == np.uint8 and max(picture.shape[:2]) == 64
        assert picture.std() > 10, name
    listed = {name.removeprefix("photo-") for name in assets.names() if name.startswith("photo-")}
    assert listed == set(photos.NAMES)
    assert photos.load("palace", (100, 150)).shape == (100, 150, 3)
    with pytest.raises(assets.AssetError, match="photo-dog"):
        photos.load("dog")


def test_crops_are_repeatable_and_lie_in_their_part(monkeypatch):
    ramp = np.zeros((120, 400, 3), np.uint8)
    ramp[..., 0] = np.arange(400) // 2
    monkeypatch.setattr(photos, "load", lambda name: ramp)
    left, right = (photos.crops("x", 30, 96, 0, part) for part in ((0, 0.5), (0.5, 1)))
    assert left.shape == (30, 96, 96, 3)
    assert left[..., 0].max() < 100 <= right[..., 0].min()
    np.testing.assert_array_equal(left, photos.crops("x", 30, 96, 0, (0, 0.5)))
    assert (left != photos.crops("x", 30, 96, 1, (0, 0.5))).any()
