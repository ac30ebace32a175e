"""What the exercises of lesson 07, Deep dream, check."""

import numpy as np
import tensorflow as tf

from helpers.dreams import dreaming
from helpers.dreams.objectives import strength
from helpers.exercises import Wrong, close, differentiable, exercise, function, shape
from helpers.vision import photos

LARGEST_CHANGE = 8  # of 0-255: the bound that most papers use
SURE = 0.5  # how probable the wrong class must become
RISE = 1.05  # by which factor each layer of a mixture must answer more strongly


@exercise
def layer_loss(answer):
    """Judge a function that says how strongly a layer answers."""
    function(answer, "my_layer_loss(features)")
    draw = np.random.default_rng(0)
    for size in ((1, 4, 6, 3), (1, 7, 7, 2)):
        features = draw.normal(0, 2, size).astype("float32")
        squares, above = features**2, np.maximum(features, 0)
        otherwise = {
            "numbers below zero must not count": squares.mean(),
            "that is the plain mean: take the squares first": features.mean(),
            "that is the mean of what is above zero: take the squares of it": above.mean(),
            "that is the sum, which grows with the picture: take the mean": (above**2).sum(),
        }
        found = answer(tf.constant(features))
        close(found, (above**2).mean(), "the loss", otherwise, tolerance=1e-3)
    differentiable(answer, features)
    return "One number for a whole layer, and it has a gradient: that is all a dream needs."


@exercise
def normalise(answer):
    """Judge a function that gives gradients a standard deviation of 1."""
    function(answer, "my_normalise(gradient)")
    draw = np.random.default_rng(0)
    for size in (1e-4, 1.0, 300.0):
        gradient = (size * draw.normal(size=(20, 30, 3))).astype("float32")
        found = shape(answer(tf.constant(gradient)), gradient.shape)
        if not np.corrcoef(found.ravel(), gradient.ravel())[0, 1] > 0.99:
            raise Wrong("it should point where it pointed: only its length may change")
        if not 0.95 < found.std() < 1.05:
            raise Wrong(
                f"a gradient with a standard deviation of {gradient.std():.2g} gets one of "
                f"{found.std():.2g}, and 1 is asked for"
            )
    if not np.isfinite(np.asarray(answer(tf.zeros((4, 4, 3))))).all():
        raise Wrong("a gradient of zeros becomes 'not a number': something is divided by zero")
    return "Faint gradients and steep ones now move the picture by the same amount."


@exercise
def mixture(answer, photograph):
    """Judge (dreamer, dream) of several layers: each must answer more strongly than before."""
    dreamer, dream = answer
    if not isinstance(dreamer, dreaming.Dreamer):
        raise Wrong(f"the first should be a Dreamer, and it is a {type(dreamer).__name__}")
    if not isinstance(dream, dreaming.Dream):
        raise Wrong(f"the second should be what dream(…) returns, not a {type(dream).__name__}")
    before, after = (dreamer.features(picture) for picture in (photograph, dream.picture))
    if len(before) < 2:
        raise Wrong("it dreams with one layer only: give it a list of two or more")
    for number, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        rise = float(strength([new]) / strength([old]))
        if rise < RISE:
            raise Wrong(
                f"layer {number} of your list answers {rise:.2f} times as strongly as before, "
                f"and {RISE} times is asked for"
            )
    return "Every layer got its share: textures of one, creatures of another, in one picture."


@exercise
def disguise(answer, judge):
    """Judge a function that makes a network take a picture for what it isn't."""
    function(answer, "my_disguise(picture, target)")
    for name, target in (("cat", "flamingo"), ("coffee", "volcano")):
        picture, number = photos.load(name, judge.size), judge.class_names.index(target)
        found = shape(answer(tf.constant(picture, tf.float32), number), picture.shape)
        most = np.abs(found.astype(float) - picture).max()
        if not most <= LARGEST_CHANGE + 0.5:
            raise Wrong(
                f"a pixel changes by {most:.0f} of 255, and {LARGEST_CHANGE} is the most allowed"
            )
        changed = np.clip(np.round(found), 0, 255).astype(np.uint8)
        before, after = (judge.probabilities(one)[0, number] for one in (picture, changed))
        if after < before:
            raise Wrong(f"for the {name} the {target} becomes less likely: the other way round")
        if after < SURE:
            raise Wrong(
                f"the {name} is a {target} with a probability of {after:.0%} only, and more than "
                f"{SURE:.0%} is asked for"
            )
    return "No eye sees the difference, and the network is sure of what isn't there."
