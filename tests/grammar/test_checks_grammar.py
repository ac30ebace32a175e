"""The exercises of lesson 06: answers, and words of what their checks say of them."""

import numpy as np
import verdicts

from helpers.grammar import checks
from helpers.grammar.conllu import Sentence
from helpers.grammar.parsing import MOVES, true_moves

SENTENCE = Sentence(
    ["The", "dog", "chased", "a", "cat", "."],
    heads=np.array([2, 3, 0, 5, 3, 3]),
    relations=["det", "nsubj", "root", "det", "obj", "punct"],
)
RIGHT = [MOVES[move] for move in true_moves(SENTENCE.heads)]
S, L, R = MOVES

SAW = "I saw the man with the telescope."
SPIED = "We watched the thief with binoculars."


def total(gold, parsed):
    right = sum((g == p).sum() for g, p in zip(gold, parsed, strict=True))
    return 100 * right / sum(map(len, gold))


def each(gold, parsed):
    return np.mean([total([g], [p]) for g, p in zip(gold, parsed, strict=True)])


ANSWERS = {
    checks.oracle: [
        (RIGHT, "right"),
        (tuple(RIGHT), "right"),
        ([S, L, S, L, S, S, L, S, R, S, R, R], "right"),  # the cat may wait for the full stop
        (RIGHT[:-2], "not complete"),
        ([], "not complete"),
        ([*RIGHT, S], "nothing left"),
        ([L], "not possible"),
        ([S, S], "impossible"),
        (["jump"], "'jump'"),
        (S, "not a list"),
        ([0, 1], "not a list"),
    ],
    checks.uas: [
        (total, "right"),
        (lambda g, p: 100 * np.mean(np.concatenate(g) == np.concatenate(p)), "right"),
        (each, "short sentence"),
        (lambda gold, parsed: total(gold, parsed) / 100, "percentage"),
        (lambda gold, parsed: 100.0, "two heads"),
        (lambda gold, parsed: [100.0, 100.0], "one number"),
        (lambda gold, parsed: None, "one number"),
        (lambda gold, parsed: 1 / 0, "ZeroDivisionError"),
        (lambda gold: 100.0, "2 arguments"),
        (3, "not a function"),
    ],
    checks.readings: [
        ((SAW, "telescope", ("saw", "man")), "right"),
        ([SPIED, "binoculars", ["thief", "watched"]], "right"),
        (("", "a", ("b", "c")), "0 sentences"),
        (("I go. You go.", "go", ("I", "You")), "2 sentences"),
        ((SAW, "hat", ("saw", "man")), "'hat'"),
        ((SAW, "telescope", ("saw", "saw")), "two different"),
        ((SAW, "telescope", ("with", "man")), "circle"),
        ((SAW, "telescope", ("saw", "I")), "cross"),
        ((SPIED, "thief", ("with", "binoculars")), "neither"),
        ((SAW, "the", ("saw", "man")), "only once"),
        ((SAW, "man", ("saw", "telescope")), "no sense"),
        (SAW, "three things"),
        ((SAW, "telescope", ("saw",)), "three things"),
        ((3, "telescope", ("saw", "man")), "three things"),
    ],
}
CONTEXT = {checks.oracle: [SENTENCE]}


def test_answers_are_told_apart():
    faults = {}
    for exercise, answers in ANSWERS.items():
        table, context = [(..., "not attempted"), *answers], CONTEXT.get(exercise, ())
        faults[exercise.name] = verdicts.misjudged(exercise, table, *context)
    assert not any(faults.values()), faults
