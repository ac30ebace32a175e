"""Scores of sentences about pictures: BLEU, agreement, truth, attention; the shipped networks."""

import functools
import types

import numpy as np
import pytest

from helpers.captions import scores, world
from helpers.captions.world import Scene, Thing
from tools.scores import evaluate


def test_bleu_and_agreement():
    references = [["a red cat on the beach", "a cat"], ["two blue dogs at night", "dogs"]]
    assert scores.bleu([five[0] for five in references], references) == pytest.approx(100)
    assert scores.bleu(["x y z w", "x y z w"], references) < 1
    # All words and pairs are there, 3 of 4 triples, 1 of 3 fours; no brevity penalty.
    score = scores.bleu(["a red cat on the mat"], [["a red cat in the mat", "cat on the mat"]])
    assert score == pytest.approx(100 * (3 / 4 * 1 / 3) ** 0.25, rel=1e-3)
    assert scores.against_others([["a red cat at night"] * 5]) == pytest.approx(100)
    references = [["a red cat at night", "two blue dogs on ice", "a green tree by day"]]
    alone = scores.bleu(["a red cat at night"], [references[0][1:]])  # right twice, judged once
    judged = scores.against_others(references, ["a red cat at night"])
    assert judged == pytest.approx((100 + 100 + alone) / 3)


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


def test_truth_counts_claims_where_they_are_made():
    cat = Scene("snow", (Thing("cat", "red", "small", 20, 20),))
    said = ["a red cat", "a red cat in the snow", "a red cat at night", "cat red"]
    shares = scores.truth(said, [cat] * 4)
    assert np.isnan(shares["relation"])
    wanted = {"grammatical": 0.75, "true": 0.5, "things": 1.0, "place": 0.5}
    assert wanted.items() <= shares.items()


class Oracle:
    """It has read the answers."""

    def __init__(self, *_):
        self.answers = {}
        for split in ("test", "test unseen"):
            pictures, _, sentences = world.load(split)
            self.answers |= {p.tobytes(): s[0] for p, s in zip(pictures, sentences, strict=True)}

    def describe(self, pictures, width=1):
        return [self.answers[picture.tobytes()] for picture in pictures]


def test_who_knows_the_answers_gets_full_marks(monkeypatch):
    load = world.load
    monkeypatch.setattr(world, "load", functools.cache(lambda split, count=0: load(split, 60)))
    figures = scores.evaluate({}, types.SimpleNamespace(trained=Oracle, read=0, read_and_look=1))
    assert figures["test: agreement"] < 80 < figures["test: BLEU-4"]
    for name in ("test: true", "test unseen: relation", "test: true, without attention"):
        assert figures[name] == 1, name


@pytest.mark.slow
def test_the_shipped_captioners_score_as_their_card_says():
    figures = evaluate("captioner")
    for name, wanted in {
        "test: true": 0.968,
        "test unseen: true": 0.854,
    }.items():
        assert figures[name] == pytest.approx(wanted, abs=0.02), name
    assert figures["test: BLEU-4"] == pytest.approx(74.0, abs=1)
    assert figures["test unseen: true, without attention"] < 0.2
