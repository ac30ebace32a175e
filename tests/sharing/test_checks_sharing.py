"""The checks of lesson 09, each with wrong answers and with different right ones."""

import decimal
import json

import keras
import numpy as np
import pytest
from verdicts import state, why

from helpers.exercises import Exercise
from helpers.sharing import cards, checks, parcels

ALL = [value for value in vars(checks).values() if isinstance(value, Exercise)]


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.name)
def test_a_gap_is_not_a_mistake(check):
    more = (None,) if check.name == "lie" else ()
    assert state(check, ..., *more) == "not attempted"
    assert len(check.hints) >= 3


def test_there_are_five():
    assert len(ALL) == 5


# -- digits --------------------------------------------------------------------------------------


def by_logarithm(value, error):
    return round(value, -int(np.floor(np.log10(error))))


def by_division(value, error):
    unit = 10.0 ** np.floor(np.log10(error))
    return np.round(value / unit) * unit


def by_text(value, error):
    place = decimal.Decimal(str(error)).adjusted()
    return float(decimal.Decimal(str(value)).quantize(decimal.Decimal(1).scaleb(place)))


@pytest.mark.parametrize("answer", [by_logarithm, by_division, by_text])
def test_different_ways_to_round_are_right(answer):
    assert state(checks.digits, answer) == "right"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda value, error: value, "digits that its error makes worthless"),
        (lambda value, error: round(value, 2), "worthless"),
        (lambda value, error: round(value), "not where the error begins"),
        (lambda value, error: f"{value:.1f}", "returns str"),
        (lambda value, error: by_logarithm(value, error / 10), "worthless"),
        (lambda value, error: by_logarithm(value, error * 10), "not where the error begins"),
    ],
)
def test_wrong_ways_to_round_are_told_what_is_wrong(answer, reason):
    assert reason in why(checks.digits, answer)


# -- words ---------------------------------------------------------------------------------------

FOR, NOT_FOR, LIMITS = cards.QUESTIONS
GOOD = {
    FOR: "Teaching: how a small network is trained and given to others.",
    NOT_FOR: "Anything in which a digit read wrongly costs money or health.",
    LIMITS: "Letters become digits; hands that write otherwise are read badly.",
}


def test_different_words_are_right():
    assert state(checks.words, GOOD) == "right"
    longer = {name: f"{text} {text[::-1]}" for name, text in GOOD.items()}
    assert state(checks.words, longer) == "right"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("for everything", "it is str"),
        ({}, f"'{FOR}' is missing"),
        (GOOD | {LIMITS: "  "}, f"'{LIMITS}' is missing"),
        (GOOD | {NOT_FOR: "cheques"}, "has 1 words"),
        (GOOD | {NOT_FOR: GOOD[FOR].upper()}, "say the same"),
        (GOOD | {LIMITS: "none at all " * 5}, "again and again"),
        (GOOD | {LIMITS: 3}, "is missing"),
    ],
)
def test_words_that_tell_nothing_are_told_so(answer, reason):
    assert reason in why(checks.words, answer)


def test_words_with_a_gap_are_not_attempted():
    assert state(checks.words, GOOD | {LIMITS: ...}) == "not attempted"


# -- a lie ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parcel(tmp_path_factory):
    """Return a parcel whose evaluate.py needs no TensorFlow."""
    work = parcels.draft(tmp_path_factory.mktemp("share") / "work")
    found = {"digits": 1000, "right": 944, "accuracy": 0.944, "by_digit": [1] * 10}
    (work / "evaluate.py").write_text(f"print('{json.dumps(found)}')")
    (work / "model.keras").write_text("numbers")
    made = {"seeds": [0, 1], "right": [944, 951], "answers": ["0" * 1000], "digits": 1000}
    settings = {"epochs": 3, "batch": 64, "learning_rate": 0.002}
    made |= {"trained_on": 4000, "weights": 9, "settings": settings, "versions": {}}
    (work / "results.json").write_text(json.dumps(made))
    return parcels.pack(work, work.parent / "parcel", GOOD)


def boast(folder, seal=True, **changes):
    file = folder / "claims.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    if seal:
        parcels.seal(folder)


def other_program(folder):
    text = (folder / "evaluate.py").read_text()
    (folder / "evaluate.py").write_text(text.replace("944", "900"))
    parcels.seal(folder)


