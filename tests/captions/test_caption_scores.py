"""Scores of sentences about pictures: BLEU, agreement, truth, attention; the shipped networks."""

import functools
import types

import keras
import numpy as np
import pytest

from helpers import images
from helpers.captions import captioning, scores, world
from helpers.captions.captioning import CaptionError, Vocabulary
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
    assert 30 < scores.against_others(world.load("dev", 60)[2]) < 99


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


def test_sentences_are_judged_by_as_many_references_as_each_reference():
    """One that says what one of three says is right twice, and once judged by the other two."""
    references = [["a red cat at night", "two blue dogs on ice", "a green tree by day"]]
    alone = scores.bleu(["a red cat at night"], [references[0][1:]])
    judged = scores.against_others(references, ["a red cat at night"])
    assert judged == pytest.approx((100 + 100 + alone) / 3)


def test_truth_counts_claims_where_they_are_made():
    cat = Scene("snow", (Thing("cat", "red", "small", 20, 20),))
    said = ["a red cat", "a red cat in the snow", "a red cat at night", "cat red"]
    shares = scores.truth(said, [cat] * 4)
    assert np.isnan(shares["relation"])
    wanted = {"grammatical": 0.75, "true": 0.5, "things": 1.0, "place": 0.5}
    assert wanted.items() <= shares.items()


def test_the_cells_that_a_thing_covers_add_up_to_its_area():
    thing = Thing("cat", "red", "small", 30, 41)
    covered = scores.covered(thing, (8, 8))
    assert covered.sum() * 64 == pytest.approx(world.SIZES["small"][1] ** 2)
    rows, columns = np.nonzero(covered)
    assert {*rows} == {33 // 8, 5, 48 // 8} and {*columns} == {22 // 8, 3, 37 // 8}


class Oracle:
    """It has read the answers, and looks at the upper left quarter."""

    def __init__(self, *_, attention=True):
        self.answers = {}
        for split in ("test", "test unseen"):
            pictures, _, sentences = world.load(split)
            self.answers |= {p.tobytes(): s[0] for p, s in zip(pictures, sentences, strict=True)}

    def describe(self, pictures, width=1):
        return [self.answers[picture.tobytes()] for picture in pictures]

    def attention(self, picture, sentence):
        quarter = np.outer([1, 1, 0, 0], [1, 1, 0, 0]) / 4
        return np.repeat(quarter[None], len(sentence.split()), axis=0)


def test_who_knows_the_answers_gets_full_marks(monkeypatch):
    load = world.load
    monkeypatch.setattr(world, "load", functools.cache(lambda split, count=0: load(split, 60)))
    figures = scores.evaluate({}, types.SimpleNamespace(trained=Oracle))
    assert figures["test: agreement"] < 80 < figures["test: BLEU-4"]
    for name in ("test: true", "test unseen: relation", "test: true, without attention"):
        assert figures[name] == 1, name
    assert 0.01 < figures["attention: share"] < 0.4 < figures["attention: on the right one"] < 0.9


def test_photographs_are_judged_on_the_part_that_is_held_out(lesson, tmp_path, monkeypatch):
    for n in range(12):
        images.write(tmp_path / f"{n}.png", np.full((30, 30, 3), 20 * n, np.uint8))
    lines = [f"{n}.png,{said}" for n in range(12) for said in ("a grey wall", "a wall")]
    (tmp_path / "captions.txt").write_text("\n".join([*lines, "1.png,nothing to be seen"]))
    network = keras.Sequential([keras.Input((224, 224, 3)), keras.layers.AveragePooling2D(32)])
    network.add(keras.layers.Conv2D(320, 1))
    backbone = types.SimpleNamespace(upto=lambda _: network, scale=lambda x: x, size=(224, 224))
    known = Vocabulary.of(["a grey wall"])
    captioning.save(tmp_path / "it.npz", lesson.build_photo_captioner(known), known)
    monkeypatch.setattr(scores.backbones, "load", lambda *_, **__: backbone)
    monkeypatch.setattr(scores.assets, "path", lambda _: tmp_path / "it.npz")
    figures = scores.evaluate_photos({"folder": tmp_path}, lesson)
    assert figures["photographs"] == 2 and 0 <= figures["BLEU-1, beam of 3"] <= 100
    monkeypatch.delenv("WORKSHOP_FLICKR8K", raising=False)
    with pytest.raises(CaptionError, match="name their folder"):
        scores.evaluate_photos({}, lesson)


@pytest.mark.slow
def test_the_shipped_captioners_score_as_their_card_says():
    figures = evaluate("captioner")
    for name, wanted in {
        "test: true": 0.968,
        "test unseen: true": 0.854,
        "attention: share": 0.39,
        "attention: on the right one": 0.98,
    }.items():
        assert figures[name] == pytest.approx(wanted, abs=0.02), name
    assert figures["test: BLEU-4"] == pytest.approx(74.0, abs=1)
    assert figures["test unseen: true, without attention"] < 0.2
