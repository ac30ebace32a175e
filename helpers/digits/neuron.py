"""A neuron's knobs: three sliders, and real digits that change sides as the learner turns them.

board = Board(neuron, pictures, inputs, is_seven, other=6)
widgets.explore(board.draw, board.alt, **sliders())
"""

from collections.abc import Callable

import ipywidgets
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from helpers import figures, widgets

LIMITS = {"upper_weight": 2.0, "lower_weight": 2.0, "bias": 20.0}  # to either side
START = (0.5, 1.0, -20.0)  # wrong, and visibly so

OTHER, SEVEN = (251, 227, 210), (214, 232, 245)  # tints of the palette's orange and blue
DIGIT = 1.9  # width and height of a digit on the map, in per cent of ink
FINE = 24  # pixels of the ink's layer for one per cent
GRID = 160  # points along each axis at which the neuron is asked what it says


def apart(inputs: np.ndarray) -> np.ndarray:
    """Numbers of those `inputs`, (n, 2), whose digits hide none taken before them on the map."""
    taken = []
    for number, place in enumerate(inputs):
        if all(np.abs(place - inputs[other]).max() >= DIGIT for other in taken):
            taken.append(number)
    return np.array(taken)


def sliders() -> dict[str, ipywidgets.FloatSlider]:
    """Return sliders for upper weight, lower weight and bias, set so that the neuron is wrong."""
    return {
        name: ipywidgets.FloatSlider(
            value=value,
            min=-limit,
            max=limit,
            step=limit / 40,
            description=name.replace("_", " ").capitalize(),
            style=widgets.LABEL,
            layout={"width": "28em"},
        )
        for value, (name, limit) in zip(START, LIMITS.items(), strict=True)
    }


class Board:
    """A map of digits by the ink in their halves, on what the neuron says at each place.

    `neuron(setting, inputs)` gets (upper weight, lower weight, bias) and inputs of shape (n, 2),
    and returns n booleans: whether it takes each for a seven. `pictures`: uint8 (n, height, width),
    white ink on black. `inputs`: (n, 2), per cent of ink in the two halves. `is_seven`: (n,).
    `other`: the digit that the others are.
    """

    def __init__(self, neuron: Callable, pictures, inputs: np.ndarray, is_seven, other: int):
        """Lay the digits' ink out once; what the neuron says is drawn for each setting."""
        self.neuron, self.inputs, self.is_seven = neuron, inputs, np.asarray(is_seven, bool)
        self.other = other
        self._low, self._high = inputs.min(0) - DIGIT, inputs.max(0) + DIGIT
        self._ink = self._layer_of_ink(pictures)

    def right(self, upper_weight: float, lower_weight: float, bias: float) -> np.ndarray:
        """Which of the digits are on their right side: n booleans."""
        says = self.neuron((upper_weight, lower_weight, bias), self.inputs)
        return np.asarray(says, bool) == self.is_seven

    def alt(self, upper_weight: float, lower_weight: float, bias: float) -> str:
        """Say what there is to see, in two sentences."""
        right = self.right(upper_weight, lower_weight, bias).sum()
        return (
            f"A map of {len(self.inputs)} handwritten digits, each a {self.other} or a 7, by the "
            "ink in their two halves. With the weights "
            f"{upper_weight:.2f} and {lower_weight:.2f} and the bias {bias:.1f} the neuron has "
            f"{right} right; those that it has wrong are framed."
        )

    def draw(self, upper_weight: float, lower_weight: float, bias: float) -> Figure:
        """Draw the map at this setting."""
        setting = upper_weight, lower_weight, bias
        right = self.right(*setting)
        fig, axes = figures.figure(size=(5.0, 5.8))
        extent = (self._low[0], self._high[0], self._low[1], self._high[1])
        axes.imshow(self._sides(setting), extent=extent, origin="lower", interpolation="none")
        axes.imshow(self._ink, extent=extent, origin="lower")
        for place in self.inputs[~right] - DIGIT / 2:
            axes.add_patch(Rectangle(place, DIGIT, DIGIT, fill=False, color=figures.ORANGE, lw=2.5))
        # What it says in the corners, written: colour is not the only sign.
        for x, ha in ((self._low[0] + 0.4, "left"), (self._high[0] - 0.4, "right")):
            for y, va in ((self._low[1] + 0.4, "bottom"), (self._high[1] - 0.4, "top")):
                says = 7 if self.neuron(setting, np.array([[x, y]]))[0] else self.other
                axes.text(x, y, f"“{says}”", ha=ha, va=va, size=15)
        axes.set(
            xlabel="ink in the upper half (%)",
            ylabel="ink in the lower half (%)",
            title=f"{right.sum()} of {len(self.inputs)} right",
        )
        axes.grid(False)
        return fig

    def _sides(self, setting) -> np.ndarray:
        """What the neuron says at every point of a grid, as colours: uint8 (GRID, GRID, 3)."""
        across, up = np.linspace(self._low, self._high, GRID).T
        points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        answers = np.asarray(self.neuron(setting, points), int)
        return np.array([OTHER, SEVEN], np.uint8)[answers].reshape(GRID, GRID, 3)

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
