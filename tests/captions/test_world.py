"""The drawn scenes: the same for a seed, sentences that are true, and a judge that sees lies."""

import numpy as np
import pytest

from helpers.captions import world
from helpers.captions.world import Scene, Thing

CAT = Thing("cat", "red", "small", 15, 32)
HOUSE = Thing("house", "blue", "large", 48, 34)
BOTH = Scene("snow", (CAT, HOUSE))
STARS = Scene("night", tuple(Thing("star", "green", "small", x, 40) for x in (10, 30, 50)))


def pairs(some_scenes):
    return {(t.colour, t.noun) for scene in some_scenes for t in scene.things}


def test_the_same_seed_gives_the_same_and_another_others():
    one, again, other = (world.load("train", 6, seed) for seed in (3, 3, 4))
    assert one[0].shape == (6, 64, 64, 3) and one[0].dtype == np.uint8
    np.testing.assert_array_equal(one[0], again[0])
    assert one[1:] == again[1:]
    assert (one[0] != other[0]).any() and one[1] != other[1]


def test_more_pictures_begin_with_the_same_ones():
    few, many = world.load("dev", 3), world.load("dev", 6)
    np.testing.assert_array_equal(few[0], many[0][:3])
    assert few[1] == many[1][:3] and few[2] == many[2][:3]


def test_no_split_shares_a_picture_with_another():
    seen = [p.tobytes() for split in world.SPLITS for p in world.load(split, 40)[0]]
    assert len(set(seen)) == len(seen)


def test_training_pictures_lack_the_pairs_that_are_kept_apart():
    apart = world.UNSEEN | world.UNSEEN_DEV
    assert not world.UNSEEN & world.UNSEEN_DEV
    for split in ("train", "dev", "test"):
        assert pairs(world.load(split, 400)[1]) == world.SEEN
    assert not world.SEEN & apart
    for split, kept in (("test unseen", world.UNSEEN), ("dev unseen", world.UNSEEN_DEV)):
        shown = world.load(split, 300)[1]
        assert all(pairs([scene]) & kept for scene in shown)
        assert pairs(shown) <= kept | world.SEEN


def test_every_colour_and_every_thing_is_known_from_training():
    assert {colour for colour, _ in world.SEEN} == set(world.COLOURS)
    assert {noun for _, noun in world.SEEN} == set(world.NOUNS)


@pytest.mark.parametrize("split", world.SPLITS)
def test_every_reference_is_true(split):
    _, shown, sentences = world.load(split, 150)
    for scene, five in zip(shown, sentences, strict=True):
        assert len(five) == 5
        for sentence in five:
            assert world.judge(sentence, scene).true, (sentence, scene)


def test_references_differ():
    _, _, sentences = world.load("train", 100)
    assert np.mean([len(set(five)) for five in sentences]) > 4.8


def test_things_lie_inside_and_apart():
    for scene in world.load("train", 200)[1]:
        spots = np.array([(t.x, t.y) for t in scene.things])
        assert (spots > 5).all() and (spots < world.SIDE - 5).all()
        for i, one in enumerate(scene.things):
            for other in scene.things[i + 1 :]:
                apart = max(abs(one.x - other.x), abs(one.y - other.y))
                assert apart > (world.SIZES[one.size][0] + world.SIZES[other.size][0]) / 2 - 1


@pytest.mark.parametrize(
    "sentence",
    [
        "a red cat to the left of a blue house",
        "a blue house right of a small red kitten in the snow",
        "there is a little red cat left of a large blue home on a winter day",
        "  A red cat   to the left of a blue house",
    ],
)
def test_true_sentences(sentence):
    assert world.judge(sentence, BOTH).true


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("a red dog to the left of a blue house", "things"),
        ("a green cat to the left of a blue house", "things"),
        ("a red cat", "things"),
        ("two red cats left of a blue house", "counts"),
        ("a large red cat to the left of a blue house", "sizes"),
        ("a red cat to the right of a blue house", "relation"),
        ("a red cat above a blue house", "relation"),
        ("a red cat to the left of a blue house at night", "place"),
    ],
)
def test_each_kind_of_lie_is_seen(sentence, claim):
    verdict = world.judge(sentence, BOTH)
    assert verdict.grammatical and not verdict.true
    assert getattr(verdict, claim) is False


@pytest.mark.parametrize(
    "sentence",
    ["", "cat", "a cat", "a red cats", "two red cat", "a orange cat", "an red cat",
     "there are a red cat", "there is two red cats", "a red cat left of", "a red cat a red cat",
     "a red cat to the left of a blue house in the snow at night", "ein roter kater", "🐈"],
)  # fmt: skip
def test_what_is_no_sentence_of_the_grammar(sentence):
    verdict = world.judge(sentence, BOTH)
    assert not verdict.grammatical and not verdict.true


def test_claims_that_are_not_made_are_none():
    verdict = world.judge("three green stars", STARS)
    assert verdict.true and verdict.sizes is None
    assert verdict.relation is None and verdict.place is None
    assert world.judge("two green stars", STARS).counts is False


def test_a_scene_made_by_hand_can_be_judged_and_drawn():
    crowd = Scene("beach", (*STARS.things, CAT, Thing("cat", "red", "large", 40, 12)))
    assert world.judge("three green stars below two red cats", crowd).true
    assert world.draw(crowd, np.random.default_rng(0)).shape == (64, 64, 3)


@pytest.mark.parametrize("noun", world.NOUNS)
def test_every_thing_shows_its_colour_where_it_stands(noun):
    calm = np.random.default_rng(0)
    empty = world.draw(Scene("meadow", ()), calm, 0).astype(int)
    for colour, rgb in world.COLOURS.items():
        thing = Thing(noun, colour, "large", 40, 20)
        shown = world.draw(Scene("meadow", (thing,)), calm, 0).astype(int)
        box = shown[10:31, 30:51].reshape(-1, 3)
        assert (np.abs(box - rgb).max(1) < 40).sum() > 25
        outside = np.ones((64, 64), bool)
        outside[5:36, 25:56] = False
        assert np.abs(shown - empty)[outside].mean() < 12  # the horizon moves a little


def test_difficulty_brings_noise():
    rough = [
        np.abs(np.diff(world.load("train", 20, difficulty=d)[0].astype(int), axis=1)).mean()
        for d in (0, 0.5, 1)
    ]
    assert rough[0] < rough[1] < rough[2]
    with pytest.raises(ValueError, match="from 0 to 1"):
        world.draw(BOTH, np.random.default_rng(0), 1.5)


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="There is no split 'valid', only train, dev"):
        world.load("valid", 1)


def test_the_card_says_what_it_is():
    assert "Known limits" in world.card()
