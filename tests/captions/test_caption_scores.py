"""Scores of sentences about pictures: BLEU, agreement, truth, attention; the shipped networks."""

import functools
import types

import pytest

from helpers.captions import scores, world
from tools.scores import evaluate


def test_bleu_and_agreement():
    references = [["a red cat on the beach", "a cat"], ["two blue dogs at night", "dogs"]]
    assert scores.bleu([five[0] for five in references], references) == pytest.approx(100)
    # All words and pairs are there, 3 of 4 triples, 1 of 3 fours; no brevity penalty.
    score = scores.bleu(["a red cat on the mat"], [["a red cat in the mat", "cat on the mat"]])
    assert score == pytest.approx(100 * (3 / 4 * 1 / 3) ** 0.25, rel=1e-3)
    assert scores.against_others([["a red cat at night"] * 5]) == pytest.approx(100)


def test_cider_counts_what_tells_pictures_apart():
    references = [["a red cat sleeps here", "one red cat"], ["a dog runs over the grass", "a dog"]]
    perfect = scores.cider([five[0] for five in references], [[five[0]] for five in references])
    # All words but the common "a" count; a sentence like its only reference has the full ten.
    assert perfect == pytest.approx(10)
    assert scores.cider(["a a a", "a a"], references) == 0
    close, far = (scores.cider([said, "no"], references) for said in ("a red cat", "a red dog"))
    assert close > far > 0
    long = scores.cider(["a red cat " + "so " * 20, "no"], references)
    assert 0 < long < close / 2


def test_who_knows_the_answers_gets_full_marks(monkeypatch):
    load, answers = world.load, {}

    def load_few(split, count=0):
        pictures, scenes, sentences = load(split, 60)
        answers.update({p.tobytes(): s[0] for p, s in zip(pictures, sentences, strict=True)})
        return pictures, scenes, sentences

    monkeypatch.setattr(world, "load", functools.cache(load_few))
    oracle = types.SimpleNamespace(describe=lambda some, _: [answers[p.tobytes()] for p in some])
    lesson = types.SimpleNamespace(trained=lambda *_: oracle, read=0, read_and_look=1)
    figures = scores.evaluate({}, lesson)
    assert figures["test: agreement"] < 80 < figures["test: BLEU-4"]
    assert figures["test: true"] == figures["test unseen: relation, without attention"] == 1


@pytest.mark.slow
def test_the_shipped_captioners_score_as_their_card_says():
    figures = evaluate("captioner")
    assert figures["test: true"] == pytest.approx(0.998, abs=0.01)
    assert figures["test unseen: true"] == pytest.approx(0.956, abs=0.01)
    assert figures["test: BLEU-4"] == pytest.approx(75.7, abs=1)
    assert figures["test unseen: true, without attention"] < 0.5
