"""The long runs of lesson 04: transfer against training from nothing, and what fine-tuning adds.

`run` makes all figures anew, which takes a while; the lesson's full mode calls it and publishes
them as `transfer-study`. `load` reads them. Each task's pictures are drawn for this study alone:
the held-out ones took no part in any choice.
"""

import json
from collections.abc import Callable, Iterable

import numpy as np

from helpers import assets
from helpers.cells import drawn
from helpers.vision import cats_dogs, transfer

SEEDS = range(5)
POOL, HELD_OUT = 200, 400  # pictures to draw the labelled ones from, and to examine on
DIFFICULTY = 0.7  # of the cells
STEPS, BATCH = 300, 16  # of a small network's training, however few the pictures
LEARNING_RATE = 2e-3
COUNTS = {"cats and dogs": (20,), "cells": (100,)}  # labels
TUNED = "cells", 100  # the task and the number of labels on which fine-tuning is tried
FIRST = {"efficientnet_lite0": "block8_expand_conv", "inception_v3": "conv2d_50"}
RATES = {"small steps": transfer.FINE_RATE, "large steps": 30 * transfer.FINE_RATE}

Split = tuple[drawn.Pictures, drawn.Pictures]


def task(name: str) -> Split:
    """Return (x, y) to learn from and (x_test, y_test), held out: "cats and dogs" or "cells"."""
    if name == "cells":
        return drawn.draw(POOL, [71, 0], DIFFICULTY), drawn.draw(HELD_OUT, [71, 1], DIFFICULTY)
    return cats_dogs.draw(POOL, [70, 0]), cats_dogs.draw(HELD_OUT, [70, 1])


def labelled(y: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Choose `count` pictures by chance, as many of each of the two classes: their places."""
    draw = np.random.default_rng(seed)
    chosen = [draw.permutation(np.flatnonzero(y == label))[: count // 2] for label in (0, 1)]
    return np.concatenate(chosen)


def small_network():
    """Return a small convolutional network for pictures of 96 × 96 pixels and two classes."""
    import keras
    from keras import layers

    network = keras.Sequential([keras.Input((96, 96, 3)), layers.Rescaling(1 / 127.5, -1)])
    network.add(layers.RandomFlip("horizontal_and_vertical"))
    for filters in (16, 32, 64):
        network.add(layers.Conv2D(filters, 3, activation="relu"))
        network.add(layers.MaxPooling2D())
    network.add(layers.Conv2D(64, 3, activation="relu"))
    network.add(layers.GlobalMaxPooling2D())
    network.add(layers.Dropout(0.3))
    network.add(layers.Dense(2))
    return network


def from_nothing(x, y, x_test, y_test, seed: int) -> float:
    """Train the small network on (x, y); return its accuracy on the held-out pictures."""
    import keras

    keras.utils.set_random_seed(seed)
    network = small_network()
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, STEPS)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(rate), loss)
    epochs = round(STEPS * BATCH / len(x))
    network.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
    return accuracy(network.predict(x_test, batch_size=64, verbose=0), y_test)


def with_transfer(f, y, f_test, y_test, seed: int) -> float:
    """Train a head on features; return its accuracy on the held-out pictures' features."""
    head = transfer.train_head(f, y, 2, seed=seed)
    return accuracy(np.asarray(head(f_test)), y_test)


def accuracy(scores: np.ndarray, y: np.ndarray) -> float:
    """Return the share of rows whose largest score is the right class's."""
    return float((scores.argmax(1) == y).mean())


def run(backbone, wanted: Iterable[str] = ("few labels", "fine-tuning"), say: Callable = print):
    """Return all figures: {"few labels": {task: {count: {way: [accuracy of each seed]}}}, …}.

    `backbone`: from `backbones.load`, without its top. Counts are texts, as JSON has them.
    """
    parts = {"few labels": few_labels, "fine-tuning": fine_tuning}
    front = transfer.extractor(backbone)
    return {part: parts[part](backbone, front, say) for part in wanted}


def few_labels(backbone, front, say: Callable = print) -> dict:
    """Compare both ways on every task, for every number of labels, with five seeds."""
    found = {}
    for name, counts in COUNTS.items():
        (x, y), (x_test, y_test) = task(name)
        f, f_test = (transfer.cached_features(front, pictures) for pictures in (x, x_test))
        found[name] = {}
        for count in counts:
            ways = {"transfer": [], "from nothing": []}
            for seed in SEEDS:
                i = labelled(y, count, seed)
                ways["transfer"].append(with_transfer(f[i], y[i], f_test, y_test, seed))
                ways["from nothing"].append(from_nothing(x[i], y[i], x_test, y_test, seed))
                say(name, count, seed, {way: values[-1] for way, values in ways.items()})
            found[name][str(count)] = ways
    return found


def fine_tuning(backbone, front, say: Callable = print) -> dict:
    """Train the upper layers further, after the head, with small steps and with large ones."""
    name, count = TUNED
    (x, y), (x_test, y_test) = task(name)
    f, f_test = (transfer.cached_features(front, pictures) for pictures in (x, x_test))
    found = {"head alone": [], **{way: [] for way in RATES}}
    for seed in SEEDS:
        i = labelled(y, count, seed)
        head = transfer.train_head(f[i], y[i], 2, seed=seed)
        found["head alone"].append(accuracy(np.asarray(head(f_test)), y_test))
        joined = transfer.join(front, head)
        for way, rate in RATES.items():
            tuned = transfer.fine_tune(
                joined, x[i], y[i], FIRST[backbone.name], learning_rate=rate, seed=seed
            )
            scores = tuned.predict(x_test, batch_size=transfer.BATCH_FEATURES, verbose=0)
            found[way].append(accuracy(scores, y_test))
        say(name, count, seed, {way: values[-1] for way, values in found.items()})
    return found


def load() -> dict:
    """Return the figures that the lesson's full mode has published."""
    return json.loads(assets.path("transfer-study").read_text(encoding="utf-8"))
