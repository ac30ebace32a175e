"""A few photographs that installed packages carry: for whatever is done to a picture."""

import numpy as np

from helpers import assets, images

SHOWN = {  # a photograph's name: what it shows
    "cat": "a tabby cat's face",
    "coffee": "a cup of coffee",
    "flower": "an orange flower",
    "palace": "a palace on a hill",
    "rocket": "a rocket before its start",
    "motorcycle": "a motorcycle in a garage",
    "astronaut": "an astronaut",
    "photographer": "a man behind a camera",
    "galaxies": "thousands of galaxies",
    "brick": "a brick wall",
    "grass": "grass",
    "gravel": "gravel",
}
NAMES = tuple(SHOWN)
TEXTURES = ("brick", "grass", "gravel")


def load(name: str, size=None) -> np.ndarray:
    """Return a photograph: uint8 (height, width, 3). `NAMES` lists them; `size` as `images.read`.

    Raises `assets.AssetError` for an unknown name, or when the file can't be had.
    """
    return images.read(assets.path(f"photo-{name}"), size)


def crops(name: str, count: int, side: int = 96, seed: int = 0, part=(0.0, 1.0)) -> np.ndarray:
    """Cut squares out of a photograph at random: uint8 (count, side, side, 3).

    `part`: from where to where of the width, in shares of it. Squares from two parts that don't
    overlap have no pixel in common.
    """
    photograph = load(name)
    height, width = photograph.shape[:2]
    left, right = round(part[0] * width), round(part[1] * width) - side
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, height - side + 1, count)
    columns = generator.integers(left, right + 1, count)
    spots = zip(rows, columns, strict=True)
    return np.stack([photograph[row : row + side, column : column + side] for row, column in spots])
