"""What the exercises of lesson 07, Deep dream, check."""

import numpy as np

from helpers.dreams import dreaming
from helpers.exercises import Wrong, exercise
from helpers.vision import photos

LARGEST_NUDGE = 4  # of 0-255
RISE = 1.1  # by which factor each layer of a mixture must answer more strongly


@exercise
def layer_loss(function):
    """Judge a function that says how strongly a layer answers."""
    import tensorflow as tf

    _expect_function(function, "layer_loss(features)")
    draw = np.random.default_rng(0)
    for shape in ((1, 4, 6, 3), (1, 7, 7, 2)):
        values = draw.normal(0, 2, shape).astype("float32")
        found = np.asarray(function(tf.constant(values)))
        if found.size != 1:
            raise Wrong(f"it should return one number, and returns {found.size}")
        found, above = float(found), np.maximum(values, 0)
        if np.isclose(found, (above**2).mean(), rtol=1e-3):
            continue
        raise Wrong(_what_it_is_instead(found, values, above))
    with tf.GradientTape() as tape:
        features = tf.constant(values)
        tape.watch(features)
        loss = function(features)
    if not tf.is_tensor(loss) or tape.gradient(loss, features) is None:
        raise Wrong("the number is right, but TensorFlow can't follow it back: use tf's functions")
    return "One number for a whole layer, and it has a slope: that is all a dream needs."


def _what_it_is_instead(found, values, above) -> str:
    others = {
        "that is the mean of all squares: those of numbers below zero must not count": values**2,
        "that is the plain mean: take the squares first": values,
        "that is the mean of what is above zero: take the squares of it": above,
    }
    for message, numbers in others.items():
        if np.isclose(found, numbers.mean(), rtol=1e-3):
            return message
    if np.isclose(found, (above**2).sum(), rtol=1e-3):
        return "that is the sum, which grows with the picture: take the mean"
    return f"for some features it gives {found:.3g}, and {(above**2).mean():.3g} is asked for"


@exercise
def normalise(function):
    """Judge a function that gives gradients a spread of 1."""
    import tensorflow as tf

    _expect_function(function, "normalise(gradient)")
    draw = np.random.default_rng(0)
    for size in (1e-4, 1.0, 300.0):
        gradient = (size * draw.normal(size=(20, 30, 3))).astype("float32")
        found = np.asarray(function(tf.constant(gradient)), float)
        if found.shape != gradient.shape:
            raise Wrong(f"the shape should stay {gradient.shape}, and it becomes {found.shape}")
        likeness = np.corrcoef(found.ravel(), gradient.ravel())[0, 1]
        if not likeness > 0.99:
            raise Wrong("it should point where it pointed: only its length may change")
        if not 0.95 < found.std() < 1.05:
            raise Wrong(
                f"a gradient with a standard deviation of {gradient.std():.2g} gets one of "
                f"{found.std():.2g}, and 1 is asked for"
            )
    if not np.all(np.isfinite(np.asarray(function(tf.zeros((4, 4, 3)))))):
        raise Wrong("a gradient of zeros becomes 'not a number': something is divided by zero")
    return "Faint slopes and steep ones now move the picture by the same amount."


@exercise
def mix(dreamer, photograph, dream):
    """Judge a dream of several layers: each of them must answer more strongly than before."""
    if not isinstance(dreamer, dreaming.Dreamer):
        raise Wrong(f"the first should be a Dreamer, and it is a {type(dreamer).__name__}")
    if not isinstance(dream, dreaming.Dream):
        raise Wrong(
            f"the last should be what dreamer.dream(…) returns, and it is a {type(dream).__name__}"
        )
    before, after = (dreamer.features(picture) for picture in (photograph, dream.picture))
    if len(before) < 2:
        raise Wrong("it dreams with one layer only: give it a list of two or more")
    for number, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        rise = float(dreaming.strength([new]) / dreaming.strength([old]))
        if rise < RISE:
            raise Wrong(
                f"layer {number} of your list answers {rise:.2f} times as strongly as before, "
                f"and {RISE} times is asked for"
            )
    return "Every layer got its share: textures of one, creatures of another, in one picture."


@exercise
def attack(function, judge):
    """Judge a function that makes a class unlikely by changing each pixel a little."""
    import tensorflow as tf

    _expect_function(function, "attack(picture, number)")
    for name in ("cat", "flower"):
        picture = photos.load(name, judge.size)
        number = int(judge.probabilities([picture])[0].argmax())
        found = np.asarray(function(tf.constant(picture, tf.float32), number), float)
        if found.shape != picture.shape:
            raise Wrong(f"the shape should stay {picture.shape}, and it becomes {found.shape}")
        most = np.abs(found - picture).max()
        if most > LARGEST_NUDGE + 0.5:
            raise Wrong(
                f"a pixel changes by {most:.0f} of 255, and {LARGEST_NUDGE} is the most allowed"
            )
        changed = np.clip(np.round(found), 0, 255).astype(np.uint8)
        before, after = (judge.probabilities(one)[0, number] for one in (picture, changed))
        if after > before:
            raise Wrong(f"for the {name} its class becomes more likely: the other way round")
        if after > before / 3:
            raise Wrong(
                f"for the {name} its class falls from {before:.0%} to {after:.0%} only, and less "
                "than a third is asked for"
            )
    return "No eye sees the difference, and the network has changed its mind."


def _expect_function(function, wanted: str) -> None:
    if not callable(function):
        raise Wrong(f"it is not a function: define it with `def {wanted}:`")
