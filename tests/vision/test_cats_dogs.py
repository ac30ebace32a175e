"""The drawn cats and dogs: the same for a seed, and told apart by their shapes, not by colour."""

import numpy as np

from helpers.vision import cats_dogs


def test_the_same_seed_draws_the_same_pictures_and_another_others():
    x, y = cats_dogs.draw(6, seed=3)
    again, labels = cats_dogs.draw(6, seed=3)
    other, _ = cats_dogs.draw(6, seed=4)
    assert x.shape == (6, 96, 96, 3) and x.dtype == np.uint8 and y.dtype == np.int64
    np.testing.assert_array_equal(x, again)
    np.testing.assert_array_equal(y, labels)
    assert (x != other).any()
    assert len({picture.tobytes() for picture in x}) == 6


def test_half_are_dogs_and_they_come_mixed():
    _, y = cats_dogs.draw(40, seed=0)
    assert y.sum() == 20 and 0 < y[:20].sum() < 20
    assert cats_dogs.draw(5)[1].sum() == 2


def test_training_and_test_pictures_differ(monkeypatch):
    monkeypatch.setattr(cats_dogs, "TRAIN", 8)
    monkeypatch.setattr(cats_dogs, "TEST", 4)
    (x, y), (x_test, y_test) = cats_dogs.load(seed=1)
    assert len(x) == len(y) == 8 and len(x_test) == len(y_test) == 4
    assert not {picture.tobytes() for picture in x} & {picture.tobytes() for picture in x_test}


def test_colour_hardly_tells_them_apart():
    x, y = cats_dogs.draw(300, seed=0)
    means = x.reshape(300, -1, 3).mean(1)
    gap = np.abs(means[y == 1].mean(0) - means[y == 0].mean(0))
    assert (gap < 0.35 * means.std(0)).all()


def test_a_cat_and_a_dog_of_the_same_chances_differ():
    cat = cats_dogs.picture(False, np.random.default_rng(8))
    dog = cats_dogs.picture(True, np.random.default_rng(8))
    assert (np.abs(cat.astype(int) - dog) > 40).mean() > 0.03


def test_the_card_says_what_they_are_not():
    assert "nothing of\nreal ones" in cats_dogs.card()
