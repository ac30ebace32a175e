"""Scores beside a count of another make, written from the CoNLL 2018 shared task's description."""

import conllu as referee
import numpy as np
import pytest

from helpers.__main__ import main
from helpers.grammar import conllu, scoring
from helpers.grammar.conllu import Sentence

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
UPOS, HEAD, RELATION = 3, 6, 7
CASES = {  # (sentence, word, column, value) of each mistake; right heads, both, tags of 14
    "nothing is wrong": ([], (14, 14, 14)),
    "a head": ([(0, 7, HEAD, "9")], (13, 13, 14)),
    "a relation": ([(0, 1, RELATION, "obj")], (14, 13, 14)),
    "both of one word": ([(0, 1, HEAD, "7"), (0, 1, RELATION, "obj")], (13, 13, 14)),
    "subtypes": ([(0, 7, RELATION, "obl"), (1, 1, RELATION, "nsubj")], (14, 14, 14)),
    "a subtype more": ([(0, 5, RELATION, "case:of")], (14, 14, 14)),
    "punctuation": ([(0, 11, HEAD, "1")], (13, 13, 14)),
    "in a multiword token": ([(0, 6, HEAD, "5"), (0, 3, UPOS, "ADV")], (13, 13, 13)),
    "around an empty node": ([(0, 10, HEAD, "4")], (13, 13, 14)),
    "the root": ([(1, 1, HEAD, "0"), (1, 2, HEAD, "1"), (1, 1, RELATION, "root")], (12, 12, 14)),
    "another script": ([(1, 1, UPOS, "NOUN")], (14, 14, 13)),
}


def changed(text, changes):
    blocks = [[line.split("\t") for line in b.split("\n")] for b in text.strip("\n").split("\n\n")]
    for sentence, word, column, value in changes:
        (row,) = (row for row in blocks[sentence] if row[0] == str(word))
        row[column] = value
    return "".join("\n".join(map("\t".join, rows)) + "\n\n" for rows in blocks)


def counted(gold, system):
    """Right heads, right heads with relations, right tags, and the words, as the referee reads."""
    words = [
        [
            token
            for tokens in referee.parse(text)
            for token in tokens
            if isinstance(token["id"], int)
        ]
        for text in (gold, system)
    ]
    heads, both, tags = 0, 0, 0
    for g, s in zip(*words, strict=True):
        heads += g["head"] == s["head"]
        same = g["deprel"].partition(":")[0] == s["deprel"].partition(":")[0]
        both += g["head"] == s["head"] and same
        tags += g["upos"] == s["upos"]
    return heads, both, tags, len(words[0])


def ours(gold, system):
    found = scoring.score(conllu.parse(gold), conllu.parse(system))
    shares = (found[name] * found["words"] / 100 for name in ("UAS", "LAS", "UPOS"))
    return *(round(share, 9) for share in shares), found["words"]


@pytest.mark.parametrize(("changes", "right"), CASES.values(), ids=CASES)
def test_both_agree_with_a_count_by_hand(changes, right):
    system = changed(GOLD, changes)
    assert ours(GOLD, system) == counted(GOLD, system) == (*right, 14)


def test_both_agree_on_random_mistakes(own):
    rng = np.random.default_rng(0)
    gold = conllu.text(own["test"][:60])
    system = conllu.parse(gold)
    for s in system:
        for i in np.flatnonzero(rng.random(len(s)) < 0.3):
            s.heads[i] = rng.integers(0, len(s) + 1)
            s.relations[i] = str(rng.choice(["nsubj", "obj:x", "punct"]))
    assert ours(gold, conllu.text(system)) == counted(gold, conllu.text(system))


def test_what_can_not_be_compared_is_refused():
    gold = conllu.parse(GOLD)
    with pytest.raises(ValueError, match="same words"):
        scoring.score(gold, gold[:1])
    with pytest.raises(conllu.TreebankError, match="“a b” has no whole tree: word 1 has no head"):
        scoring.score([Sentence(["a", "b"])], [Sentence(["a", "b"])])


def test_scores_by_group():
    gold = Sentence(["a", "b"], heads=np.array([2, 0]), relations=["det", "root"])
    parsed = Sentence(["a", "b"], heads=np.array([2, 0]), relations=["det:x", "dep"])
    by_relation = scoring.score_by([gold], [parsed], lambda s, i: s.relations[i])
    assert by_relation == {"det": [100.0, 1], "root": [0.0, 1]}
    long = Sentence(["w"] * 60, heads=np.arange(60), relations=["x:y"] * 60)
    tables = scoring.tables([long, gold], [long, gold])
    assert list(tables["by length"]) == ["1–10", "over 50"]
    assert tables["by relation"]["x"] == [100.0, 60]


def test_the_shipped_parser_scores_a_file(own, tmp_path):
    conllu.write(tmp_path / "a.conllu", own["test"][:120])
    figures = scoring.evaluate({"treebank": str(tmp_path / "a.conllu"), "beam": "2"})
    assert figures["las"] <= figures["uas"] and figures["uas"] > 70
    assert figures["words_per_second"] > 0 and figures["upos"] > 80
    assert figures["las_nsubj"] > 60 and figures["las_1-10_words"] > 70
    assert "las_iobj" not in figures  # too rare in 120 sentences to be a figure
    untagged = [Sentence(s.words, heads=s.heads, relations=s.relations) for s in own["test"][:9]]
    conllu.write(tmp_path / "b.conllu", untagged)
    assert "upos" not in scoring.evaluate({"treebank": str(tmp_path / "b.conllu")})


def test_what_can_not_be_evaluated_gets_one_sentence(tmp_path, capsys):
    file = tmp_path / "a.conllu"
    for text, words, code, said in (
        ("", (), 1, "no trees in a.conllu"),
        ("# nothing\n", (), 1, "no trees"),
        ("0\ta" + "\t_" * 8 + "\n", (), 1, "Line 1"),
        (GOLD, ("--beam", "0"), 2, "--beam 0: give"),
        (GOLD, ("--beam", "abc"), 2, "from 1 to 64"),
        (GOLD, ("--beam", "-1"), 2, "from 1 to 64"),
        (GOLD, ("--beam", "9" * 40), 2, "from 1 to 64"),
    ):
        file.write_text(text, encoding="utf-8")
        assert main(["evaluate", "parser", "--treebank", str(file), *words]) == code
        assert said in capsys.readouterr().err
