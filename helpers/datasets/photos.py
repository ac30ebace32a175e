"""A few photographs that installed packages carry: for whatever is done to a picture."""

import numpy as np

from helpers import assets, images

NAMES = (
    "cat",
    "coffee",
    "flower",
    "palace",
    "astronaut",
    "rocket",
    "galaxies",
    "bricks",
    "grass",
    "gravel",
)


def load(name: str, size=None) -> np.ndarray:
    """Return a photograph: uint8 (height, width, 3). `NAMES` lists them; `size` as `images.read`.

    Raises `assets.AssetError` for an unknown name, or when the file can't be had.
    """
    return images.read(assets.path(f"photo-{name}"), size)
