"""The drawn scenes: the same for a seed, sentences that are true, and a judge that sees lies."""

import numpy as np
import pytest

from helpers.captions import world
from helpers.captions.world import Scene, Thing

CAT = Thing("cat", "red", "small", 15, 32)
BOTH = Scene("snow", (CAT, Thing("house", "blue", "large", 48, 34)))
STARS = Scene("night", tuple(Thing("star", "green", "small", x, 40) for x in (10, 30, 50)))


def pairs(some_scenes):
    return {(t.colour, t.noun) for scene in some_scenes for t in scene.things}


def test_the_same_seed_gives_the_same_and_more_begin_with_them():
    one, again, other = (world.load("train", n, seed) for n, seed in ((6, 3), (3, 3), (6, 4)))
    np.testing.assert_array_equal(one[0][:3], again[0])
    assert one[1][:3] == again[1] and one[2][:3] == again[2] and one[1] != other[1]
    with pytest.raises(ValueError, match="There is no split 'valid', only train, dev"):
        world.load("valid", 1)


def test_splits_have_the_pairs_they_should_and_true_sentences_of_them():
    assert not world.UNSEEN & world.UNSEEN_DEV
    assert not world.SEEN & (world.UNSEEN | world.UNSEEN_DEV)
    assert {colour for colour, _ in world.SEEN} == set(world.COLOURS)  # each is known from training
    assert {noun for _, noun in world.SEEN} == set(world.NOUNS)
    for split, (kept, _) in world.SPLITS.items():
        _, shown, sentences = world.load(split, 300)
        assert all(pairs([scene]) & kept for scene in shown)
        assert pairs(shown) <= world.SEEN | kept
        for scene, five in zip(shown, sentences, strict=True):
            assert all(world.judge(sentence, scene).true for sentence in five), (scene, five)
        assert np.mean([len(set(five)) for five in sentences]) > 4.7  # few of five are alike


def test_what_is_true_and_each_kind_of_lie_is_seen():
    for sentence, lie in {
        "a blue house right of a small red kitten in the snow": None,
        "there is a little red cat left of a large blue home on a winter day": None,
        "  A red cat   to the left of a blue house": None,
        "a red dog to the left of a blue house": "things",
        "a red cat": "things",
        "two red cats left of a blue house": "counts",
        "a large red cat to the left of a blue house": "sizes",
        "a red cat to the right of a blue house": "relation",
        "a red cat to the left of a blue house at night": "place",
    }.items():
        verdict = world.judge(sentence, BOTH)
        assert verdict.grammatical and verdict.true == (lie is None), sentence
        assert lie is None or getattr(verdict, lie) is False, sentence
    for sentence in (
        *("a red cats", "two red cat", "a orange cat", "an red cat", "there are a red cat"),
        *("", "a cat", "🐈", "a red cat left of", "a red cat a red cat", "there is two red cats"),
    ):
        verdict = world.judge(sentence, BOTH)
        assert not verdict.grammatical and not verdict.true, sentence
    verdict = world.judge("three green stars", STARS)  # claims that it doesn't make are None
    assert verdict.true and verdict.sizes is verdict.relation is verdict.place is None

    crowd = Scene("beach", (*STARS.things, CAT, Thing("cat", "red", "large", 40, 12)))
    assert world.judge("three green stars below two red cats", crowd).true
