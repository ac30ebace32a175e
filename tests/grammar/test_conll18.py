"""`parsing.score` beside an independent implementation of the CoNLL 2018 rules (conll18.py)."""

import conll18
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.grammar import conllu, parsing, treebank

# Multiword tokens (one of them a fusion that its words don't spell), an empty node, comments, a
# word with a blank in it, subtypes, other scripts, an emoji, a final sentence of one word.
GOLD = """\
# sent_id = 1
# text = I don't know du cinéma and he 10 000 .
1	I	I	PRON	PRP	_	4	nsubj	4:nsubj	_
2-3	don't	_	_	_	_	_	_	_	_
2	do	do	AUX	VBP	_	4	aux	4:aux	_
3	n't	not	PART	RB	_	4	advmod	4:advmod	_
4	know	know	VERB	VB	_	0	root	0:root	_
5-6	du	_	_	_	_	_	_	_	_
5	de	de	ADP	IN	_	7	case	7:case	_
6	le	le	DET	DT	_	7	det	7:det	_
7	cinéma	cinéma	NOUN	NN	_	4	obl:of	4:obl:of	_
8	and	and	CCONJ	CC	_	9	cc	9:cc	_
9	he	he	PRON	PRP	_	4	conj	4:conj:and	_
9.1	knows	know	VERB	VBZ	_	_	_	4:conj	_
10	10 000	10000	NUM	CD	_	9	orphan	9.1:obj	_
11	.	.	PUNCT	.	_	4	punct	4:punct	_

# sent_id = 2
1	日本	日本	PROPN	NNP	_	2	nsubj:pass	_	_
2	😀	😀	SYM	SYM	_	0	root	_	_

1	Go	go	VERB	VB	_	0	root	_	_

"""


def changed(text, *changes):
    """Return the text with other values in columns: (sentence, word, column, value) each."""
    blocks = text.rstrip("\n").split("\n\n")
    for sentence, word, column, value in changes:
        lines = blocks[sentence].split("\n")
        at = next(i for i, line in enumerate(lines) if line.split("\t")[0] == str(word))
        row = lines[at].split("\t")
        row[column] = value
        lines[at] = "\t".join(row)
        blocks[sentence] = "\n".join(lines)
    return "\n\n".join(blocks) + "\n\n"


def both(gold, system):
    """Return the scores of both implementations, rounded beyond any doubt."""
    ours = parsing.score(conllu.parse(gold), conllu.parse(system))
    theirs = conll18.score(gold, system)
    return {name: round(ours[name], 9) for name in theirs}, {
        name: round(value, 9) for name, value in theirs.items()
    }


UPOS, HEAD, RELATION = 3, 6, 7
CASES = {
    "nothing is wrong": ((), (14, 14, 14)),
    "a head": ([(0, 7, HEAD, "9")], (13, 13, 14)),
    "a relation": ([(0, 1, RELATION, "obj")], (14, 13, 14)),
    "head and relation of one word count once": (
        [(0, 1, HEAD, "7"), (0, 1, RELATION, "obj")],
        (13, 13, 14),
    ),
    "a subtype is no mistake": (
        [(0, 7, RELATION, "obl"), (1, 1, RELATION, "nsubj"), (0, 5, RELATION, "case:of")],
        (14, 14, 14),
    ),
    "punctuation counts": ([(0, 11, HEAD, "1")], (13, 13, 14)),
    "inside a multiword token": ([(0, 6, HEAD, "5"), (0, 3, UPOS, "ADV")], (13, 13, 13)),
    "around an empty node": ([(0, 10, HEAD, "4")], (13, 13, 14)),
    "two roots change places": (
        [(1, 1, HEAD, "0"), (1, 2, HEAD, "1"), (1, 1, RELATION, "root")],
        (12, 12, 14),
    ),
    "another script's tag": ([(1, 1, UPOS, "NOUN")], (14, 14, 13)),
}


@pytest.mark.parametrize(("changes", "right"), CASES.values(), ids=CASES)
def test_both_agree_with_a_count_by_hand(changes, right):
    ours, theirs = both(GOLD, changed(GOLD, *changes))
    assert ours == theirs
    expected = dict(zip(("UAS", "LAS", "UPOS"), right, strict=True))
    assert ours == {name: round(100 * count / 14, 9) for name, count in expected.items()}


