"""Filters of nine numbers, slid over a picture: what a convolution is; and a bench to set them."""

from dataclasses import dataclass

import ipywidgets
import numpy as np
import traitlets
from scipy import ndimage

from helpers import assets, figures, images


@dataclass(frozen=True)
class Filter:
    """Nine numbers, what their sum is divided by, and whether the result's sign counts."""

    numbers: tuple[tuple[float, ...], ...]  # three rows of three
    divide_by: float = 1.0
    ignore_sign: bool = False

    def applied(self, picture: np.ndarray) -> np.ndarray:
        """Return the filtered picture, uint8 (height - 2, width - 2), of a grey one.

        What lies below 0 or above 255 is cut off.
        """
        response = convolve(picture, np.divide(self.numbers, self.divide_by))
        shown = np.abs(response) if self.ignore_sign else response
        return np.clip(np.round(shown), 0, 255).astype(np.uint8)


# Sobel's and Prewitt-like filters of the 1960s and 70s, which every image editor still carries.
FILTERS = {
    "Identity": Filter(((0, 0, 0), (0, 1, 0), (0, 0, 0))),
    "Blur": Filter(((1, 1, 1), (1, 1, 1), (1, 1, 1)), divide_by=9),
    "Sharpen": Filter(((0, -1, 0), (-1, 5, -1), (0, -1, 0))),
    "Vertical edges (Sobel)": Filter(((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), ignore_sign=True),
    "Horizontal edges (Sobel)": Filter(((-1, -2, -1), (0, 0, 0), (1, 2, 1)), ignore_sign=True),
    "All edges (Laplace)": Filter(((1, 1, 1), (1, -8, 1), (1, 1, 1)), ignore_sign=True),
    "Emboss": Filter(((-2, -1, 0), (-1, 1, 1), (0, 1, 2))),
}


def convolve(picture: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Slide 3 × 3 `weights`, not turned upside down, over a grey picture, where they fit."""
    return ndimage.correlate(np.asarray(picture, float), weights)[1:-1, 1:-1]


def photograph() -> np.ndarray:
    """Return the photograph of a palace, grey, uint8, 400 pixels wide."""
    colour = images.read(assets.path("photo-palace"), size=400)
    return np.round(colour @ (0.299, 0.587, 0.114)).astype(np.uint8)


PLACES = (
    *("above left", "above", "above right"),
    *("left", "the pixel itself", "right"),
    *("below left", "below", "below right"),
)
OWN = "(numbers of your own)"


class NineNumbers(ipywidgets.VBox):
    """Number fields for a 3 × 3 filter, and a list of known filters; `value` is the filter.

    A divisor of 0 counts as 1.
    """

    value = traitlets.Instance(Filter)

    def __init__(self):
        """Begin with the filter for vertical edges."""
        wide = {"width": "12em"}
        number = {"step": 1, "continuous_update": True}
        self.known = ipywidgets.Dropdown(
            options=[*FILTERS, OWN], description="Filter", layout={"width": "20em"}
        )
        look = {  # the description is unseen, but read out
            "style": {"description_width": "0"},
            "layout": {"width": "5.2em", "margin": "1px"},
        }
        self.fields = [ipywidgets.FloatText(description=name, **number, **look) for name in PLACES]
        self.divisor = ipywidgets.FloatText(description="divided by", layout=wide, **number)
        self.ignore_sign = ipywidgets.Checkbox(
            description="ignore the sign", indent=False, layout=wide
        )
        self._filling = False
        self.known.observe(self._fill, names="value")
        for control in (*self.fields, self.divisor, self.ignore_sign):
            control.observe(self._changed, names="value")
        self.known.value = "Vertical edges (Sobel)"
        self._fill()
        square = ipywidgets.GridBox(
            self.fields, layout={"grid_template_columns": "repeat(3, 5.6em)"}
        )
        super().__init__([self.known, square, self.divisor, self.ignore_sign], value=self._read())

    def _read(self) -> Filter:
        values = [field.value for field in self.fields]
        rows = tuple(tuple(values[row : row + 3]) for row in (0, 3, 6))
        return Filter(rows, self.divisor.value or 1.0, self.ignore_sign.value)

    def _fill(self, change=None) -> None:
        """Put a known filter's numbers into the fields."""
        known = FILTERS.get(self.known.value)
        if known:
            self._filling = True  # ten changes, one answer
            for field, number in zip(self.fields, np.ravel(known.numbers), strict=True):
                field.value = float(number)
            self.divisor.value, self.ignore_sign.value = known.divide_by, known.ignore_sign
            self._filling = False
        self.value = self._read()

    def _changed(self, change) -> None:
        """Answer a change of a number; the list names the filter, if it has one."""
        if not self._filling:
            self.value = self._read()
            self.known.value = next((n for n, known in FILTERS.items() if known == self.value), OWN)


def before_and_after(picture: np.ndarray, chosen: Filter):
    """Draw a grey picture, uint8 (height, width), and what the filter `chosen` makes of it."""
    pictures = picture, chosen.applied(picture)
    return figures.tiles(pictures, ("before", "after"), cell=3.6)


def in_words(chosen: Filter) -> str:
    """Say what there is to see of the filter `chosen`."""
    numbers = "; ".join(" ".join(f"{n:g}" for n in row) for row in chosen.numbers)
    return f"The photograph before and after the filter with the rows {numbers}."
