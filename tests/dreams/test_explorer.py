"""The dream explorer without a browser: its picture follows its controls and uploads."""

import asyncio

import keras
import numpy as np
import pytest

from helpers import images
from helpers.dreams.explorer import DreamExplorer
from helpers.vision import backbones, photos


@pytest.fixture
def explorer(network):
    album = {name: photos.load(name, 160) for name in ("coffee", "cat")}
    return DreamExplorer(network, album, preview=112, full=160)


def test_what_it_shows_follows_the_controls_and_an_upload(explorer):
    assert max(explorer.picture.shape) == 112 and explorer.said.value.startswith("Done: 112")
    assert 'alt="coffee, as first dreams it."' in explorer._shown.value
    assert 'width="224"' in explorer._shown.value
    first, controls = explorer.picture, explorer.controls
    controls["layer"].value = "third"
    assert np.any(first != explorer.picture)
    controls["steps"].value = 0
    content = images.encode(photos.load("flower", 150))
    controls["photograph"]._uploaded({"new": ({"name": "my.png", "content": content},)})
    assert explorer.alt == "my.png, as third dreams it." and explorer.alt in explorer._shown.value
    np.testing.assert_array_equal(explorer.picture, images.read(photos.load("flower", 150), 112))
    controls["steps"].value = 1
    explorer.large.click()
    assert max(explorer.picture.shape) == 150 and explorer.progress.value == 1


def test_cancelling_keeps_what_there_is(explorer):
    async def begin_and_stop():
        explorer.large.click()
        task = explorer._task
        while not 0 < explorer.progress.value < 1:
            await asyncio.sleep(0.001)
        assert not explorer.cancel.disabled
        explorer.cancel.click()
        await asyncio.wait([task])

    asyncio.run(begin_and_stop())
    assert explorer.said.value.startswith("Stopped after")
    assert max(explorer.picture.shape) == 160 and explorer.cancel.disabled


def test_it_dreams_with_any_network_for_pictures_and_says_which_is_none(tmp_path):
    layers = keras.layers
    inner = keras.Sequential([keras.Input((64, 64, 3)), layers.Conv2D(8, 3, name="edges")])
    inner.add(layers.MaxPooling2D(name="smaller"))
    mine = keras.Sequential([keras.Input((64, 64, 3)), inner, layers.GlobalAveragePooling2D()])
    mine.add(layers.Dense(2))
    mine.save(tmp_path / "mine.keras")
    images.write(tmp_path / "cat.png", photos.load("cat", 130))
    for given in (inner, tmp_path / "mine.keras"):
        explorer = DreamExplorer(given, tmp_path, preview=112)
        assert explorer.alt == "cat.png, as edges dreams it."
        assert explorer.controls["layer"].options == ("edges", "smaller")
        assert explorer.said.value.startswith("Done: 112")
    with pytest.raises(backbones.BackboneError, match=r"takes \(28,\) can't be looked into"):
        DreamExplorer(keras.Sequential([keras.Input((28,)), layers.Dense(2)]), tmp_path)
