"""What the exercises of lesson 06, understand text, check."""

import numpy as np

from helpers.exercises import Wrong, close, exercise, function, number
from helpers.grammar import conllu, parser_network, parsing, reading
from helpers.grammar.parsing import MOVES
from helpers.grammar.parsing_game import Game

LEAST = 0.1  # %: what the parser gives less is no reading that it can see


@exercise
def oracle(moves, sentence):
    """Judge a list of moves by name; `sentence` has the true tree."""
    if not isinstance(moves, list | tuple) or not all(isinstance(m, str) for m in moves):
        raise Wrong("it is not a list of the names of moves")
    game = Game(sentence)
    for place, name in enumerate(moves, 1):
        if name not in MOVES:
            raise Wrong(f"move {place} is {name!r}, and the moves are {', '.join(MOVES)}")
        if game.finished():
            raise Wrong(f"the tree is complete before move {place}: there is nothing left to move")
        if not game.allowed()[MOVES.index(name)]:
            raise Wrong(
                f"move {place}, {name}, is not possible: the stack is {game.stack()} and the "
                f"queue is {game.queue()}"
            )
        game.move(MOVES.index(name))
        if game.lost[-1]:
            raise Wrong(f"move {place}, {name}, makes an arc of the true tree impossible")
    if not game.finished():
        raise Wrong(f"no mistake so far, but after {len(moves)} moves the tree is not complete")
    return (
        f"{len(moves)} moves for {len(sentence)} words: each word comes in once and finds its head "
        "once. A parser needs time in proportion to the sentence's length, never more."
    )


@exercise
def uas(answer):
    """Judge a function of two lists of arrays of heads."""
    function(answer, "my_uas(gold, parsed)")
    one, other, long = np.array([2, 0, 2, 3]), np.array([2, 0, 4, 2]), np.arange(12)
    for gold, parsed, wanted, where in (
        ([one], [one], 100, "where all heads are right"),
        ([one], [other], 50, "where two heads of four are right"),
        ([long], [long + 1], 0, "where no head is right"),
        (
            [one[:2], long],
            [np.array([0, 1]), long],
            100 * 12 / 14,
            "with a short sentence all wrong and a long one all right",
        ),
    ):
        found = number(answer(gold, parsed), "the result")
        share = {"it returns a share of 1, and the percentage is asked for": wanted / 100}
        close(found, wanted, f"the result {where}", share if wanted else None)
    return (
        "The official scorer counts the same way: every token, punctuation too, over all sentences "
        "together. LAS asks for the right relation as well."
    )


@exercise
def readings(answer):
    """Judge (text, word, (head, head)): a sentence in which `word` may hang under either head."""
    try:
        text, word, heads = answer
        first, second = heads
        sentences = reading.read(text)
    except (TypeError, ValueError):
        raise Wrong("three things are needed: the text, the word, and its two heads") from None
    if len(sentences) != 1:
        raise Wrong(f"the text has {len(sentences)} sentences, and one is needed")
    if first == second:
        raise Wrong("two different heads are needed")
    (sentence,) = sentences
    for needed in (word, *heads):
        if sentence.words.count(needed) != 1:
            raise Wrong(f"{needed!r} must stand in the sentence, and only once")
    trees = [reading.hung(sentence, word, head) for head in heads]
    for head, tree in zip(heads, trees, strict=True):
        if conllu.flaw(tree.heads):
            raise Wrong(f"{word!r} can't hang under {head!r}: that makes a circle")
        if not parsing.is_projective(tree.heads):
            raise Wrong(f"with {word!r} under {head!r} arcs cross, and this parser can't draw that")
    chosen = sentence.words[sentence.heads[sentence.words.index(word)] - 1]
    if chosen not in heads:
        raise Wrong(f"the parser hangs {word!r} under {chosen!r}, which is neither of your two")
    prices = np.array([parser_network.shipped().log_probability(tree) for tree in trees])
    shares = 100 * np.exp(prices - np.logaddexp(*prices))
    if shares.min() < LEAST:
        unlikely = heads[shares.argmin()]
        raise Wrong(f"with {word!r} under {unlikely!r} the parser sees no sense in it at all")
    return (
        f"The parser prefers {chosen!r}. Of the two readings it gives that one about "
        f"{round(shares.max(), -1):.0f} % – without knowing who owns what."
    )
