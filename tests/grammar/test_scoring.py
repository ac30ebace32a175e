"""Scores beside a count by hand, after the CoNLL 2018 shared task's description."""

import pytest

from helpers.grammar import conllu, scoring
from helpers.grammar.conllu import Sentence

# Multiword tokens (one of them a fusion that its words don't spell), an empty node, a word with a
# blank in it, subtypes, other scripts, an emoji, a final sentence of one word.
GOLD = """\
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

1	日本	日本	PROPN	NNP	_	2	nsubj:pass	_	_
2	😀	😀	SYM	SYM	_	0	root	_	_

1	Go	go	VERB	VB	_	0	root	_	_

"""
CASES = [  # what differs from GOLD, in which words; right heads, those with relations, tags
    ([], (14, 14, 14)),
    ([("7	cinéma", "	4	", "	9	")], (13, 13, 14)),
    ([("1	I", "nsubj	", "obj	")], (14, 13, 14)),
    ([("7	cinéma", ":of	", "	"), ("5	de", "case", "case:x")], (14, 14, 14)),
    ([("6	le", "	7	", "	5	"), ("3	n't", "PART", "ADV")], (13, 13, 13)),
    (
        [("1	日本", "2	nsubj:pass", "0	root"), ("2	😀", "	0	", "	1	")],
        (12, 12, 14),
    ),
    ([("1	日本", "PROPN", "NOUN")], (14, 14, 13)),
]


def test_scores_agree_with_a_count_by_hand():
    for changes, right in CASES:
        parsed = GOLD
        for start, old, new in changes:
            (line,) = (line for line in GOLD.split("\n") if line.startswith(start))
            assert old in line
            parsed = parsed.replace(line, line.replace(old, new, 1))
        found = scoring.score(conllu.parse(GOLD), conllu.parse(parsed))
        counts = [round(found[name] * 0.14, 9) for name in ("UAS", "LAS", "UPOS")]
        assert (counts, found["words"]) == (list(right), 14), changes


def test_what_can_not_be_compared_is_refused():
    gold = conllu.parse(GOLD)
    with pytest.raises(ValueError, match="same words"):
        scoring.score(gold, gold[:1])
    with pytest.raises(conllu.TreebankError, match="“a b” has no whole tree: word 1 has no head"):
        scoring.score([Sentence(["a", "b"])], [Sentence(["a", "b"])])


def test_the_shipped_parser_scores_a_file(texts, tmp_path):
    file = tmp_path / "a.conllu"
    file.write_text("".join(texts["test"]), encoding="utf-8")
    figures = scoring.evaluate({"treebank": str(file)})
    assert figures["las"] <= figures["uas"] and figures["uas"] > 70
    assert figures["words_per_second"] > 0 and figures["upos"] > 80
    file.write_text("1\tGo\t_\t_\t_\t_\t0\troot\t_\t_\n", encoding="utf-8")
    assert "upos" not in scoring.evaluate({"treebank": str(file)})
