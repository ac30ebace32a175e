"""Lesson 10's training loop, as it runs on one core or on many machines, unchanged.

It runs under every `tf.distribute` strategy. The order of the digits follows from a step's number
alone, so a checkpoint of weights, optimiser and step is enough to go on exactly.

Source: TensorFlow's guides "Distributed training" and "Custom training with
tf.distribute.Strategy".
"""

import dataclasses
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers import files

KEPT = 2  # checkpoints: a second one, should the last be damaged


class ScalingError(ValueError):
    """Training can't be done like that: one sentence that says what to do."""


# -- the plan of a training ----------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What is to be trained, the same on every worker.

    steps: in all. batch: examples in a step, of all replicas together. rate, momentum: of SGD.
    save_every: steps between two checkpoints; 0: none. pause: seconds to wait after each step, so
    that there is time to watch.
    """

    steps: int = 124
    batch: int = 64
    rate: float = 0.05
    momentum: float = 0.9
    seed: int = 0
    save_every: int = 0
    pause: float = 0.0

    def write(self, file: Path) -> None:
        """Write the plan to `file`, as JSON, whole or not at all."""
        files.write(file, json.dumps(dataclasses.asdict(self)))

    @classmethod
    def read(cls, file: Path) -> "Plan":
        """Read what `write` wrote; ScalingError if it is something else."""
        try:
            return cls(**json.loads(Path(file).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ScalingError(f"{file} is not a plan of a training: {error}.") from error


# -- data ----------------------------------------------------------------------------------------


def order(count: int, batch: int, steps: int, seed: int = 0) -> np.ndarray:
    """Return which of `count` examples each step takes: int (steps, batch).

    Every epoch is shuffled anew, and what does not fill a batch is left out of it. Row `i` follows
    from `seed` and `i` alone. ScalingError if there are fewer examples than a batch takes.
    """
    if batch > count:
        raise ScalingError(f"A batch of {batch} can't be filled from {count} examples.")
    whole = count - count % batch
    epochs = math.ceil(steps * batch / whole)
    shuffled = [np.random.default_rng((seed, e)).permutation(count)[:whole] for e in range(epochs)]
    return np.concatenate(shuffled or [np.zeros(0, int)])[: steps * batch].reshape(steps, batch)


def feed(pictures: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> Callable:
    """Return a function context -> dataset, for `strategy.distribute_datasets_from_function`.

    `rows`, int (steps, batch), says which examples a step takes. Worker `i` of `n` takes every
    n-th of a row, from the i-th on, so that together they take the row, however many they are.
    """
    import tensorflow as tf

    # As tensors they are handed to the look-up; as arrays they would become a part of its graph.
    pictures, labels = tf.constant(pictures), tf.constant(labels)

    def dataset(context):
        mine = rows[:, context.input_pipeline_id :: context.num_input_pipelines]
        mine = mine.reshape(-1, context.get_per_replica_batch_size(rows.shape[1]))
        chosen = tf.data.Dataset.from_tensor_slices(mine)
        return chosen.map(lambda row: (tf.gather(pictures, row), tf.gather(labels, row))).prefetch(
            2
        )

    return dataset


# -- training ------------------------------------------------------------------------------------


def network(dtype: str = "float32"):
    """Return a small convolutional network, (28, 28, 1) to 10 logits, with new random weights."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, strides=2, activation="relu", dtype=dtype),
            layers.Conv2D(32, 3, strides=2, activation="relu", dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dense(10, dtype="float32"),
        ]
    )


def share_of_loss(logits, labels, batch: int):
    """Return a replica's share of the loss: its cross-entropies' sum over the global `batch`.

    Added up over the replicas it is the mean over the batch, and so is the gradient.
    """
    import tensorflow as tf

    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.reduce_sum(losses) / batch


