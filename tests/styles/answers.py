"""Answers to the exercises of lesson 08: see test_checks.py."""

import numpy as np
import tensorflow as tf

from helpers import images
from helpers.styles import patterns, styling


def flat(features):
    return tf.reshape(features, (-1, features.shape[-1]))


def by_matmul(features):
    rows = flat(features)
    return tf.matmul(rows, rows, transpose_a=True) / rows.shape[0]


def gram():
    return [
        (lambda f: tf.reduce_mean(f[..., :, None] * f[..., None, :], (0, 1)), "right"),
        (lambda f: tf.matmul(flat(f), flat(f), transpose_a=True), "twice as much"),
        (lambda f: tf.matmul(flat(f), flat(f), transpose_b=True), "shape"),
        (lambda f: by_matmul(f - tf.reduce_mean(f, (0, 1))), "nothing else"),
        (lambda f: by_matmul(f)[:, ::-1], "same as"),
        (lambda f: by_matmul(f[:2]), "places"),
        (lambda f: by_matmul(f).numpy(), "can't follow it"),
    ]


def grey(x):
    return tf.reduce_mean(x, -1, keepdims=True)


def by_mean_grey(picture, photograph):
    return tf.reduce_mean(((picture - grey(picture)) - (photograph - grey(photograph))) ** 2)


def by_yuv(picture, photograph):
    one, other = (tf.image.rgb_to_yuv(x)[..., 1:] for x in (picture, photograph))
    return tf.reduce_sum(tf.abs(one - other))


def colour():
    return [
        (by_yuv, "right"),
        (lambda x, y: by_mean_grey(x, tf.stop_gradient(y)), "right"),
        (lambda x, y: tf.reduce_mean((x - y) ** 2), "light and shade"),
        (lambda x, y: tf.reduce_mean((grey(x) - grey(y)) ** 2), "did not mind"),
        (lambda x, y: (x - grey(x) - y + grey(y)) ** 2, "one number"),
        (lambda x, y: tf.reduce_mean((x - grey(x)) ** 2), "should be 0"),
        (lambda x, y: tf.cast(by_mean_grey(x, y) > 0.01, "float32"), "paler"),
        (lambda x, y: by_mean_grey(x, y).numpy(), "can't follow it"),
        (lambda x, y: by_mean_grey(x, y) * np.nan, "no number"),
    ]


def texture():
    pattern, rng = images.as_floats(patterns.waves(48)), np.random.default_rng(0)
    loss = styling.painting_loss(styling.eye(), pattern)
    narrow = rng.normal(0.5, 0.1, (48, 40, 3)).clip(0, 1)
    woven = styling.descend(loss, narrow, 25)[0]
    rows = [
        (woven, "right"),
        (pattern, "itself"),
        (rng.random((48, 48, 3)), "hardly nearer"),
        (np.full((48, 48, 3), 0.5), "nearer"),
        (0.72 * woven + 0.28 * rng.random(woven.shape), "more steps"),
        (woven * 255, "beyond"),
        (images.as_bytes(woven), "floats"),
        (woven[..., 0], "shape"),
        (woven[:10], "shape"),
        (woven * np.nan, "finite"),
    ]
    return rows, pattern
