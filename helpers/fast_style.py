"""One style in one network, painted in one pass (Johnson, Alahi, Fei-Fei: ECCV 2016).

    painter = fast_style.load("strokes")
    painter.paint("my photograph.jpg")                      # uint8 (height, width, 3)
    mine = fast_style.Painter(fast_style.network(), patterns.waves())
    fast_style.train(mine)

The network's convolutions are those of one that was trained to paint in 26 styles. A style of its
own is only the scale and the offset of each channel's normalisation, about a thousand numbers
(Dumoulin, Shlens, Kudlur: ICLR 2017): they are all that is trained here, with `styling`'s losses.
"""

import io
import itertools
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers import assets, images, onnx_weights, styling
from helpers.datasets import photos

SHIPPED = {"stained glass": "style-stained-glass", "strokes": "style-strokes"}
RESIDUALS = 6  # blocks of two convolutions each
EPSILON = 1e-5  # of the normalisation, as in the file
CROP = 128  # pixels of the pieces of photographs that it learns from
BATCH = 1
STEPS = 160  # that the shipped painters were trained for
RATE = 1e-2
CONTENT_LAYER = "block3_conv1"
CONTENT_WEIGHT, COLOUR_WEIGHT, VARIATION_WEIGHT = 0.12, 0.05, 0.02
LARGEST = 1024  # pixels of the longer side of what it paints, unless more is asked for
SMALLEST, MULTIPLE = 16, 4  # what the network can take
SWATCH = 64  # pixels of a style, in each direction, that a painter keeps to know its colours


@dataclass
class Painter:
    """A network, and the style whose colours it paints in: any picture, uint8."""

    network: object = field(repr=False)
    style: np.ndarray = field(repr=False)

    def paint(self, photograph, size: int = LARGEST) -> np.ndarray:
        """Paint a photograph of any kind and size; the longer side becomes at most `size` pixels.

        Returns uint8 (height, width, 3), the same for the same photograph.
        """
        picture = styling.as_floats(images.read(photograph, size))
        palette = styling.as_floats(images.read(self.style))
        height, width = picture.shape[:2]
        ready = fitted(styling.match_colours(picture, palette))
        painted = self.network(ready[None], training=False)[0].numpy()
        return styling.as_bytes(painted[:height, :width])


def network():
    """Return a network with no style yet: (n, height, width, 3) from 0 to 1 -> the same, painted.

    Sides must be multiples of four. Two steps down, six residual blocks, two steps up; scale and
    offset of the normalisation are the means over 26 styles, and alone can be trained.
    """
    import keras
    from keras import layers

    tensors, _ = onnx_weights.read(assets.path("style-26"))

    def block(x, name, stride=1, activation="relu"):
        """Continue the picture as in a mirror, convolve, normalise each channel, bend."""
        kernel = tensors[f"{name}.w"].transpose(2, 3, 1, 0)  # -> (height, width, in, out)
        edge = kernel.shape[0] // 2
        beyond = ((0, 0), (edge, edge), (edge, edge), (0, 0))
        x = layers.Lambda(lambda x: keras.ops.pad(x, beyond, mode="reflect"))(x)
        convolution = layers.Conv2D(
            kernel.shape[-1], edge * 2 + 1, stride, use_bias=False, trainable=False
        )
        x = convolution(x)
        convolution.set_weights([kernel])
        normalise = layers.GroupNormalization(groups=-1, epsilon=EPSILON)
        x = normalise(x)
        normalise.set_weights(
            [tensors[f"{name}.norm.{part}"].mean(0) for part in ("gamma", "beta")]
        )
        return layers.Activation(activation)(x) if activation else x

    x = inputs = keras.Input((None, None, 3))
    for number, stride in enumerate((1, 2, 2)):
        x = block(x, f"contract.{number}", stride)
    for number in range(RESIDUALS):
        inside = block(block(x, f"res.{number}.0"), f"res.{number}.1", activation=None)
        x = layers.Add()([x, inside])
    for number in range(2):
        x = block(layers.UpSampling2D(2)(x), f"expand.{number}")
    return keras.Model(inputs, block(x, "expand.2", activation="sigmoid"), name="painter")


