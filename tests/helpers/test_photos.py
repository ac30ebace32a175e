"""The photographs: all there, in colour or grey, at the size that was asked for."""

import numpy as np
import pytest

from helpers import assets
from helpers.datasets import photos


@pytest.mark.parametrize("name", photos.NAMES)
def test_a_photograph_shows_something(name):
    picture = photos.load(name, 64)
    assert picture.dtype == np.uint8 and max(picture.shape[:2]) == 64
    assert picture.std() > 10


def test_each_has_its_place_in_the_manifest():
    listed = {name.removeprefix("photo-") for name in assets.names() if name.startswith("photo-")}
    assert listed == set(photos.NAMES)


def test_an_exact_size():
    assert photos.load("palace", (100, 150)).shape == (100, 150, 3)


def test_an_unknown_name_gets_its_sentence():
    with pytest.raises(assets.AssetError, match="photo-dog"):
        photos.load("dog")
