"""What the exercises of lesson 08, style transfer three ways, check."""

import functools

import numpy as np

from helpers.exercises import Wrong, exercise
from helpers.styles import styling


@exercise
def gram(function):
    """Judge a function from feature maps (height, width, channels) to their Gram matrix."""
    _need_function(function, "gram(features)")
    features = np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")
    matrix, slope = _computed(function, features)
    if matrix.shape != (3, 3):
        raise Wrong(
            f"for 3 channels it should be a table of 3 × 3 numbers, and it has the shape "
            f"{matrix.shape}"
        )
    expected = styling.gram(features[None])[0].numpy()
    if np.allclose(matrix, expected * 24, rtol=1e-3):
        raise Wrong("the sums are right, but a picture twice as large would give twice as much")
    if not np.allclose(matrix, matrix.T, atol=1e-4):
        raise Wrong("channel 1 with 2 should be the same as channel 2 with 1")
    mixed = features.reshape(24, 3)[::-1].reshape(6, 4, 3)
    if not np.allclose(matrix, _computed(function, mixed)[0], atol=1e-4):
        raise Wrong("it changes when the places are mixed up, and it should know nothing of places")
    if not np.allclose(matrix, expected, atol=1e-4):
        raise Wrong(
            "an entry should be the product of two channels at the same place, averaged over all "
            "places, and nothing else"
        )
    _need_slope(slope)
    return "What answers together, wherever it is: that is all that style transfer knows of style."


@exercise
def texture(picture, pattern):
    """Judge a picture, floats from 0 to 1, that shall have the texture of `pattern`."""
    picture, pattern = _picture(picture, "the texture"), _picture(pattern, "the pattern")
    if picture.shape == pattern.shape and np.abs(picture - pattern).mean() < 0.03:
        raise Wrong("it is the pattern itself: begin with noise")
    wanted = _textures(pattern)
    noise = np.random.default_rng(0).normal(0.5, 0.15, picture.shape).clip(0, 1)
    of_noise, found = (_style_loss(x, wanted) for x in (noise, picture))
    if found > 0.5 * of_noise:
        raise Wrong("its Gram matrices are hardly nearer to the pattern's than those of noise are")
    if found > 0.15 * of_noise:
        raise Wrong("it is on its way, but not there: give it more steps")
    return "Nobody drew that. It has the pattern's look in every corner, and its plan nowhere."


@exercise
def colour(function):
    """Judge a loss of (picture, photograph): 0 when the colours agree, whatever the brightness."""
    _need_function(function, "colour_loss(picture, photograph)")
    rng = np.random.default_rng(0)
    photograph = rng.uniform(0.3, 0.7, (8, 8, 3)).astype("float32")

    def loss(picture):
        value, slope = _computed(function, picture, photograph)
        if value.size != 1:
            raise Wrong(
                f"a loss is one number, and this has the shape {value.shape}: take the mean"
            )
        return float(value.ravel()[0]), slope

    shade = rng.uniform(-0.2, 0.2, (8, 8, 1)).astype("float32")
    turned = photograph[..., ::-1].copy()
    pale = photograph.mean(-1, keepdims=True) + 0.5 * (
        photograph - photograph.mean(-1, keepdims=True)
    )
    same, (swapped, slope) = loss(photograph)[0], loss(turned)
    if not np.isfinite([same, swapped]).all():
        raise Wrong("it is no number any more for some pictures")
    if abs(same) > 1e-5:
        raise Wrong("for the photograph itself it should be 0")
    if swapped <= 1e-5:
        raise Wrong("red and blue were swapped, and it did not mind")
    if loss(photograph + shade)[0] > 0.05 * swapped:
        raise Wrong(
            "light and shade may change, for strokes are made of them: it should stay near 0 when "
            "red, green and blue all get the same amount more"
        )
    if not 1e-6 < loss(pale)[0] < swapped:
        raise Wrong("paler colours should cost something, and less than wrong ones")
    _need_slope(slope)
    return "Brightness is free for the strokes, and the colours are held: a loss is a wish list."


@exercise
def mix(function):
    """Judge a function of (one, other, share) that blends two rows of numbers."""
    _need_function(function, "mix(one, other, share)")
    one, other = np.random.default_rng(0).normal(size=(2, 100)).astype("float32")

    def at(share):
        found = np.asarray(function(one.copy(), other.copy(), share), float)
        if found.shape != one.shape:
            raise Wrong(f"a style has 100 numbers, and this has the shape {found.shape}")
        return found

    if np.allclose(at(0), other, atol=1e-4) and np.allclose(at(1), one, atol=1e-4):
        raise Wrong("the two have changed places: at share 0 it should be all of the first")
    if not np.allclose(at(0), one, atol=1e-4):
        raise Wrong("at share 0 it should be the first style, unchanged")
    if not np.allclose(at(1), other, atol=1e-4):
        raise Wrong("at share 1 it should be the second style, unchanged")
    for share in (0.25, 0.5):
        if not np.allclose(at(share), one + share * (other - one), atol=1e-4):
            raise Wrong(f"at share {share} it is not that part of the way from one to the other")
    return "Arithmetic on a hundred numbers, and a style between two that nobody painted."


# -- what the checks share -----------------------------------------------------------------------


def _need_function(function, call: str) -> None:
    if not callable(function):
        raise Wrong(f"it is not a function: define it with `def {call}:`")


def _computed(function, first, *others) -> tuple[np.ndarray, object]:
    """Return (the function's value as an array, its slope to the first argument or None)."""
    import tensorflow as tf

    first = tf.constant(first)
    with tf.GradientTape() as tape:
        tape.watch(first)
        value = function(first, *map(tf.constant, others))
        slope = tape.gradient(tf.reduce_sum(value), first) if tf.is_tensor(value) else None
    if value is None:
        raise Wrong("it returns nothing: end it with `return …`")
    return np.asarray(value, float), slope


def _need_slope(slope) -> None:
    if slope is None:
        raise Wrong(
            "the numbers are right, but TensorFlow can't follow them downhill: use its functions "
            "(tf.reshape, tf.matmul, tf.reduce_mean), not NumPy's"
        )


def _picture(picture, what: str) -> np.ndarray:
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[-1] != 3 or min(picture.shape[:2]) < styling.SMALLEST:
        raise Wrong(
            f"{what} should be one picture, (height, width, 3) with at least {styling.SMALLEST} "
            f"pixels on each side, and it has the shape {picture.shape}"
        )
    if picture.dtype.kind != "f" or not np.isfinite(picture).all():
        raise Wrong(f"{what} should be made of finite floats from 0 to 1")
    if picture.min() < -0.01 or picture.max() > 1.01:
        raise Wrong(f"{what} should be made of floats from 0 to 1, and it goes beyond")
    return picture.astype("float32")


@functools.cache
def _eye():
    return styling.eye()


def _textures(pattern: np.ndarray) -> dict:
    seen = _eye()(pattern[None])
    return {layer: styling.gram(seen[layer]) for layer in styling.STYLE_LAYERS}


def _style_loss(picture: np.ndarray, wanted: dict) -> float:
    return float(styling.style_loss(_eye()(picture[None].astype("float32")), wanted))
