"""What lesson 06 teaches in its own cells: histories, the contest in the beam, the global loss."""

import types

import keras
import numpy as np
import pytest

from helpers.grammar import conllu, parser_network, parsing, scoring
from tools.notebooks import taught


@pytest.fixture(scope="module")
def lesson(own):
    """The taught cells, with what their functions look for in the lesson: a network of 8 tags."""
    module, sentences = taught("06"), own["train"][:12]
    module.lexicon = parsing.Lexicon.learn(sentences)
    module.relations = len(module.lexicon.tables["relation"])

    def eyes(sentences, look=None):
        tags = np.zeros((len(sentences), 42), np.int32)
        for row, sentence in enumerate(sentences):
            tags[row, 1 : len(sentence) + 1] = 1 + module.lexicon.number("tag", sentence.tags)
        return lambda states, rows, numbers: tags[numbers[:, None], states.window(rows)]

    module.eyes = eyes
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8,), dtype="int32")
    x = keras.layers.Flatten()(keras.layers.Embedding(20, 8)(inputs))
    x = keras.layers.Dense(32, activation="relu")(x)
    module.model = keras.Model(inputs, keras.layers.Dense(parsing.classes(module.relations))(x))
    module.sentences = sentences
    return module


def test_the_oracle_s_histories_are_replayed(lesson):
    histories = lesson.true_histories(lesson.sentences)
    for history, sentence in zip(histories, lesson.sentences, strict=True):
        moves, _ = parsing.meaning(history[history >= 0], lesson.relations)
        assert moves.tolist() == parsing.true_moves(sentence.heads)
    seen, done, whose = lesson.replay(histories, lesson.sentences)
    assert len(seen) == len(done) == len(whose) == 2 * sum(map(len, lesson.sentences))
    assert done[whose == 3].tolist() == histories[3][histories[3] >= 0].tolist()


def search(lesson, width):
    return lesson.contest(lambda seen: np.array(lesson.model(seen)), lesson.sentences, width)


def test_a_contest_ends_where_the_true_history_falls_out(lesson):
    truth = lesson.true_histories(lesson.sentences)
    histories = search(lesson, 3)
    assert histories.shape == (12, 4, truth.shape[1])
    for (first, *rivals), true in zip(histories, truth, strict=True):
        length = (first >= 0).sum()
        assert length > 0 and first[:length].tolist() == true[:length].tolist()
        for rival in rivals:
            assert (rival >= 0).sum() in (0, length)
            assert rival[:length].tolist() != first[:length].tolist()


def test_the_loss_is_a_softmax_over_histories(lesson):
    histories = search(lesson, 3)
    zeros = np.zeros(parsing.classes(lesson.relations), np.float32)
    loss = lesson.global_loss(
        lambda seen, training: zeros + 0 * seen[:, :1], lesson.sentences, histories
    )
    alive = (histories[:, :, 0] >= 0).sum(1)
    assert np.isclose(loss, np.log(alive).mean())


def test_training_lets_the_true_history_win(lesson):
    before = (search(lesson, 4)[:, 0] >= 0).sum()
    lesson.train_globally(lesson.model, lesson.sentences, width=4, rate=0.01, epochs=20)
    assert (search(lesson, 4)[:, 0] >= 0).sum() > 1.4 * before  # it stays in the beam for longer


def test_the_study_trains_with_and_without_vectors(lesson, monkeypatch):
    trained = []

    def learn(sentences, words, vectors, settings, seed):
        assert len(words) == len(vectors)
        trained.append((len(words) > 0, seed))
        return types.SimpleNamespace(parse=lambda sentences: sentences)

    monkeypatch.setattr(lesson, "training", types.SimpleNamespace(learn=learn))
    monkeypatch.setattr(lesson, "small", None, raising=False)
    study = lesson.vectors_study(lesson.sentences, lesson.sentences)
    assert study == {"with GloVe": [100.0] * 3, "without": [100.0] * 3}
    assert trained == [(has, seed) for seed in range(3) for has in (True, False)]


def test_scores_on_ewt_are_noted(lesson, own, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_EWT", str(tmp_path))
    for part in ("dev", "test"):
        conllu.write(tmp_path / f"en_ewt-ud-{part}.conllu", own[part][:20])
    parser = types.SimpleNamespace(facts={}, parse=parser_network.shipped().parse)
    lesson.note_scores(parser)
    expected = scoring.score(own["test"][:20], parser.parse(own["test"][:20]))
    assert parser.facts["test"] == {name: round(value, 2) for name, value in expected.items()}
    assert set(parser.facts) == {"trained_on", "dev", "test", "dev by relation", "dev by length"}