@pytest.mark.parametrize(
    "answer", [lambda folder: boast(folder, right=956), other_program], ids=["claim", "program"]
)
def test_different_lies_are_right(answer, parcel):
    before = (parcel / "claims.json").read_bytes()
    assert state(checks.lie, answer, parcel) == "right"
    assert (parcel / "claims.json").read_bytes() == before


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda folder: None, "the parcel is accepted"),
        (lambda folder: boast(folder, right=945), "the parcel is accepted"),
        (lambda folder: boast(folder, False, right=956), "claims.json is not the file"),
        (lambda folder: (folder / "claims.json").unlink(), "claims.json is missing"),
        (lambda folder: boast(folder, tolerance=500), "a tolerance of 500"),
        (lambda folder: boast(folder, digits=2000), "for another reason"),
        (lambda folder: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_lies_that_do_not_work_are_told_why(answer, reason, parcel):
    assert reason in why(checks.lie, answer, parcel)


# -- an epoch ------------------------------------------------------------------------------------


def set_back(model, epoch):
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.seed_generator.state.assign([epoch, 0])


def shuffled(model, x, y, epoch):
    set_back(model, epoch)
    order = np.random.default_rng(epoch).permutation(len(x))
    model.fit(x[order], y[order], batch_size=16, shuffle=False, verbose=0)


def by_batches(model, x, y, epoch):
    set_back(model, 100 + epoch)
    order = np.argsort(np.random.default_rng([7, epoch]).random(len(x)))
    for start in range(0, len(x), 8):
        model.train_on_batch(x[order[start : start + 8]], y[order[start : start + 8]])


@pytest.mark.parametrize("answer", [shuffled, by_batches])
def test_different_epochs_are_right(answer):
    assert state(checks.epoch, answer) == "right"


def without_dropout(model, x, y, epoch):
    order = np.random.default_rng(epoch).permutation(len(x))
    model.fit(x[order], y[order], batch_size=16, shuffle=False, verbose=0)


def by_global_chance(model, x, y, epoch):
    set_back(model, epoch)
    order = np.random.permutation(len(x))
    model.fit(x[order], y[order], batch_size=16, shuffle=False, verbose=0)


def always_alike(model, x, y, epoch):
    set_back(model, 0)
    model.fit(x, y, batch_size=16, shuffle=False, verbose=0)


def half_of_it(model, x, y, epoch):
    set_back(model, epoch)
    order = np.random.default_rng(epoch).permutation(len(x))[: len(x) // 2]
    model.fit(x[order], y[order], batch_size=16, shuffle=False, verbose=0)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda model, x, y, epoch: None, "nothing has learnt"),
        (without_dropout, "ends with other weights"),
        (by_global_chance, "ends with other weights"),
        (always_alike, "shuffle alike"),
        (half_of_it, "every row once"),
    ],
)
def test_wrong_epochs_are_told_what_is_wrong(answer, reason):
    assert reason in why(checks.epoch, answer)


# -- quantisation --------------------------------------------------------------------------------


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


@pytest.mark.parametrize("answer", [asymmetric, by_linspace])
def test_different_quantisers_are_right(answer):
    assert state(checks.quantise, answer) == "right"


def symmetric(numbers):
    scale = np.abs(numbers).max() / 127
    return np.round(numbers / scale).astype(np.int8), scale, 0


def wrapping(numbers):
    _, scale, zero = asymmetric(numbers)
    return (np.round(numbers / scale) + zero + 40).astype(np.int64).astype(np.int8), scale, zero


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda numbers: numbers, "three things"),
        (lambda numbers: (numbers, 1.0, 0), "codes are float32"),
        (lambda numbers: (asymmetric(numbers)[0].ravel(), *asymmetric(numbers)[1:]), "come out"),
        (lambda numbers: (*asymmetric(numbers)[:2], 0.5), "not the code of any byte"),
        (lambda numbers: (*asymmetric(numbers)[:2], 0), "off by up to"),
        (symmetric, "wider than they need be"),
        (wrapping, "off by up to"),
    ],
)
def test_wrong_quantisers_are_told_what_is_wrong(answer, reason):
    assert reason in why(checks.quantise, answer)
