"""Answers to the exercises of lesson 05: see test_checks.py."""

import keras
import numpy as np

from helpers.captions import speaker
from helpers.captions.captioning import END, PAD, START
from helpers.captions.world import Scene, Thing

CAT = Thing("cat", "red", "small", 20, 20)


def loss_by_numpy(words, logits):
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    real = words != PAD
    return -np.take_along_axis(logs, words[..., None], 2)[..., 0][real].mean()


def masked_loss():
    return [
        (loss_by_numpy, "right"),
        (keras.losses.SparseCategoricalCrossentropy(True), "only padding still changes"),
        (lambda words, logits: loss_by_numpy(words, logits) / 2, "the mean over the real ones"),
        (lambda words, logits: "none", "should be one number"),
    ]


def beam(next_words, length, width):
    return speaker.beam_search(lambda w: next_words(w[0])[None], 1, length, width, alpha=0)[0]


def beam_search():
    return [
        (lambda *given: list(beam(*given)), "right"),
        (lambda ask, length, width: beam(ask, length, 1), "a likelier sentence"),
        (lambda ask, length, width: beam(ask, length, width + 1), "a beam of one"),
        (lambda *given: [START, END, END], "went on after END"),
        (lambda *given: "a cat", "a row of numbers"),
        (lambda *given: [4, END], "begins with START"),
    ]


def grams(text, n):
    return list(zip(*(text.split()[i:] for i in range(n)), strict=False))


def share(sentence, references, n, clipped=True):
    mine, right = grams(sentence, n), 0
    for gram in set(mine):
        most = max(grams(text, n).count(gram) for text in references)
        right += min(mine.count(gram), most) if clipped or not most else mine.count(gram)
    return np.float64(right / len(mine))


def precision():
    return [
        (share, "right"),
        (lambda *given: share(*given, clipped=False), "only as often as a reference has it"),
        (lambda sentence, references, n: share(sentence, references, 1), "is not right"),
        (lambda *given: None, "should be one number"),
    ]


class Parrot:
    """A captioner that always says the same."""

    def describe(self, pictures):
        return ["a red cat"] * len(pictures)


def scene(place="snow", **changes):
    return Scene(place, (Thing(**(vars(CAT) | changes)),))


def fooled():
    rows = [
        (Scene("snow", (CAT, Thing("dog", "red", "small", 50, 20))), "right"),
        (scene(colour="blue"), "right"),
        (scene(), "and that is true"),
        (scene("moon"), "none of meadow, beach"),
        (Scene("snow", ()), "with a thing in it"),
        (scene(noun="cow"), "no red cow"),
        (scene(size="huge"), "neither small nor"),
    ]
    return rows, Parrot()
