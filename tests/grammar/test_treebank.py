import pytest

from helpers.grammar import parser_network, parsing, reading, treebank, word_vectors


def test_the_own_treebank_has_three_parts_without_a_sentence_in_common(own):
    assert {part: len(sentences) for part, sentences in own.items()} == treebank.PARTS
    sentences = [s for part in own.values() for s in part]
    assert len({" ".join(s.words) for s in sentences}) == 460
    assert all(parsing.is_projective(s.heads) for s in sentences)
    ewt = parser_network.shipped().lexicon.numbers  # whose scheme the hand-made trees follow
    for sentence in sentences:
        assert {*sentence.tags} <= {*ewt["tag"]} and {*sentence.relations} <= {*ewt["relation"]}
        parents = set(sentence.heads.tolist())
        for place, relation in enumerate(sentence.relations, 1):
            assert relation not in ("det", "case", "cop", "aux", "punct") or place not in parents


def test_its_text_is_read_into_its_words(texts, own):
    for part, sentences in own.items():
        for text, sentence in zip(texts[part], sentences, strict=True):
            (first, _) = text.split("\n", 1)
            assert reading.tokenise(first.removeprefix("# text = ")) == [sentence.words]


def test_the_shipped_word_vectors():
    glove = word_vectors.WordVectors(*word_vectors.load_glove())
    assert glove.analogy("man", "King", "woman", 3)[0][0] == "queen"
    with pytest.raises(KeyError, match="xyzzyq"):
        glove["xyzzyq"]
