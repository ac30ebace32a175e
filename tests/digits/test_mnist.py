"""MNIST: the same digits every time, prepared as MNIST's authors did, and the shipped readers."""

import hashlib
import json
import re
import subprocess
import sys

import numpy as np
import pytest

from helpers import assets
from helpers.digits import mnist
from tools import scores

# -- data ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    return mnist.load()


def test_the_shape_and_kind_of_the_data(digits):
    for (x, y), count in zip(digits, (4000, 1000), strict=True):
        assert x.shape == (count, 28, 28) and x.dtype == np.uint8 and x.max() == 255
        assert y.shape == (count,) and y.dtype == np.int64
        assert np.bincount(y).tolist() == [count // 10] * 10


def test_the_exam_is_the_same_on_every_machine(digits):
    """The shipped readers were trained on the other 4,000: another split would flatter them."""
    _, (x_test, y_test) = digits
    digest = hashlib.sha256(x_test.tobytes() + y_test.astype(np.uint8).tobytes()).hexdigest()
    assert digest == "9eafd4ac5f7f7591eb88c7eae5b1c2232e3f1594c598cc15a9598208c6b15d65"


def test_labels_belong_to_their_pictures(digits):
    """Nearest class mean, the simplest classifier there is, reads eight of ten."""
    (x_train, y_train), (x_test, y_test) = digits
    means = np.stack([x_train[y_train == digit].mean(0) for digit in range(10)])
    distance = np.square(x_test[:, None] - means).sum((2, 3))
    assert np.mean(distance.argmin(1) == y_test) > 0.75


def test_no_picture_is_on_both_sides(digits):
    (x_train, _), (x_test, _) = digits
    assert not {x.tobytes() for x in x_train} & {x.tobytes() for x in x_test}


def test_a_split_keeps_the_mix_and_loses_nothing(digits):
    (x, y), _ = digits
    numbered = np.arange(len(x))
    (kept, y_kept), (held, y_held) = mnist.split(numbered, y, 800)
    assert (len(kept), len(held)) == (3200, 800)
    assert sorted([*kept, *held]) == numbered.tolist()
    assert (y[kept] == y_kept).all() and (y[held] == y_held).all()
    assert np.bincount(y_held).tolist() == [80] * 10
    again, other = (mnist.split(numbered, y, 800, seed=seed)[1][0] for seed in (0, 1))
    assert (held == again).all() and (held != other).any()


def test_all_of_mnist_comes_from_its_own_file(monkeypatch, tmp_path):
    file = tmp_path / "mnist.npz"
    x, y = np.zeros((3, 28, 28), np.uint8), np.array([5, 0, 4], np.uint8)
    np.savez(file, x_train=x, y_train=y, x_test=x[:1], y_test=y[:1])
    monkeypatch.setattr(assets, "path", {"mnist": file}.__getitem__)
    (x_train, y_train), (x_test, y_test) = mnist.load(full=True)
    assert x_train.shape == (3, 28, 28) and x_test.shape == (1, 28, 28)
    assert y_train.tolist() == [5, 0, 4] and y_test.dtype == np.int64


def test_a_file_that_could_run_code_is_refused(monkeypatch, tmp_path):
    file = tmp_path / "mnist.npz"
    np.savez(file, x_train=np.array([{}], object))
    monkeypatch.setattr(assets, "path", {"mnist": file}.__getitem__)
    with pytest.raises(ValueError, match="allow_pickle"):
        mnist.load(full=True)


def test_offline_and_without_the_file_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path))
    with pytest.raises(assets.AssetError, match="WORKSHOP_OFFLINE"):
        mnist.load(full=True)


@pytest.mark.parametrize("shape", [(784,), (28, 28, 1)])
def test_scaled_pictures(shape):
    x = np.arange(2 * 784).reshape(2, 28, 28).astype(np.uint8)
    result = mnist.scaled(x, shape)
    assert result.shape == (2, *shape) and result.dtype == np.float32
    assert np.allclose(result.reshape(x.shape) * 255, x)
    assert mnist.scaled(x[0], shape).shape == (1, *shape)


# -- preparing a digit ---------------------------------------------------------------------------


def test_normalising_leaves_real_mnist_digits_as_they_are(digits):
    """So it does what was done to them: a box of 20 pixels, the centre of mass in pixel 14."""
    (x, _), _ = digits
    same = [np.array_equal(mnist.normalise(picture), picture) for picture in x[:500]]
    assert np.mean(same) > 0.99


@pytest.mark.parametrize("zoom", [2, 5])
def test_size_and_place_make_no_difference(digits, zoom):
    picture = digits[0][0][7]
    large = picture.repeat(zoom, 0).repeat(zoom, 1)
    elsewhere = np.zeros((300, 200), np.uint8)
    elsewhere[120 : 120 + len(large), 10 : 10 + len(large)] = large
    assert np.abs(mnist.normalise(elsewhere) - picture.astype(int)).max() <= 1


@pytest.mark.parametrize("box", [(60, 5), (5, 60), (1, 1), (100, 100), (3, 2)])
def test_any_ink_fits_its_box(box):
    picture = np.zeros((100, 100), np.uint8)
    picture[: box[0], : box[1]] = 255
    result = mnist.normalise(picture)
    rows, columns = result.any(1).sum(), result.any(0).sum()
    assert max(rows, columns) == 20 and result.shape == (28, 28) and result.dtype == np.uint8


def test_lopsided_ink_stays_in_the_picture():
    picture = np.zeros((100, 100), np.uint8)
    picture[:, :2] = 255
    picture[:, 2:] = 1  # nearly all the mass is at the left edge of the box
    assert mnist.normalise(picture).any(0).sum() == 20


def test_no_ink_no_digit():
    assert not mnist.normalise(np.zeros((50, 40), np.uint8)).any()


# -- the shipped readers -------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "least"), [("mnist-dense", 0.94), ("mnist-cnn", 0.97)])
def test_a_shipped_reader_scores_what_its_card_says(name, least):
    figures = scores.evaluate(name)
    assert figures["digits"] == 1000
    assert figures["accuracy"] >= least
    assert figures["accuracy"] == pytest.approx(1 - figures["errors"] / 1000)
    right = int(re.search(r"looked at once: (\d+) right", assets.card(name))[1])
    loss = float(re.search(r"cross-entropy (0\.\d\d)", assets.card(name))[1])
    # Another processor's arithmetic may tip a digit that is on the edge.
    assert abs(1000 - figures["errors"] - right) <= 2
    assert figures["loss"] == pytest.approx(loss, abs=0.01)


def test_a_reader_that_always_says_three_scores_one_in_ten(monkeypatch, tmp_path):
    import keras

    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
    bias = np.where(np.arange(10) == 3, np.log(9 * 0.82 / 0.18), 0)
    model.set_weights([np.zeros((784, 10)), bias])
    model.save(tmp_path / "three.keras")
    real = assets.path
    monkeypatch.setattr(
        assets, "path", lambda name: tmp_path / "three.keras" if name == "three" else real(name)
    )
    figures = mnist.score("three")
    assert figures["errors"] == 900 and figures["accuracy"] == pytest.approx(0.1)
    assert figures["loss"] == pytest.approx(-0.1 * np.log(0.82) - 0.9 * np.log(0.02), abs=1e-4)


def test_a_fresh_process_repeats_the_score():
    command = [sys.executable, "-m", "helpers", "evaluate", "mnist-cnn", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == scores.evaluate("mnist-cnn")
    assert done.stderr == ""
