import pytest

from helpers import assets
from helpers.grammar import conllu, parsing, treebank


def test_the_grammar_writes_trees_and_the_same_ones_for_a_seed():
    first, again = treebank.generate(200, seed=3), treebank.generate(200, seed=3)
    assert [s.words for s in first] == [s.words for s in again]
    assert first[0].words != treebank.generate(1, seed=4)[0].words
    for sentence in first:
        assert parsing.is_tree(sentence.heads)
        assert parsing.is_projective(sentence.heads)
        assert 2 < len(sentence) <= treebank.LONGEST
        assert (sentence.heads == 0).nonzero()[0].tolist() == [sentence.relations.index("root")]


def test_every_symbol_of_the_grammar_can_be_grown():
    symbols = set(treebank.RULES) | set(treebank.WORDS)
    for options in treebank.RULES.values():
        for _, parts in options:
            assert sum(relation is None for relation, _, _ in parts) == 1
            for _, symbol, _ in parts:
                for number in ("sg", "pl"):
                    assert symbol.replace("{n}", number).replace("{m}", number) in symbols


def test_both_readings_of_the_telescope_are_written():
    attached = {
        sentence.relations[position]
        for sentence in treebank.generate(3000, seed=1)
        for position, word in enumerate(sentence.words)
        if word == "telescope" and "with" in sentence.words[max(0, position - 3) : position]
    }
    assert {"obl", "nmod"} <= attached


def test_articles_and_pronouns_have_the_right_form():
    for sentence in treebank.generate(1500, seed=2):
        for word, after in zip(sentence.words, sentence.words[1:], strict=False):
            if word in ("a", "A"):
                assert after[0].lower() not in "aeiou"
        for word, relation in zip(sentence.words, sentence.relations, strict=True):
            if relation in ("obj", "iobj"):
                assert word not in treebank.OBJECTIVE


def test_parts_share_no_sentence():
    parts = treebank.split(300, 50, 50)
    texts = [" ".join(s.words) for part in parts.values() for s in part]
    assert len(texts) == len(set(texts)) == 400


def test_the_shipped_file_is_the_test_part():
    shipped = conllu.read(assets.path("workshop-treebank"))
    assert [s.words for s in shipped] == [s.words for s in treebank.split()["test"]]


@pytest.fixture
def folder_of_ewt(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_EWT", str(tmp_path))
    conllu.write(tmp_path / "en_ewt-ud-train.conllu", treebank.generate(30))
    conllu.write(tmp_path / "en_ewt-ud-dev.conllu", treebank.generate(20, seed=7))
    return tmp_path


def test_ewt_is_read_from_a_named_folder_and_else_says_what_helps(folder_of_ewt, monkeypatch):
    assert len(treebank.ewt("train")) == 30
    with pytest.raises(conllu.TreebankError, match=r"en_ewt-ud-test\.conllu can't be read"):
        treebank.ewt("test")
    monkeypatch.delenv("WORKSHOP_EWT")
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    monkeypatch.setenv("WORKSHOP_CACHE", str(folder_of_ewt / "empty"))
    with pytest.raises(conllu.TreebankError, match=r"WORKSHOP_OFFLINE.*WORKSHOP_EWT\.$"):
        treebank.ewt("train")


def test_real_sentences_where_they_can_be_had(folder_of_ewt):
    line, train, unseen = treebank.real_or_own(count=25, unseen=10)
    assert line == "25 real sentences of the English Web Treebank"
    assert (len(train), len(unseen)) == (25, 10)
    texts = {" ".join(s.words) for s in treebank.generate(30)}
    assert len({" ".join(s.words) for s in train} & texts) == 25
    assert train != treebank.ewt("train")[:25]  # drawn, not the first ones
    again = treebank.real_or_own(count=25, unseen=10)[1]
    assert [s.words for s in train] == [s.words for s in again]


def test_else_sentences_of_the_grammar_and_a_line_that_says_so(folder_of_ewt, monkeypatch, capsys):
    monkeypatch.delenv("WORKSHOP_EWT")
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    monkeypatch.setenv("WORKSHOP_CACHE", str(folder_of_ewt / "empty"))
    line, train, unseen = treebank.real_or_own(own=40, unseen=20)
    assert "our own grammar" in line
    assert "not on this machine" in line
    assert (len(train), len(unseen)) == (40, 20)
    assert capsys.readouterr().out == ""  # offline nothing is tried, so nothing is complained of
    (folder_of_ewt / "en_ewt-ud-dev.conllu").unlink()
    monkeypatch.setenv("WORKSHOP_EWT", str(folder_of_ewt))
    assert "our own grammar" in treebank.real_or_own(own=40, unseen=20)[0]
    assert "en_ewt-ud-dev.conllu can't be read" in capsys.readouterr().out
