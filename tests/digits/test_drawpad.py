"""The draw pad without a browser: strokes become MNIST pictures, and a reader's answer its bars."""

import pathlib
import runpy

import keras
import numpy as np
import pytest

from helpers import assets, widgets
from helpers.digits import mnist
from helpers.digits.drawpad import DrawPad, rasterise

STROKES = pathlib.Path(__file__).parents[1] / "browser" / "strokes.py"
DIGITS = runpy.run_path(str(STROKES))["DIGITS"]
SLANT = [[(0.3, 0.2), (0.5, 0.8)], [(0.5, 0.2), (0.5, 0.3)]]


def moved(strokes, scale, shift):
    return [[(x * scale + shift, y * scale + shift) for x, y in stroke] for stroke in strokes]


# -- strokes to pictures -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader():
    return keras.models.load_model(assets.path("mnist-cnn"), compile=False)


def guesses(reader, drawings):
    pictures = mnist.scaled(np.stack([rasterise(strokes) for strokes in drawings]), (28, 28, 1))
    return reader.predict(pictures, verbose=0).argmax(1)


def test_the_shipped_reader_reads_clean_digits(reader):
    right = guesses(reader, DIGITS.values()) == list(DIGITS)
    assert sorted(DIGITS) == list(range(10)) and right.sum() >= 9


def test_it_reads_shaky_slanted_and_squeezed_ones(reader):
    random = np.random.default_rng(0)
    drawings, truth = [], []
    for digit, strokes in DIGITS.items():
        for _ in range(10):
            turn, slant, width = (
                random.normal(0, 0.1),
                random.normal(0, 0.1),
                random.uniform(0.8, 1.2),
            )
            matrix = [[width * np.cos(turn), slant - np.sin(turn)], [np.sin(turn), np.cos(turn)]]
            shake = [random.normal(0, 0.008, (len(stroke), 2)) for stroke in strokes]
            drawings.append(
                [
                    np.array(s) @ np.transpose(matrix) + e
                    for s, e in zip(strokes, shake, strict=True)
                ]
            )
            truth.append(digit)
    assert np.mean(guesses(reader, drawings) == truth) >= 0.95


@pytest.mark.parametrize("digit", DIGITS)
def test_size_and_place_of_a_drawing_make_no_difference(digit):
    strokes = DIGITS[digit]
    small = moved(strokes, 0.25, 0.7)
    assert np.abs(rasterise(small) - rasterise(strokes).astype(int)).mean() < 1


def test_the_picture_is_like_one_of_mnist():
    picture = rasterise(SLANT)
    assert picture.shape == (28, 28) and picture.dtype == np.uint8
    assert picture.any(1).sum() == 20
    rows, columns = (np.average(np.arange(28) + 0.5, weights=picture.sum(axis)) for axis in (1, 0))
    assert 14 <= rows < 15 and 14 <= columns < 15
    assert picture.max() == 255
    soft = (picture > 0) & (picture < 255)
    assert soft.sum() > 20  # smooth edges


def test_ink_is_about_as_heavy_as_in_mnist():
    (x, _), _ = mnist.load()
    ours = np.mean([rasterise(strokes).mean() for strokes in DIGITS.values()])
    assert 0.75 < ours / x.mean() < 1.25


@pytest.mark.parametrize("strokes", [[], [[]], [[], []]])
def test_no_strokes_no_ink(strokes):
    assert not rasterise(strokes).any()


@pytest.mark.parametrize("strokes", [[[(0.5, 0.5)]], [[(0.5, 0.5), (0.5, 0.5)]], [[(1, 1)]]])
def test_a_dot_is_a_dot(strokes):
    assert rasterise(strokes).any()


# -- the pad -------------------------------------------------------------------------------------


def by_rows(picture):
    """A reader that needs no network: how much ink the first ten rows with ink have."""
    ink = picture.sum(1, dtype=float)[4:14]
    return ink / ink.sum()


SAMPLES = np.stack([rasterise(DIGITS[digit]) for digit in (3, 7)])


def test_it_starts_with_the_first_sample():
    pad = DrawPad(by_rows, SAMPLES)
    assert pad.sample == 0 and pad.sample_count == 2
    assert pad.seen == SAMPLES[0].tobytes()
    assert np.allclose(pad.probabilities, by_rows(SAMPLES[0]))


def test_without_samples_it_starts_empty():
    pad = DrawPad(by_rows)
    assert pad.sample is None and pad.probabilities == [] and not pad.digit.any()


def test_what_the_browser_sends_is_read():
    pad = DrawPad(by_rows, SAMPLES)
    pad.set_state({"strokes": [[[0.2, 0.2], [0.7, 0.3]], [[0.4, 0.9]]], "sample": None})
    drawn = rasterise([[[0.2, 0.2], [0.7, 0.3]], [[0.4, 0.9]]])
    assert pad.seen == drawn.tobytes() and np.allclose(pad.probabilities, by_rows(drawn))
    pad.set_state({"strokes": [], "sample": 1})
    assert pad.seen == SAMPLES[1].tobytes()
    pad.set_state({"sample": None})
    assert pad.probabilities == [] and not any(pad.seen)


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (lambda picture: 1 / 0, "ZeroDivisionError"),
        (lambda picture: [0.5, 0.5], "expected ten probabilities, one for each digit, and got 2"),
        (lambda picture: None, "expected ten probabilities"),
        (lambda picture: "seven", "ValueError"),
    ],
)
def test_a_reader_that_fails_is_told_on_the_pad(read, reason):
    pad = DrawPad(read, SAMPLES)
    assert reason in pad.message and pad.probabilities == []


def test_after_a_failure_it_goes_on():
    answers = iter([ValueError("once"), np.full(10, 0.1)])

    def read(picture):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    pad = DrawPad(read)
    pad.strokes = SLANT
    assert "once" in pad.message
    pad.strokes = [*SLANT, [(0.1, 0.1)]]
    assert pad.message == "" and len(pad.probabilities) == 10


@pytest.mark.parametrize(
    ("samples", "words"), [(SAMPLES, "a handwritten digit on it, read as"), ((), "empty pad")]
)
def test_it_leaves_a_picture_behind(monkeypatch, samples, words):
    shown = []
    monkeypatch.setattr(
        widgets, "display", lambda data, raw, metadata: shown.append((data, metadata))
    )
    DrawPad(by_rows, samples).show()
    (data, metadata), mime = shown[0], next(iter(shown[0][1]))
    assert len(data[mime]) > 1000
    assert words in metadata[mime]["alt"]
