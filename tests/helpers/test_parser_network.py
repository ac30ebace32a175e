import numpy as np
import pytest

from helpers import parser_network, parsing
from helpers.conllu import Sentence
from helpers.datasets import treebank
from helpers.parser_network import ParserFileError, Settings

SMALL = Settings(
    word=16,
    pieces=(4, 4, 4, 4),
    units=32,
    hidden=32,
    dropout=0.1,
    epochs=10,
    words_per_batch=80,
    learning_rate=0.01,
)
VECTORS = ["the", "a"], np.ones((2, 5), np.float32)


@pytest.fixture(scope="module")
def trained():
    errors = []
    sentences = treebank.generate(150, seed=9)
    parser = parser_network.learn(
        sentences, *VECTORS, SMALL, after_epoch=lambda _, epoch, error: errors.append(error)
    )
    return parser, sentences, errors


def test_training_learns_tags_and_trees(trained):
    parser, sentences, errors = trained
    assert len(errors) == SMALL.epochs
    assert errors[-1] < errors[0] / 2
    untrained = parser_network.Parser(parser.lexicon, VECTORS[1], SMALL)
    before = parsing.score(sentences, untrained.parse(sentences))
    after = parsing.score(sentences, parser.parse(sentences))
    assert after["LAS"] > before["LAS"] + 30
    assert after["UPOS"] > 80


def test_every_output_is_a_tree_with_known_names(trained):
    parser, _, _ = trained
    odd = [Sentence(w) for w in ([], ["😀"], ["Go"], ["日本", "語"], ["word"] * 300)]
    for parsed in (parser.parse(odd), parser.parse(odd, beam=3)):
        assert [s.words for s in parsed] == [s.words for s in odd]
        for sentence in parsed:
            assert parsing.is_tree(sentence.heads)
            assert set(sentence.relations) <= set(parser.lexicon.tables["relation"])
            assert set(sentence.tags) <= set(parser.lexicon.tables["tag"])


def test_a_sentence_is_parsed_the_same_alone_and_in_company(trained):
    parser, sentences, _ = trained
    together = parser.parse(sentences[:30])
    same = [
        parser.parse([s])[0].heads.tolist() == t.heads.tolist()
        for s, t in zip(sentences[:30], together, strict=True)
    ]
    assert sum(same) >= 29  # rounding may tip a close decision


def test_the_oracle_can_be_followed_alone(trained):
    parser, sentences, _ = trained
    lesson = parser_network.Lesson(parser, sentences[:20], np.random.default_rng(0))
    ids, lengths, tags, fine, words, labels, targets = lesson.batch(list(range(20)), explore=0)
    assert len(words) == len(labels) == len(targets) == 2 * sum(map(len, sentences[:20]))
    assert (targets.max(1) >= 0).all()
    assert ids.shape[:2] == tags.shape == fine.shape
    assert lengths.tolist() == [len(s) + 1 for s in sentences[:20]]


def test_a_saved_parser_comes_back(trained, tmp_path):
    parser, sentences, _ = trained
    parser.facts = {"seed": 0}
    parser.save(tmp_path / "p.npz")
    again = parser_network.load(tmp_path / "p.npz", *VECTORS)
    assert again.facts == {"seed": 0}
    assert again.settings == SMALL
    before = parsing.score(sentences, parser.parse(sentences))
    after = parsing.score(sentences, again.parse(sentences))
    assert abs(before["LAS"] - after["LAS"]) < 1  # weights are kept as float16


def test_a_file_that_is_no_parser_gets_a_sentence(tmp_path):
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "other.npz", a=np.ones(3))
    for name in ("text.npz", "other.npz", "none.npz"):
        with pytest.raises(ParserFileError, match="not a parser"):
            parser_network.load(tmp_path / name, *VECTORS)


def test_batches_hold_every_sentence_once_and_are_not_too_large():
    lengths = [3, 50, 1, 0, 7, 7, 200]
    groups = parser_network.batches(lengths, 60)
    assert sorted(i for group in groups for i in group) == list(range(7))
    for group in groups:
        assert len(group) == 1 or len(group) * (max(lengths[i] for i in group) + 1) <= 60
    assert parser_network.batches([], 60) == []


def test_the_shipped_parser_scores_a_file(tmp_path):
    from helpers import conllu

    conllu.write(tmp_path / "a.conllu", treebank.generate(40, seed=3))
    figures = parser_network.evaluate({"treebank": str(tmp_path / "a.conllu")})
    assert figures["uas"] > 70
    assert figures["las"] <= figures["uas"]
    assert figures["words_per_second"] > 0


def test_the_chosen_tree_is_more_probable_than_a_spoiled_one(trained):
    parser, sentences, _ = trained
    better = 0
    for sentence in parser.parse([s for s in sentences if len(s) > 6][:10]):
        spoiled = Sentence(
            sentence.words,
            heads=np.r_[0, np.arange(1, len(sentence))],
            relations=["root"] + ["dep"] * (len(sentence) - 1),
        )
        spoiled.relations = sentence.relations
        assert parser.log_probability(sentence) <= 0
        better += parser.log_probability(sentence) > parser.log_probability(spoiled)
    assert better == 10


def test_tables_of_scores_and_publishing(trained, monkeypatch):
    parser, sentences, _ = trained
    found = parser_network.tables(parser, sentences)
    assert sum(words for _, words in found["dev by length"].values()) == sum(map(len, sentences))
    assert next(iter(found["dev by length"])) == "1–10"
    assert "nsubj" in found["dev by relation"]
    published = {}

    def publish(name, file):
        published[name] = parser_network.load(file, *VECTORS)

    monkeypatch.setattr(parser_network.assets, "publish", publish)
    parser_network.publish(parser, "parser-ewt")
    assert published["parser-ewt"].settings == SMALL
