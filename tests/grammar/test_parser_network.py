import numpy as np
import pytest

from helpers.grammar import conllu, parser_network, parsing, scoring, training
from helpers.grammar.conllu import Sentence
from helpers.grammar.parser_network import Parser, Settings

SMALL = Settings(
    word=16, pieces=(4, 4, 4, 4), units=24, hidden=24, epochs=5, words_per_batch=60,
    learning_rate=0.03, dropout=0.1,
)  # fmt: skip
VECTORS = ["the", "a"], np.ones((2, 5), np.float32)


@pytest.fixture(scope="module")
def trained(own):
    sentences = own["train"][:100]
    return training.learn(sentences, *VECTORS, SMALL), sentences


def test_training_learns_tags_and_trees_and_wants_whole_ones(trained):
    parser, sentences = trained
    untrained = scoring.score(sentences, Parser(parser.lexicon, VECTORS[1], SMALL).parse(sentences))
    after = scoring.score(sentences, parser.parse(sentences))
    assert after["LAS"] > untrained["LAS"] + 15 and after["UPOS"] > 60
    with pytest.raises(conllu.TreebankError, match="“Go home” has no whole tree: word 1"):
        training.learn([Sentence(["Go", "home"])], *VECTORS, SMALL)


def test_every_output_is_a_tree_with_known_names(trained):
    tables = trained[0].lexicon.tables | {"vector": parsing.SPECIAL}
    without_vectors = Parser(parsing.Lexicon(tables), np.zeros((0, 5), np.float32), SMALL)
    odd = [Sentence(w) for w in ([], ["😀"], ["Go"], ["日本", "語"], ["word"] * 100)]
    for parser in (trained[0], without_vectors):
        parsed = parser.parse(odd)
        assert [s.words for s in parsed] == [s.words for s in odd]
        for sentence in parsed:
            assert conllu.flaw(sentence.heads) == ""
            assert set(sentence.relations) <= set(parser.lexicon.tables["relation"])
            assert set(sentence.tags) <= set(parser.lexicon.tables["tag"])


def test_a_saved_parser_reads_the_same_and_each_sentence_as_if_it_were_alone(trained, tmp_path):
    parser, sentences = trained
    parser.save(tmp_path / "p.npz")
    again = parser_network.load(tmp_path / "p.npz", *VECTORS)
    assert again.facts == parser.facts == {"sentences": 100, "epochs": 5, "seed": 0}
    assert again.settings == SMALL
    together = parser.parse(sentences[:20])
    alone = [again.parse([sentence])[0] for sentence in sentences[:20]]
    same = [a.heads.tolist() == t.heads.tolist() for a, t in zip(alone, together, strict=True)]
    assert sum(same) >= 19  # rounding may tip a close decision: weights are kept as float16