def step_function(strategy, model, optimizer, batch: int) -> Callable:
    """Return a compiled function (pictures, labels) -> loss that takes one step on all replicas."""
    import tensorflow as tf

    def on_replica(pictures, labels):
        with tf.GradientTape() as tape:
            loss = share_of_loss(model(pictures, training=True), labels, batch)
        gradients = tape.gradient(loss, model.trainable_variables)
        # Here the replicas meet: the optimiser adds up their gradients before it moves a weight.
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    @tf.function
    def step(pictures, labels):
        return strategy.reduce("SUM", strategy.run(on_replica, (pictures, labels)), axis=None)

    return step


def train(
    strategy,
    pictures: np.ndarray,
    labels: np.ndarray,
    plan: Plan,
    checkpoints: Path | None = None,
    report: Callable[..., None] = lambda event, **facts: None,
    save_to: Path | None = None,
):
    """Train `network` by `plan` under `strategy`; return the model.

    `pictures`: float32 (n, 28, 28, 1); `labels`: int (n,). With a folder `checkpoints` it starts
    from the last checkpoint that it finds there, and saves one every `plan.save_every` steps, there
    or in `save_to`: all workers of a cluster save, and the copy of one is enough.
    `report` is called with "started" or "saved" and `step`, the steps done by then, and after each
    step with "step", `step` and `loss`. Every worker calls `train` with the same arguments, but for
    `save_to`.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(plan.seed)
    with strategy.scope():
        model = network()
        optimizer = keras.optimizers.SGD(plan.rate, plan.momentum)
        optimizer.build(model.trainable_variables)
    manager = None
    if checkpoints:
        state = tf.train.Checkpoint(model=model, optimizer=optimizer)
        if last := tf.train.latest_checkpoint(str(checkpoints)):
            state.restore(last).assert_existing_objects_matched()
        manager = tf.train.CheckpointManager(state, str(save_to or checkpoints), max_to_keep=KEPT)
    done = int(optimizer.iterations.numpy())  # the optimiser counts, and its count is saved with it
    report("started", step=done)
    rows = order(len(pictures), plan.batch, plan.steps, plan.seed)[done:]
    data = strategy.distribute_datasets_from_function(feed(pictures, labels, rows))
    take_step = step_function(strategy, model, optimizer, plan.batch)
    for number, batch in enumerate(data, start=done + 1):
        report("step", step=number, loss=float(take_step(*batch)))
        if manager and plan.save_every and number % plan.save_every == 0:
            manager.save(checkpoint_number=number)
            report("saved", step=number)
        time.sleep(plan.pause)
    return model


def weights(model) -> list[np.ndarray]:
    """Return a model's weights as arrays, under any strategy."""
    return [np.asarray(weight) for weight in model.get_weights()]


def write_arrays(file: Path, **arrays) -> None:
    """Write arrays, or lists of arrays, to an .npz file, whole or not at all."""
    lists = {name: one if isinstance(one, list) else [one] for name, one in arrays.items()}
    named = {f"{name}.{i}": array for name, one in lists.items() for i, array in enumerate(one)}
    with files.replacing(file) as fresh, fresh.open("wb") as opened:
        np.savez(opened, **named)


def read_arrays(file: Path, name: str) -> list[np.ndarray]:
    """Return the arrays that `write_arrays` wrote as `name`; ScalingError if there are none."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            keys = [key for key in arrays.files if key.rpartition(".")[0] == name]
            found = [arrays[key] for key in sorted(keys, key=lambda key: int(key.split(".")[-1]))]
    except (OSError, ValueError) as error:
        raise ScalingError(f"{file} can't be read as arrays: {error}.") from error
    if not found:
        raise ScalingError(f"{file} has no arrays called {name}.")
    return found


def farthest(some: list[np.ndarray], others: list[np.ndarray]) -> float:
    """Return the largest difference between two models' weights, as `weights` gives them."""
    pairs = zip(some, others, strict=True)
    return max(float(np.abs(one - other).max()) for one, other in pairs)
