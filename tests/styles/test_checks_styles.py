"""The checks of lesson 08: right answers of several kinds pass, wrong ones get their reason."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.styles import checks, patterns, styling


def flat(features):
    return tf.reshape(features, (-1, features.shape[-1]))


def places(features):
    return features.shape[0] * features.shape[1]


def by_matmul(features):
    return tf.matmul(flat(features), flat(features), transpose_a=True) / places(features)


def by_einsum(features):
    return tf.einsum("hwi,hwj->ij", features, features) / places(features)


def by_mean(features):
    return tf.reduce_mean(features[..., :, None] * features[..., None, :], axis=(0, 1))


RIGHT = [
    (checks.gram, by_matmul),
    (checks.gram, by_einsum),
    (checks.gram, by_mean),
    (checks.mix, lambda one, other, share: (1 - share) * one + share * other),
    (checks.mix, lambda one, other, share: one + share * (other - one)),
    (checks.mix, lambda one, other, share: np.array([1 - share, share]) @ np.stack([one, other])),
]


def grey(x):
    return tf.reduce_mean(x, -1, keepdims=True)


def by_mean_grey(picture, photograph):
    return tf.reduce_mean(((picture - grey(picture)) - (photograph - grey(photograph))) ** 2)


def by_yuv(picture, photograph):
    one, other = (tf.image.rgb_to_yuv(x)[..., 1:] for x in (picture, photograph))
    return tf.reduce_sum(tf.abs(one - other))


def by_differences(picture, photograph):
    change = picture - photograph
    return tf.reduce_mean(tf.math.reduce_variance(change, -1))


RIGHT += [(checks.colour, f) for f in (by_mean_grey, by_yuv, by_differences)]


@pytest.mark.parametrize(("exercise", "answer"), RIGHT)
def test_right_answers(exercise, answer):
    verdict = exercise.verdict(answer)
    assert verdict.state == "right", verdict.message


WRONG = [
    (checks.gram, np.eye(3), "not a function"),
    (checks.gram, lambda f: tf.matmul(flat(f), flat(f), transpose_a=True), "twice as much"),
    (checks.gram, lambda f: tf.matmul(flat(f), flat(f), transpose_b=True), "shape"),
    (checks.gram, lambda f: tf.reduce_mean(f, (0, 1)), "shape"),
    (checks.gram, lambda f: by_matmul(f - tf.reduce_mean(f, (0, 1))), "nothing else"),
    (checks.gram, lambda f: by_matmul(f)[:, ::-1], "same as"),
    (checks.gram, lambda f: by_matmul(f[:2]), "places"),
    (checks.gram, lambda f: None, "returns nothing"),
    (checks.gram, lambda f: by_matmul(f).numpy(), "downhill"),
    (checks.gram, lambda f: 1 / 0, "ZeroDivisionError"),
    (checks.mix, 0.5, "not a function"),
    (checks.mix, lambda one, other, share: share * one + (1 - share) * other, "changed places"),
    (checks.mix, lambda one, other, share: one + other, "first style"),
    (checks.mix, lambda one, other, share: one, "second style"),
    (checks.mix, lambda one, other, share: one if share < 0.5 else other, "part of the way"),
    (checks.mix, lambda one, other, share: np.stack([one, other]), "shape"),
    (checks.colour, 1, "not a function"),
    (checks.colour, lambda x, y: tf.reduce_mean((x - y) ** 2), "light and shade"),
    (checks.colour, lambda x, y: tf.reduce_mean((grey(x) - grey(y)) ** 2), "did not mind"),
    (checks.colour, lambda x, y: (x - grey(x) - y + grey(y)) ** 2, "one number"),
    (checks.colour, lambda x, y: tf.reduce_mean((x - grey(x)) ** 2), "should be 0"),
    (checks.colour, lambda x, y: by_mean_grey(x, y).numpy(), "downhill"),
    (checks.colour, lambda x, y: by_mean_grey(x, y) * np.nan, "no number"),
]


@pytest.mark.parametrize(("exercise", "answer", "reason"), WRONG)
def test_wrong_answers_get_their_reason(exercise, answer, reason):
    verdict = exercise.verdict(answer)
    assert verdict.state == "not yet" and reason in verdict.message


def test_what_is_not_attempted_is_said_so():
    def gap(features):
        return ...

    assert checks.gram.verdict(gap).state == "not attempted"
    assert checks.texture.verdict(..., np.zeros((40, 40, 3))).state == "not attempted"


@pytest.fixture(scope="module")
def woven():
    """Give a pattern and two textures of it, from other noise in other ways."""
    pattern = styling.as_floats(patterns.waves(64))
    loss = styling.painting_loss(styling.eye(), pattern)
    rng = np.random.default_rng(0)
    textures = [
        styling.descend(loss, rng.random((64, 64, 3)), 25)[0],
        styling.descend(loss, rng.normal(0.5, 0.1, (64, 48, 3)).clip(0, 1), 60, "adam")[0],
    ]
    return pattern, textures


def test_textures_from_any_noise_by_any_way_are_right(woven):
    pattern, textures = woven
    for texture in textures:
        verdict = checks.texture.verdict(texture, pattern)
        assert verdict.state == "right", verdict.message


def test_what_is_no_texture_of_it(woven):
    pattern, textures = woven
    rng = np.random.default_rng(1)
    early = 0.72 * textures[0] + 0.28 * rng.random((64, 64, 3))
    for answer, reason in [
        (pattern, "itself"),
        (rng.random((64, 64, 3)), "hardly nearer"),
        (np.full((64, 64, 3), 0.5), "nearer"),
        (early, "more steps"),
        (textures[0] * 255, "beyond"),
        (styling.as_bytes(textures[0]), "floats"),
        (textures[0][..., 0], "shape"),
        (textures[0][:10], "shape"),
        (textures[0] * np.nan, "finite"),
    ]:
        verdict = checks.texture.verdict(answer, pattern)
        assert verdict.state == "not yet" and reason in verdict.message, (reason, verdict.message)
