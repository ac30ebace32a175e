"""Style transfer by optimisation (Gatys, Ecker, Bethge: CVPR 2016, arXiv 1508.06576).

    painted = styling.paint("my photograph.jpg", patterns.strokes())
    woven = styling.texture(patterns.waves(), seed=1)
    painted.picture                              # uint8 (height, width, 3)

A picture is changed, step by step, until a trained network sees in it the photograph's content and
the style's textures. The lesson writes the losses out; here is the same with its edges smoothed.

Inside, pictures are float32, (height, width, 3), from 0 to 1. TensorFlow is imported when needed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers import images

STYLE_LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1")
CONTENT_LAYERS = ("block4_conv1",)
CONTENT_WEIGHT = 0.05
VARIATION_WEIGHT = 0.02
# Coarse to fine: (share of the full size, steps). Large shapes are settled where steps are cheap.
STAGES = ((0.5, 40), (1.0, 14))
SMALLEST = 32  # pixels; the network halves a picture three times, and something must be left

LUMA = np.array([0.299, 0.587, 0.114], "float32")  # how bright red, green, blue look (BT.601)
MEMORY = 10  # steps that L-BFGS looks back on
ADAM_RATE = 0.02  # of the range from black to white


class StyleError(ValueError):
    """A picture can't be painted like that: one sentence that says what to do."""


@dataclass(frozen=True)
class Painted:
    """What came of it. `losses`: one for each look at the picture, over all sizes.

    `picture`: uint8 (height, width, 3), the best that was found. `stopped`: was it interrupted?
    """

    picture: np.ndarray
    losses: list[float]
    stopped: bool = False


# -- what the network sees -----------------------------------------------------------------------


def eye(layers=STYLE_LAYERS, network: str = "vgg16") -> Callable:
    """Return a function: pictures (n, height, width, 3) from 0 to 1 -> {layer: feature maps}.

    The network ends at the last of the `layers`: what comes after it would be computed for
    nothing. Its max pooling becomes average pooling, which lets the gradient reach every pixel.
    """
    import keras

    from helpers.vision import backbones

    backbone = backbones.load(network, top=False)
    names = [layer.name for layer in backbone.model.layers]
    if unknown := set(layers) - set(names):
        raise StyleError(
            f"{backbone.title} has no layer '{min(unknown)}': choose from "
            f"{', '.join(name for name in names if '_conv' in name)}."
        )
    # Layers of its own, so that the rest of the network can be forgotten: that saves 50 MB.
    found = {}
    x = inputs = keras.Input((None, None, 3))
    for layer in backbone.model.layers[1:]:
        if isinstance(layer, keras.layers.MaxPooling2D):
            x = keras.layers.AveragePooling2D(2, name=layer.name)(x)
        else:
            own = type(layer).from_config(layer.get_config())
            x = own(x)
            own.set_weights(layer.get_weights())
        if layer.name in layers:
            found[layer.name] = x
        if len(found) == len(set(layers)):
            break
    model = keras.Model(inputs, found)
    model.trainable = False
    scale = backbone.scale
    return lambda pictures: model(scale(pictures * 255.0), training=False)


def gram(features):
    """Return how strongly each two channels answer together, averaged over all places.

    `features`: (n, height, width, channels); returns (n, channels, channels). One product of
    matrices, without a transposed copy.
    """
    import tensorflow as tf

    shape = tf.shape(features)
    rows = tf.reshape(features, (shape[0], -1, features.shape[-1]))
    return tf.matmul(rows, rows, transpose_a=True) / tf.cast(shape[1] * shape[2], rows.dtype)


def style_loss(seen: dict, wanted: dict):
    """Return how far the Gram matrices of feature maps `seen` are from those `wanted`.

    The squared distance, as a share of the wanted matrix's square; the mean over the layers.
    """
    import tensorflow as tf

    losses = [_share(gram(seen[layer]) - matrix, matrix) for layer, matrix in wanted.items()]
    return tf.add_n(losses) / len(losses)


def content_loss(seen: dict, wanted: dict):
    """Return how far feature maps are, place by place, from those `wanted`: a share, as above."""
    import tensorflow as tf

    losses = [_share(seen[layer] - features, features) for layer, features in wanted.items()]
    return tf.add_n(losses) / len(losses)


def _share(difference, whole):
    import tensorflow as tf

    return tf.reduce_mean(difference**2) / tf.reduce_mean(whole**2)


def total_variation(pictures):
    """Return how much neighbouring pixels differ, on average: (n, height, width, 3) -> a number."""
    import tensorflow as tf

    down = tf.abs(pictures[:, 1:] - pictures[:, :-1])
    across = tf.abs(pictures[:, :, 1:] - pictures[:, :, :-1])
    return tf.reduce_mean(down) + tf.reduce_mean(across)


