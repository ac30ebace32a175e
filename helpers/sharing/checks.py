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
    (0.50049, 0.00031, 0.5005),
)


@exercise
def digits(function):
    """Judge a function (value, error) that rounds the value where its error begins."""
    for value, error, expected in NUMBERS:
        found = number(function(value, error), "what it returns")
        if abs(found - expected) < 1e-9:
            continue
        if abs(found - value) < abs(expected - value):
            raise Wrong(f"{found} ± {error} has digits that its error makes worthless")
        raise Wrong(f"of {value} ± {error} you keep {found}, which is not where the error begins")
    return "What lies beyond the error's first digit is noise, and nobody can repeat noise."


@exercise
def words(answers):
    """Judge the three sections of a card that people must write."""
    if not isinstance(answers, dict):
        raise Wrong(f"it is {type(answers).__name__}, and a dictionary was asked for")
    for name in cards.QUESTIONS:
        text = answers.get(name)
        if not isinstance(text, str) or not text.strip():
            raise Wrong(f"'{name}' is missing")
        if len(text.split()) < cards.FEWEST_WORDS:
            raise Wrong(f"'{name}' has {len(text.split())} words: a stranger learns nothing yet")
    texts = [" ".join(answers[name].lower().split()) for name in cards.QUESTIONS]
    if len(set(texts)) < len(texts):
        raise Wrong("two sections say the same")
    if any(len(set(text.split())) < cards.FEWEST_WORDS / 2 for text in texts):
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
            parcels.inspect(folder)
        except parcels.ParcelError as error:
            raise Wrong(f"it is found out before anything was run. {error}") from error
        try:
            parcels.verify(folder)
        except parcels.ParcelError as error:
            if "number is not repeated" not in str(error):
                raise Wrong(f"it is refused, and for another reason. {error}") from error
            return "Every fingerprint was right. Only the one who repeated it found you out."
    raise Wrong("the parcel is accepted: what it claims can still be repeated")


@exercise
def epoch(function):
    """Judge a function (model, x, y, epoch) that trains an epoch so that it can be repeated."""
    import keras

    x, y = _toy_data()
    straight = _network()
    before = straight.get_weights()
    for one in range(4):
        function(straight, x, y, one)
    if _same(before, straight.get_weights()):
        raise Wrong("after four epochs every weight is what it was: nothing has learnt")

    first, second = _network(), _network()
    function(first, x, y, 1)
    function(second, x, y, 2)
    if _same(first.get_weights(), second.get_weights()):
        raise Wrong("epoch 1 and epoch 2 shuffle alike: each epoch should have an order of its own")
    if not _sees_all(function, x, y):
        raise Wrong("an epoch should show every row once")

    half = _network()
    for one in range(2):
        function(half, x, y, one)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "half.keras"
        half.save(file)
        resumed = keras.models.load_model(file)
    np.random.seed(7)  # somebody draws random numbers in the meantime
    for one in range(2, 4):
        function(resumed, x, y, one)
    if not _same(straight.get_weights(), resumed.get_weights()):
        raise Wrong("interrupted after two epochs of four and resumed, it ends with other weights")
    return "Stopped, loaded and resumed, it ends with the very same bits as if never interrupted."


@exercise
def quantise(function):
    """Judge a function (numbers) that returns (int8 codes, scale, zero point)."""
    rng = np.random.default_rng(0)
    for name, numbers in {
        "both signs": rng.normal(0, 0.2, (20, 30)),
        "above zero alone": rng.uniform(2, 6, 400),
        "below zero alone": rng.uniform(-0.5, -0.1, (7, 5, 3)),
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
            raise Wrong(f"numbers with {name}: the zero point {zero} is not the code of any byte")
        back = scale * (codes.astype(float) - zero)
        error = np.abs(back - numbers).max()
        step = (max(numbers.max(), 0) - min(numbers.min(), 0)) / 255
        if scale > 1.02 * step:
            raise Wrong(
                f"numbers with {name}: steps of {scale:.2g} are wider than they need be, where a "
                f"byte has room for steps of {step:.2g}"
            )
        # Half a step, and as much again at the ends, where the zero point was rounded.
        if not error <= 1.02 * step:
            raise Wrong(
                f"numbers with {name}: back from the codes they are off by up to {error:.2g}, more "
                f"than the width of a step, {step:.2g}"
            )
    return "A quarter of the memory, and no number moves by more than a step."


# -- what the checks share -----------------------------------------------------------------------


def _toy_data():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(48, 6)).astype("float32")
    return x, (x.sum(axis=1) > 0).astype("int64")


def _network(dropout: float = 0.3):
    """Return a small network with dropout, always with the same weights, compiled with Adam."""
    import keras
    from keras import layers

    body = [layers.Dense(8, "relu"), layers.Dropout(dropout), layers.Dense(2, "softmax")]
    model = keras.Sequential([keras.Input((6,)), *body])
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    # So few rows are sooner learnt without a graph.
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", run_eagerly=True)
    return model


def _sees_all(function, x, y) -> bool:
    """Train an epoch with steps so small that their order doesn't count; compare with one by us."""
    import keras

    ends = []
    for train in (function, lambda model, x, y, _: model.fit(x, y, batch_size=4, verbose=0)):
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
        model.set_weights([np.zeros((6, 2)), np.zeros(2)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(1e-3), loss, run_eagerly=True)
        train(model, x, y, 0)
        ends.append(np.concatenate([weight.ravel() for weight in model.get_weights()]))
    mine, whole = ends
    # Larger batches take fewer steps: the way is shorter, and its direction the same.
    cosine = mine @ whole / (np.linalg.norm(mine) * np.linalg.norm(whole) or 1)
    return cosine > 0.999


def _same(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
