"""The draw pad without a browser: strokes become MNIST pictures, and a reader's answer its bars."""

import pathlib
import runpy

import keras
import numpy as np
import pytest

from helpers import assets, widgets
from helpers.digits import mnist
from helpers.digits.drawpad import DrawPad, rasterise
from tools import notebooks

STROKES = pathlib.Path(__file__).parents[1] / "browser" / "strokes.py"
DIGITS = runpy.run_path(str(STROKES))["DIGITS"]
SLANT = [[(0.3, 0.2), (0.5, 0.8)], [(0.5, 0.2), (0.5, 0.3)]]


def test_the_shipped_reader_reads_drawn_digits():
    reader = notebooks.taught("01").build_cnn()
    reader.load_weights(assets.path("mnist-cnn"))
    pictures = np.stack([rasterise(DIGITS[digit]) for digit in range(10)])
    read = reader.predict(mnist.scaled(pictures, (28, 28, 1)), verbose=0).argmax(1)
    assert (read == np.arange(10)).sum() >= 9


def test_the_picture_is_like_one_of_mnist():
    picture = rasterise(SLANT)
    assert picture.shape == (28, 28) and picture.dtype == np.uint8 and picture.max() == 255
    assert picture.any(1).sum() == 20
    rows, columns = (np.average(np.arange(28) + 0.5, weights=picture.sum(axis)) for axis in (1, 0))
    assert 14 <= rows < 15 and 14 <= columns < 15
    assert ((picture > 0) & (picture < 255)).sum() > 20  # smooth edges
    (x, _), _ = mnist.load()
    ours = np.mean([rasterise(strokes).mean() for strokes in DIGITS.values()])
    assert 0.75 < ours / x.mean() < 1.25  # ink about as heavy


def test_no_strokes_no_ink_and_a_dot_is_a_dot():
    assert not any(rasterise(strokes).any() for strokes in ([], [[]], [[], []]))
    dots = [[(0.5, 0.5)]], [[(0.5, 0.5), (0.5, 0.5)]], [[(1, 1)]]
    assert all(rasterise(strokes).any() for strokes in dots)


def by_rows(picture):
    """A reader that needs no network: how much ink the first ten rows with ink have."""
    ink = picture.sum(1, dtype=float)[4:14]
    return ink / ink.sum()


SAMPLES = np.stack([rasterise(DIGITS[digit]) for digit in (3, 7)])


def test_it_starts_with_the_first_sample_or_empty_and_reads_what_the_browser_sends():
    pad = DrawPad(by_rows)
    assert pad.sample is None and pad.probabilities == [] and not pad.digit.any()
    pad = DrawPad(by_rows, SAMPLES)
    assert pad.sample == 0 and pad.sample_count == 2
    assert pad.seen == SAMPLES[0].tobytes()
    assert np.allclose(pad.probabilities, by_rows(SAMPLES[0]))
    pad.set_state({"strokes": [[[0.2, 0.2], [0.7, 0.3]], [[0.4, 0.9]]], "sample": None})
    drawn = rasterise([[[0.2, 0.2], [0.7, 0.3]], [[0.4, 0.9]]])
    assert pad.seen == drawn.tobytes() and np.allclose(pad.probabilities, by_rows(drawn))
    pad.set_state({"strokes": [], "sample": 1})
    assert pad.seen == SAMPLES[1].tobytes()
    pad.set_state({"sample": None})
    assert pad.probabilities == [] and not any(pad.seen)


def test_a_reader_that_fails_is_told_on_the_pad_which_goes_on():
    wrong = {
        "ZeroDivisionError": lambda: 1 / 0,
        "expected ten probabilities and got 2": lambda: [0.5, 0.5],
        "expected ten probabilities": lambda: None,
        "ValueError": lambda: "seven",
    }
    answers = iter([*wrong.values(), lambda: np.full(10, 0.1)])
    pad = DrawPad(lambda picture: next(answers)())
    for number, reason in enumerate(wrong):
        pad.strokes = [*SLANT, [(0.1, 0.1 * number)]]
        assert reason in pad.message and pad.probabilities == []
    pad.strokes = SLANT
    assert pad.message == "" and len(pad.probabilities) == 10


def test_it_leaves_a_picture_behind(monkeypatch):
    shown = []
    monkeypatch.setattr(widgets, "show", lambda pad, still, alt: shown.append((still, alt)))
    for samples, words in ((SAMPLES, "a handwritten digit on it, read as"), ((), "empty pad")):
        DrawPad(by_rows, samples).show()
        still, alt = shown.pop()
        assert words in alt and len(still.axes[1].patches) == 10


def test_it_takes_a_keras_model_or_its_file_and_says_when_that_does_not_fit(tmp_path):
    for shape in ((28, 28), (28, 28, 1), (784,)):
        layers = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(10)]
        model = keras.Sequential(layers)
        model.save(tmp_path / "mine.keras")
        for given in (model, tmp_path / "mine.keras"):
            pad = DrawPad(given, SAMPLES)
            assert len(pad.probabilities) == 10 and abs(sum(pad.probabilities) - 1) < 1e-6
    for wrong in (keras.Sequential([keras.Input((32, 32, 3))]), keras.Sequential()):
        with pytest.raises(ValueError, match="28 × 28 pixels"):
            DrawPad(wrong)
