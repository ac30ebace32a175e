"""The long runs of lesson 04: transfer against training from nothing, and what fine-tuning adds.

The lesson's full mode makes all figures anew, which takes a while, and publishes them as
`transfer-study`; `load` reads them. They hold for one network, which they name. Each task's
pictures are drawn for this study alone: the held-out ones took no part in any choice.
"""

import json
from collections.abc import Callable

import numpy as np

from helpers import assets
from helpers.cells import drawn
from helpers.vision import cats_dogs, transfer

SEEDS = range(5)
POOL, HELD_OUT = 200, 400  # pictures to draw the labelled ones from, and to examine on
DIFFICULTY = 0.7  # of the cells
COUNTS = {"cats and dogs": (20,), "cells": (100,)}  # labels
TUNED = "cells", 100  # the task and the number of labels on which fine-tuning is tried
RATES = {"small steps": 1e-4, "large steps": 3e-3}

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


def with_transfer(f, y, f_test, y_test, seed: int) -> float:
    """Train a head on features; return its accuracy on the held-out pictures' features."""
    head = transfer.train_head(f, y, 2, seed=seed)
    return accuracy(np.asarray(head(f_test)), y_test)


def accuracy(scores: np.ndarray, y: np.ndarray) -> float:
    """Return the share of rows whose largest score is the right class's."""
    return float((scores.argmax(1) == y).mean())


def first_to_learn(part, backbone) -> str:
    """Return the name of the layer in `part` from which fine-tuning lets the network learn.

    It is found by its place, behind a layer that bears a name of its own: Keras gives most of
    InceptionV3's layers names that depend on which models were built before.
    """
    names = [layer.name for layer in part.layers]
    return names[names.index(backbone.cuts["frozen"]) + 1]


def compare(backbone, from_nothing: Callable, say: Callable = print) -> dict:
    """Compare both ways on every task, for every number of labels, with five seeds.

    `backbone`: from `backbones.load`, without its top; `from_nothing(x, y, seed)` trains a network
    that gives scores. Returns {task: {count: {way: [accuracy of each seed]}}}; counts are texts, as
    JSON has them.
    """
    front, found = transfer.extractor(backbone), {}
    for name, counts in COUNTS.items():
        (x, y), (x_test, y_test) = task(name)
        f, f_test = (transfer.cached_features(front, pictures) for pictures in (x, x_test))
        found[name] = {}
        for count in counts:
            ways = {"transfer": [], "from nothing": []}
            for seed in SEEDS:
                i = labelled(y, count, seed)
                ways["transfer"].append(with_transfer(f[i], y[i], f_test, y_test, seed))
                rival = from_nothing(x[i], y[i], seed).predict(x_test, batch_size=64, verbose=0)
                ways["from nothing"].append(accuracy(rival, y_test))
                say(name, count, seed, {way: values[-1] for way, values in ways.items()})
            found[name][str(count)] = ways
    return found


def fine_tuning(backbone, fine_tune: Callable, say: Callable = print) -> dict:
    """Train the upper layers further, after the head, with small steps and with large ones.

    `fine_tune(model, x, y, first, rate, seed)` returns a copy of the model whose layers from the
    one named `first` on have learnt. Returns {way: [accuracy of each seed]}.
    """
    front = transfer.extractor(backbone)
    first = first_to_learn(front.layers[transfer.PART], backbone)
    name, count = TUNED
    (x, y), (x_test, y_test) = task(name)
    f, f_test = (transfer.cached_features(front, pictures) for pictures in (x, x_test))
    found = {"head alone": [], **{way: [] for way in RATES}}
    for seed in SEEDS:
        i = labelled(y, count, seed)
        head = transfer.train_head(f[i], y[i], 2, seed=seed)
        found["head alone"].append(accuracy(np.asarray(head(f_test)), y_test))
        for way, rate in RATES.items():
            tuned = fine_tune(transfer.join(front, head), x[i], y[i], first, rate, seed=seed)
            scores = tuned.predict(x_test, batch_size=transfer.BATCH_FEATURES, verbose=0)
            found[way].append(accuracy(scores, y_test))
        say(name, count, seed, {way: values[-1] for way, values in found.items()})
    return found


def load() -> dict:
    """Return the published figures: "network", "few labels", "fine-tuning", "networks"."""
    return json.loads(assets.path("transfer-study").read_text(encoding="utf-8"))
