"""GoogLeNet, the first Inception, in Keras, and the weights of its Caffe model in it.

Szegedy et al. 2015 (arXiv 1409.4842). Lesson 04 builds the same network. Layers have the names of
the original, with _ for /: "conv1_7x7_s2", "inception_4c_3x3", "inception_4c_output". A narrow copy
of it, trained by the workshop, comes with it: `PLANS` has the measures of both.
"""

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

SIZE = (224, 224)
CLASSES = 1_000
MEAN = (123.0, 117.0, 104.0)  # of red, green and blue: what is taken off a picture


class Widths(NamedTuple):
    """How many filters each convolution of a module has; `reduce`: the 1×1 in front of another."""

    one: int
    three_reduce: int
    three: int
    five_reduce: int
    five: int
    pool: int


MODULES = {  # the paper's table 1
    "3a": Widths(64, 96, 128, 16, 32, 32),
    "3b": Widths(128, 128, 192, 32, 96, 64),
    "4a": Widths(192, 96, 208, 16, 48, 64),
    "4b": Widths(160, 112, 224, 24, 64, 64),
    "4c": Widths(128, 128, 256, 24, 64, 64),
    "4d": Widths(112, 144, 288, 32, 64, 64),
    "4e": Widths(256, 160, 320, 32, 128, 128),
    "5a": Widths(256, 160, 320, 32, 128, 128),
    "5b": Widths(384, 192, 384, 48, 128, 128),
}


class Plan(NamedTuple):
    """A picture's size, the filters of the stem's three convolutions, the modules' widths."""

    size: tuple[int, int]
    stem: tuple[int, int, int]
    modules: dict[str, Widths]


def _narrow(filters: int) -> int:
    return max(16, int(filters * 0.65 / 8 + 0.5) * 8)


PLANS = {
    "googlenet": Plan(SIZE, (64, 64, 192), MODULES),
    "inception_small": Plan(
        (128, 128),
        tuple(map(_narrow, (64, 64, 192))),
        {name: Widths(*map(_narrow, widths)) for name, widths in MODULES.items()},
    ),
}


def network(plan: Plan = PLANS["googlenet"], any_size: bool = False, top: bool = True):
    """Return the Keras model with random weights, for pictures of the plan's size or of any.

    It takes pixels 0-255, red, green and blue, less `MEAN`, and gives logits, or maps without top.
    """

    def normalised(x):
        """Divide by the strength of the five channels around: local response normalisation."""
        # In Keras's own operations, so that whoever loads a saved network needs nothing of ours; a
        # product with five diagonals of ones is faster here than five shifted sums and a power.
        five = sum(np.eye(x.shape[-1], k=k, dtype="float32") for k in range(-2, 3))
        root = ops.rsqrt(1.0 + 2e-5 * ops.matmul(ops.square(x), five))
        return x * root * ops.sqrt(root)

    one, reduced, two = plan.stem
    inputs = keras.Input((*((None, None) if any_size else plan.size), 3))
    x = normalised(_pool(_conv(inputs, one, 7, "conv1_7x7_s2", 2), "pool1_3x3_s2"))
    x = _conv(_conv(x, reduced, 1, "conv2_3x3_reduce"), two, 3, "conv2_3x3")
    x = _pool(normalised(x), "pool2_3x3_s2")
    for name, widths in plan.modules.items():
        if name in ("4a", "5a"):
            x = _pool(x, f"pool{int(name[0]) - 1}_3x3_s2")
        x = module(x, f"inception_{name}", widths)
    if top:
        x = layers.GlobalAveragePooling2D(name="pool5_7x7_s1")(x)
        x = layers.Dense(CLASSES, name="loss3_classifier")(x)
    return keras.Model(inputs, x, name="googlenet")


def module(x, name: str, w: Widths):
    """Add an Inception module; its layers' names begin with `name`."""
    branches = [
        _conv(x, w.one, 1, f"{name}_1x1"),
        _conv(_conv(x, w.three_reduce, 1, f"{name}_3x3_reduce"), w.three, 3, f"{name}_3x3"),
        _conv(_conv(x, w.five_reduce, 1, f"{name}_5x5_reduce"), w.five, 5, f"{name}_5x5"),
        _conv(_pool(x, f"{name}_pool", 1), w.pool, 1, f"{name}_pool_proj"),
    ]
    return layers.Concatenate(name=f"{name}_output")(branches)


def _conv(x, filters, kernel, name, strides=1):
    return layers.Conv2D(filters, kernel, strides, "same", activation="relu", name=name)(x)


def _pool(x, name, strides=2):
    return layers.MaxPooling2D(3, strides, "same", name=name)(x)


def load(place: Path, top: bool):
    """Return the model with the weights at `place`; for pictures of any size without its top."""
    plan = PLANS["googlenet" if place.is_dir() else "inception_small"]
    model = network(plan, not top, top)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(read(place, layer.name, layer.kernel.shape))
    return model


def read(folder: Path, name: str, shape: tuple[int, ...]) -> list[np.ndarray]:
    """Return the kernel, of that shape, and the bias of the layer called `name` in Keras.

    `folder` of the original's files, or the small network's one file. ValueError, one sentence,
    where they have no such layer, or another number of weights for it.
    """
    small = folder.is_file()
    head, _, rest = name.partition("_")
    if head == "inception":
        block, _, rest = rest.partition("_")
        head = f"inception_{block}"
    try:
        if small:
            with np.load(folder) as kept:
                kernel, bias = (kept[f"{name}_{x}"].astype("float32") for x in ("kernel", "bias"))
        else:
            files = (folder / head / f"{rest}_{part}.bin" for part in ("filter", "bias"))
            kernel, bias = (np.fromfile(file, "<f4") for file in files)
    except (KeyError, FileNotFoundError):
        raise ValueError(f"there are no weights for a layer called '{name}'") from None
    if kernel.size != np.prod(shape):
        raise ValueError(
            f"the kernel of '{name}' has the shape {tuple(shape)}, that is {np.prod(shape):,} "
            f"weights, and the file holds {kernel.size:,} for it"
        )
    if small:
        return [kernel, bias]
    kernel = np.moveaxis(kernel.reshape(shape[-1], *shape[:-1]), 0, -1)
    # Caffe reads pictures blue first: the first kernel is turned round instead of each picture.
    return [kernel[:, :, ::-1] if name == "conv1_7x7_s2" else kernel, bias]
