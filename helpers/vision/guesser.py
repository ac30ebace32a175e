"""Pick a picture or upload one: a network's five best guesses, and where it looked, at once."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from helpers import figures, images, widgets
from helpers.vision.backbones import Guesses


class Guesser(widgets.Explorer):
    """A choice of pictures and an upload, beside what a network says of them.

    `look` gets what `view` makes of a picture, uint8 (height, width, 3), and returns (guesses,
    heat): up to five (name, probability), best first, and a heat map from 0 to 1. `pictures`: names
    and pictures of any size to choose from; the first is shown at the start. `show()` displays it.

    After each choice `guesses` and `heat` hold the answer.
    """

    def __init__(
        self,
        look: Callable[[np.ndarray], tuple[Guesses, np.ndarray]],
        pictures: dict[str, np.ndarray],
        view: Callable[[np.ndarray], np.ndarray] = images.read,
    ):
        """Look at the first picture. ValueError without any."""
        if not pictures:
            raise ValueError("There is no picture to begin with: give at least one.")
        self._look, self._view = look, view
        self.guesses, self.heat = [], None
        choice = widgets.PictureChoice(pictures, "", buttons=True)
        super().__init__(self._seen, self._told, picture=choice)

    def _seen(self, picture: str) -> Figure:
        """Draw the picture, what counts in it, and the guesses."""
        self.guesses, self.heat = [], None
        pixels = self._view(self.controls["picture"].pictures[picture])
        self.guesses, self.heat = self._look(pixels)
        fig, axes = figures.figure(1, 3, size=(9.6, 3.2))
        for axis, shown, title in (
            (axes[0], pixels, "what the network sees"),
            (axes[1], overlay(pixels, self.heat), "what counts for its guess"),
        ):
            axis.imshow(shown)
            axis.set_title(title)
            axis.axis("off")
        rows, shares = range(len(self.guesses)), [share for _, share in self.guesses]
        bars = axes[2].barh(rows, shares, color=figures.BLUE)
        axes[2].bar_label(bars, [f"{share:.0%}" for share in shares], padding=4)
        # A name is a name, dollar signs and all.
        axes[2].set_yticks(rows, [name for name, _ in self.guesses], parse_math=False)
        axes[2].invert_yaxis()
        axes[2].set(xlim=(0, 1.15), xlabel="probability")
        axes[2].grid(visible=False)
        return fig

    def _told(self, picture: str) -> str:
        """Say in a sentence what there is to see."""
        names = ", ".join(f"{name} {share:.0%}" for name, share in self.guesses)
        return (
            f"{picture}: the picture, the places that count most for the network, and its guesses: "
            f"{names}."
        )


def overlay(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay a heat map (purple, orange, yellow) over a picture, uint8 (height, width, 3)."""
    from matplotlib import colormaps

    height, width = picture.shape[:2]
    fine = images.resize(np.round(heat * 255).astype(np.uint8), (height, width)) / 255
    colour = 255 * colormaps["inferno"](fine)[..., :3]
    share = 0.75 * fine[..., None] ** 0.7
    grey = picture.mean(-1, keepdims=True) * 0.6 + picture * 0.4
    return np.round(grey * (1 - share) + colour * share).astype(np.uint8)
