"""The checks of lesson 08: right answers of several kinds pass, wrong ones get their reason."""

import numpy as np
import tensorflow as tf
from verdicts import misjudged

from helpers import images
from helpers.styles import checks, patterns, styling


def flat(features):
    return tf.reshape(features, (-1, features.shape[-1]))


def by_matmul(features):
    rows = flat(features)
    return tf.matmul(rows, rows, transpose_a=True) / rows.shape[0]


def grey(x):
    return tf.reduce_mean(x, -1, keepdims=True)


def by_mean_grey(picture, photograph):
    return tf.reduce_mean(((picture - grey(picture)) - (photograph - grey(photograph))) ** 2)


def by_yuv(picture, photograph):
    one, other = (tf.image.rgb_to_yuv(x)[..., 1:] for x in (picture, photograph))
    return tf.reduce_sum(tf.abs(one - other))


VERDICTS = [
    (checks.gram, ..., "not attempted"),
    (checks.gram, by_matmul, "right"),
    (checks.gram, lambda f: tf.einsum("hwi,hwj->ij", f, f) / (f.shape[0] * f.shape[1]), "right"),
    (checks.gram, lambda f: tf.reduce_mean(f[..., :, None] * f[..., None, :], (0, 1)), "right"),
    (checks.gram, np.eye(3), "not a function"),
    (checks.gram, lambda f: tf.matmul(flat(f), flat(f), transpose_a=True), "twice as much"),
    (checks.gram, lambda f: tf.matmul(flat(f), flat(f), transpose_b=True), "shape"),
    (checks.gram, lambda f: by_matmul(f - tf.reduce_mean(f, (0, 1))), "nothing else"),
    (checks.gram, lambda f: by_matmul(f)[:, ::-1], "same as"),
    (checks.gram, lambda f: by_matmul(f[:2]), "places"),
    (checks.gram, lambda f: None, "nothing (None)"),
    (checks.gram, lambda f: by_matmul(f).numpy(), "can't follow it"),
    (checks.gram, lambda f: 1 / 0, "ZeroDivisionError"),
    (checks.colour, ..., "not attempted"),
    (checks.colour, by_mean_grey, "right"),
    (checks.colour, by_yuv, "right"),
    (checks.colour, lambda x, y: tf.reduce_mean(tf.math.reduce_variance(x - y, -1)), "right"),
    (checks.colour, lambda x, y: by_mean_grey(x, tf.stop_gradient(y)), "right"),
    (checks.colour, 1, "not a function"),
    (checks.colour, lambda x, y: tf.reduce_mean((x - y) ** 2), "light and shade"),
    (checks.colour, lambda x, y: tf.reduce_mean((grey(x) - grey(y)) ** 2), "did not mind"),
    (checks.colour, lambda x, y: (x - grey(x) - y + grey(y)) ** 2, "one number"),
    (checks.colour, lambda x, y: tf.reduce_mean((x - grey(x)) ** 2), "should be 0"),
    (checks.colour, lambda x, y: tf.cast(by_mean_grey(x, y) > 0.01, "float32"), "paler"),
    (checks.colour, lambda x, y: by_mean_grey(x, y).numpy(), "can't follow it"),
    (checks.colour, lambda x, y: by_mean_grey(x, y) * np.nan, "no number"),
]


def test_right_answers_wrong_ones_with_their_reason_and_gaps():
    assert [fault for check, *row in VERDICTS for fault in misjudged(check, [row])] == []


def test_textures_from_any_noise_are_right_and_what_is_none_is_told(vgg):
    pattern, rng = images.as_floats(patterns.waves(48)), np.random.default_rng(0)
    loss = styling.painting_loss(vgg, pattern)
    narrow = rng.normal(0.5, 0.1, (48, 40, 3)).clip(0, 1)
    one, woven = (
        styling.descend(loss, noise, 25)[0] for noise in (rng.random((48, 48, 3)), narrow)
    )
    table = [
        (..., "not attempted"),
        (one, "right"),
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
    assert misjudged(checks.texture, table, pattern) == []
