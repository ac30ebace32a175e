"""A scene to compose by hand, and what a captioner says of it, word by word with its attention.

Works by mouse and by keyboard: choose a thing, then click the picture, or move the mark with the
arrow keys and press Enter.
"""

from pathlib import Path

import anywidget
import numpy as np
import traitlets

from helpers import images, widgets
from helpers.captions import world
from helpers.captions.world import Scene, Thing

MOST = 8  # things in one scene
CHOICES = {"noun": list(world.NOUNS), "colour": list(world.COLOURS)}
CHOICES |= {"size": list(world.SIZES), "place": list(world.PLACES)}


class SceneMaker(anywidget.AnyWidget):
    """Place things; a captioner, a `speaker.Speaker`, describes them.

    `scene` is what has been composed, `sentence` what the captioner says of it.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = Path(__file__).with_suffix(".css")

    things = traitlets.List(help="what was placed: noun, colour, size, x, y each").tag(sync=True)
    place = traitlets.Unicode("meadow").tag(sync=True)
    choices = traitlets.Dict(CHOICES).tag(sync=True)
    picture = traitlets.Unicode("", help="a data URL").tag(sync=True)
    words = traitlets.List(help="the sentence's words").tag(sync=True)
    looks = traitlets.List(help="where it looked at each word, 0 to 1, row by row").tag(sync=True)
    verdict = traitlets.Unicode("").tag(sync=True)

    def __init__(self, speaker, scene: Scene | None = None) -> None:
        """Start with a scene, or with an empty meadow."""
        start = scene or Scene("meadow", ())
        super().__init__(things=[vars(thing) for thing in start.things], place=start.place)
        self._speaker = speaker
        self.observe(self._describe, ["things", "place"])
        self._describe()

    @property
    def scene(self) -> Scene:
        """The scene as composed so far."""
        return Scene(self.place, tuple(Thing(**thing) for thing in self.things[:MOST]))

    @property
    def sentence(self) -> str:
        """What the captioner says."""
        return " ".join(self.words)

    def _describe(self, change=None) -> None:
        picture = self._drawn()
        words, looks, verdict = [], [], "Place something."
        if self.things:
            words = self._speaker.describe(picture[None])[0].split()
            maps = self._speaker.attention(picture, " ".join(words))
            looks = [(found / found.max()).ravel().round(3).tolist() for found in maps]
            verdict = _in_words(world.judge(" ".join(words), self.scene))
        with self.hold_sync():
            self.picture = images.data_url(picture, "png")
            self.words, self.looks, self.verdict = words, looks, verdict

    def _drawn(self):
        return world.draw(self.scene, np.random.default_rng(0), 0.2)

    def show(self) -> None:
        """Display it, and where no kernel runs a picture of how it began."""
        said = f"The captioner says: {self.sentence}." if self.words else "It is empty."
        alt = f"A scene of {len(self.things)} things in a toy world. {said}"
        widgets.show(self, images.resize(self._drawn(), (256, 256)), alt)


def _in_words(verdict: world.Verdict) -> str:
    """Say what is wrong with a sentence."""
    if not verdict.grammatical:
        return "That is no English."
    wrong = [claim for claim, holds in vars(verdict).items() if holds is False]
    return f"Not true: {', '.join(wrong)}." if wrong else "Every word of it is true."