def painting_loss(
    see: Callable,
    style: np.ndarray,
    content: np.ndarray | None = None,
    content_weight: float = CONTENT_WEIGHT,
    variation_weight: float = VARIATION_WEIGHT,
    extra: Callable | None = None,
    style_layers=STYLE_LAYERS,
) -> Callable:
    """Return the loss as a function of one picture, (height, width, 3).

    `see`: an `eye` on all the layers. `style`, `content`: pictures, 0 to 1; without content only
    the style counts. `extra`: a further loss of the picture, added as it is.
    """
    import tensorflow as tf

    seen = see(tf.constant(style)[None])
    textures = {layer: gram(seen[layer]) for layer in style_layers}
    if content is not None:
        seen = see(tf.constant(content)[None])
        places = {layer: seen[layer] for layer in CONTENT_LAYERS}

    def loss(picture):
        seen = see(picture[None])
        total = style_loss(seen, textures) + variation_weight * total_variation(picture[None])
        if content is not None:
            total += content_weight * content_loss(seen, places)
        return total if extra is None else total + extra(picture)

    return loss


# -- downhill ------------------------------------------------------------------------------------


def descend(
    loss: Callable,
    start: np.ndarray,
    steps: int,
    method: str = "lbfgs",
    watch: Callable | None = None,
) -> tuple[np.ndarray, list[float], bool]:
    """Change a picture, (height, width, 3) from 0 to 1, so that `loss` of it falls.

    `method`: "lbfgs" (quasi-Newton, SciPy's) or "adam". `watch(picture)` is called after each look.
    Returns (the best picture met, the loss at each look, whether Ctrl-C or Jupyter's stop button
    ended it early): an interrupt loses nothing.
    """
    import tensorflow as tf

    if method not in _METHODS:
        raise StyleError(f"'{method}' is no way down: choose {' or '.join(_METHODS)}.")
    start = np.asarray(start, "float32")
    best, losses = [np.inf, start], []

    @tf.function(autograph=False)
    def value_and_slope(picture):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            value = loss(picture)
        return value, tape.gradient(value, picture)

    def look(picture):
        value, slope = value_and_slope(tf.constant(picture))
        value = float(value)
        losses.append(value)
        if value < best[0]:
            best[:] = value, picture.copy()
        if watch:
            watch(picture)
        return value, slope.numpy()

    try:
        if steps > 0:
            _METHODS[method](look, start, steps)
    except KeyboardInterrupt:
        return best[1], losses, True
    return best[1], losses, False


def _lbfgs(look, start, steps):
    """Limited-memory BFGS (Byrd, Lu, Nocedal, Zhu 1995), pixels kept between black and white."""
    from scipy.optimize import minimize

    scale = 1e4  # SciPy stops at small slopes, and a pixel's is tiny

    def value_and_slope(flat):
        value, slope = look(flat.reshape(start.shape).astype("float32"))
        return value * scale, slope.ravel().astype("float64") * scale

    minimize(
        value_and_slope,
        start.ravel().astype("float64"),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, 1)] * start.size,
        options={"maxiter": steps, "maxfun": steps + 5, "maxcor": MEMORY, "ftol": 0, "gtol": 0},
    )


def _adam(look, start, steps):
    """Adam (Kingma, Ba 2015) on the pixels."""
    picture, mean, square = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for step in range(1, steps + 1):
        _, slope = look(picture)
        mean = 0.9 * mean + 0.1 * slope
        square = 0.99 * square + 0.01 * slope**2
        size = np.sqrt(square / (1 - 0.99**step)) + 1e-8
        picture = np.clip(picture - ADAM_RATE * mean / (1 - 0.9**step) / size, 0, 1)
    look(picture)


_METHODS = {"lbfgs": _lbfgs, "adam": _adam}


# -- whole paintings -----------------------------------------------------------------------------


