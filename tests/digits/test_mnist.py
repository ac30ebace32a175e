"""MNIST: the same digits every time, prepared as MNIST's authors did, and the shipped readers."""

import hashlib
import re

import numpy as np
import pytest

from helpers import assets
from helpers.digits import mnist
from tools import scores


@pytest.fixture(scope="module")
def digits():
    return mnist.load()


def test_the_digits_are_the_same_on_every_machine_and_none_on_both_sides(digits):
    """The shipped readers were trained on the 4,000: another split would flatter them."""
    for (x, y), count in zip(digits, (4000, 1000), strict=True):
        assert x.shape == (count, 28, 28) and x.dtype == np.uint8 and x.max() == 255
        assert y.shape == (count,) and y.dtype == np.int64
        assert np.bincount(y).tolist() == [count // 10] * 10
    (x_train, _), (x_test, y_test) = digits
    digest = hashlib.sha256(x_test.tobytes() + y_test.astype(np.uint8).tobytes()).hexdigest()
    assert digest == "9eafd4ac5f7f7591eb88c7eae5b1c2232e3f1594c598cc15a9598208c6b15d65"
    assert not {x.tobytes() for x in x_train} & {x.tobytes() for x in x_test}


def test_all_of_mnist_comes_from_its_own_file_which_can_run_no_code(monkeypatch, tmp_path):
    file = tmp_path / "mnist.npz"
    monkeypatch.setattr(assets, "path", {"mnist": file}.__getitem__)
    x, y = np.zeros((3, 28, 28), np.uint8), np.array([5, 0, 4], np.uint8)
    np.savez(file, x_train=x, y_train=y, x_test=x[:1], y_test=y[:1])
    (x_train, y_train), (x_test, y_test) = mnist.load(full=True)
    assert (len(x_train), len(x_test), y_train.tolist()) == (3, 1, [5, 0, 4])
    assert y_test.dtype == np.int64
    np.savez(file, x_train=np.array([{}], object))
    with pytest.raises(ValueError, match="allow_pickle"):
        mnist.load(full=True)


def test_normalising_leaves_real_mnist_digits_as_they_are_wherever_and_however_large(digits):
    """So it does what was done to them: a box of 20 pixels, the centre of mass in pixel 14."""
    (x, _), _ = digits
    same = [np.array_equal(mnist.normalise(picture), picture) for picture in x[:500]]
    assert np.mean(same) > 0.99
    for zoom in (2, 5):
        large = x[7].repeat(zoom, 0).repeat(zoom, 1)
        elsewhere = np.zeros((300, 200), np.uint8)
        elsewhere[120 : 120 + len(large), 10 : 10 + len(large)] = large
        assert np.abs(mnist.normalise(elsewhere) - x[7].astype(int)).max() <= 1


def test_any_ink_fits_its_box_and_no_ink_is_no_digit():
    for box in [(60, 5), (5, 60), (1, 1), (100, 100), (3, 2)]:
        result = mnist.normalise(np.pad(np.full(box, 255, np.uint8), 7))
        assert max(result.any(1).sum(), result.any(0).sum()) == 20
        assert result.shape == (28, 28) and result.dtype == np.uint8
    picture = np.ones((100, 100), np.uint8)
    picture[:, :2] = 255  # nearly all the mass is at the left edge of the box
    assert mnist.normalise(picture).any(0).sum() == 20
    assert not mnist.normalise(np.zeros((50, 40), np.uint8)).any()


@pytest.mark.parametrize(("name", "least"), [("mnist-dense", 0.91), ("mnist-cnn", 0.97)])
def test_a_shipped_reader_scores_what_its_card_says(name, least):
    figures = scores.evaluate(name)
    assert figures["digits"] == 1000
    assert figures["accuracy"] >= least
    right = int(re.search(r"looked at once: (\d+) right", assets.card(name))[1])
    loss = float(re.search(r"cross-entropy (0\.\d\d)", assets.card(name))[1])
    # Another processor's arithmetic may tip a digit that is on the edge.
    assert abs(1000 * figures["accuracy"] - right) < 2.5
    assert figures["loss"] == pytest.approx(loss, abs=0.01)
