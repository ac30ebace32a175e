import pytest

from helpers.grammar import conllu, parsing, treebank, word_vectors


def test_the_own_treebank_has_three_parts_without_a_sentence_in_common(own):
    assert {part: len(sentences) for part, sentences in own.items()} == treebank.PARTS
    sentences = [s for part in own.values() for s in part]
    assert len({" ".join(s.words) for s in sentences}) == 1800
    assert all(parsing.is_projective(s.heads) for s in sentences)


@pytest.fixture
def folder_of_ewt(texts, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_EWT", str(tmp_path))
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "empty"))
    for part, count in (("train", 30), ("dev", 20)):
        file = tmp_path / f"en_ewt-ud-{part}.conllu"
        file.write_text("".join(texts[part][:count]), encoding="utf-8")
    return tmp_path


def test_real_sentences_where_they_can_be_had(folder_of_ewt):
    there = [s.words for s in treebank.ewt("train")]
    line, train, unseen = treebank.real_or_own(count=25, unseen=10)
    assert line == "25 real sentences of the English Web Treebank"
    drawn = [s.words for s in train]
    assert (len(drawn), len(unseen)) == (25, 10)
    assert all(words in there for words in drawn) and drawn != there[:25]
    assert drawn == [s.words for s in treebank.real_or_own(count=25, unseen=10)[1]]


def test_where_they_can_not_it_says_what_helps(folder_of_ewt, monkeypatch, capsys):
    (folder_of_ewt / "en_ewt-ud-dev.conllu").write_text("# nothing\n")
    assert "our own grammar" in treebank.real_or_own()[0]
    assert "no trees in en_ewt-ud-dev.conllu" in capsys.readouterr().out
    monkeypatch.delenv("WORKSHOP_EWT")
    with pytest.raises(conllu.TreebankError, match=r"WORKSHOP_OFFLINE.*WORKSHOP_EWT\.$"):
        treebank.ewt("train")
    line, train, unseen = treebank.real_or_own(count=40, unseen=20)
    assert "our own grammar: the English Web Treebank is not on this machine" in line
    assert (len(train), len(unseen)) == (40, 20)
    assert capsys.readouterr().out == ""  # offline nothing is tried, so nothing is complained of


def test_the_shipped_word_vectors():
    glove = word_vectors.WordVectors(*word_vectors.load())
    assert glove.analogy("man", "King", "woman", 3)[0][0] == "queen"
    with pytest.raises(KeyError, match="xyzzyq"):
        glove["xyzzyq"]
