import numpy as np
import pytest

from helpers.grammar import checks
from helpers.grammar.conllu import Sentence
from helpers.grammar.parsing import MOVES, true_moves

SENTENCE = Sentence(
    ["The", "dog", "chased", "a", "cat", "."],
    heads=np.array([2, 3, 0, 5, 3, 3]),
    relations=["det", "nsubj", "root", "det", "obj", "punct"],
)
RIGHT = [MOVES[move] for move in true_moves(SENTENCE.heads)]


def other_order():
    """The cat waits on the stack until the full stop has come: also right, where it is possible."""
    s, left, right = MOVES
    return [s, left, s, left, s, s, left, s, right, s, right, right]


@pytest.mark.parametrize("moves", [RIGHT, tuple(RIGHT), other_order()])
def test_any_right_order_passes(moves):
    assert checks.oracle.verdict(moves, SENTENCE).state == "right"


def test_two_orders_lead_to_one_tree_where_a_word_can_wait():
    sentence = Sentence(["Go", "home", "now"], heads=np.array([0, 1, 1]))
    s, left, right = MOVES
    assert checks.oracle.verdict([s, s, right, s, right, right], sentence).state == "right"
    chain = Sentence(["see", "old", "dogs"], heads=np.array([0, 3, 1]))
    assert checks.oracle.verdict([s, s, left, s, right, right], chain).state == "right"


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        (RIGHT[:-2], "not complete"),
        ([], "not complete"),
        ([*RIGHT, "shift"], "nothing left"),
        (["left-arc"], "not possible"),
        (["shift", "shift"], "impossible"),
        (["jump"], "'jump'"),
        ("shift", "not a list"),
        ([0, 1], "not a list"),
    ],
)
def test_wrong_moves_are_named(moves, said):
    verdict = checks.oracle.verdict(moves, SENTENCE)
    assert verdict.state == "not yet"
    assert said in verdict.message


def total(gold, parsed):
    right = sum((g == p).sum() for g, p in zip(gold, parsed, strict=True))
    return 100 * right / sum(map(len, gold))


def joined(gold, parsed):
    return 100 * np.mean(np.concatenate(gold) == np.concatenate(parsed))


def per_sentence(gold, parsed):
    return 100 * np.mean([np.mean(g == p) for g, p in zip(gold, parsed, strict=True)])


@pytest.mark.parametrize("function", [total, joined])
def test_right_scores(function):
    assert checks.uas.verdict(function).state == "right"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (per_sentence, "short sentence"),
        (lambda gold, parsed: total(gold, parsed) / 100, "percentage"),
        (lambda gold, parsed: 100.0, "two heads"),
        (lambda gold, parsed: [100.0], "one number"),
        (lambda gold, parsed: 1 / 0, "ZeroDivisionError"),
        (3, "not a function"),
    ],
)
def test_wrong_scores(function, said):
    verdict = checks.uas.verdict(function)
    assert verdict.state == "not yet"
    assert said in verdict.message


def look(states, rows):
    return np.stack([states.top(rows), states.top(rows, 1), states.front(rows)], 1)


def more(states, rows):
    return np.column_stack([look(states, rows), states.front(rows, 1)])


def child(states, rows):
    return np.column_stack([states.children[0, 0, rows, states.top(rows)], look(states, rows)])


@pytest.mark.parametrize("function", [more, child])
def test_more_places_pass(function):
    assert checks.feature.verdict(function, look).state == "right"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (look, "no more than before"),
        (lambda s, r: np.column_stack([look(s, r), s.top(r)]), "already"),
        (
            lambda s, r: np.column_stack([look(s, r)[:, :2], s.front(r, 1), s.front(r, 2)]),
            "missing",
        ),
        (lambda s, r: np.column_stack([look(s, r), s.front(r) - 99]), "outside"),
        (lambda s, r: np.column_stack([look(s, r), s.front(r, 1)]) * 1.0, "whole numbers"),
        (lambda s, r: look(s, r)[0], "shape"),
        (7, "not a function"),
    ],
)
def test_wrong_places(function, said):
    verdict = checks.feature.verdict(function, look)
    assert verdict.state == "not yet"
    assert said in verdict.message


@pytest.mark.parametrize(
    ("text", "word", "heads"),
    [
        ("I saw the man with the telescope.", "telescope", ("saw", "man")),
        ("We watched the thief with binoculars.", "binoculars", ("watched", "thief")),
    ],
)
def test_two_readings(text, word, heads):
    assert checks.readings.verdict(text, word, heads).state == "right"


@pytest.mark.parametrize(
    ("text", "word", "heads", "said"),
    [
        ("", "a", ("b", "c"), "0 sentences"),
        ("I go. You go.", "go", ("I", "You"), "2 sentences"),
        ("I saw the man with the telescope.", "hat", ("saw", "man"), "'hat'"),
        ("I saw the man with the telescope.", "telescope", ("saw", "saw"), "two different"),
        ("I saw the man with the telescope.", "telescope", ("with", "man"), "circle"),
        ("I saw the man with the telescope.", "telescope", ("man", "I"), "neither"),
        ("I saw the man with the telescope.", "the", ("saw", "man"), "only once"),
    ],
)
def test_no_two_readings(text, word, heads, said):
    verdict = checks.readings.verdict(text, word, heads)
    assert verdict.state == "not yet"
    assert said in verdict.message or "cross" in verdict.message


def test_what_is_not_attempted():
    assert checks.oracle.verdict(..., SENTENCE).state == "not attempted"
    assert checks.uas.verdict(...).state == "not attempted"
    assert checks.readings.verdict("x", ..., ...).state == "not attempted"


def test_a_word_hung_elsewhere_gets_the_relation_that_fits_there():
    sentence = Sentence(
        ["saw", "men", "hats"],
        ["VERB", "NOUN", "NOUN"],
        heads=np.array([0, 1, 1]),
        relations=["root", "obj", "obl"],
    )
    under_noun = checks.hung(sentence, "hats", "men")
    assert under_noun.heads.tolist() == [0, 1, 2]
    assert under_noun.relations[2] == "nmod"
    assert sentence.relations[2] == checks.hung(under_noun, "hats", "saw").relations[2] == "obl"
