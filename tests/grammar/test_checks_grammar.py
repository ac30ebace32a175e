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


def faults(exercise, right, wrong, *context):
    """What is not as it should be: wrong answers let pass or not explained, right ones refused."""
    found = [answer for answer in right if verdicts.state(exercise, answer, *context) != "right"]
    for said, answer in wrong:
        verdict = exercise.verdict(answer, *context)
        if verdict.state != "not yet" or said not in verdict.message:
            found.append((said, verdict))
    assert verdicts.state(exercise, ..., *context) == "not attempted"
    return found


def test_oracle():
    # the cat may wait on the stack until the full stop has come: also right
    later = [S, L, S, L, S, S, L, S, R, S, R, R]
    wrong = [
        ("not complete", RIGHT[:-2]),
        ("not complete", []),
        ("nothing left", [*RIGHT, S]),
        ("not possible", [L]),
        ("impossible", [S, S]),
        ("'jump'", ["jump"]),
        ("not a list", S),
        ("not a list", [0, 1]),
    ]
    assert faults(checks.oracle, [RIGHT, tuple(RIGHT), later], wrong, SENTENCE) == []
    go = Sentence(["Go", "home", "now"], heads=np.array([0, 1, 1]))
    assert verdicts.state(checks.oracle, [S, S, R, S, R, R], go) == "right"


def total(gold, parsed):
    right = sum((g == p).sum() for g, p in zip(gold, parsed, strict=True))
    return 100 * right / sum(map(len, gold))


def joined(gold, parsed):
    return 100 * np.mean(np.concatenate(gold) == np.concatenate(parsed))


def test_uas():
    wrong = [
        (
            "short sentence",
            lambda g, p: np.mean([total([a], [b]) for a, b in zip(g, p, strict=True)]),
        ),
        ("percentage", lambda gold, parsed: total(gold, parsed) / 100),
        ("two heads", lambda gold, parsed: 100.0),
        ("one number", lambda gold, parsed: [100.0, 100.0]),
        ("one number", lambda gold, parsed: None),
        ("ZeroDivisionError", lambda gold, parsed: 1 / 0),
        ("2 arguments", lambda gold: 100.0),
        ("not a function", 3),
    ]
    assert faults(checks.uas, [total, joined], wrong) == []


def look(states, rows):
    return np.stack([states.top(rows), states.top(rows, 1), states.front(rows)], 1)


def test_feature():
    right = [
        lambda s, r: np.column_stack([look(s, r), s.front(r, 1)]),
        lambda s, r: np.column_stack([s.children[0, 0, r, s.top(r)], look(s, r)]),
        lambda s, r: np.column_stack([look(s, r), s.front(r, 1), s.front(r, 2), s.top(r, 2)]),
    ]
    wrong = [
        ("no more than before", look),
        ("already", lambda s, r: np.column_stack([look(s, r), s.top(r)])),
        (
            "missing",
            lambda s, r: np.column_stack([look(s, r)[:, :2], s.front(r, 1), s.front(r, 2)]),
        ),
        ("outside", lambda s, r: np.column_stack([look(s, r), s.front(r) - 99])),
        ("whole numbers", lambda s, r: np.column_stack([look(s, r), s.front(r, 1)]) * 1.0),
        ("shape", lambda s, r: look(s, r)[0]),
        ("2 arguments", lambda s: look),
        ("not a function", 7),
    ]
    assert faults(checks.feature, right, wrong, look) == []


def test_readings():
    text = "I saw the man with the telescope."
    right = [
        (text, "telescope", ("saw", "man")),
        ["We watched the thief with binoculars.", "binoculars", ["thief", "watched"]],
    ]
    wrong = [
        ("0 sentences", ("", "a", ("b", "c"))),
        ("2 sentences", ("I go. You go.", "go", ("I", "You"))),
        ("'hat'", (text, "hat", ("saw", "man"))),
        ("two different", (text, "telescope", ("saw", "saw"))),
        ("circle", (text, "telescope", ("with", "man"))),
        ("cross", (text, "telescope", ("saw", "I"))),
        ("neither", ("We watched the thief with binoculars.", "thief", ("with", "binoculars"))),
        ("only once", (text, "the", ("saw", "man"))),
        ("no sense", (text, "man", ("saw", "telescope"))),
        ("three things", text),
        ("three things", (text, "telescope", ("saw",))),
        ("three things", (3, "telescope", ("saw", "man"))),
    ]
    assert faults(checks.readings, right, wrong) == []
