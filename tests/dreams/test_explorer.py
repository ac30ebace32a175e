"""The dream explorer without a browser: its picture follows its controls; bad uploads are told."""

import asyncio

import numpy as np
import pytest
from test_dreaming import small_network

from helpers import images
from helpers.dreams.explorer import DreamExplorer
from helpers.vision import photos


@pytest.fixture
def explorer():
    album = {name: photos.load(name, 160) for name in ("coffee", "cat")}
    return DreamExplorer(small_network(), album, preview=112, full=160)


def test_it_shows_a_dream_at_once(explorer):
    assert max(explorer.picture.shape) == 112
    assert explorer.alt == "coffee, as first dreams it."
    assert 'alt="coffee, as first dreams it."' in explorer._view.value
    assert explorer.said.value.startswith("Done: 112")


def test_what_it_shows_follows_the_controls(explorer):
    first = explorer.picture
    explorer.layer.value = "third"
    second = explorer.picture
    explorer.photograph.value = "cat"
    assert np.any(first != second) and "cat, as third" in explorer._view.value
    explorer.strength.value = 0
    np.testing.assert_array_equal(explorer.picture, images.read(photos.load("cat", 160), 112))


def test_the_large_picture_is_large(explorer):
    explorer.large.click()
    assert max(explorer.picture.shape) == 160 and explorer.progress.value == 1


def test_cancelling_keeps_what_there_is(explorer):
    async def begin_and_stop():
        explorer.large.click()
        task = explorer._task
        while not explorer.said.value.startswith("Dreaming") or explorer.progress.value == 1:
            await asyncio.sleep(0.001)
        assert not explorer.cancel.disabled
        explorer.cancel.click()
        await asyncio.wait([task])

    asyncio.run(begin_and_stop())
    assert explorer.said.value.startswith("Stopped after")
    assert max(explorer.picture.shape) == 160 and explorer.cancel.disabled


def test_an_upload_joins_the_photographs_and_a_bad_one_is_told(explorer):
    def upload(name, content):
        explorer._uploaded({"new": ({"name": name, "content": memoryview(content)},)})

    upload("mine.png", images.encode(photos.load("flower", 300)))
    assert explorer.photograph.value == "mine.png" and "mine.png" in explorer.alt
    upload("text.png", b"no picture at all")
    assert "not a picture" in explorer.said.value and explorer.photograph.value == "mine.png"
