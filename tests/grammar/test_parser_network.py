import json

import numpy as np
import pytest

from helpers.grammar import parser_network, parsing, treebank
from helpers.grammar.conllu import Sentence
from helpers.grammar.parser_network import ParserFileError, Settings

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
    from helpers.grammar import conllu

    conllu.write(tmp_path / "a.conllu", treebank.generate(120, seed=3))
    figures = parser_network.evaluate({"treebank": str(tmp_path / "a.conllu")})
    assert figures["uas"] > 70
    assert figures["las"] <= figures["uas"]
    assert figures["words_per_second"] > 0
    assert figures["las_nsubj"] > 60
    assert figures["las_1-10_words"] > 70
    assert "las_iobj" not in figures  # too rare in 120 sentences to be a figure


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


def test_tables_of_scores(trained):
    parser, sentences, _ = trained
    found = parser_network.tables(sentences, parser.parse(sentences))
    for table in found.values():
        assert sum(words for _, words in table.values()) == sum(map(len, sentences))
    assert list(found["by length"])[:2] == ["1–10", "11–20"]
    assert "nsubj" in found["by relation"]


def test_scores_on_ewt_are_noted(trained, tmp_path, monkeypatch):
    parser, sentences, _ = trained
    from helpers.grammar import conllu

    monkeypatch.setenv("WORKSHOP_EWT", str(tmp_path))
    monkeypatch.setattr(parser, "facts", {})
    for part, some in (("dev", sentences[:40]), ("test", sentences[40:60])):
        conllu.write(tmp_path / f"en_ewt-ud-{part}.conllu", some)
    parser_network.note_ewt_scores(parser)
    expected = parsing.score(sentences[40:60], parser.parse(sentences[40:60]))
    assert parser.facts["test"] == {name: round(value, 2) for name, value in expected.items()}
    assert {"trained_on", "dev", "dev by relation", "dev by length"} < set(parser.facts)


@pytest.mark.parametrize(("las", "published"), [(99.9, True), (10.0, False)])
def test_only_a_parser_that_is_as_good_takes_the_place(trained, monkeypatch, las, published):
    parser, _, _ = trained
    files = []

    def publish(name, file):
        files.append((name, parser_network.load(file, *VECTORS).settings))

    monkeypatch.setattr(parser_network.assets, "publish", publish)
    monkeypatch.setattr(parser, "facts", {"dev": {"LAS": las}})
    assert parser_network.publish(parser, "parser-ewt") is published
    assert files == ([("parser-ewt", SMALL)] if published else [])


def test_full_training_can_be_shortened(monkeypatch):
    monkeypatch.delenv("WORKSHOP_EPOCHS", raising=False)
    assert parser_network.full_settings() == Settings()
    monkeypatch.setenv("WORKSHOP_EPOCHS", "3")
    assert parser_network.full_settings() == Settings(epochs=3)
    for wrong in ("0", "many", "-1", "1.5"):
        monkeypatch.setenv("WORKSHOP_EPOCHS", wrong)
        with pytest.raises(ValueError, match="WORKSHOP_EPOCHS"):
            parser_network.full_settings()


def test_the_study_of_vectors_trains_with_and_without_and_publishes(tmp_path, monkeypatch):
    sentences, trained_with = treebank.generate(6, seed=9), []

    class Perfect:
        def parse(self, sentences):
            return sentences

    def learn(sentences, words, vectors, settings, seed):
        assert len(words) == len(vectors)
        trained_with.append((bool(words), seed))
        return Perfect()

    def publish(name, file):
        (tmp_path / name).write_bytes(file.read_bytes())

    monkeypatch.setattr(parser_network, "learn", learn)
    monkeypatch.setattr(treebank, "real_or_own", lambda count: ("here", sentences, sentences))
    monkeypatch.setattr(parser_network.assets, "publish", publish)
    shipped = parser_network.vectors_study()
    assert shipped.keys() == {"with GloVe", "without"}
    assert all(len(scores) == 3 for scores in shipped.values())
    assert trained_with == []
    parser_network.vectors_study(anew=True)
    assert sorted(trained_with) == [(has, seed) for has in (False, True) for seed in range(3)]
    made = json.loads((tmp_path / "parser-vectors").read_text())
    assert made == {"with GloVe": [100.0] * 3, "without": [100.0] * 3}


def test_it_learns_without_vectors_too():
    sentences = treebank.generate(20, seed=9)
    settings = Settings(word=8, pieces=(2, 2, 2, 2), units=8, hidden=8, epochs=1)
    parser = parser_network.learn(sentences, [], np.zeros((0, 5), np.float32), settings)
    assert all(parsing.is_tree(s.heads) for s in parser.parse(sentences))
