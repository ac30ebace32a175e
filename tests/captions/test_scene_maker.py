"""The scene maker: what is placed is drawn, described and judged."""

import numpy as np

from helpers import widgets
from helpers.captions import world
from helpers.captions.scene_maker import MOST, SceneMaker
from helpers.captions.world import Scene, Thing

CAT = {"noun": "cat", "colour": "red", "size": "small", "x": 20, "y": 30}


class Reader:
    """A captioner that keeps the last picture it has seen, and looks at the first cell."""

    def describe(self, pictures):
        self.seen = pictures[0]
        return ["a red cat at night"]

    def attention(self, picture, sentence):
        maps = np.zeros((len(sentence.split()), 8, 8))
        maps[:, 0, 0] = 0.5
        return maps


def test_what_is_placed_is_drawn_described_and_judged():
    maker = SceneMaker(Reader())
    before = maker.picture
    assert before.startswith("data:image/png;base64,")
    assert maker.words == [] and "Place something" in maker.verdict
    maker.things = [CAT]
    assert maker.scene == Scene("meadow", (Thing(**CAT),))
    assert maker.picture != before
    expected = world.draw(maker.scene, np.random.default_rng(0), 0.2)
    np.testing.assert_array_equal(maker._speaker.seen, expected)  # it sees what is shown
    assert maker.sentence == "a red cat at night"
    assert len(maker.looks) == 5 and maker.looks[0][0] == 1 and len(maker.looks[0]) == 64
    assert maker.verdict == "Not true: place."
    maker.place = "night"
    assert maker.verdict == "Every word of it is true."
    assert maker._speaker.seen.mean() < 100
    maker._speaker.describe = lambda pictures: ["cat cat"]
    maker.things = [CAT] * 30
    assert maker.verdict == "That is no English."
    assert len(maker.scene.things) == MOST  # no end of things is no end of work


def test_it_can_start_with_a_scene_and_leaves_a_picture_behind(monkeypatch):
    shown = []
    monkeypatch.setattr(widgets, "display", lambda data, **more: shown.append((data, more)))
    maker = SceneMaker(Reader(), Scene("night", (Thing(**CAT),)))
    assert maker.verdict == "Every word of it is true."
    maker.show()
    ((data, more),) = shown
    ((mime, details),) = more["metadata"].items()
    assert len(data[mime]) > 1000 and "says: a red cat at night." in details["alt"]
