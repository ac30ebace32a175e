"""Lesson 05's checks: wrong answers are told from right ones, however they are written."""

from collections import Counter

import keras
import numpy as np
import pytest

from helpers.captions import captioning, checks
from helpers.captions.captioning import END, PAD, START
from helpers.captions.world import Scene, Thing


def loss_right(words, logits):
    return captioning.masked_loss(words, logits)


def loss_by_numpy(words, logits):
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    real = words != PAD
    return -np.take_along_axis(logs, words[..., None], 2)[..., 0][real].mean()


def loss_of_everything(words, logits):
    each = keras.ops.sparse_categorical_crossentropy(words, logits, from_logits=True)
    return keras.ops.mean(each)


def loss_divided_by_all(words, logits):
    each = keras.ops.sparse_categorical_crossentropy(words, logits, from_logits=True)
    return keras.ops.mean(each * keras.ops.cast(words != PAD, "float32"))


def beam_of_lists(next_words, length, width):
    kept = [(0.0, [START])]
    while any(row[-1] != END and len(row) < length for _, row in kept):
        longer = []
        for score, row in kept:
            if row[-1] == END or len(row) == length:
                longer.append((score, row))
            else:
                steps = next_words(np.array([row]))[0]
                longer += [(score + steps[word], [*row, word]) for word in range(len(steps))]
        kept = sorted(longer, key=lambda pair: -pair[0])[:width]
    return max(kept, key=lambda pair: pair[0])[1]


def beam_of_arrays(next_words, length, width):
    return captioning.beam_search(lambda w: next_words(w[0])[None], 1, length, width, alpha=0)[0]


def greedy(next_words, length, width):
    return beam_of_lists(next_words, length, 1)


def best_of_each(next_words, length, width):
    """Wrong: it never lets a beginning have two successors."""
    first = next_words(np.array([[START]]))[0]
    kept = [(first[word], [START, int(word)]) for word in np.argsort(-first)[:width]]
    for _ in range(length - 2):
        for number, (score, row) in enumerate(kept):
            if row[-1] != END:
                steps = next_words(np.array([row]))[0]
                kept[number] = (score + steps.max(), [*row, int(steps.argmax())])
    return max(kept)[1]


def never_ends(next_words, length, width):
    return [START, END, END]


def precision_by_counters(sentence, references, n):
    def grams(text):
        words = text.split()
        return Counter(zip(*(words[i:] for i in range(n)), strict=False))

    found = grams(sentence)
    most = {gram: max(grams(r)[gram] for r in references) for gram in found}
    return sum(min(count, most[gram]) for gram, count in found.items()) / sum(found.values())


def precision_by_loops(sentence, references, n):
    def grams(text):
        words = text.split()
        return [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]

    mine, right = grams(sentence), 0
    for gram in set(mine):
        right += min(mine.count(gram), max(grams(text).count(gram) for text in references))
    return np.float64(right / len(mine))


def precision_unclipped(sentence, references, n):
    mine = list(zip(*(sentence.split()[i:] for i in range(n)), strict=False))
    known = {g for r in references for g in zip(*(r.split()[i:] for i in range(n)), strict=False)}
    return sum(gram in known for gram in mine) / len(mine)


def precision_of_words_only(sentence, references, n):
    return precision_by_loops(sentence, references, 1)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (checks.masked_loss, loss_right),
        (checks.masked_loss, loss_by_numpy),
        (checks.beam_search, beam_of_lists),
        (checks.beam_search, beam_of_arrays),
        (checks.precision, precision_by_counters),
        (checks.precision, precision_by_loops),
    ],
)
def test_right_answers(exercise, answer):
    assert exercise.verdict(answer).state == "right"


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        (checks.masked_loss, loss_of_everything, "only padding still changes the loss"),
        (checks.masked_loss, loss_divided_by_all, "the mean over the five real ones"),
        (checks.masked_loss, lambda words, logits: "none", "should return one number"),
        (checks.masked_loss, 3, "it is no function"),
        (checks.beam_search, greedy, "can find a likelier sentence"),
        (checks.beam_search, best_of_each, "can find a likelier sentence"),
        (checks.beam_search, never_ends, "went on after END"),
        (checks.beam_search, lambda *a: "a cat", "a row of numbers"),
        (checks.beam_search, lambda *a: [4, END], "begins with START"),
        (checks.precision, precision_unclipped, "gets full marks"),
        (checks.precision, precision_of_words_only, "is not it"),
        (checks.precision, lambda *a: None, "should return one number"),
    ],
)
def test_wrong_answers(exercise, answer, words):
    verdict = exercise.verdict(answer)
    assert verdict.state == "not yet" and words in verdict.message


class Parrot:
    """A captioner that always says the same."""

    def describe(self, pictures):
        return ["a red cat"] * len(pictures)


@pytest.fixture
def parrot(monkeypatch):
    monkeypatch.setattr(captioning, "shipped", Parrot)


CAT = Thing("cat", "red", "small", 20, 20)


@pytest.mark.parametrize(
    "scene",
    [
        Scene("snow", (CAT, Thing("dog", "red", "small", 50, 20))),
        Scene("night", (Thing("cat", "blue", "small", 20, 20),)),
    ],
)
def test_scenes_that_fool_it(parrot, scene):
    verdict = checks.fooled.verdict(scene)
    assert verdict.state == "right" and "a red cat" in verdict.message


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        (Scene("snow", (CAT,)), "and that is true"),
        ("a cat", "it is no scene"),
        (Scene("moon", (CAT,)), "one of these places: meadow"),
        (Scene("snow", ()), "at least one thing"),
        (Scene("snow", (Thing("cow", "red", "small", 20, 20),)), "no red cow in the toy world"),
        (Scene("snow", (Thing("cat", "red", "huge", 20, 20),)), "neither small nor large"),
        (Scene("snow", (Thing("cat", "red", "small", 90, 20),)), "not in the picture"),
    ],
)
def test_scenes_that_don_t(parrot, scene, words):
    verdict = checks.fooled.verdict(scene)
    assert verdict.state == "not yet" and words in verdict.message


def test_nothing_attempted():
    for exercise in (checks.masked_loss, checks.beam_search, checks.precision, checks.fooled):
        assert exercise.verdict(...).state == "not attempted"
