"""A style in one pass through a network: the workshop's painters, and those that learners teach.

    painter = painters.load()["The Starry Night"]
    painter.paint("my photograph.jpg")                      # uint8 (height, width, 3)
    mine = painters.Painter(painters.network(), patterns.waves())      # the lesson teaches it
    painters.save({"Mine": mine}, "mine.npz")

`painting_network` tells what the network is. The five that are shipped share their convolutions and
were taught together, on an accelerator, by `tools/teach_painters.py`; the card `painters` has
more. `network` gives these convolutions with a style of its own, the only thing that is trained;
in `painting_network.build(1)` everything is. How both learn stands in lesson 08.
"""

import itertools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from helpers import assets, files, images
from helpers.images import as_floats
from helpers.styles import large, painting_network, styling
from helpers.vision import photos

paint_all_of = large.paint_all_of
CROP = 128  # pixels of the pieces of photographs that it learns from
SWATCH = 64  # pixels of a style, in each direction, that a painter keeps to know its colours
NOISE = 0.06  # of the way from black to white: what a painter finds to paint in an empty sky


@dataclass
class Painter:
    """A network, the style whose colours it paints in (any picture), and its share of each style.

    Painters that share a network differ in the `mixture`, (1, styles), and what lies between two
    mixtures paints, too.
    """

    network: object = field(repr=False)
    style: np.ndarray = field(repr=False)
    mixture: np.ndarray = field(default_factory=lambda: np.ones((1, 1), "float32"))

    def paint(self, photograph, size: int | None = large.WHOLE) -> np.ndarray:
        """Paint a photograph of any kind and size; the longer side becomes at most `size` pixels.

        Returns uint8 (height, width, 3), the same for the same photograph.
        """
        *_, (_, painted) = self.pieces(images.read(photograph, size))
        return painted

    def pieces(self, picture: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
        """Paint uint8 of any size piece by piece: yield the share done, and the picture so far."""
        small, palette = (images.read(one, large.WHOLE) for one in (picture, self.style))
        recolour = styling.colour_map(as_floats(small), as_floats(palette))
        grain = np.random.default_rng(0).normal(0, NOISE, picture.shape).astype("float32")
        return large.pieces(
            images.as_bytes(as_floats(picture) + grain),
            self.network,
            (self.mixture,),
            lambda one: recolour(as_floats(one)),
        )


def network():
    """Return a network of one style whose convolutions are the shipped painters', and fixed.

    Its scales and offsets are the means over the shipped styles, and alone can be trained.
    """
    taught, fresh = next(iter(load().values())).network, painting_network.build(1)
    for layer, known in zip(fresh.layers, taught.layers, strict=True):
        own = layer.name.startswith(("scale", "offset"))
        layer.set_weights([x.mean(0, keepdims=True) if own else x for x in known.get_weights()])
        layer.trainable = own
    return fresh


def mean_and_spread(pictures):
    """Return each picture's mean colour, (n, 3), and the covariance of its colours, (n, 9)."""
    rows = tf.reshape(pictures, (tf.shape(pictures)[0], -1, 3))
    apart = rows - tf.reduce_mean(rows, 1, keepdims=True)
    spread = tf.matmul(apart, apart, transpose_a=True) / tf.cast(tf.shape(rows)[1], rows.dtype)
    return tf.reduce_mean(rows, 1), tf.reshape(spread, (-1, 9))


# The palace is not among them: it is kept for looking at results.
LEARN_FROM = ("cat", "coffee", "astronaut", "rocket", "flower")


def crops(style, seed: int = 0, batch: int = 1) -> Iterator[np.ndarray]:
    """Cut random pieces of photographs in a style's colours, half of them mirrored, without end.

    Yields float32 (batch, CROP, CROP, 3), from 0 to 1. `style`: whatever `images.read` takes.
    """
    rng, palette = np.random.default_rng(seed), as_floats(images.read(style))
    photographs = []
    for photograph, zoom in itertools.product(map(photos.load, LEARN_FROM), (1.2, 2.0)):
        shrink = zoom * CROP / min(photograph.shape[:2])
        shape = [max(CROP, round(side * shrink)) for side in photograph.shape[:2]]
        plain = as_floats(images.resize(photograph, shape))
        photographs.append(styling.match_colours(plain, palette))

    def piece():
        photograph = photographs[rng.integers(len(photographs))]
        top, left = (rng.integers(side - CROP + 1) for side in photograph.shape[:2])
        turn = rng.choice([-1, 1])
        return photograph[top : top + CROP, left : left + CROP][:, ::turn]

    while True:
        yield np.stack([piece() for _ in range(batch)])


def save(some: dict[str, Painter], path) -> None:
    """Write painters that share a network: NumPy's .npz, without code, weights in half precision.

    A swatch of each style goes with it. The file appears whole or not at all.
    """
    swatches = [_swatch(images.read(painter.style)) for painter in some.values()]
    weights = next(iter(some.values())).network.get_weights()
    arrays = {f"w{place:02}": one.astype("float16") for place, one in enumerate(weights)}
    with files.replacing(path) as fresh, fresh.open("wb") as stream:
        np.savez_compressed(stream, names=list(some), swatches=swatches, **arrays)


def _swatch(style: np.ndarray) -> np.ndarray:
    """Take single pixels, evenly: mixed ones would have lost their spread of colours."""
    rows, columns = (np.linspace(0, side - 1, SWATCH).astype(int) for side in style.shape[:2])
    return style[rows][:, columns]


def load(file=None) -> dict[str, Painter]:
    """Return the shipped painters by name, or those of a file that `save` wrote."""
    path = file or assets.path("painters")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names, swatches = arrays["names"].tolist(), list(arrays["swatches"])
            model = painting_network.build(len(names))
            model.set_weights([arrays[f"w{place:02}"] for place in range(len(model.weights))])
    except FileNotFoundError:
        raise styling.StyleError(f"There is no file {path} of painters.") from None
    except (ValueError, KeyError, OSError, zipfile.BadZipFile):
        raise styling.StyleError(
            f"{path} holds no painters of this kind: train one and save it with painters.save."
        ) from None
    own = np.eye(len(names), dtype="float32")[:, None]
    return {
        name: Painter(model, images.read(style), mixture)
        for name, style, mixture in zip(names, swatches, own, strict=True)
    }


def named(name: str) -> Painter:
    """Return a shipped painter, by its name or a part of it, or the first of a file."""
    if name.endswith(".npz"):
        return next(iter(load(name).values()))
    shipped = load()
    found = [painter for full, painter in shipped.items() if name.lower() in full.lower()]
    if len(found) != 1:
        raise styling.StyleError(
            f"There is no painter '{name}': choose from {', '.join(shipped)}, or name a file that "
            "painters.save wrote, with .npz at its end."
        )
    return found[0]
