"""What the exercises of lesson 10, scale up, check."""

import json
import tempfile
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from helpers.exercises import Wrong, exercise

PICTURES, BATCH, EPOCHS = 48, 8, 3  # of the pipeline on which a learner's is tried
STEPS = 4  # before and after the stop, when a training is resumed


@exercise
def pipeline(function):
    """Judge a function (files, decode, augment, batch) that returns a tf.data.Dataset."""
    calls, state = Counter(), np.random.default_rng(0)

    def counted(name, change):
        def call(numbers):
            calls[name] += int(np.size(numbers))
            return np.float32(change(numbers))

        def step(number):
            result = tf.numpy_function(call, [number], tf.float32)
            return tf.ensure_shape(result, number.shape)

        return step

    decode = counted("decode", lambda number: number)
    augment = counted("augment", lambda x: x + state.uniform(0.01, 0.4, np.shape(x)))
    files = tf.data.Dataset.range(PICTURES)
    dataset = function(files, decode, augment, BATCH)
    if not isinstance(dataset, tf.data.Dataset):
        raise Wrong(f"it returns {type(dataset).__name__}, and a tf.data.Dataset is asked for")
    epochs = [[*map(np.atleast_1d, dataset.as_numpy_iterator())] for _ in range(EPOCHS)]
    sizes = {len(batch) for batch in epochs[0]}
    if sizes != {BATCH}:
        raise Wrong(f"its batches have {sorted(sizes)} pictures, and {BATCH} are asked for")
    orders = [np.floor(np.concatenate(epoch)) for epoch in epochs]
    if any(sorted(one) != list(range(PICTURES)) for one in orders):
        raise Wrong("in an epoch each file should come once, and some are missing or come again")
    if not calls["augment"]:
        raise Wrong("the pictures are not augmented at all")
    if calls["decode"] > PICTURES:
        many = f"{calls['decode']} times in {EPOCHS} epochs, and there are {PICTURES} files"
        raise Wrong(f"it decodes {many}: the work is done again in every epoch")
    if calls["augment"] < EPOCHS * PICTURES:
        raise Wrong("from the second epoch on the network sees the same changes, none made anew")
    if (orders[0] == orders[1]).all():
        raise Wrong("the second epoch has the order of the first")
    if any((np.sort(one[:BATCH]) == np.arange(BATCH)).all() for one in orders):
        raise Wrong("the first batch has the first files of the list: it is hardly shuffled")
    return f"{PICTURES} decodings for {EPOCHS} epochs, and each is new in order and in detail."


@exercise
def share(function):
    """Judge a function (losses, global_batch): a replica's share, of which the sum is the mean."""
    losses = np.random.default_rng(0).uniform(0.1, 3, 24).astype("float32")
    for cuts in (1, 2, 4, [16]):
        shares = [function(tf.constant(part), len(losses)) for part in np.split(losses, cuts)]
        if any(np.shape(one) != () for one in shares):
            raise Wrong("a replica should return one number, and it returns several")
        times = sum(map(float, shares)) / float(losses.mean())
        if not np.isclose(times, 1, rtol=1e-4):
            many = f"{len(shares)} replica{'s' * (len(shares) > 1)}"
            raise Wrong(f"the shares of {many} add up to {times:.3g} times the mean of all losses")
    return "However many share the batch, the sum of their shares is the same loss."


@exercise
def config(text):
    """Judge the TF_CONFIG, a text, of the second of two workers on ports 5000 and 5001."""
    if not isinstance(text, str):
        kind = type(text).__name__
        raise Wrong(f"an environment variable holds text, and this is {kind}: json.dumps")
    try:
        found = json.loads(text)
    except ValueError:
        raise Wrong("it is not JSON: make a dictionary, and let json.dumps write it") from None
    if not isinstance(found, dict) or set(found) != {"cluster", "task"}:
        raise Wrong("it should have exactly two parts, the cluster and the task")
    parts = found["cluster"], found["task"]
    cluster, task = (part if isinstance(part, dict) else {} for part in parts)
    if cluster.get("worker") != ["127.0.0.1:5000", "127.0.0.1:5001"]:
        raise Wrong(
            "under cluster, 'worker' should list both addresses, host:port, the first worker's "
            "first: every worker needs the whole list, and in the same order"
        )
    if task.get("type") != "worker":
        raise Wrong("the task's type should be 'worker'")
    if task.get("index") != 1 or isinstance(task["index"], bool):
        raise Wrong(f"the second worker's index is not {task.get('index')!r}")
    return "All have the same list, and each knows its place in it: that is all a cluster is."


