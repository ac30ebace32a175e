"""Pick a picture or upload one: a network's five best guesses, and where it looked, at once."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from helpers import figures, images, widgets
from helpers.vision import transfer
from helpers.vision.backbones import Guesses


class Guesser(widgets.Explorer):
    """A choice of pictures and an upload, beside what a network says of them.

    `look` gets what `view` makes of a picture, uint8 (height, width, 3), and returns (guesses,
    heat): up to five (name, probability), best first, and a heat map from 0 to 1, or None. It may
    also be what has a `classify`, such as a `transfer.Classifier`, or the `.keras` file of one.
    `pictures`: names and pictures of any size to choose from, or a folder; the first is shown at
    the start. `show()` displays it.

    After each choice `guesses` and `heat` hold the answer.
    """

    def __init__(
        self,
        look: Callable[[np.ndarray], tuple[Guesses, np.ndarray]],
        pictures: dict[str, np.ndarray] | str | Path,
        view: Callable[[np.ndarray], np.ndarray] = images.read,
    ):
        """Look at the first picture. ValueError without any."""
        if not pictures:
            raise ValueError("There is no picture to begin with: give at least one.")
        look = transfer.load(look) if isinstance(look, str | Path) else look
        if classify := getattr(look, "classify", None):
            look, view = lambda picture: (classify(picture), None), partial(images.read, size=640)
        self._look, self._view = look, view
        self.guesses, self.heat = [], None
        choice = widgets.PictureChoice(pictures, "", buttons=True)
        super().__init__(self._seen, self._told, picture=choice)

    def _seen(self, picture: str) -> Figure:
        """Draw the picture, what counts in it, and the guesses."""
        self.guesses, self.heat = [], None
        pixels = self._view(self.controls["picture"].pictures[picture])
        self.guesses, self.heat = self._look(pixels)
        seen = {"what the network sees": pixels}
        if self.heat is not None:
            seen["what counts for its guess"] = overlay(pixels, self.heat)
        fig, (*left, right) = figures.figure(1, len(seen) + 1, size=(3.2 * len(seen) + 3.2, 3.2))
        for axis, (title, shown) in zip(left, seen.items(), strict=True):
            axis.imshow(shown)
            axis.set_title(title)
            axis.axis("off")
        rows, shares = range(len(self.guesses)), [share for _, share in self.guesses]
        bars = right.barh(rows, shares, color=figures.BLUE)
        right.bar_label(bars, [f"{share:.0%}" for share in shares], padding=4)
        # A name is a name, dollar signs and all.
        right.set_yticks(rows, [name for name, _ in self.guesses], parse_math=False)
        right.invert_yaxis()
        right.set(xlim=(0, 1.15), xlabel="probability")
        right.grid(visible=False)
        return fig

    def _told(self, picture: str) -> str:
        """Say in a sentence what there is to see."""
        names = ", ".join(f"{name} {share:.0%}" for name, share in self.guesses)
        places = "" if self.heat is None else "the places that count most for the network, "
        return f"{picture}: the picture, {places}and its guesses: {names}."


def overlay(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay a heat map (purple, orange, yellow) over a picture, uint8 (height, width, 3)."""
    height, width = picture.shape[:2]
    fine = images.resize(np.round(heat * 255).astype(np.uint8), (height, width)) / 255
    colour = 255 * colormaps["inferno"](fine)[..., :3]
    share = 0.75 * fine[..., None] ** 0.7
    grey = picture.mean(-1, keepdims=True) * 0.6 + picture * 0.4
    return np.round(grey * (1 - share) + colour * share).astype(np.uint8)
