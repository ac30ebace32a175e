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


def test_oracle():
    # the cat may wait on the stack until the full stop has come: also right
    later = [S, L, S, L, S, S, L, S, R, S, R, R]
    answers = [
        (..., "not attempted"),
        (RIGHT, "right"),
        (tuple(RIGHT), "right"),
        (later, "right"),
        (RIGHT[:-2], "not complete"),
        ([], "not complete"),
        ([*RIGHT, S], "nothing left"),
        ([L], "not possible"),
        ([S, S], "impossible"),
        (["jump"], "'jump'"),
        (S, "not a list"),
        ([0, 1], "not a list"),
    ]
    assert verdicts.misjudged(checks.oracle, answers, SENTENCE) == []
    go = Sentence(["Go", "home", "now"], heads=np.array([0, 1, 1]))
    assert verdicts.misjudged(checks.oracle, [([S, S, R, S, R, R], "right")], go) == []


def total(gold, parsed):
    right = sum((g == p).sum() for g, p in zip(gold, parsed, strict=True))
    return 100 * right / sum(map(len, gold))


def joined(gold, parsed):
    return 100 * np.mean(np.concatenate(gold) == np.concatenate(parsed))


def test_uas():
    answers = [
        (..., "not attempted"),
        (total, "right"),
        (joined, "right"),
        (lambda g, p: np.mean([total([a], [b]) for a, b in zip(g, p)]), "short sentence"),  # noqa: B905
        (lambda gold, parsed: total(gold, parsed) / 100, "percentage"),
        (lambda gold, parsed: 100.0, "two heads"),
        (lambda gold, parsed: [100.0, 100.0], "one number"),
        (lambda gold, parsed: None, "one number"),
        (lambda gold, parsed: 1 / 0, "ZeroDivisionError"),
        (lambda gold: 100.0, "2 arguments"),
        (3, "not a function"),
    ]
    assert verdicts.misjudged(checks.uas, answers) == []


def look(states, rows):
    return np.stack([states.top(rows), states.top(rows, 1), states.front(rows)], 1)


def test_feature():
    with_child = lambda s, r: np.column_stack([s.children[0, 0, r, s.top(r)], look(s, r)])  # noqa: E731
    answers = [
        (..., "not attempted"),
        (lambda s, r: np.column_stack([look(s, r), s.front(r, 1)]), "right"),
        (with_child, "right"),
        (look, "no more than before"),
        (lambda s, r: np.column_stack([look(s, r), s.top(r)]), "already"),
        (lambda s, r: np.column_stack([look(s, r)[:, :2], s.front(r, 1), s.top(r, 2)]), "missing"),
        (lambda s, r: np.column_stack([look(s, r), s.front(r) - 99]), "outside"),
        (lambda s, r: np.column_stack([look(s, r), s.front(r, 1)]) * 1.0, "whole numbers"),
        (lambda s, r: look(s, r)[0], "shape"),
        (lambda s: look, "2 arguments"),
        (7, "not a function"),
    ]
    assert verdicts.misjudged(checks.feature, answers, look) == []


def test_readings():
    text = "I saw the man with the telescope."
    spied = "We watched the thief with binoculars."
    answers = [
        (..., "not attempted"),
        ((text, "telescope", ("saw", "man")), "right"),
        ([spied, "binoculars", ["thief", "watched"]], "right"),
        (("", "a", ("b", "c")), "0 sentences"),
        (("I go. You go.", "go", ("I", "You")), "2 sentences"),
        ((text, "hat", ("saw", "man")), "'hat'"),
        ((text, "telescope", ("saw", "saw")), "two different"),
        ((text, "telescope", ("with", "man")), "circle"),
        ((text, "telescope", ("saw", "I")), "cross"),
        ((spied, "thief", ("with", "binoculars")), "neither"),
        ((text, "the", ("saw", "man")), "only once"),
        ((text, "man", ("saw", "telescope")), "no sense"),
        (text, "three things"),
        ((text, "telescope", ("saw",)), "three things"),
        ((3, "telescope", ("saw", "man")), "three things"),
    ]
    assert verdicts.misjudged(checks.readings, answers) == []