def test_the_independent_one_can_compare_other_words_and_ours_says_that_it_cannot():
    one = "1\tcan't\t_\tAUX\t_\t_\t0\troot\t_\t_\n\n"
    two = "1-2\tcan't\t_\t_\t_\t_\t_\t_\t_\t_\n" + (
        "1\tcan\t_\tAUX\t_\t_\t0\troot\t_\t_\n2\tn't\t_\tPART\t_\t_\t1\tadvmod\t_\t_\n\n"
    )
    assert conll18.score(one, two)["UAS"] == 0
    half = changed(two, (0, 2, 1, "not"))
    assert conll18.score(half, two)["UAS"] == 50  # one word of two is the same, and right
    with pytest.raises(ValueError, match="same words"):
        parsing.score(conllu.parse(one), conllu.parse(two))
    with pytest.raises(ValueError, match="same characters"):
        conll18.score(one, changed(one, (0, 1, 1, "cannot")))


FORMS = ("a", "B", "can't", "10 000", "語", "😀", ".", "–", "naïve", "x")
RELATIONS = ("nsubj", "nsubj:pass", "obl", "obl:agent", "punct", "dep")


@st.composite
def treebanks(draw):
    """Two CoNLL-U texts with the same words, multiword tokens and empty nodes, and any trees."""
    gold, system = "", ""
    for _ in range(draw(st.integers(1, 3))):
        words = draw(st.lists(st.sampled_from(FORMS), min_size=1, max_size=9))
        n = len(words)
        trees = [draw(any_tree(n)) for _ in range(2)]
        joined = draw(st.sets(st.integers(1, n)))  # these words are fused with the next one
        empty = draw(st.sets(st.integers(1, n)))
        lines, reach = [[], []], 0
        for i, word in enumerate(words, 1):
            if i in joined and i < n and i > reach:
                reach = i + 1
                fused = draw(st.sampled_from(("fused", "d'l", word + words[i])))
                for side in lines:
                    side.append(f"{i}-{reach}\t{fused}" + "\t_" * 8)
            for side, (heads, relations, tags) in zip(lines, trees, strict=True):
                row = (
                    i,
                    word,
                    "_",
                    tags[i - 1],
                    "_",
                    "_",
                    heads[i - 1],
                    relations[i - 1],
                    "_",
                    "_",
                )
                side.append("\t".join(map(str, row)))
            if i in empty:
                lines[0].append(f"{i}.1\tunsaid" + "\t_" * 8)
        gold, system = (
            t + "\n".join(side) + "\n\n" for t, side in zip((gold, system), lines, strict=True)
        )
    return gold, system


@st.composite
def any_tree(draw, n):
    """Heads of a random tree (arcs may cross), relations and tags of its words."""
    order = draw(st.permutations(range(1, n + 1)))
    heads = np.zeros(n, int)
    for place, word in enumerate(order[1:], 1):
        heads[word - 1] = order[draw(st.integers(0, place - 1))]
    assert parsing.is_tree(heads)
    pick = st.lists(st.sampled_from(RELATIONS), min_size=n, max_size=n)
    tags = st.lists(st.sampled_from(("NOUN", "VERB", "PUNCT")), min_size=n, max_size=n)
    return heads.tolist(), draw(pick), draw(tags)


@given(treebanks())
@settings(max_examples=150, deadline=None)
def test_both_agree_on_random_trees(texts):
    ours, theirs = both(*texts)
    assert ours == theirs


def test_both_agree_on_the_grammars_sentences():
    gold = treebank.generate(60, seed=4)
    rng = np.random.default_rng(0)
    system = []
    for sentence in treebank.generate(60, seed=4):
        for i in np.flatnonzero(rng.random(len(sentence)) < 0.3):
            sentence.heads[i] = rng.integers(0, len(sentence) + 1)
            sentence.relations[i] = rng.choice(RELATIONS)
        wrong = sentence.heads == np.arange(1, len(sentence) + 1)
        sentence.heads[wrong] = 0
        system.append(sentence)
    ours, theirs = both(conllu.text(gold), conllu.text(system))
    assert ours == theirs
    assert 60 < ours["LAS"] < ours["UAS"] < 100
