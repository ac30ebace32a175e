"""One style in one network, painted in one pass (Johnson, Alahi, Fei-Fei: ECCV 2016).

    painter = fast_style.load("strokes")
    fast_style.paint(painter, "my photograph.jpg")          # uint8 (height, width, 3)
    fast_style.train(fast_style.network(), patterns.waves())

The network learns from photographs, with the losses of `styling`, to paint any photograph. Its
normalisation is by picture, as Ulyanov and others found best for this (arXiv 1607.08022).
"""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from helpers import assets, images, styling

SHIPPED = {
    "stained glass": "style-stained-glass",
    "strokes": "style-strokes",
    "waves": "style-waves",
}
CROP = 144  # pixels of the pieces of photographs that it learns from
BATCH = 1
STEPS = 500  # that the shipped painters were trained for
RATE = 4e-3
CONTENT_LAYER = "block3_conv1"
CONTENT_WEIGHT, COLOUR_WEIGHT, VARIATION_WEIGHT = 0.12, 0.05, 0.02
LARGEST = 1024  # pixels of the longer side of what it paints, unless more is asked for
SMALLEST, MULTIPLE = 16, 4  # what the network can take


def network():
    """Return the painter, untrained: pictures (n, height, width, 3) from 0 to 1, painted ones back.

    Fewer than 150,000 weights: two steps down, four residual blocks, two steps up. Sides must be
    multiples of four.
    """
    import keras
    from keras import layers

    class Mirror(layers.Layer):
        """Continue a picture beyond its edges as in a mirror, which leaves no dark frame."""

        def __init__(self, width):
            super().__init__()
            self.width = width

        def call(self, x):
            beyond = (self.width, self.width)
            return keras.ops.pad(x, ((0, 0), beyond, beyond, (0, 0)), mode="reflect")

    def convolution(x, channels, kernel, stride=1, relu=True):
        x = layers.Conv2D(channels, kernel, stride)(Mirror(kernel // 2)(x))
        x = layers.GroupNormalization(groups=-1, epsilon=1e-5)(x)
        return layers.ReLU()(x) if relu else x

    inputs = keras.Input((None, None, 3))
    x = convolution(inputs, 16, 9)
    x = convolution(x, 24, 3, stride=2)
    x = convolution(x, 40, 3, stride=2)
    for _ in range(4):
        x = layers.Add()([x, convolution(convolution(x, 40, 3), 40, 3, relu=False)])
    for channels in (24, 16):
        x = convolution(layers.UpSampling2D(2)(x), channels, 3)
    x = layers.Conv2D(3, 9, activation="sigmoid")(Mirror(4)(x))
    return keras.Model(inputs, x, name="painter")


def paint(painter, photograph, size: int = LARGEST) -> np.ndarray:
    """Paint a photograph of any kind and size; its longer side becomes at most `size` pixels."""
    picture = styling.as_floats(images.read(photograph, size))
    fitting, shape = fitted(picture), picture.shape[:2]
    painted = painter(fitting[None], training=False)[0].numpy()
    return styling.as_bytes(painted[: shape[0], : shape[1]])


def fitted(picture: np.ndarray) -> np.ndarray:
    """Continue a picture to the right and below until networks that halve it twice can take it."""
    beyond = [max(SMALLEST, -(-side // MULTIPLE) * MULTIPLE) - side for side in picture.shape[:2]]
    return np.pad(picture, ((0, beyond[0]), (0, beyond[1]), (0, 0)), "edge")


# -- training ------------------------------------------------------------------------------------


def photographs() -> list[np.ndarray]:
    """Return the photographs to learn from, from installed packages: uint8, various sizes.

    scikit-learn's palace is not among them: it is kept for looking at results.
    """
    from skimage import data
    from sklearn.datasets import load_sample_image

    pictures = [data.chelsea(), data.coffee(), data.astronaut(), data.rocket()]
    return [*pictures, load_sample_image("flower.jpg")]


class Crops:
    """An endless supply of random pieces of photographs, and of the same in a style's colours.

    `next(crops)`: two float32 arrays (BATCH, CROP, CROP, 3) from 0 to 1. The painter gets the
    first; its content shall be that of the second, so that it learns to change colours too.
    """

    def __init__(self, style: np.ndarray, seed: int = 0):
        """Prepare the photographs; `style`: uint8 or floats from 0 to 1."""
        self._rng = np.random.default_rng(seed)
        palette = styling.as_floats(images.read(style))
        self._pairs = []
        for photograph in photographs():
            # Twice the size of a piece on the shorter side: pieces show things, not only grain.
            shrink = 2 * CROP / min(photograph.shape[:2])
            shape = [max(CROP, round(side * shrink)) for side in photograph.shape[:2]]
            plain = styling.as_floats(images.resize(photograph, shape))
            self._pairs.append((plain, styling.match_colours(plain, palette)))

    def __iter__(self):
        """Return itself."""
        return self

    def __next__(self):
        """Cut the next pieces, half of them mirrored, at one of two scales."""
        return tuple(np.stack(x) for x in zip(*(self._piece() for _ in range(BATCH)), strict=True))

    def _piece(self):
        pair = self._pairs[self._rng.integers(len(self._pairs))]
        scale = self._rng.integers(1, 3)  # 2: every other pixel of a piece of twice the size
        reach = CROP * scale
        top, left = (self._rng.integers(side - reach + 1) for side in pair[0].shape[:2])
        turn = self._rng.choice([-1, 1])
        window = np.s_[top : top + reach : scale, left : left + reach : scale]
        return tuple(picture[window][:, ::turn] for picture in pair)


def teacher(style, see: Callable | None = None) -> Callable:
    """Return the loss of painted pieces: loss(painted, aims), both (n, height, width, 3), 0 to 1.

    The style's Gram matrices, the content of the aims, and the style's mean colour and spread.
    """
    import tensorflow as tf

    see = see or styling.eye()
    pattern = tf.constant(styling.as_floats(images.read(style)))[None]
    seen = see(pattern)
    textures = {layer: styling.gram(seen[layer]) for layer in styling.STYLE_LAYERS}
    colours = _colours(pattern)

    def loss(painted, aims):
        seen, wanted = see(painted), see(aims)
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
    painter,
    style,
    steps: int = STEPS,
    seed: int = 0,
    rate: float = RATE,
    see: Callable | None = None,
    watch: Callable | None = None,
) -> list[float]:
    """Teach the network a style in `steps` steps; return the loss at each. It changes in place.

    `watch(loss)` is called after each step. An interrupt ends it, and what is learnt stays learnt.
    """
    import keras
    import tensorflow as tf

    loss, losses = teacher(style, see), []
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(rate, max(steps, 1), alpha=0.05),
        global_clipnorm=1.0,
    )
    optimizer.build(painter.trainable_variables)

    @tf.function(autograph=False)
    def step(pieces, aims):
        with tf.GradientTape() as tape:
            value = loss(painter(pieces, training=True), aims)
        slopes = tape.gradient(value, painter.trainable_variables)
        optimizer.apply_gradients(zip(slopes, painter.trainable_variables, strict=True))
        return value

    crops = Crops(style, seed)
    try:
        for _ in range(steps):
            losses.append(float(step(*map(tf.constant, next(crops)))))
            if watch:
                watch(losses[-1])
    except KeyboardInterrupt:
        pass
    return losses


# -- files ---------------------------------------------------------------------------------------


def save(painter, path) -> None:
    """Write the weights as 16-bit floats, without code: NumPy's .npz. Whole or not at all."""
    path, buffer = Path(path), io.BytesIO()
    weights = [weight.astype("float16") for weight in painter.get_weights()]
    np.savez_compressed(buffer, **{f"w{number:02}": w for number, w in enumerate(weights)})
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(buffer.getvalue())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(style: str):
    """Return a shipped painter, "strokes" for one, or one from a file that `save` wrote."""
    path = assets.path(SHIPPED[style]) if style in SHIPPED else Path(style)
    painter = network()
    try:
        with np.load(path, allow_pickle=False) as file:
            weights = [file[name].astype("float32") for name in sorted(file.files)]
        painter.set_weights(weights)
    except FileNotFoundError:
        raise styling.StyleError(
            f"There is no painter '{style}': choose from {', '.join(SHIPPED)}, or name a file."
        ) from None
    except (ValueError, OSError, zipfile.BadZipFile):
        raise styling.StyleError(
            f"{path} holds no painter of this kind: train one and save it with fast_style.save."
        ) from None
    return painter


def published(style: str, painter) -> Path:
    """Make a trained painter the one that is shipped for its style; return its place."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{SHIPPED[style]}.npz"
        save(painter, file)
        return assets.publish(SHIPPED[style], file)
