"""Inception's module, and a compact network of our own that is built from it.

`module`, `plain_block` and `factorised` are the tested twins of what lesson 04 builds. The compact
network reads the drawn cells; lesson 04's full mode trains it and writes the checkpoint
`compact-inception`.
"""

from dataclasses import dataclass

import numpy as np

from helpers import assets
from helpers.cells import drawn

DIFFICULTY = 0.6  # of the cells that the compact network learns
PICTURES = 1_600  # that it learns from
SEED = 40  # of those pictures; no other lesson draws these
EPOCHS, BATCH = 12, 32
LEARNING_RATE = 3e-3
MOMENTUM = 0.9  # of batch normalisation: its default .99 is too slow for a few hundred steps


@dataclass(frozen=True)
class Widths:
    """How many filters each branch of a module has; `reduce`: those of the 1×1 in front."""

    one: int
    three_reduce: int
    three: int
    five_reduce: int
    five: int
    pool: int

    @property
    def total(self) -> int:
        """Channels that come out."""
        return self.one + self.three + self.five + self.pool


STEM = (24, 32)
MODULES = (
    (Widths(16, 16, 24, 4, 8, 8),),
    (Widths(24, 24, 32, 8, 16, 16), Widths(32, 32, 48, 8, 16, 16)),
    (Widths(40, 32, 64, 8, 24, 24),),
)
PLAIN = (32,), (42, 58), (72,)  # 3×3 filters in a row: about as many weights, as a test counts


def module(x, widths: Widths):
    """Add an Inception module: four looks at `x` side by side, their channels put together.

    Height and width stay; `widths.total` channels come out. Szegedy et al. 2015, figure 2(b)
    (arXiv 1409.4842).
    """
    from keras import layers

    one = _convolution(x, widths.one, 1)
    three = _convolution(_convolution(x, widths.three_reduce, 1), widths.three, 3)
    five = _convolution(_convolution(x, widths.five_reduce, 1), widths.five, 5)
    pool = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    pool = _convolution(pool, widths.pool, 1)
    return layers.Concatenate()([one, three, five, pool])


def factorised(x, filters: int):
    """Add two 3×3 convolutions in a row: they see 5×5 pixels with fewer weights than one 5×5.

    InceptionV3 does so: Szegedy et al. 2016, figure 5 (arXiv 1512.00567).
    """
    return _convolution(_convolution(x, filters, 3), filters, 3)


def compact():
    """Return the compact network, untrained: pixels 0-255, (n, 96, 96, 3), to two logits."""
    return _network("compact_inception", lambda x, stage: _modules(x, MODULES[stage]))


def plain():
    """Return a plain network of about as many weights: 3×3 convolutions in a row."""
    return _network("plain", lambda x, stage: _row(x, PLAIN[stage]))


def module_weights(channels: int, widths: Widths) -> int:
    """Count a module's kernel weights, without biases and normalisation."""
    return (
        channels * widths.one
        + channels * widths.three_reduce
        + 9 * widths.three_reduce * widths.three
        + channels * widths.five_reduce
        + 25 * widths.five_reduce * widths.five
        + channels * widths.pool
    )


def train(model, pictures: np.ndarray, labels: np.ndarray, epochs=EPOCHS, seed=0, batch=BATCH):
    """Train a network on cells, mirrored and turned by chance; return its History."""
    import keras

    keras.utils.set_random_seed(seed)
    steps = epochs * -(-len(pictures) // batch)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model.fit(pictures, labels, batch_size=batch, epochs=epochs, verbose=0)


def pictures(count: int = PICTURES) -> tuple[drawn.Pictures, drawn.Pictures]:
    """Return `count` of the cells that the compact network learns from, and 400 held out.

    As `cells.load`: (x_train, y_train), (x_test, y_test), uint8 (n, 96, 96, 3) and int64 (n,).
    """
    return drawn.draw(count, [SEED, 0], DIFFICULTY), drawn.draw(400, [SEED, 1], DIFFICULTY)


def score(options: dict[str, str]) -> dict[str, float]:
    """Score the checkpoint on the held-out cells, for `python -m helpers evaluate`.

    Returns the number of `pictures` and of `weights`, `accuracy`, `sensitivity` (of the sick, the
    share found) and `specificity` (of the healthy, the share let go).
    """
    import keras

    model = keras.models.load_model(assets.path("compact-inception"), compile=False)
    _, (x, y) = pictures(0)
    right = model.predict(x, batch_size=BATCH, verbose=0).argmax(1) == y
    return {
        "pictures": len(y),
        "weights": model.count_params(),
        "accuracy": right.mean(),
        "sensitivity": right[y == 1].mean(),
        "specificity": right[y == 0].mean(),
    }


def _network(name, stage):
    import keras
    from keras import layers

    inputs = keras.Input((drawn.SIDE, drawn.SIDE, 3))
    x = layers.Rescaling(1 / 127.5, -1)(inputs)
    x = layers.RandomFlip("horizontal_and_vertical", name="flips")(x)
    for filters in STEM:
        x = _convolution(x, filters, 3, strides=2)
    for number in range(len(MODULES)):
        x = layers.MaxPooling2D()(x) if number else x
        x = stage(x, number)
    # Sick is a picture with a sick cell anywhere: so the strongest answer counts, not the mean.
    x = layers.GlobalMaxPooling2D(name="pool")(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(2, name="logits")(x), name=name)


def _modules(x, stage):
    for widths in stage:
        x = module(x, widths)
    return x


def _row(x, stage):
    for filters in stage:
        x = _convolution(x, filters, 3)
    return x


def _convolution(x, filters, kernel, strides=1):
    from keras import layers

    x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=MOMENTUM)(x)
    return layers.ReLU()(x)
