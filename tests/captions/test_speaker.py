"""The search for a sentence, against brute force, and a network that speaks and looks."""

import itertools

import numpy as np
import pytest

from helpers.captions import world
from helpers.captions.captioning import END, PAD, START, CaptionError
from helpers.captions.speaker import Speaker, beam_search

WORDS = 6  # pad, start, end, unknown and two words to say


def language(seed):
    """A made-up language: (1, k, t) to log-probabilities that depend on the whole beginning."""

    def next_words(words):
        logits = [np.random.default_rng([seed, *row]).normal(size=WORDS) for row in words[0]]
        return np.log(np.exp(logits) / np.exp(logits).sum(1, keepdims=True))[None]

    return next_words


def score(next_words, row, alpha):
    steps = [next_words(np.array([[row[:t]]]))[0, 0, row[t]] for t in range(1, len(row))]
    return sum(steps) / len(steps) ** alpha


def test_a_wide_beam_finds_the_best_sentence_there_is():
    ended = [(*m, END) for size in range(4) for m in itertools.product((4, 5), repeat=size)]
    every = [[START, *row] for row in [*ended, *itertools.product((4, 5), repeat=4)]]
    for seed, alpha in itertools.product(range(5), (0.0, 0.7)):
        best = max(every, key=lambda row: score(language(seed), row, alpha))
        found = beam_search(language(seed), 1, length=5, width=64, alpha=alpha)[0].tolist()
        assert found == best + [PAD] * (5 - len(best)), (seed, alpha)


def test_it_speaks_the_same_in_a_batch_and_alone(captioner, vocabulary):
    speaker, (pictures, _, _) = Speaker(captioner, vocabulary), world.load("dev", 5)
    for width in (1, 3):
        together = speaker.describe(pictures, width)
        assert together == [speaker.describe(p[None], width)[0] for p in pictures]


def test_it_shows_where_it_looked_and_says_what_it_can_t_do(lesson, captioner, vocabulary):
    speaker, (pictures, _, _) = Speaker(captioner, vocabulary), world.load("dev", 5)
    maps = speaker.attention(pictures[0], "a red cat")
    assert maps.shape == (3, 8, 8) and (maps >= 0).all()
    np.testing.assert_allclose(maps.sum((1, 2)), 1, rtol=1e-5)
    network = lesson.build_captioner(vocabulary, lesson.build_encoder(), speak=lesson.read)
    plain = Speaker(network, vocabulary)
    assert len(plain.describe(pictures)) == 5
    with pytest.raises(CaptionError, match="has no attention"):
        plain.attention(pictures[0], "a red cat")
    for shape, message in (
        ((64, 64, 3), "There is no picture"),
        ((1, 480, 640, 3), "480 × 640 × 3: a photograph needs a captioner"),
    ):
        with pytest.raises(CaptionError, match=message):
            speaker.describe(np.zeros(shape, np.uint8))
