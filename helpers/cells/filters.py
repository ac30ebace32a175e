"""Filters of nine numbers, slid over a picture: what a convolution is."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from helpers import assets, images


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
    """Slide 3 × 3 `weights` over a grey picture: float (height - 2, width - 2).

    The filter is not turned upside down first: like every deep-learning library, and unlike a
    mathematician, we call that a convolution.
    """
    return ndimage.correlate(np.asarray(picture, float), weights)[1:-1, 1:-1]


def photograph() -> np.ndarray:
    """Return the photograph of a palace, grey, uint8, 400 pixels wide."""
    colour = images.read(assets.path("photo-palace"), size=400)
    return np.round(colour @ (0.299, 0.587, 0.114)).astype(np.uint8)
