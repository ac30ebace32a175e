"""The dream explorer without a browser: its picture follows its controls; bad uploads are told."""

import asyncio

import numpy as np
import pytest
from small import small_network

from helpers import images
from helpers.dreams.explorer import DreamExplorer
from helpers.vision import photos


@pytest.fixture
def explorer():
    album = {name: photos.load(name, 160) for name in ("coffee", "cat")}
    return DreamExplorer(small_network(), album, preview=112, full=160)


def test_what_it_shows_follows_the_controls(explorer):
    assert max(explorer.picture.shape) == 112 and explorer.said.value.startswith("Done: 112")
    assert 'alt="coffee, as first dreams it."' in explorer._shown.value
    assert 'width="224"' in explorer._shown.value
    first, controls = explorer.picture, explorer.controls
    controls["layer"].value = "third"
    assert np.any(first != explorer.picture)
    controls["photograph"].value = "cat"
    assert explorer.alt == "cat, as third dreams it." and explorer.alt in explorer._shown.value
    controls["steps"].value = 0
    np.testing.assert_array_equal(explorer.picture, images.read(photos.load("cat", 160), 112))
    controls["steps"].value = 1
    explorer.large.click()
    assert max(explorer.picture.shape) == 160 and explorer.progress.value == 1


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


def test_an_upload_is_dreamt_and_a_bad_one_told(explorer):
    def upload(name, content):
        choice._uploaded({"new": ({"name": name, "content": memoryview(content)},)})

    choice = explorer.controls["photograph"]
    upload("mine.png", images.encode(photos.load("flower", 300)))
    assert choice.value == "mine.png" and explorer.alt.startswith("mine.png, as")
    before = explorer.picture
    upload("text.png", b"no picture at all")
    assert "text.png is not a picture" in choice.said.value and choice.value == "mine.png"
    assert explorer.picture is before