def paint(
    photograph,
    style,
    size: int = 256,
    *,
    see: Callable | None = None,
    content_weight: float = CONTENT_WEIGHT,
    variation_weight: float = VARIATION_WEIGHT,
    stages=STAGES,
    method: str = "lbfgs",
    keep_colour: bool = False,
    extra: Callable | None = None,
    watch: Callable | None = None,
) -> Painted:
    """Paint `photograph` in the style of another picture, its longer side `size` pixels long.

    Both are whatever `images.read` takes. It starts from the photograph in the style's colours and
    goes from coarse to fine through `stages`. `keep_colour`: give the result the photograph's
    colours. `see`: an `eye` to use again. `extra(picture)`: a loss of your own, at every stage.
    `watch(picture)`: called with each picture on the way. An interrupt gives the best so far.
    """
    original = images.read(photograph, size)
    content = _canvas(original)
    pattern = _canvas(images.read(style, size))
    start = match_colours(content, pattern)
    options = {
        "content_weight": content_weight,
        "variation_weight": variation_weight,
        "extra": extra,
    }
    see = see or eye(tuple(dict.fromkeys((*STYLE_LAYERS, *CONTENT_LAYERS))))
    result = _through(stages, see, start, start, pattern, method, watch, options)
    picture = images.resize(as_bytes(result.picture), original.shape[:2])
    if keep_colour:
        picture = keep_colours(picture, original)
    return Painted(picture, result.losses, result.stopped)


def texture(
    style,
    size: int = 256,
    seed: int = 0,
    *,
    see: Callable | None = None,
    stages=STAGES,
    method: str = "lbfgs",
    watch: Callable | None = None,
) -> Painted:
    """Weave a square of a picture's texture, from noise (Gatys and others: NeurIPS 2015).

    The style without any content: it looks like the picture everywhere and shows it nowhere.
    """
    pattern = _canvas(images.read(style, size))
    noise = np.random.default_rng(seed).normal(size=(size, size, 3)).astype("float32")
    start = match_colours(_clipped(0.5 + 0.15 * noise), pattern)
    result = _through(stages, see or eye(), start, None, pattern, method, watch, {})
    return Painted(as_bytes(result.picture), result.losses, result.stopped)


def _through(stages, see, start, content, pattern, method, watch, options) -> Painted:
    """Go through the sizes: descend, enlarge what came out, descend again."""
    picture, losses, stopped = start, [], False
    for share, steps in stages:
        if stopped:
            break
        picture, smaller = _scaled(picture, start, share), _scaled(pattern, pattern, share)
        aim = None if content is None else _scaled(content, start, share)
        loss = painting_loss(see, smaller, aim, **options)
        picture, more, stopped = descend(loss, picture, steps, method, watch)
        losses += more
    return Painted(_scaled(picture, start, 1), losses, stopped)


def _scaled(picture: np.ndarray, full: np.ndarray, share: float) -> np.ndarray:
    """Resize a picture to a share of the size of `full`, floats from 0 to 1."""
    import tensorflow as tf

    shape = tuple(max(SMALLEST, round(side * share)) for side in full.shape[:2])
    if picture.shape[:2] == shape:
        return picture
    shrinks = shape[0] < picture.shape[0]
    return _clipped(tf.image.resize(picture, shape, "bicubic", antialias=shrinks).numpy())


def _canvas(picture: np.ndarray) -> np.ndarray:
    """Return floats from 0 to 1; a side too short for the network is stretched."""
    height, width = (max(SMALLEST, side) for side in picture.shape[:2])
    if (height, width) != picture.shape[:2]:
        picture = images.resize(picture, (height, width))
    return as_floats(picture)


# -- colours -------------------------------------------------------------------------------------


def as_floats(picture: np.ndarray) -> np.ndarray:
    """Turn bytes into float32 from 0 to 1."""
    return np.asarray(picture, "float32") / 255


def as_bytes(picture: np.ndarray) -> np.ndarray:
    """Turn floats from 0 to 1 into bytes; what lies outside is clipped."""
    return np.round(_clipped(picture) * 255).astype(np.uint8)


def _clipped(picture):
    return np.clip(picture, 0, 1).astype("float32")


def match_colours(picture: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Give a picture the mean colour and the spread of colours of another; floats, 0 to 1.

    The linear map that moves colours least on the whole (Pitié, Kokaram: CVMP 2007).
    """
    flat, other = picture.reshape(-1, 3).astype(float), palette.reshape(-1, 3).astype(float)
    spread, wanted = (np.cov(colours.T, bias=True) + 1e-5 * np.eye(3) for colours in (flat, other))
    root, inverse = _power(spread, 0.5), _power(spread, -0.5)
    turn = inverse @ _power(root @ wanted @ root, 0.5) @ inverse
    return _clipped((flat - flat.mean(0)) @ turn + other.mean(0)).reshape(picture.shape)


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """Raise a symmetric positive matrix to a power."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T


def keep_colours(painted: np.ndarray, photograph: np.ndarray) -> np.ndarray:
    """Return a painted picture's light and shade in the photograph's colours: uint8, same shapes.

    Brightness carries the strokes, colour hardly any (Gatys and others, arXiv 1606.05897).
    """
    painted, photograph = as_floats(painted), as_floats(photograph)
    return as_bytes(photograph + (painted @ LUMA - photograph @ LUMA)[..., None])