def fitted(picture: np.ndarray) -> np.ndarray:
    """Continue a picture to the right and below until networks that halve it twice can take it."""
    beyond = [max(SMALLEST, -(-side // MULTIPLE) * MULTIPLE) - side for side in picture.shape[:2]]
    return np.pad(picture, ((0, beyond[0]), (0, beyond[1]), (0, 0)), "edge")


# -- training ------------------------------------------------------------------------------------


# The palace is not among them: it is kept for looking at results.
LEARN_FROM = ("cat", "coffee", "astronaut", "rocket", "flower")


class Crops:
    """An endless supply of random pieces of photographs in a style's colours.

    `next(crops)`: float32 (BATCH, CROP, CROP, 3), from 0 to 1.
    """

    def __init__(self, style: np.ndarray, seed: int = 0):
        """Prepare the photographs at two sizes; `style`: whatever `images.read` takes."""
        self._rng = np.random.default_rng(seed)
        palette = styling.as_floats(images.read(style))
        self._photographs = []
        for photograph, zoom in itertools.product(map(photos.load, LEARN_FROM), (1.2, 2.0)):
            shrink = zoom * CROP / min(photograph.shape[:2])
            shape = [max(CROP, round(side * shrink)) for side in photograph.shape[:2]]
            plain = styling.as_floats(images.resize(photograph, shape))
            self._photographs.append(styling.match_colours(plain, palette))

    def __iter__(self):
        """Return itself."""
        return self

    def __next__(self):
        """Cut the next pieces, half of them mirrored."""
        return np.stack([self._piece() for _ in range(BATCH)])

    def _piece(self):
        photograph = self._photographs[self._rng.integers(len(self._photographs))]
        top, left = (self._rng.integers(side - CROP + 1) for side in photograph.shape[:2])
        turn = self._rng.choice([-1, 1])
        return photograph[top : top + CROP, left : left + CROP][:, ::turn]


def teacher(style, see: Callable | None = None) -> Callable:
    """Return the loss: loss(painted, pieces), both (n, height, width, 3), from 0 to 1.

    The style's Gram matrices, the pieces' content, the style's mean colour and spread, and grain.
    """
    import tensorflow as tf

    see = see or styling.eye()
    pattern = tf.constant(styling.as_floats(images.read(style)))[None]
    seen = see(pattern)
    textures = {layer: styling.gram(seen[layer]) for layer in styling.STYLE_LAYERS}
    colours = _colours(pattern)

    def loss(painted, pieces):
        seen, wanted = see(painted), see(pieces)
        content = styling.content_loss(seen, {CONTENT_LAYER: wanted[CONTENT_LAYER]})
        tint = sum(
            tf.reduce_mean(tf.reduce_sum((one - other) ** 2, -1)) / tf.reduce_sum(other**2)
            for one, other in zip(_colours(painted), colours, strict=True)
        )
        return (
            styling.style_loss(seen, textures)
            + CONTENT_WEIGHT * content
            + COLOUR_WEIGHT * tint
            + VARIATION_WEIGHT * styling.total_variation(painted)
        )

    return loss


def _colours(pictures):
    """Return each picture's mean colour, (n, 3), and its colours' covariance, (n, 9)."""
    import tensorflow as tf

    rows = tf.reshape(pictures, (tf.shape(pictures)[0], -1, 3))
    mean = tf.reduce_mean(rows, 1, keepdims=True)
    apart = rows - mean
    spread = tf.matmul(apart, apart, transpose_a=True) / tf.cast(tf.shape(rows)[1], rows.dtype)
    return mean[:, 0], tf.reshape(spread, (-1, 9))


def train(
    painter: Painter,
    steps: int = STEPS,
    seed: int = 0,
    rate: float = RATE,
    see: Callable | None = None,
    watch: Callable | None = None,
) -> list[float]:
    """Teach a painter its style; return the loss at each of the `steps`. It changes in place.

    `watch(loss)` is called after each step. An interrupt ends it, and what is learnt stays learnt.
    """
    import keras
    import tensorflow as tf

    model, judge, losses = painter.network, teacher(painter.style, see), []
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(rate, max(steps, 1), alpha=0.05),
        global_clipnorm=1.0,
    )
    optimizer.build(model.trainable_variables)

    @tf.function(autograph=False)
    def step(pieces):
        with tf.GradientTape() as tape:
            loss = judge(model(pieces, training=True), pieces)
        slopes = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(slopes, model.trainable_variables, strict=True))
        return loss

    crops = Crops(painter.style, seed)
    try:
        for _ in range(steps):
            losses.append(float(step(tf.constant(next(crops)))))
            if watch:
                watch(losses[-1])
    except KeyboardInterrupt:
        pass
    return losses


# -- files ---------------------------------------------------------------------------------------


def save(painter: Painter, path) -> None:
    """Write a painter's own numbers and a swatch of its style: NumPy's .npz, without code.

    The file appears whole or not at all.
    """
    path, buffer = Path(path), io.BytesIO()
    style = images.read(painter.style)
    every = [max(1, side // SWATCH) for side in style.shape[:2]]
    numbers = enumerate(painter.network.trainable_variables)
    arrays = {f"w{place:02}": variable.numpy() for place, variable in numbers}
    np.savez_compressed(buffer, style=style[:: every[0], :: every[1]], **arrays)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(buffer.getvalue())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(name: str) -> Painter:
    """Return a shipped painter, "strokes" for one, or one from a file that `save` wrote."""
    path = assets.path(SHIPPED[name]) if name in SHIPPED else Path(name)
    model = network()
    try:
        with np.load(path, allow_pickle=False) as file:
            style = images.read(file["style"])
            variables = model.trainable_variables
            if len(file.files) != len(variables) + 1:
                raise ValueError
            for place, variable in enumerate(variables):
                variable.assign(file[f"w{place:02}"])
    except FileNotFoundError:
        raise styling.StyleError(
            f"There is no painter '{name}': choose from {', '.join(SHIPPED)}, or name a file."
        ) from None
    except (ValueError, KeyError, OSError, zipfile.BadZipFile):
        raise styling.StyleError(
            f"{path} holds no painter of this kind: train one and save it with fast_style.save."
        ) from None
    return Painter(model, style)


def publish(name: str, painter: Painter) -> Path:
    """Make a trained painter the one that is shipped under this name; return its place."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{SHIPPED[name]}.npz"
        save(painter, file)
        return assets.publish(SHIPPED[name], file)
