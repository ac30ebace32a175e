"""A neuron's knobs: three sliders, and real digits that change sides as the learner turns them."""

from collections.abc import Callable
from itertools import product

import ipywidgets
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from helpers import figures, widgets

NAMES = ("Upper weight", "Lower weight", "Bias")
LIMITS = (2.0, 2.0, 20.0)  # how far the knobs turn to either side
START = (0.5, 1.0, -20.0)  # wrong, and visibly so

SIX, SEVEN = (251, 227, 210), (214, 232, 245)  # tints of the palette's orange and blue
DIGIT = 1.9  # width and height of a digit on the map, in per cent of ink
FINE = 24  # pixels of the ink's layer for one per cent
GRID = 160  # points along each axis at which the neuron is asked what it says


def apart(inputs: np.ndarray, distance: float = DIGIT) -> np.ndarray:
    """Numbers of those `inputs`, (n, 2), that lie at least `distance` from all taken before them.

    Digits so chosen do not hide each other on the map.
    """
    taken = []
    for number, place in enumerate(inputs):
        if all(np.abs(place - inputs[other]).max() >= distance for other in taken):
            taken.append(number)
    return np.array(taken)


class Knobs(ipywidgets.HBox):
    """Sliders for (upper weight, lower weight, bias) beside a map of digits, redrawn in place.

    `neuron(knobs, inputs)` gets the three numbers and inputs of shape (n, 2), and returns n
    booleans: whether it takes each for a seven. `pictures`: uint8 (n, height, width), white ink on
    black. `inputs`: (n, 2), per cent of ink in the upper and the lower half. `is_seven`: (n,).
    """

    def __init__(
        self,
        neuron: Callable[[tuple, np.ndarray], np.ndarray],
        pictures: np.ndarray,
        inputs: np.ndarray,
        is_seven: np.ndarray,
        start: tuple[float, float, float] = START,
    ):
        """Draw the map with the knobs at `start`."""
        self.neuron, self.inputs, self.is_seven = neuron, inputs, np.asarray(is_seven, bool)
        self._low, self._high = inputs.min(0) - DIGIT, inputs.max(0) + DIGIT
        self._ink = self._layer_of_ink(pictures)
        self._sliders = [
            ipywidgets.FloatSlider(
                value=value,
                min=-limit,
                max=limit,
                step=limit / 40,
                description=name,
                style={"description_width": "7em"},
                layout={"width": "28em"},
            )
            for name, value, limit in zip(NAMES, start, LIMITS, strict=True)
        ]
        self._map = ipywidgets.HTML()
        for slider in self._sliders:
            slider.observe(self._redraw, names="value")
        self._redraw()
        # Where the window is too narrow for both, the map goes below the sliders.
        super().__init__(
            [ipywidgets.VBox(self._sliders), self._map],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )

    @property
    def values(self) -> tuple[float, float, float]:
        """Where the knobs stand: upper weight, lower weight, bias."""
        return tuple(slider.value for slider in self._sliders)

    @property
    def right(self) -> int:
        """How many of the digits are on their right side."""
        return int(self._is_right().sum())

    @property
    def alt(self) -> str:
        """What there is to see, in two sentences."""
        upper, lower, bias = self.values
        return (
            f"A map of {len(self.inputs)} handwritten sixes and sevens by the ink in their two "
            "halves: sixes lie higher, with more ink below. With the weights "
            f"{upper:.2f} and {lower:.2f} and the bias {bias:.1f} the neuron has {self.right} "
            "right; those that it has wrong are framed."
        )

    def picture(self) -> Figure:
        """Draw the map as it is now."""
        fig, axes = figures.figure(size=(5.0, 5.8))
        extent = (self._low[0], self._high[0], self._low[1], self._high[1])
        axes.imshow(self._sides(), extent=extent, origin="lower", interpolation="none")
        axes.imshow(self._ink, extent=extent, origin="lower")
        for x, y in self.inputs[~self._is_right()] - DIGIT / 2:
            axes.add_patch(
                Rectangle((x, y), DIGIT, DIGIT, fill=False, color=figures.ORANGE, lw=2.5)
            )
        axes.set(
            xlabel="ink in the upper half (%)",
            ylabel="ink in the lower half (%)",
            title=f"{self.right} of {len(self.inputs)} right",
        )
        axes.grid(False)
        self._name_sides(axes)
        return fig

    def _is_right(self) -> np.ndarray:
        return np.asarray(self.neuron(self.values, self.inputs), bool) == self.is_seven

    def _sides(self) -> np.ndarray:
        """What the neuron says at every point of a grid, as colours: uint8 (GRID, GRID, 3)."""
        across, up = (np.linspace(self._low[i], self._high[i], GRID) for i in (0, 1))
        points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        answers = np.asarray(self.neuron(self.values, points), int)
        return np.array([SIX, SEVEN], np.uint8)[answers].reshape(GRID, GRID, 3)

    def _name_sides(self, axes) -> None:
        """Write into the corners what the neuron says there: colour is not the only sign."""
        for right, top in product((0, 1), (0, 1)):
            corner = np.where([right, top], self._high - 0.4, self._low + 0.4)
            says = 7 if self.neuron(self.values, corner[None])[0] else 6
            axes.text(
                *corner,
                f"“{says}”",
                ha="right" if right else "left",
                va="top" if top else "bottom",
                size=15,
            )

    def _layer_of_ink(self, pictures: np.ndarray) -> np.ndarray:
        """Every digit in its place, dark ink on nothing: uint8 (height, width, 4), row 0 lowest."""
        side = round(DIGIT * FINE)
        columns, rows = np.ceil((self._high - self._low) * FINE).astype(int)
        layer = np.zeros((rows, columns, 4), np.uint8)
        layer[..., :3] = 34
        for picture, place in zip(pictures, self.inputs, strict=True):
            digit = np.asarray(Image.fromarray(picture).resize((side, side)))[::-1]
            left, low = ((place - self._low - DIGIT / 2) * FINE).astype(int)
            patch = layer[low : low + side, left : left + side, 3]
            np.maximum(patch, digit, out=patch)
        return layer

    def _redraw(self, change=None) -> None:
        self._map.value = widgets.as_html(self.picture(), self.alt)
