import numpy as np
import pytest

from helpers.grammar import word_vectors
from helpers.grammar.word_vectors import WordVectors


@pytest.fixture(scope="module")
def glove():
    return WordVectors(*word_vectors.load())


def test_the_shipped_vectors(glove):
    assert glove.vectors.shape == (40_000, 50)
    assert len(glove.number) == 40_000
    assert "cat" in [word for word, _ in glove.nearest(glove["dog"], 3, without=["dog"])]
    assert glove.analogy("man", "king", "woman", 3)[0][0] == "queen"


def test_left_out_words_do_not_come_back(glove):
    assert "dog" not in [word for word, _ in glove.nearest(glove["dog"], 5, without=["Dog"])]


def test_a_word_without_a_vector_gets_a_sentence(glove):
    assert "xyzzyq" not in glove
    with pytest.raises(KeyError, match="xyzzyq"):
        glove["xyzzyq"]


def test_packing_keeps_what_the_text_format_holds(tmp_path, monkeypatch):
    (tmp_path / "glove.txt").write_text(
        "the 0.5 -1.0\n, 0.25 0.125\ncafé 0 0.75\n", encoding="utf-8"
    )
    words, vectors = word_vectors.read_text(tmp_path / "glove.txt")
    assert words == ["the", ",", "café"]
    word_vectors.pack(tmp_path / "p.npz", words, vectors)
    monkeypatch.setattr(word_vectors.assets, "path", lambda name: tmp_path / "p.npz")
    again_words, again = word_vectors.load()
    assert again_words == words
    assert np.allclose(again, vectors, atol=0.01)
    assert word_vectors.read_text(tmp_path / "glove.txt", limit=1)[0] == ["the"]
