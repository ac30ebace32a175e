"""Answers to the exercises of lesson 10: see test_checks.py."""

import json

import tensorflow as tf

from helpers.scaling import cluster

PLACES = ["127.0.0.1:5000", "127.0.0.1:5001"]


def told(workers=PLACES, kind="worker", index=1):
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": kind, "index": index}})


def pictures_first(files, decode, augment, batch):
    return files.map(decode).cache().shuffle(48).map(augment).batch(batch).prefetch(2)


def batches_first(files, decode, augment, batch):
    known = files.map(decode, num_parallel_calls=2).cache()
    return known.shuffle(len(files)).batch(batch).map(augment).prefetch(tf.data.AUTOTUNE)


def augmented_then_shuffled(files, decode, augment, batch):
    return files.map(decode).cache().map(augment).shuffle(len(files)).batch(batch)


def pipeline():
    return [
        (pictures_first, "right"),
        (batches_first, "right"),
        (augmented_then_shuffled, "right"),
        (lambda f, d, a, b: f.shuffle(48).map(d).map(a).cache().batch(b).prefetch(2), "anew"),
        (lambda f, d, a, b: f.shuffle(48).map(d).map(a).batch(b), "again in every epoch"),
        (lambda f, d, a, b: f.shuffle(48).map(d).cache().map(a).batch(b), "order of the first"),
        (lambda f, d, a, b: f.map(d).cache().map(a).batch(b), "order of the first"),
        (lambda f, d, a, b: f.map(d).cache().shuffle(48).batch(b), "not augmented"),
        (lambda f, d, a, b: f.map(d).cache().shuffle(48).map(a), "its batches have"),
        (lambda f, d, a, b: f.map(d).cache().shuffle(48).map(a).repeat(2).batch(b), "come again"),
        (lambda f, d, a, b: f.map(d).cache().shuffle(2).map(a).batch(b), "the first"),
        (lambda f, d, a, b: list(f), "returns list"),
    ]


def share():
    return [
        (
            lambda losses, batch: tf.nn.compute_average_loss(losses, global_batch_size=batch),
            "right",
        ),
        (lambda losses, batch: tf.reduce_mean(losses) * len(losses) / batch, "right"),
        (lambda losses, batch: tf.reduce_mean(losses), "2 replicas add up to"),
        (lambda losses, batch: tf.reduce_sum(losses), "1 replica add up to 24 times"),
        (lambda losses, batch: tf.reduce_mean(losses) / 2, "0.5 times"),
        (lambda losses, batch: losses / batch, "several"),
    ]


def config():
    return [
        (told(), "right"),
        (cluster.tf_config(PLACES, 1), "right"),
        (json.loads(told()), "holds text"),
        (str(json.loads(told())), "not JSON"),
        ("[1, 2]", "exactly two parts"),
        (json.dumps({"cluster": {"worker": PLACES}}), "exactly two parts"),
        (told(workers=PLACES[1:]), "both addresses"),
        (told(workers=PLACES[::-1]), "same order"),
        (told(kind="chief"), "type"),
        *((told(index=wrong), f"not {wrong!r}") for wrong in (2, 0, True, "1")),
    ]


def state():
    return [
        (lambda model, optimizer, step: {"sgd": optimizer}, "right"),  # it holds the weights
        (lambda model, optimizer, step: {"o": optimizer, "w": model.layers[0]}, "right"),
        (lambda model, optimizer, step: {"model": model, "step": step}, "earlier steps, not"),
        (lambda model, optimizer, step: {"step": step}, "weights don't"),
        (lambda model, optimizer, step: [model, optimizer, step], "returns list"),
        (lambda model, o, step: {"model": model, "momentum": o.momentums[0]}, "begins again"),
    ]


def ring():
    return [
        (lambda n, size: sum(size / n for _ in range(n - 1)) * 2, "right"),
        (lambda n, size: 2 * size, "nothing to send"),
        (lambda n, size: (n - 1) * size / n, "0.5 times"),
        (lambda n, size: 2 * (n - 1) * size, "for 2 workers"),
        (lambda n, size: (n - 1) * size, "for 3 workers"),
    ]
