"""What lesson 06 teaches, where its printed numbers would not tell: the beam, its loss, facts."""

import keras
import numpy as np
import pytest

from helpers.grammar import conllu, parser_network, parsing, reading
from tools.notebooks import taught


@pytest.fixture(scope="module")
def lesson(own):
    """The taught cells, with what their functions look for in the lesson: a network of 8 tags."""
    module, sentences = taught("06"), own["train"][:12]
    module.lexicon, module.sentences = parsing.Lexicon.learn(sentences), sentences
    module.relations = len(module.lexicon.tables["relation"])

    def eyes(sentences):
        tags = np.zeros((len(sentences), 42), np.int32)
        for row, sentence in enumerate(sentences):
            tags[row, 1 : len(sentence) + 1] = 1 + module.lexicon.number("tag", sentence.tags)
        return lambda states, rows, numbers: tags[numbers[:, None], states.window(rows)]

    module.eyes, module.english = eyes, parser_network.shipped()
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


def test_a_beam_of_one_is_greedy_and_a_wide_one_finds_no_worse(lesson):
    states = parsing.greedy(
        [len(s) for s in lesson.sentences], lesson.scorer(lesson.model, lesson.sentences)
    )
    alone = lesson.with_trees(lesson.sentences, states, range(12))
    for local in (True, False):
        found = lesson.search(lesson.model, lesson.sentences, 1, local)
        assert [s.heads.tolist() for s in found] == [s.heads.tolist() for s in alone]
        assert [s.relations for s in found] == [s.relations for s in alone]
    (short,) = [[s] for s in lesson.sentences if len(s) == min(map(len, lesson.sentences))][:1]
    totals = []
    for width in (1, 300):
        beam, score = lesson.Beam(short, width), lesson.scorer(lesson.model, short)
        while len(rows := beam.states.unfinished()):
            scores = score(beam.states, rows, beam.whose[rows])
            lesson.extend(beam, rows, parsing.permitted(scores, beam.states.allowed(rows)))
        assert (np.diff(beam.totals[~np.isneginf(beam.totals)]) <= 0).all()  # the best one first
        totals.append(beam.totals[0])
    assert totals[1] >= totals[0]
    wide = lesson.search(lesson.model, lesson.sentences, 5)
    assert all(conllu.flaw(s.heads) == "" for s in wide)


def test_a_contest_ends_where_the_true_history_falls_out_and_is_priced(lesson):
    truth = lesson.true_histories(lesson.sentences)
    histories = lesson.contest(lesson.model, lesson.sentences, 3)
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


def test_a_trees_probability_is_the_sum_over_all_orders_that_lead_to_it(lesson):
    (sentence,) = reading.read("I saw the man with the telescope.")
    for head, many in (("saw", 2), ("man", 1)):
        tree = reading.hung(sentence, "telescope", head)
        found = lesson.orders(tree)
        assert len({*found}) == len(found) == many
        assert tuple(parsing.true_moves(tree.heads)) in found
        one, total = lesson.english.log_probability(tree), lesson.tree_log_probability(tree)
        assert one <= total <= 0
    (short,) = reading.read("Go home.")  # all its trees share the whole probability
    heads = [[0, 1, 1], [0, 1, 2], [0, 3, 1], [2, 0, 2], [2, 0, 1], [3, 1, 0], [2, 3, 0], [3, 3, 0]]
    trees = [conllu.Sentence(short.words, heads=np.array(h)) for h in heads]
    trees = [t for t in trees if not conllu.flaw(t.heads) and parsing.is_projective(t.heads)]
    total = sum(np.exp(lesson.tree_log_probability(tree)) for tree in trees)
    assert len(trees) == 7 and np.isclose(total, 1, atol=0.01)


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
