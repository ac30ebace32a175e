"""The scene maker: what is placed is drawn, described and judged."""

import numpy as np
import pytest

from helpers import widgets
from helpers.captions import world
from helpers.captions.scene_maker import MOST, SceneMaker
from helpers.captions.world import Scene, Thing

CAT = {"noun": "cat", "colour": "red", "size": "small", "x": 20, "y": 30}


class Reader:
    """A captioner that says how many pictures it has seen, and looks at the first cell."""

    def __init__(self):
        self.seen = []

    def describe(self, pictures):
        self.seen.append(pictures[0])
        return ["a red cat at night"]

    def attention(self, picture, sentence):
        maps = np.zeros((len(sentence.split()), 8, 8))
        maps[:, 0, 0] = 0.5
        return maps


@pytest.fixture
def maker():
    return SceneMaker(Reader())


def test_it_starts_empty_and_says_nothing(maker):
    assert maker.words == [] and "Place something" in maker.verdict
    assert maker.picture.startswith("data:image/png;base64,")


def test_what_is_placed_is_drawn_and_described(maker):
    before = maker.picture
    maker.things = [CAT]
    assert maker.scene == Scene("meadow", (Thing(**CAT),))
    assert maker.picture != before
    assert maker.sentence == "a red cat at night"
    assert len(maker.looks) == 5 and maker.looks[0][0] == 1 and len(maker.looks[0]) == 64
    assert maker.verdict == "Not true: place."


def test_the_place_changes_picture_and_verdict(maker):
    maker.things = [CAT]
    maker.place = "night"
    assert maker.verdict == "Every word of it is true."
    assert maker._speaker.seen[-1].mean() < 100


def test_the_network_sees_what_is_shown(maker):
    maker.things = [CAT]
    expected = world.draw(maker.scene, np.random.default_rng(0), 0.2)
    np.testing.assert_array_equal(maker._speaker.seen[-1], expected)


def test_no_end_of_things_is_no_end_of_work(maker):
    maker.things = [CAT] * 30
    assert len(maker.scene.things) == MOST


def test_it_can_start_with_a_scene():
    maker = SceneMaker(Reader(), Scene("night", (Thing(**CAT),)))
    assert maker.sentence and maker.verdict == "Every word of it is true."


def test_it_leaves_a_picture_behind(maker, monkeypatch):
    shown = []
    monkeypatch.setattr(
        widgets, "display", lambda data, raw, metadata: shown.append((data, metadata))
    )
    maker.things = [CAT]
    maker.show()
    (data, metadata), mime = shown[0], next(iter(shown[0][1]))
    assert len(data[mime]) > 1000
    assert "says: a red cat at night." in metadata[mime]["alt"]
