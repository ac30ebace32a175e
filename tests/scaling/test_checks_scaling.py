"""The checks of lesson 10, each with wrong answers and with different right ones."""

import json

import numpy as np
import pytest
import tensorflow as tf
from verdicts import misjudged

from helpers.scaling import checks, cluster

PLACES = ["127.0.0.1:5000", "127.0.0.1:5001"]


def config(workers=PLACES, kind="worker", index=1):
    return {"cluster": {"worker": workers}, "task": {"type": kind, "index": index}}


def pictures_first(files, decode, augment, batch):
    return files.map(decode).cache().shuffle(48).map(augment).batch(batch).prefetch(2)


def batches_first(files, decode, augment, batch):
    known = files.map(decode, num_parallel_calls=2).cache()
    return known.shuffle(len(files)).batch(batch).map(augment).prefetch(tf.data.AUTOTUNE)


def augmented_then_shuffled(files, decode, augment, batch):
    return files.map(decode).cache().map(augment).shuffle(len(files)).batch(batch)


RIGHT = {
    "pipeline": [pictures_first, batches_first, augmented_then_shuffled],
    "share": [
        lambda losses, batch: tf.reduce_sum(losses) / batch,
        lambda losses, batch: tf.nn.compute_average_loss(losses, global_batch_size=batch),
        lambda losses, batch: tf.reduce_mean(losses) * len(losses) / batch,
        lambda losses, batch: np.sum(losses) / batch,
    ],
    "config": [
        json.dumps(config()),
        json.dumps(config(), indent=2),
        cluster.tf_config(PLACES, 1),
    ],
    "state": [
        lambda model, optimizer, step: {"model": model, "optimizer": optimizer, "step": step},
        lambda model, optimizer, step: {"sgd": optimizer},  # it holds the weights that it moves
        lambda model, optimizer, step: {"kernel": model.layers[0], "o": optimizer, "at": step},
    ],
    "ring": [
        lambda n, size: 2 * (n - 1) / n * size,
        lambda n, size: sum(size / n for _ in range(n - 1)) * 2,
    ],
}
WRONG = {
    "pipeline": [
        (lambda f, d, a, b: f.shuffle(48).map(d).map(a).cache().batch(b).prefetch(2), "anew"),
        (lambda f, d, a, b: f.shuffle(48).map(d).map(a).batch(b), "again in every epoch"),
        (lambda f, d, a, b: f.shuffle(48).map(d).cache().map(a).batch(b), "order of the first"),
        (lambda f, d, a, b: f.map(d).cache().map(a).batch(b), "order of the first"),
        (lambda f, d, a, b: f.map(d).cache().shuffle(48).batch(b), "not augmented"),
        (lambda f, d, a, b: f.map(d).cache().shuffle(48).map(a), "its batches have"),
        (lambda f, d, a, b: f.map(d).cache().shuffle(48).map(a).repeat(2).batch(b), "come again"),
        (lambda f, d, a, b: f.map(d).cache().shuffle(2).map(a).batch(b), "the first"),
        (lambda f, d, a, b: list(f), "returns list"),
    ],
    "share": [
        (lambda losses, batch: tf.reduce_mean(losses), "2 replicas add up to"),
        (lambda losses, batch: tf.reduce_sum(losses), "1 replica add up to 24 times"),
        (lambda losses, batch: tf.reduce_mean(losses) / 2, "0.5 times"),
        (lambda losses, batch: losses / batch, "several"),
    ],
    "config": [
        (config(), "holds text"),
        (str(config()), "not JSON"),
        ("[1, 2]", "exactly two parts"),
        (json.dumps({"cluster": {"worker": PLACES}}), "exactly two parts"),
        (json.dumps(config(workers=PLACES[1:])), "both addresses"),
        (json.dumps(config(workers=PLACES[::-1])), "same order"),
        (json.dumps(config(kind="chief")), "type"),
        (json.dumps(config(index=2)), "not 2"),
        (json.dumps(config(index=0)), "not 0"),
        (json.dumps(config(index=True)), "not True"),
        (json.dumps(config(index="1")), "not '1'"),
    ],
    "state": [
        (lambda model, optimizer, step: {"model": model}, "earlier steps, not"),
        (lambda model, optimizer, step: {"model": model, "step": step}, "earlier steps, not"),
        (lambda model, optimizer, step: {"step": step}, "weights don't"),
        (lambda model, optimizer, step: {}, "saves nothing"),
        (lambda model, optimizer, step: [model, optimizer, step], "returns list"),
        (
            lambda model, optimizer, step: {"model": model, "momentum": optimizer.momentums[0]},
            "begins again",
        ),
    ],
    "ring": [
        (lambda n, size: 2 * size, "nothing to send"),
        (lambda n, size: (n - 1) * size / n, "0.5 times"),
        (lambda n, size: 2 * (n - 1) * size, "for 2 workers"),
        (lambda n, size: (n - 1) * size, "for 3 workers"),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_wrong_and_open_answers(name):
    right = [(answer, "right") for answer in RIGHT[name]]
    table = [(..., "not attempted"), *right, *WRONG[name]]
    assert misjudged(getattr(checks, name), table) == []
