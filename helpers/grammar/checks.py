"""What the exercises of lesson 06, understand text, check."""

from dataclasses import replace

import numpy as np

from helpers.exercises import Wrong, exercise
from helpers.grammar import parser_network, parsing, reading
from helpers.grammar.conllu import Sentence
from helpers.grammar.parsing import MOVES, States
from helpers.grammar.parsing_game import Game


@exercise
def oracle(moves, sentence):
    """Judge a list of moves by name; `sentence` has the true tree."""
    if not isinstance(moves, list | tuple) or not all(isinstance(m, str) for m in moves):
        raise Wrong("it is not a list of the names of moves")
    game = Game(sentence)
    for number, name in enumerate(moves, 1):
        if name not in MOVES:
            raise Wrong(f"move {number} is {name!r}, and the moves are {', '.join(MOVES)}")
        if game.finished():
            raise Wrong(f"the tree is complete before move {number}: there is nothing left to move")
        if not game.allowed()[MOVES.index(name)]:
            raise Wrong(
                f"move {number}, {name}, is not possible: the stack is {game.stack()} and the "
                f"queue is {game.queue()}"
            )
        game.move(MOVES.index(name))
        if game.lost[-1]:
            raise Wrong(f"move {number}, {name}, makes an arc of the true tree impossible")
    if not game.finished():
        raise Wrong(f"no mistake so far, but after {len(moves)} moves the tree is not complete")
    return (
        f"{len(moves)} moves for {len(sentence)} words: each word comes in once and finds its head "
        "once. A parser needs time in proportion to the sentence's length, never more."
    )


@exercise
def uas(function):
    """Judge a function of two lists of arrays of heads."""
    if not callable(function):
        raise Wrong("it is not a function: define it with `def my_uas(gold, parsed):`")
    one, other = np.array([2, 0, 2, 3]), np.array([2, 0, 4, 2])
    long = np.arange(12)
    cases = [
        (([one], [one]), 100.0, "where all heads are right"),
        (([one], [other]), 50.0, "where two heads of four are right"),
        (([long], [long + 1]), 0.0, "where no head is right"),
        (
            ([one[:2], long], [np.array([0, 1]), long]),
            100 * 12 / 14,
            "with a short sentence all wrong and a long one all right",
        ),
    ]
    for (gold, parsed), expected, where in cases:
        found = function(gold, parsed)
        if np.ndim(found) != 0 or not isinstance(float(found), float):
            raise Wrong(f"it returns {found!r}, and one number is needed")
        if np.isclose(float(found) * 100, expected) and expected:
            raise Wrong("it returns a share of 1, and the percentage is asked for")
        if not np.isclose(float(found), expected):
            raise Wrong(f"it returns {float(found):.1f} {where}")
    return (
        "The official scorer counts the same way: every token, punctuation too, over all sentences "
        "together. LAS asks for the right relation as well."
    )


@exercise
def feature(my_look, look):
    """Judge a function (states, rows) -> positions that must see more than `look` does."""
    if not callable(my_look):
        raise Wrong("it is not a function: define it with `def my_look(states, rows):`")
    states, rng = States([5, 9, 7]), np.random.default_rng(0)
    fresh = False
    while len(rows := states.unfinished()):
        old, new = look(states, rows), np.asarray(my_look(states, rows))
        if new.ndim != 2 or len(new) != len(rows):
            raise Wrong(f"for {len(rows)} states it returns an array of shape {new.shape}")
        if new.shape[1] <= old.shape[1]:
            raise Wrong(f"it looks at {new.shape[1]} places, no more than before")
        if not np.issubdtype(new.dtype, np.integer):
            raise Wrong("the places must be whole numbers: positions in the sentence")
        if new.min() < 0 or new.max() > states.nothing:
            raise Wrong("a place lies outside of the sentence")
        same = (new[:, :, None] == old[:, None]).all(0)
        if same.any(1).sum() < old.shape[1]:
            raise Wrong("some of the old places are missing")
        fresh = fresh or not same.any(1).all()
        allowed = states.allowed(rows)
        moves = (allowed * rng.random(allowed.shape)).argmax(1)
        states.move(rows, moves, np.ones(len(rows), np.int32))
    if not fresh:
        raise Wrong("the new place always holds what an old one holds already")
    return "The network sees more. Whether it reads better, only the development sentences say."


@exercise
def readings(text, word, heads):
    """Judge a sentence in which `word` may hang under either of two `heads`."""
    sentences = reading.read(str(text))
    if len(sentences) != 1:
        raise Wrong(f"the text has {len(sentences)} sentences, and one is needed")
    (sentence,) = sentences
    if len(heads) != 2 or heads[0] == heads[1]:
        raise Wrong("two different heads are needed")
    for needed in (word, *heads):
        if sentence.words.count(needed) != 1:
            raise Wrong(f"{needed!r} must stand in the sentence, and only once")
    trees = [hung(sentence, word, head) for head in heads]
    for head, tree in zip(heads, trees, strict=True):
        if not parsing.is_tree(tree.heads):
            raise Wrong(f"{word!r} can't hang under {head!r}: that makes a circle")
        if not parsing.is_projective(tree.heads):
            raise Wrong(f"with {word!r} under {head!r} arcs cross, and this parser can't draw that")
    chosen = sentence.words[sentence.heads[sentence.words.index(word)] - 1]
    if chosen not in heads:
        raise Wrong(f"the parser hangs {word!r} under {chosen!r}, which is neither of your two")
    first, second = (parser_network.shipped().log_probability(tree) for tree in trees)
    sure = 100 / (1 + np.exp(-abs(first - second)))
    return (
        f"The parser prefers {chosen!r}. Of the two readings it gives that one about "
        f"{round(sure, -1):.0f} % – without knowing who owns what."
    )


def hung(sentence: Sentence, word: str, head: str) -> Sentence:
    """Return the sentence with `word` hung under `head` (both as they are written in it)."""
    position, above = sentence.words.index(word), sentence.words.index(head)
    heads, relations = sentence.heads.copy(), list(sentence.relations)
    heads[position] = above + 1
    if relations[position] in ("obl", "nmod"):  # under a verb, under a noun
        noun = sentence.tags[above] in ("NOUN", "PROPN", "PRON")
        relations[position] = "nmod" if noun else "obl"
    return replace(sentence, heads=heads, relations=relations)
