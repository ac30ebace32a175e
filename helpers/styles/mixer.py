"""The style mixer: a photograph, two styles, how much of each, and whose colours."""

import ipywidgets
import numpy as np

from helpers import images, widgets
from helpers.styles.any_style import AnyStyle
from helpers.styles.styling import StyleError, keep_colours

SIZE = 512  # pixels of the longer side: it answers in a second


class StyleMixer(widgets.Explorer):
    """Controls beside the painted picture, which is repainted when one of them changes.

    `magenta`: the two networks. `photographs`, `styles`: {name: anything `images.read` takes}.
    At strength 0 the photograph keeps its own style, at 1 it takes the mixture's, beyond that it
    exaggerates.
    """

    def __init__(self, magenta: AnyStyle, photographs: dict, styles: dict):
        """Paint the first photograph in the first two styles, half of each."""
        if not photographs or len(styles) < 2:
            raise StyleError("The mixer needs a photograph and two styles at least.")
        self._magenta, self._read = magenta, {}  # reading the numbers of a style takes a while
        slider = {"min": 0, "step": 0.05, "style": widgets.LABEL, "layout": {"width": "30em"}}
        slider["continuous_update"] = False  # a new picture when the knob is let go
        super().__init__(
            self._paint,
            _describe,
            photograph=widgets.PictureChoice(photographs, "Photograph"),
            one=widgets.PictureChoice(styles, "Style one"),
            other=widgets.PictureChoice(styles, "Style two", list(styles)[1]),
            share=ipywidgets.FloatSlider(0.5, max=1.0, description="Share of two", **slider),
            strength=ipywidgets.FloatSlider(1.0, max=1.5, description="Strength", **slider),
            keep=ipywidgets.Checkbox(description="Keep the photograph's colours", indent=False),
        )

    @property
    def style(self) -> np.ndarray:
        """The style that it paints with now: float32 (100,)."""
        own, one, other = map(self._numbers, ("photograph", "one", "other"))
        values = self.values
        share, strength = values["share"], values["strength"]
        mixed = (1 - share) * one + share * other
        return ((1 - strength) * own + strength * mixed).astype("float32")

    def _numbers(self, control: str) -> np.ndarray:
        choice = self.controls[control]
        known = control, choice.value
        if known not in self._read:
            self._read[known] = self._magenta.style(choice.pictures[choice.value])
        return self._read[known]

    def _paint(self, photograph: str, keep: bool, **_) -> np.ndarray:
        plain = images.read(self.controls["photograph"].pictures[photograph], SIZE)
        painted = self._magenta.paint(plain, self.style)
        return keep_colours(painted, plain) if keep else painted


def _describe(photograph, one, other, share, strength, keep) -> str:
    colours = ", in its own colours" if keep else ""
    return (
        f"{photograph}, painted {1 - share:.0%} as {one} and {share:.0%} as {other}, strength "
        f"{strength:.2f}{colours}."
    )
