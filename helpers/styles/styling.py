"""Style transfer by optimisation (Gatys, Ecker, Bethge: CVPR 2016, arXiv 1508.06576).

    painted = styling.paint("my photograph.jpg", patterns.strokes())
    painted.picture                              # uint8 (height, width, 3)

A picture is changed, step by step, until a trained network sees in it the photograph's content and
the style's textures. The lesson writes the losses out; here is the same with its edges smoothed.

Inside, pictures are float32, (height, width, 3), from 0 to 1.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from scipy.linalg import sqrtm
from scipy.optimize import minimize

from helpers import images
from helpers.images import as_bytes, as_floats
from helpers.vision import backbones

STYLE_LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1")
CONTENT_LAYER = "block4_conv1"
CONTENT_WEIGHT = 0.05
VARIATION_WEIGHT = 0.02
# Coarse to fine: (share of the full size, steps). Large shapes are settled where steps are cheap.
STAGES = ((0.5, 40), (1.0, 14))
SMALLEST = 32  # pixels; the network halves a picture three times, and something must be left
LUMA = np.array([0.299, 0.587, 0.114], "float32")  # how bright red, green, blue look (BT.601)
MEMORY = 10  # steps that L-BFGS looks back on
FIRST = 0.2  # how far the first step moves a pixel at most, of the way from black to white


class StyleError(ValueError):
    """A picture can't be painted like that: one sentence that says what to do."""


@dataclass(frozen=True)
class Painted:
    """The best `picture` that was found, uint8 (height, width, 3); its loss at each look."""

    picture: np.ndarray
    losses: list[float]


def eye(layers=STYLE_LAYERS, network: str = "vgg16") -> Callable:
    """Return a function: pictures (n, height, width, 3) from 0 to 1 -> {layer: feature maps}.

    The network ends at the last of the `layers`: what comes after it would be computed for
    nothing. Its max pooling becomes average pooling, which lets the gradient reach every pixel.
    Raises `backbones.BackboneError` for a layer that isn't there.
    """
    backbone = backbones.load(network, top=False)
    part, scale = backbone.upto(list(layers)), backbone.scale

    def own(layer):
        if isinstance(layer, keras.layers.MaxPooling2D):
            return keras.layers.AveragePooling2D(2, name=layer.name)
        return type(layer).from_config(layer.get_config())

    # Layers of its own, so that the rest of the network can be forgotten: that saves 50 MB.
    model = keras.models.clone_model(part, clone_function=own)
    model.set_weights(part.get_weights())
    model.trainable = False

    def look(pictures):
        answers = model(scale(pictures * 255.0), training=False)
        return dict(zip(layers, tf.nest.flatten(answers), strict=True))

    # Compiled, it drops maps that nobody asked for; as a part of a loss, it makes only its maps.
    see = tf.function(look, [tf.TensorSpec((None, None, None, 3))], autograph=False)
    return lambda pictures: (look if tf.inside_function() else see)(tf.cast(pictures, tf.float32))


def gram(features):
    """Return how strongly each two channels answer together, averaged over all places.

    `features`: (n, height, width, channels); returns (n, channels, channels). One product of
    matrices, without a transposed copy.
    """
    shape = tf.shape(features)
    rows = tf.reshape(features, (shape[0], -1, features.shape[-1]))
    return tf.matmul(rows, rows, transpose_a=True) / tf.cast(shape[1] * shape[2], rows.dtype)


def distance(found, wanted):
    """Return the squared distance of two tensors, as a share of the wanted one's square."""
    return tf.reduce_mean((found - wanted) ** 2) / tf.reduce_mean(wanted**2)


def style_loss(seen: dict, wanted: dict):
    """Return how far the Gram matrices of feature maps `seen` are from those `wanted`, on average.

    Both go by layer, {name: tensor}.
    """
    losses = [distance(gram(seen[layer]), matrix) for layer, matrix in wanted.items()]
    return tf.add_n(losses) / len(losses)


def total_variation(pictures):
    """Return how much neighbouring pixels differ, on average: (n, height, width, 3) -> a number."""
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
) -> Callable:
    """Return the loss as a function of one picture, (height, width, 3).

    `see`: an `eye` on all the layers. `style`, `content`: pictures, 0 to 1; without content only
    the style counts. `extra`: a further loss of the picture, added as it is.
    """
    seen = see(tf.constant(style)[None])
    textures = {layer: gram(seen[layer]) for layer in STYLE_LAYERS}
    places = None if content is None else see(tf.constant(content)[None])[CONTENT_LAYER]

    def loss(picture):
        seen = see(picture[None])
        total = style_loss(seen, textures) + variation_weight * total_variation(picture[None])
        if places is not None:
            total += content_weight * distance(seen[CONTENT_LAYER], places)
        return total if extra is None else total + extra(picture)

    return loss


# -- downhill ------------------------------------------------------------------------------------


