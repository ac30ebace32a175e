"""The drawn cats and dogs: the same for a seed, and told apart by their shapes, not by colour."""

import numpy as np

from helpers.vision import cats_dogs


def test_the_same_seed_draws_the_same_pictures_and_another_others():
    x, y = cats_dogs.draw(6, seed=3)
    again, labels = cats_dogs.draw(6, seed=3)
    assert x.shape == (6, 96, 96, 3) and x.dtype == np.uint8 and y.dtype == np.int64
    np.testing.assert_array_equal(x, again)
    np.testing.assert_array_equal(y, labels)
    assert (x != cats_dogs.draw(6, seed=4)[0]).any()
    assert len({picture.tobytes() for picture in x}) == 6


def test_half_are_dogs_they_come_mixed_and_colour_hardly_tells_them_apart():
    x, y = cats_dogs.draw(150, seed=0)
    assert y.sum() == 75 and 0 < y[:20].sum() < 20 and cats_dogs.draw(5)[1].sum() == 2
    means = x.reshape(150, -1, 3).mean(1)
    gap = np.abs(means[y == 1].mean(0) - means[y == 0].mean(0))
    assert (gap < 0.35 * means.std(0)).all()


def test_a_cat_and_a_dog_of_the_same_chances_differ():
    cat, dog = (cats_dogs.picture(dog, np.random.default_rng(8)) for dog in (False, True))
    assert (np.abs(cat.astype(int) - dog) > 40).mean() > 0.03
