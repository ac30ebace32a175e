"""What lesson 10 teaches, `train_loop.py`: repeatable, the same under strategies, and resumed."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import notebooks

SIZES = st.integers(1, 40)


@pytest.fixture(scope="module")
def loop():
    return notebooks.taught("10")


@given(count=st.integers(1, 60), batch=SIZES, steps=st.integers(0, 30))
def test_an_epoch_takes_every_example_at_most_once(loop, count, batch, steps):
    batch = min(batch, count)
    rows = loop.order(count, batch, steps, seed=0)
    assert rows.shape == (steps, batch)
    each = count // batch  # steps of an epoch
    for start in range(0, steps, each):
        taken = rows[start : start + each].ravel()
        assert len(set(taken)) == len(taken) and set(taken) <= set(range(count))


def test_a_step_follows_from_seed_and_number_alone(loop):
    long, short = loop.order(100, 8, 40, seed=3), loop.order(100, 8, 15, seed=3)
    assert (long[:15] == short).all()
    assert (long[:12] != long[12:24]).any()  # every epoch has its own order
    assert (loop.order(100, 8, 15, seed=4) != short).any()


@pytest.mark.parametrize(("pipelines", "replicas"), [(1, 2), (2, 4), (4, 4)])
def test_workers_share_a_step_and_together_take_all_of_it(loop, pipelines, replicas):
    import tensorflow as tf

    rows = loop.order(64, 8, 5, seed=0)
    make = loop.feed(np.arange(64.0), np.arange(64), rows)
    taken = []
    for number in range(pipelines):
        context = tf.distribute.InputContext(pipelines, number, replicas)
        parts = list(make(context).as_numpy_iterator())
        assert {len(part) for part, _ in parts} == {8 // replicas}
        assert all((part == label).all() for part, label in parts)
        taken.append(np.concatenate([label for _, label in parts]).reshape(5, -1))
    together = np.concatenate(taken, axis=1)
    assert (np.sort(together, axis=1) == np.sort(rows, axis=1)).all()


TRAINING = """
import json, os, sys
import numpy as np
from helpers.start import start
from tools import notebooks

start(0)
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
loop = notebooks.taught("10")
os.chdir(sys.argv[1])
x = np.random.default_rng(0).integers(0, 256, (64, 28, 28, 1)).astype("uint8")
y = np.random.default_rng(1).integers(0, 10, 64)
alone, mirrored = tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def trained(strategy, steps=12):
    model, optimizer = loop.build(strategy, 0.05)
    list(loop.train(strategy, model, optimizer, x, y, steps, 16))
    return model.get_weights()


def worked(steps):
    return loop.work(mirrored, 0, x, y, steps, 16, 0.05, every=5, pause=0).get_weights()


def apart(some, others):
    return max(float(np.abs(a - b).max()) for a, b in zip(some, others))


one, pair = trained(alone), trained(mirrored)
facts = {"again": apart(one, trained(alone)), "two": apart(one, pair)}
worked(7)  # ends two steps after its checkpoint
print(json.dumps({**facts, "resumed": apart(pair, worked(12))}))
"""


def test_it_repeats_itself_two_replicas_agree_and_a_checkpoint_loses_nothing(tmp_path):
    """In a process of its own: two devices must be asked for before TensorFlow starts."""
    command = [sys.executable, "-c", TRAINING, str(tmp_path)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    *reports, facts = map(json.loads, done.stdout.splitlines())
    assert facts["again"] == 0
    assert facts["two"] < 1e-4
    assert facts["resumed"] == 0
    assert [one["step"] for one in reports if one["event"] == "started"] == [0, 5]
    assert [one["step"] for one in reports if one["event"] == "step"][7:] == list(range(6, 13))
