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


def test_what_is_placed_is_drawn_described_and_judged(monkeypatch):
    maker = SceneMaker(Reader())
    assert maker.words == [] and "Place something" in maker.verdict
    maker.things = [CAT]
    assert maker.scene == Scene("meadow", (Thing(**CAT),))
    expected = world.draw(maker.scene, np.random.default_rng(0), 0.2)
    np.testing.assert_array_equal(maker._speaker.seen, expected)  # it sees what is shown
    assert maker.sentence == "a red cat at night"
    assert len(maker.looks) == 5 and maker.looks[0][0] == 1 and len(maker.looks[0]) == 64
    assert maker.verdict == "Not true: place."
    maker.place = "night"
    assert maker.verdict == "Every word of it is true."
    maker._speaker.describe = lambda pictures: ["cat cat"]
    maker.things = [CAT] * 30
    assert maker.verdict == "That is no English."
    assert len(maker.scene.things) == MOST  # no end of things is no end of work
    shown = []  # and without a kernel a picture stays
    monkeypatch.setattr(widgets, "display", lambda data, **more: shown.append(more))
    SceneMaker(Reader(), Scene("night", (Thing(**CAT),))).show()
    (details,) = shown[0]["metadata"].values()
    assert "says: a red cat at night." in details["alt"]
