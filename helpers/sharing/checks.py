"""What the exercises of lesson 09, Share your model, check."""

import shutil
import tempfile
from pathlib import Path

import numpy as np

from helpers.exercises import Wrong, exercise, number
from helpers.sharing import cards, parcels

# (a number, its error, the number with the digits that it deserves)
NUMBERS = (
    (96.1327, 0.62, 96.1),
    (0.950132, 0.0071, 0.950),
    (94.6213, 2.4, 95.0),
    (1234.5, 23.0, 1230.0),
)


@exercise
def digits(function):
    """Judge a function (value, error) that rounds the value where its error begins."""
    for value, error, expected in NUMBERS:
        found = number(function(value, error), "what it returns")
        if abs(found - expected) > 1e-9 and abs(found - value) < abs(expected - value):
            raise Wrong(f"{found} ± {error} has digits that its error makes worthless")
        if abs(found - expected) > 1e-9:
            raise Wrong(f"of {value} ± {error} you keep {found}, not where the error begins")
    return "What lies beyond the error's first digit is noise, and nobody can repeat noise."


@exercise
def words(answers):
    """Judge the three sections of a card that people must write."""
    if not isinstance(answers, dict):
        raise Wrong(f"it is {type(answers).__name__}, and a dictionary was asked for")
    for name in cards.QUESTIONS:
        count = len(str(answers.get(name, "")).split())
        if count < cards.FEWEST_WORDS:
            raise Wrong(f"'{name}' has {count} words: a stranger learns nothing yet")
    texts = [tuple(answers[name].lower().split()) for name in cards.QUESTIONS]
    if len(set(texts)) < len(texts):
        raise Wrong("two sections say the same")
    if any(len(set(text)) < cards.FEWEST_WORDS / 2 for text in texts):
        raise Wrong("one section says a word or two, again and again")
    return "Whether it is true, and enough, only readers can judge: let one read it."


@exercise
def lie(function, parcel):
    """Judge a function (folder) that turns a copy of `parcel` into one that only repeating unmasks.

    It is refused because the number is not repeated, and for no other reason.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "parcel"
        shutil.copytree(parcel, folder)
        function(folder)
        try:
            parcels.verify(folder)
        except parcels.ParcelError as error:
            if "number is not repeated" not in str(error):
                raise Wrong(f"it is found out for another reason. {error}") from error
            return "Every fingerprint was right. Only the one who repeated it found you out."
    raise Wrong("the parcel is accepted: what it claims can still be repeated")


@exercise
def quantise(function):
    """Judge a function (numbers) that returns (int8 codes, scale, zero point)."""
    rng = np.random.default_rng(0)
    for name, numbers in {
        "numbers of both signs": rng.normal(0, 0.2, (20, 30)),
        "numbers above zero": rng.uniform(2, 6, 400),
        "numbers below zero": rng.uniform(-0.5, -0.1, (7, 5, 3)),
    }.items():
        numbers = numbers.astype(np.float32)
        answer = function(numbers.copy())
        if not isinstance(answer, tuple | list) or len(answer) != 3:
            raise Wrong("it should return three things: codes, scale, zero point")
        codes, scale, zero = np.asarray(answer[0]), float(answer[1]), float(answer[2])
        if codes.dtype != np.int8:
            raise Wrong(f"the codes are {codes.dtype}, not int8: they would take more than a byte")
        if codes.shape != numbers.shape:
            raise Wrong(f"{numbers.shape} numbers go in and {codes.shape} codes come out")
        if zero != round(zero) or not -128 <= zero <= 127:
            raise Wrong(f"{name}: the zero point {zero} is not the code of any byte")
        error = np.abs(scale * (codes.astype(float) - zero) - numbers).max()
        step = (max(numbers.max(), 0) - min(numbers.min(), 0)) / 255
        if scale > 1.02 * step:
            raise Wrong(f"{name}: steps of {scale:.2g} are wider than they need be, {step:.2g}")
        # Half a step, and as much again at the ends, where the zero point was rounded.
        if not error <= 1.02 * step:
            off = f"off by up to {error:.2g}, and a step is {step:.2g}"
            raise Wrong(f"{name}: back from the codes the numbers are {off}")
    return "A quarter of the memory, and no number moves by more than a step."
