"""Real photographs that scikit-image and scikit-learn carry in their packages, to try networks on.

    photos.load("cat")                     # uint8 (300, 451, 3)
    photos.PHOTOGRAPHS["cat"].credit

The files are found without importing the packages, and nothing is downloaded.
"""

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from helpers import images


@dataclass(frozen=True)
class Photograph:
    """Where a photograph is, what it shows, and who took it.

    `package` and `member`: the installed package and the file in it.
    """

    package: str
    member: str
    shows: str
    credit: str

    @property
    def path(self) -> Path:
        """The file on this machine. ImageError if its package isn't installed."""
        try:
            return Path(str(metadata.distribution(self.package).locate_file(self.member)))
        except metadata.PackageNotFoundError:
            raise images.ImageError(
                f"The photograph of {self.shows} is in {self.package}, which isn't installed: "
                "run make setup."
            ) from None


def _skimage(file, shows, credit):
    return Photograph("scikit-image", f"skimage/data/{file}", shows, credit)


def _sklearn(file, shows, credit):
    return Photograph("scikit-learn", f"sklearn/datasets/images/{file}", shows, credit)


PHOTOGRAPHS = {
    "cat": _skimage("chelsea.png", "a tabby cat's face", "Stéfan van der Walt, CC0"),
    "coffee": _skimage("coffee.png", "a cup of coffee", "Rachel Michetti, CC0"),
    "flower": _sklearn("flower.jpg", "an orange flower", "vultilion, CC BY 2.0"),
    "palace": _sklearn("china.jpg", "a Chinese palace", "danielbuechele, CC BY 2.0"),
    "rocket": _skimage("rocket.jpg", "a rocket before its start", "SpaceX, public domain"),
    "motorcycle": _skimage(
        "motorcycle_left.png",
        "a motorcycle in a garage",
        "Middlebury Stereo 2014, D. Scharstein and others",
    ),
    "astronaut": _skimage("astronaut.png", "Eileen Collins, astronaut", "NASA, public domain"),
    "photographer": _skimage("camera.png", "a man behind a camera", "Lav Varshney, CC0"),
    "galaxies": _skimage("hubble_deep_field.jpg", "galaxies", "NASA and ESA, public domain"),
    "retina": _skimage("retina.jpg", "the back of an eye", "Mikael Häggström, CC0"),
    "coins": _skimage("coins.png", "Greek coins", "Brooklyn Museum, no known copyright"),
    "brick": _skimage("brick.png", "a brick wall", "CC0 Textures, CC0"),
    "grass": _skimage("grass.png", "grass", "Linolafett, CC0"),
    "gravel": _skimage("gravel.png", "gravel", "CC0 Textures, CC0"),
}
TEXTURES = ("brick", "grass", "gravel")


def load(name: str) -> np.ndarray:
    """Return a photograph: uint8 (height, width, 3). KeyError says which there are."""
    if name not in PHOTOGRAPHS:
        raise KeyError(f"There is no photograph '{name}'. There are: {', '.join(PHOTOGRAPHS)}.")
    return images.read(PHOTOGRAPHS[name].path)


def crops(name: str, count: int, side: int = 96, seed: int = 0, part=(0.0, 1.0)) -> np.ndarray:
    """Cut squares out of a photograph at random: uint8 (count, side, side, 3).

    `part`: from where to where of the width, in shares of it. Squares from two parts that don't
    overlap have no pixel in common.
    """
    photograph = load(name)
    height, width = photograph.shape[:2]
    left, right = round(part[0] * width), round(part[1] * width) - side
    if right < left or height < side:
        raise ValueError(f"{side} pixels are more than that part of '{name}' has.")
    draw = np.random.default_rng(seed)
    rows, columns = (
        draw.integers(0, height - side + 1, count),
        draw.integers(left, right + 1, count),
    )
    return np.stack(
        [
            photograph[row : row + side, column : column + side]
            for row, column in zip(rows, columns, strict=True)
        ]
    )