def descend(
    loss: Callable, start: np.ndarray, steps: int, watch: Callable | None = None
) -> tuple[np.ndarray, list[float], bool]:
    """Change a picture, (height, width, 3) from 0 to 1, so that `loss` of it falls.

    By limited-memory BFGS (Byrd, Lu, Nocedal, Zhu 1995). `watch(picture)` is called after each
    look. Returns (the best picture met, the loss at each look, whether Ctrl-C or Jupyter's stop
    button ended it early): an interrupt loses nothing. A loss that is a `tf.function` is compiled
    once, however often it is used.
    """
    best, losses, scale = np.asarray(start, "float32"), [], 0.0
    if not hasattr(loss, "get_concrete_function"):
        loss = tf.function(loss, autograph=False)

    def look(flat):
        nonlocal best, scale
        picture = flat.reshape(best.shape).astype("float32")
        with tf.GradientTape() as tape:
            tape.watch(pixels := tf.constant(picture))
            value = loss(pixels)
        gradient = tape.gradient(value, pixels)
        losses.append(float(value))
        if losses[-1] <= min(losses):
            best = picture
        if watch:
            watch(picture)
        gradient = gradient.numpy().ravel().astype("float64")
        scale = scale or FIRST / max(np.abs(gradient).max(), 1e-12)
        return losses[-1] * scale, gradient * scale

    options = {"maxiter": steps, "maxfun": steps + 5, "maxcor": MEMORY, "ftol": 0, "gtol": 0}
    settings = {"method": "L-BFGS-B", "bounds": [(0, 1)] * best.size, "options": options}
    try:
        if steps > 0:
            minimize(look, best.ravel().astype("float64"), jac=True, **settings)
    except KeyboardInterrupt:
        return best, losses, True
    return best, losses, False


def paint(
    photograph, style, size: int = 256, *, see: Callable | None = None, stages=STAGES, **wishes
) -> Painted:
    """Paint `photograph` in the style of another picture, its longer side `size` pixels long.

    Both are whatever `images.read` takes. It starts from the photograph in the style's colours and
    goes from coarse to fine through `stages`. `see`: an `eye` to use again. `wishes`: of
    `painting_loss`, content_weight for one. An interrupt gives the best so far.
    """
    original = images.read(photograph, size)
    pattern = _canvas(images.read(style, size))
    content = match_colours(_canvas(original), pattern)
    picture, losses, see = content, [], see or eye()
    for share, steps in stages:
        shape = [max(SMALLEST, round(side * share)) for side in content.shape[:2]]
        of_style = [max(SMALLEST, round(side * share)) for side in pattern.shape[:2]]
        loss = painting_loss(see, _resized(pattern, of_style), _resized(content, shape), **wishes)
        picture, more, stopped = descend(loss, _resized(picture, shape), steps)
        losses += more
        if stopped:
            break
    full = as_bytes(_resized(picture, content.shape[:2]))
    return Painted(images.resize(full, original.shape[:2]), losses)


def _resized(picture: np.ndarray, shape) -> np.ndarray:
    """Return floats from 0 to 1 at another size."""
    return _clipped(tf.image.resize(picture, shape, "bicubic", antialias=True).numpy())


def _canvas(picture: np.ndarray) -> np.ndarray:
    """Return floats from 0 to 1; a side too short for the network is stretched."""
    shape = tuple(max(SMALLEST, side) for side in picture.shape[:2])
    return as_floats(picture if shape == picture.shape[:2] else images.resize(picture, shape))


# -- colours -------------------------------------------------------------------------------------


def _clipped(picture):
    return np.clip(picture, 0, 1).astype("float32")


def match_colours(picture: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Give a picture the mean colour and the spread of colours of another; floats, 0 to 1."""
    return colour_map(picture, palette)(picture)


def colour_map(picture: np.ndarray, palette: np.ndarray) -> Callable:
    """Return the function that takes a picture's colours, or a piece's, to those of a palette.

    The linear map that moves colours least on the whole (Pitié, Kokaram: CVMP 2007).
    """
    flat, other = picture.reshape(-1, 3).astype(float), palette.reshape(-1, 3).astype(float)
    spread, wanted = (np.cov(colours.T, bias=True) + 1e-5 * np.eye(3) for colours in (flat, other))
    root = sqrtm(spread).real
    turn = np.linalg.solve(root, sqrtm(root @ wanted @ root).real) @ np.linalg.inv(root)
    mean = flat.mean(0)
    return lambda piece: _clipped((piece - mean) @ turn + other.mean(0))


def keep_colours(painted: np.ndarray, photograph: np.ndarray) -> np.ndarray:
    """Return a painted picture's light and shade in the photograph's colours: uint8, same shapes.

    Brightness carries the strokes, colour hardly any (Gatys and others, arXiv 1606.05897).
    """
    painted, photograph = as_floats(painted), as_floats(photograph)
    return as_bytes(photograph + (painted @ LUMA - photograph @ LUMA)[..., None])
