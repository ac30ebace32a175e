"""Answers to the exercises of lesson 06: see test_checks.py."""

import numpy as np

from helpers.grammar.conllu import Sentence
from helpers.grammar.parsing import MOVES, true_moves

S, L, R = MOVES
SAW = "I saw the man with the telescope."
SPIED = "We watched the thief with binoculars."


def oracle():
    words = ["The", "dog", "chased", "a", "cat", "."]
    sentence = Sentence(words, heads=np.array([2, 3, 0, 5, 3, 3]))
    right = [MOVES[move] for move in true_moves(sentence.heads)]
    rows = [
        (tuple(right), "right"),
        ([S, L, S, L, S, S, L, S, R, S, R, R], "right"),  # the cat may wait for the full stop
        (right[:-2], "not complete"),
        ([], "not complete"),
        ([*right, S], "nothing left"),
        ([L], "not possible"),
        ([S, S], "impossible"),
        (["jump"], "'jump'"),
        ([0, 1], "not a list"),
    ]
    return rows, sentence


def total(gold, parsed):
    right = sum((g == p).sum() for g, p in zip(gold, parsed, strict=True))
    return 100 * right / sum(map(len, gold))


def each(gold, parsed):
    return np.mean([total([g], [p]) for g, p in zip(gold, parsed, strict=True)])


def uas():
    return [
        (lambda g, p: 100 * np.mean(np.concatenate(g) == np.concatenate(p)), "right"),
        (each, "short sentence"),
        (lambda gold, parsed: total(gold, parsed) / 100, "percentage"),
        (lambda gold, parsed: 100.0, "two heads"),
        (lambda gold, parsed: [100.0, 100.0], "one number"),
    ]


def readings():
    return [
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
        ((SAW, "telescope", ("saw",)), "three things"),
        ((3, "telescope", ("saw", "man")), "three things"),
    ]
