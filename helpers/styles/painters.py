"""One style in one network, painted in one pass (Johnson, Alahi, Fei-Fei: ECCV 2016).

    painter = painters.load("strokes")
    painter.paint("my photograph.jpg")                      # uint8 (height, width, 3)
    mine = painters.Painter(painters.network(), patterns.waves())      # the lesson teaches it
    painters.save(mine, "waves.npz")

The convolutions of `network` are those of one that was trained to paint in 26 styles. A style of
its own is only the scale and the offset of each channel's normalisation, about a thousand numbers
(Dumoulin, Shlens, Kudlur: ICLR 2017): they are all that is trained. `beginner` has learnt nothing
yet, and all of it is trained, as Johnson did; it takes longer. How both learn stands in lesson 08.
"""

import itertools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from helpers import assets, files, images
from helpers.images import as_floats
from helpers.styles import large, onnx_weights, styling
from helpers.vision import photos

SHIPPED = {
    "stained glass": "style-stained-glass",
    "strokes": "style-strokes",
    "waves": "style-waves",
}
EPSILON = 1e-5  # of the normalisation, as in the file
CROP = 128  # pixels of the pieces of photographs that it learns from
paint_all_of = large.paint_all_of
SWATCH = 64  # pixels of a style, in each direction, that a painter keeps to know its colours


@dataclass
class Painter:
    """A network, and the style whose colours it paints in: any picture, uint8."""

    network: object = field(repr=False)
    style: np.ndarray = field(repr=False)

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
        return large.pieces(picture, self.network, prepare=lambda one: recolour(as_floats(one)))


def network():
    """Return a network with no style yet, whose convolutions were trained to paint in 26 styles.

    Pictures (n, height, width, 3) from 0 to 1 -> the same, painted; sides must be multiples of
    four. Scale and offset of the normalisation are the means over the styles, and alone can be
    trained.
    """
    tensors, _ = onnx_weights.read(assets.path("style-26"))
    model = _untrained((32, 32, 32), residuals=6, expand=(8, 4))
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]
    scales = [layer for layer in model.layers if hasattr(layer, "gamma")]
    names = [name.removesuffix(".w") for name in tensors if name.endswith(".w")]
    for name, convolution, normalise in zip(names, kernels, scales, strict=True):
        kernel = tensors[f"{name}.w"].transpose(2, 3, 1, 0)  # -> (height, width, in, out)
        convolution.set_weights([kernel])
        convolution.trainable = False
        means = [tensors[f"{name}.norm.{part}"].mean(0) for part in ("gamma", "beta")]
        normalise.set_weights(means)
    return model


def beginner():
    """Return a network of the same kind that has learnt nothing: every weight can be trained."""
    return _untrained((16, 24, 48), residuals=4, expand=(24, 16))


def _untrained(contract, residuals, expand):
    """Two steps down, residual blocks, two steps up. contract, expand: channels of the steps."""
    x = inputs = keras.Input((None, None, 3))
    for channels, size, stride in zip(contract, (9, 3, 3), (1, 2, 2), strict=True):
        x = _block(x, channels, size, stride)
    for _ in range(residuals):
        inside = _block(_block(x, contract[-1]), contract[-1], activation=None)
        x = layers.Add()([x, inside])
    for channels in expand:
        x = _block(layers.UpSampling2D(2)(x), channels)
    return keras.Model(inputs, _block(x, 3, 9, activation="sigmoid"), name="painter")


def _block(x, channels, size=3, stride=1, activation="relu"):
    """Continue the picture as in a mirror, convolve, normalise each channel, activate."""
    x = layers.Conv2D(channels, size, stride, use_bias=False)(mirrored(x, size // 2))
    x = layers.GroupNormalization(groups=-1, epsilon=EPSILON)(x)
    return layers.Activation(activation)(x) if activation else x


def mirrored(x, edge: int):
    """Continue maps by `edge` places on each side, as in a mirror."""
    beyond = ((0, 0), (edge, edge), (edge, edge), (0, 0))
    return layers.Lambda(lambda x: keras.ops.pad(x, beyond, mode="reflect"))(x)


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


def save(painter: Painter, path) -> None:
    """Write a painter's own numbers and a swatch of its style: NumPy's .npz, without code.

    The file appears whole or not at all.
    """
    style = images.read(painter.style)
    every = [max(1, side // SWATCH) for side in style.shape[:2]]
    numbers = painter.network.trainable_variables
    arrays = {f"w{place:02}": variable.numpy() for place, variable in enumerate(numbers)}
    if len(numbers) == len(painter.network.weights):  # all of it is trained, not a style only
        arrays["from_nothing"] = np.array(True)
    with files.replacing(path) as fresh, fresh.open("wb") as stream:
        np.savez_compressed(stream, style=style[:: every[0], :: every[1]], **arrays)


def load(name: str) -> Painter:
    """Return a shipped painter, "strokes" for one, or one from a file that `save` wrote."""
    path = assets.path(SHIPPED[name]) if name in SHIPPED else Path(name)
    try:
        with np.load(path, allow_pickle=False) as file:
            style = images.read(file["style"])
            model = beginner() if "from_nothing" in file.files else network()
            variables = model.trainable_variables
            if sum(name.startswith("w") for name in file.files) != len(variables):
                raise ValueError
            for place, variable in enumerate(variables):
                variable.assign(file[f"w{place:02}"])
    except FileNotFoundError:
        raise styling.StyleError(
            f"There is no painter '{name}': choose from {', '.join(SHIPPED)}, or name a file."
        ) from None
    except (ValueError, KeyError, OSError, zipfile.BadZipFile):
        raise styling.StyleError(
            f"{path} holds no painter of this kind: train one and save it with painters.save."
        ) from None
    return Painter(model, style)
