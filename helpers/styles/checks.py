"""What the exercises of lesson 08, style transfer three ways, check."""

import functools

import numpy as np
import tensorflow as tf

from helpers.exercises import Wrong, differentiable, exercise, function, number, shape
from helpers.styles import styling


@exercise
def gram(answer):
    """Judge a function from feature maps (height, width, channels) to their Gram matrix."""
    function(answer, "my_gram(features)")
    features = np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")
    wanted = styling.gram(features[None])[0].numpy()
    matrix = shape(answer(tf.constant(features)), (3, 3), "for 3 channels the table")
    if np.allclose(matrix, wanted * 24, rtol=1e-3):
        raise Wrong("the sums are right, but a picture twice as large would give twice as much")
    if not np.allclose(matrix, matrix.T, atol=1e-4):
        raise Wrong("channel 1 with 2 should be the same as channel 2 with 1")
    mixed = features.reshape(24, 3)[::-1].reshape(6, 4, 3)
    if not np.allclose(matrix, answer(tf.constant(mixed)), atol=1e-4):
        raise Wrong("it changes when the places are mixed up, and it should know nothing of places")
    if not np.allclose(matrix, wanted, atol=1e-4):
        raise Wrong(
            "an entry should be the product of two channels at the same place, averaged over all "
            "places, and nothing else"
        )
    differentiable(answer, features)
    return "What answers together, wherever it is: that is all that style transfer knows of style."


@exercise
def texture(answer, pattern):
    """Judge a picture, floats from 0 to 1, that shall have the texture of `pattern`."""
    picture, pattern = _picture(answer, "the texture"), _picture(pattern, "the pattern")
    if picture.shape == pattern.shape and np.abs(picture - pattern).mean() < 0.03:
        raise Wrong("it is the pattern itself: begin with noise")
    loss = styling.painting_loss(_eye(), pattern, variation_weight=0)
    noise = np.random.default_rng(0).normal(0.5, 0.15, picture.shape).clip(0, 1)
    of_noise, found = (float(loss(x.astype("float32"))) for x in (noise, picture))
    if found > 0.5 * of_noise:
        raise Wrong("its Gram matrices are hardly nearer to the pattern's than those of noise are")
    if found > 0.15 * of_noise:
        raise Wrong("it is on its way, but not there: give it more steps")
    return "Nobody drew that. It has the pattern's look in every corner, and its plan nowhere."


@exercise
def colour(answer):
    """Judge a loss of (picture, photograph): 0 when the colours agree, whatever the brightness."""
    function(answer, "my_colour(picture, photograph)")
    rng = np.random.default_rng(0)
    photograph = rng.uniform(0.3, 0.7, (8, 8, 3)).astype("float32")

    def loss(picture):
        return number(answer(tf.constant(picture), tf.constant(photograph)), "the loss")

    shade = rng.uniform(-0.2, 0.2, (8, 8, 1)).astype("float32")
    pale = (photograph + photograph.mean(-1, keepdims=True)) / 2
    swapped = loss(photograph[..., ::-1])
    if abs(loss(photograph)) > 1e-5:
        raise Wrong("for the photograph itself it should be 0")
    if swapped <= 1e-5:
        raise Wrong("red and blue were swapped, and it did not mind")
    if loss(photograph + shade) > 0.05 * swapped:
        raise Wrong(
            "light and shade may change, for strokes are made of them: it should stay near 0 when "
            "red, green and blue all get the same amount more"
        )
    if not 1e-6 < loss(pale) < swapped:
        raise Wrong("paler colours should cost something, and less than wrong ones")
    differentiable(lambda picture: answer(picture, tf.constant(photograph)), photograph[..., ::-1])
    return "Brightness is free for the strokes, and the colours are held: a loss is a wish list."


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
