"""One style in one network, painted in one pass (Johnson, Alahi, Fei-Fei: ECCV 2016).

    painter = painters.load("strokes")
    painter.paint("my photograph.jpg")                      # uint8 (height, width, 3)
    mine = painters.Painter(painters.network(), patterns.waves())
    painters.train(mine)

The convolutions of `network` are those of one that was trained to paint in 26 styles. A style of
its own is only the scale and the offset of each channel's normalisation, about a thousand numbers
(Dumoulin, Shlens, Kudlur: ICLR 2017): they are all that is trained. `beginner` has learnt nothing
yet, and all of it is trained, as Johnson did; it takes longer. Both learn with `styling`'s losses.
"""

import io
import itertools
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers import assets, images
from helpers.styles import onnx_weights, styling
from helpers.vision import photos

SHIPPED = {
    "stained glass": "style-stained-glass",
    "strokes": "style-strokes",
    "waves": "style-waves",
}
FROM_NOTHING = {"steps": 900, "rate": 5e-3, "batch": 2}  # how a `beginner` is trained
EPSILON = 1e-5  # of the normalisation, as in the file
CROP = 128  # pixels of the pieces of photographs that it learns from
# For painters that learn a style only; STEPS is what the shipped ones were trained for.
STEPS, RATE, BATCH = 160, 1e-2, 1
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
    import keras
    from keras import layers

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
    """Continue the picture as in a mirror, convolve, normalise each channel, bend."""
    import keras
    from keras import layers

    edge = size // 2
    beyond = ((0, 0), (edge, edge), (edge, edge), (0, 0))
    x = layers.Lambda(lambda x: keras.ops.pad(x, beyond, mode="reflect"))(x)
    x = layers.Conv2D(channels, size, stride, use_bias=False)(x)
    x = layers.GroupNormalization(groups=-1, epsilon=EPSILON)(x)
    return layers.Activation(activation)(x) if activation else x


def fitted(picture: np.ndarray) -> np.ndarray:
    """Continue a picture to the right and below until networks that halve it twice can take it."""
    beyond = [max(SMALLEST, -(-side // MULTIPLE) * MULTIPLE) - side for side in picture.shape[:2]]
    return np.pad(picture, ((0, beyond[0]), (0, beyond[1]), (0, 0)), "edge")


# -- training ------------------------------------------------------------------------------------


# The palace is not among them: it is kept for looking at results.
LEARN_FROM = ("cat", "coffee", "astronaut", "rocket", "flower")


class Crops:
    """An endless supply of random pieces of photographs in a style's colours.

    `next(crops)`: float32 (batch, CROP, CROP, 3), from 0 to 1.
    """

    def __init__(self, style: np.ndarray, seed: int = 0, batch: int = BATCH):
        """Prepare the photographs at two sizes; `style`: whatever `images.read` takes."""
        self._batch = batch
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
        return np.stack([self._piece() for _ in range(self._batch)])

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
    batch: int = BATCH,
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

    crops = Crops(painter.style, seed, batch)
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
    if _from_nothing(painter.network):
        arrays["from_nothing"] = np.array(True)
    np.savez_compressed(buffer, style=style[:: every[0], :: every[1]], **arrays)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(buffer.getvalue())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _from_nothing(model) -> bool:
    """Whether all of a network is trained, and not a style only."""
    return len(model.trainable_variables) == len(model.weights)


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


def publish(name: str, painter: Painter) -> Path:
    """Make a trained painter the one that is shipped under this name; return its place."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{SHIPPED[name]}.npz"
        save(painter, file)
        return assets.publish(SHIPPED[name], file)