@exercise
def state(function):
    """Judge a function (model, optimizer, step) that returns what a checkpoint must hold, a dict.

    A small training is stopped half-way, and goes on in new objects from what was saved.
    """
    undisturbed = _Training()
    undisturbed.go(2 * STEPS)
    with tempfile.TemporaryDirectory() as place:
        first = _Training()
        first.go(STEPS)
        saved = _checkpoint(function, first).save(str(Path(place) / "half"))
        second = _Training(seed=1)
        _checkpoint(function, second).restore(saved).expect_partial()
    if not np.array_equal(first.model.get_weights()[0], second.model.get_weights()[0]):
        raise Wrong("the weights don't come back")
    if not np.array_equal(*(one.optimizer.momentums[0] for one in (first, second))):
        raise Wrong("the weights come back, and what the optimiser remembers of earlier steps, not")
    second.go(2 * STEPS)
    if not np.array_equal(undisturbed.model.get_weights()[0], second.model.get_weights()[0]):
        raise Wrong(
            "weights and momentum come back, and the training begins again with the first batch: "
            "how many steps were done?"
        )
    return "Stopped half-way and gone on, and the weights are those of an undisturbed training."


@exercise
def ring(function):
    """Judge a function (workers, size): the bytes that each worker sends in a ring all-reduce."""
    if not np.isclose(function(1, 1000.0), 0):
        raise Wrong("one worker alone has nothing to send")
    for workers in (2, 3, 4, 8, 100):
        for size in (24.0, 4e8):
            found, expected = float(function(workers, size)), 2 * (workers - 1) / workers * size
            if not np.isclose(found, expected):
                raise Wrong(
                    f"for {workers} workers and {size:,.0f} bytes it says {found:,.1f} bytes, "
                    f"which is {found / expected:.3g} times what goes round the ring"
                )
    return "With many workers each sends little more than twice the gradient, however many."


# -- what the checks share -----------------------------------------------------------------------


class _Training:
    """A small network that learns from numbers whose order follows from the step alone."""

    def __init__(self, seed: int = 0):
        generator = np.random.default_rng(5)
        self.x, self.y = generator.normal(size=(2 * STEPS, 6, 4)), generator.normal(size=(8, 6, 1))
        weights = np.random.default_rng(seed).normal(size=(4, 1))
        small = [keras.Input((4,)), keras.layers.Dense(1, use_bias=False)]
        self.model = keras.Sequential(small, name="small")
        self.model.set_weights([weights])
        self.optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
        self.optimizer.build(self.model.trainable_variables)
        self.step = tf.Variable(0, dtype=tf.int64)

    def go(self, until: int) -> None:
        """Train until `until` steps are done in all, by whichever count came back."""
        for step in range(max(int(self.step), int(self.optimizer.iterations.numpy())), until):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self.model(self.x[step]) - self.y[step]) ** 2)
            self.optimizer.apply(tape.gradient(loss, self.model.trainable_variables))
            self.step.assign(step + 1)


def _checkpoint(function, training: _Training):
    """The learner's choice as a tf.train.Checkpoint, or `Wrong`."""
    chosen = function(training.model, training.optimizer, training.step)
    if not isinstance(chosen, dict) or not all(isinstance(name, str) for name in chosen):
        raise Wrong(f"it returns {type(chosen).__name__}, and a dict of names and objects is due")
    return tf.train.Checkpoint(**chosen)
