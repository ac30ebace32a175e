"""What lesson 06 teaches in its own cells: histories, the beam's contest, its loss, and facts."""

import types

import keras
import numpy as np
import pytest

from helpers.grammar import parser_network, parsing, reading, scoring
from tools.notebooks import taught


@pytest.fixture(scope="module")
def lesson(own):
    """The taught cells, with what their functions look for in the lesson: a network of 8 tags."""
    module, sentences = taught("06"), own["train"][:12]
    module.lexicon, module.sentences = parsing.Lexicon.learn(sentences), sentences
    module.relations = len(module.lexicon.tables["relation"])

    def eyes(sentences, look=None):
        tags = np.zeros((len(sentences), 42), np.int32)
        for row, sentence in enumerate(sentences):
            tags[row, 1 : len(sentence) + 1] = 1 + module.lexicon.number("tag", sentence.tags)
        return lambda states, rows, numbers: tags[numbers[:, None], states.window(rows)]

    module.eyes = eyes
    keras.utils.set_random_seed(0)
    module.model = keras.Sequential(
        [
            keras.Input((8,), dtype="int32"),
            keras.layers.Embedding(20, 8),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(parsing.classes(module.relations)),
        ]
    )
    return module


def test_the_oracles_histories_are_replayed(lesson):
    histories = lesson.true_histories(lesson.sentences)
    for history, sentence in zip(histories, lesson.sentences, strict=True):
        moves, _ = parsing.meaning(history[history >= 0], lesson.relations)
        assert moves.tolist() == parsing.true_moves(sentence.heads)
    seen, done, whose = lesson.replay(histories, lesson.sentences)
    assert len(seen) == len(done) == len(whose) == 2 * sum(map(len, lesson.sentences))
    assert done[whose == 3].tolist() == histories[3][histories[3] >= 0].tolist()


def search(lesson, width):
    return lesson.contest(lambda seen: np.array(lesson.model(seen)), lesson.sentences, width)


def test_a_contest_ends_where_the_true_history_falls_out_and_is_priced(lesson):
    truth = lesson.true_histories(lesson.sentences)
    histories = search(lesson, 3)
    assert histories.shape == (12, 4, truth.shape[1])
    for (first, *rivals), true in zip(histories, truth, strict=True):
        length = (first >= 0).sum()
        assert length > 0 and first[:length].tolist() == true[:length].tolist()
        for rival in rivals:
            assert (rival >= 0).sum() in (0, length)
            assert rival[:length].tolist() != first[:length].tolist()

    def indifferent(seen, training):
        return np.zeros((len(seen), parsing.classes(lesson.relations)), np.float32)

    loss = lesson.global_loss(indifferent, lesson.sentences, histories)
    assert np.isclose(loss, np.log((histories[:, :, 0] >= 0).sum(1)).mean())


def test_training_lets_the_true_history_win(lesson):
    before = (search(lesson, 4)[:, 0] >= 0).sum()
    lesson.train_globally(lesson.model, lesson.sentences, width=4, rate=0.01, epochs=20)
    assert (search(lesson, 4)[:, 0] >= 0).sum() > 1.4 * before  # it stays in the beam for longer


def test_the_study_trains_with_and_without_vectors(lesson, monkeypatch):
    trained = []

    def learn(sentences, words, vectors, settings, seed):
        trained.append((len(words), len(vectors), seed))
        return types.SimpleNamespace(parse=list)

    monkeypatch.setattr(lesson, "training", types.SimpleNamespace(learn=learn))
    lesson.small = None
    study = lesson.vectors_study(lesson.sentences, lesson.sentences)
    assert study == {"with GloVe": [100.0] * 3, "without": [100.0] * 3}
    assert trained == [(count, count, seed) for seed in range(3) for count in (40_000, 0)]


def test_scores_on_ewt_are_noted(lesson, own, texts, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_EWT", str(tmp_path))
    for part in ("dev", "test"):
        file = tmp_path / f"en_ewt-ud-{part}.conllu"
        file.write_text("".join(texts[part][:20]), encoding="utf-8")
    parser = types.SimpleNamespace(facts={}, parse=parser_network.shipped().parse)
    lesson.note_scores(parser)
    expected = scoring.score(own["test"][:20], parser.parse(own["test"][:20]))
    assert parser.facts["test"] == {name: round(value, 2) for name, value in expected.items()}
    assert set(parser.facts) == {"trained_on", "dev", "test", "dev by relation", "dev by length"}


def test_who_did_what_to_whom(lesson):
    for text, facts in (
        ("The dog chased the man.", [("The dog", "chased", "the man")]),
        ("Anna slept in the garden.", [("Anna", "slept", "")]),
        ("The cake was eaten by the children.", [("the children", "eaten", "The cake")]),
        ("Ben wrote it and sent it.", [("Ben", "wrote", "it"), ("Ben", "sent", "it")]),
        ("He picked up the book.", [("He", "picked up", "the book")]),
        ("Sleep!", []),
    ):
        assert [fact for sentence in reading.read(text) for fact in lesson.facts(sentence)] == facts


def test_questions_are_answered_from_the_facts(lesson):
    story = reading.read("Anna painted the old house. The house was visited by her brother.")
    for question, answer in (
        ("Who painted the house?", "Anna"),
        ("What did Anna paint?", "the old house"),
        ("Who visited the house?", "her brother"),
        ("Who sold the house?", ""),
        ("Anna painted the house.", ""),
        ("", ""),
    ):
        assert lesson.answer(question, story, lambda one, other: one[:4] == other[:4]) == answer
