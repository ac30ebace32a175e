"""Answers to the exercises of lesson 09: see test_checks.py."""

import decimal
import json

import keras
import numpy as np

from helpers import files
from helpers.sharing import cards, parcels

FOR, NOT_FOR, LIMITS = cards.QUESTIONS
GOOD = {
    FOR: "Teaching: how a small network is trained and given to others.",
    NOT_FOR: "Anything in which a digit read wrongly costs money or health.",
    LIMITS: "Letters become digits; hands that write otherwise are read badly.",
}


def by_logarithm(value, error):
    return round(value, -int(np.floor(np.log10(error))))


def by_text(value, error):
    place = decimal.Decimal(str(error)).adjusted()
    return float(decimal.Decimal(str(value)).quantize(decimal.Decimal(1).scaleb(place)))


def asymmetric(numbers):
    low, high = min(numbers.min(), 0), max(numbers.max(), 0)
    scale = (high - low) / 255
    zero = round(-128 - low / scale)
    return np.clip(np.round(numbers / scale) + zero, -128, 127).astype(np.int8), scale, zero


def by_linspace(numbers):
    ends = np.array([min(0, numbers.min()), max(0, numbers.max())])
    scale = np.diff(ends)[0] / 255
    zero = int(np.rint(127 - ends[1] / scale))
    return [np.rint(numbers / scale + zero).clip(-128, 127).astype("int8"), scale, float(zero)]


def symmetric(numbers):
    scale = np.abs(numbers).max() / 127
    return np.round(numbers / scale).astype(np.int8), scale, 0


def wrapping(numbers):
    _, scale, zero = asymmetric(numbers)
    return (np.round(numbers / scale) + zero + 40).astype(np.int64).astype(np.int8), scale, zero


def digits():
    return [
        (by_logarithm, "right"),
        (by_text, "right"),
        (lambda value, error: value, "digits that its error makes worthless"),
        (lambda value, error: round(value), "not where the error begins"),
        (lambda value, error: f"{value:.1f}", "one number, not a str"),
        (lambda value, error: by_logarithm(value, error / 10), "worthless"),
        (lambda value, error: by_logarithm(value, error * 10), "not where the error begins"),
    ]


def words():
    return [
        (GOOD, "right"),
        ({name: f"{text} {text[::-1]}" for name, text in GOOD.items()}, "right"),
        ({}, f"'{FOR}' has 0 words"),
        (GOOD | {NOT_FOR: "cheques"}, "has 1 words"),
        (GOOD | {NOT_FOR: GOOD[FOR].upper()}, "say the same"),
        (GOOD | {LIMITS: "none at all " * 5}, "again and again"),
        (GOOD | {LIMITS: ...}, "not attempted"),
    ]


def quantise():
    return [
        (asymmetric, "right"),
        (by_linspace, "right"),
        (lambda numbers: numbers, "three things"),
        (lambda numbers: (numbers, 1.0, 0), "codes are float32"),
        (lambda numbers: (asymmetric(numbers)[0].ravel(), *asymmetric(numbers)[1:]), "come out"),
        (lambda numbers: (*asymmetric(numbers)[:2], 0.5), "not the code of any byte"),
        (lambda numbers: (*asymmetric(numbers)[:2], 0), "off by up to"),
        (symmetric, "wider than they need be"),
        (wrapping, "off by up to"),
    ]


def boast(folder, seal=True, **changes):
    file = folder / "claims.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    if seal:
        parcels.seal(folder)


def other_program(folder):
    text = (folder / "evaluate.py").read_text()
    (folder / "evaluate.py").write_text(text.replace("944", "900"))
    parcels.seal(folder)


def packed(folder):
    """Return a parcel whose evaluate.py needs no TensorFlow."""
    work = parcels.draft(folder / "work")
    (work / "evaluate.py").write_text('print(\'{"examples": 1000, "right": 944}\')')
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(work / "model.keras")
    made = {"seeds": [0, 1], "right": [944, 951], "examples": 1000, "made": "By a test."}
    made |= {"by_label": {"0": 0.9, "1": 1.0}, "model": files.sha256(work / "model.keras")}
    (work / "results.json").write_text(json.dumps(made))
    return parcels.pack(work, folder / "parcel", GOOD)


def lie(folder):
    parcel = packed(folder)

    def rows():
        before = (parcel / "claims.json").read_bytes()
        yield lambda folder: boast(folder, right=956), "right"
        yield other_program, "right"
        yield lambda folder: None, "the parcel is accepted"
        yield lambda folder: boast(folder, right=945), "the parcel is accepted"
        yield lambda folder: boast(folder, False, right=956), "claims.json is not the file"
        yield lambda folder: (folder / "claims.json").unlink(), "claims.json is missing"
        yield lambda folder: boast(folder, tolerance=500), "a tolerance of 500"
        yield lambda folder: boast(folder, examples=2000), "evaluate.py looks at 1,000"
        assert (parcel / "claims.json").read_bytes() == before

    return rows(), parcel
