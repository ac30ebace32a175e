"""The style mixer: a photograph, two styles, how much of each, and whose colours."""

import ipywidgets
import numpy as np

from helpers import images, widgets
from helpers.styles.any_style import AnyStyle, mix
from helpers.styles.styling import StyleError, keep_colours

SIZE = 288  # pixels of the preview's longer side: it answers in a second


class StyleMixer(widgets.Explorer):
    """Controls beside the painted picture, which is repainted when one of them changes.

    `magenta`: the two networks. `photographs`, `styles`: {name: anything `images.read` takes}.
    At strength 0 the photograph keeps its own style, at 1 it takes the mixture's, beyond that it
    exaggerates.
    """

    def __init__(self, magenta: AnyStyle, photographs: dict, styles: dict, size: int = SIZE):
        """Paint the first photograph in the first two styles, half of each."""
        if not photographs or len(styles) < 2:
            raise StyleError("The mixer needs a photograph and two styles at least.")
        self._magenta, self._size, self.at_least = magenta, size, size * 3 // 2
        self._read = {}  # numbers of a style: reading one takes a while
        super().__init__(
            self._paint,
            _describe,
            photograph=widgets.PictureChoice(photographs, "Photograph"),
            one=widgets.PictureChoice(styles, "Style one"),
            other=widgets.PictureChoice(styles, "Style two", list(styles)[1]),
            share=_slider("Share of two", 0.5, 1.0),
            strength=_slider("Strength", 1.0, 1.5),
            keep=ipywidgets.Checkbox(description="Keep the photograph's colours", indent=False),
        )

    @property
    def style(self) -> np.ndarray:
        """The style that it paints with now: float32 (100,)."""
        own, one, other = map(self._numbers, ("photograph", "one", "other"))
        values = self.values
        return mix(own, mix(one, other, values["share"]), values["strength"]).astype("float32")

    def _numbers(self, control: str) -> np.ndarray:
        picture = self._chosen(control)
        if id(picture) not in self._read:
            self._read[id(picture)] = self._magenta.style(picture)
        return self._read[id(picture)]

    def _chosen(self, control: str):
        choice = self.controls[control]
        return choice.pictures[choice.value]

    def _paint(self, keep: bool, **_) -> np.ndarray:
        photograph = images.read(self._chosen("photograph"), self._size)
        painted = self._magenta.paint(photograph, self.style)
        return keep_colours(painted, photograph) if keep else painted


def _describe(photograph, one, other, share, strength, keep) -> str:
    colours = ", in its own colours" if keep else ""
    return (
        f"{photograph}, painted {1 - share:.0%} as {one} and {share:.0%} as {other}, strength "
        f"{strength:.2f}{colours}."
    )


def _slider(description: str, value: float, high: float) -> ipywidgets.FloatSlider:
    return ipywidgets.FloatSlider(
        value,
        min=0,
        max=high,
        step=0.05,
        description=description,
        continuous_update=False,  # a new picture when the knob is let go
        layout={"width": "30em"},
        style=widgets.LABEL,
    )
