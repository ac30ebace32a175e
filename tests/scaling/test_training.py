"""`helpers.scaling.training`: the same under every strategy, and resumed as if undisturbed."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.scaling import training
from helpers.scaling.training import Plan, ScalingError

SIZES = st.integers(1, 40)

# -- data ----------------------------------------------------------------------------------------


@given(count=st.integers(1, 60), batch=SIZES, steps=st.integers(0, 30))
def test_an_epoch_takes_every_example_at_most_once(count, batch, steps):
    if batch > count:
        with pytest.raises(ScalingError, match="can't be filled"):
            training.order(count, batch, steps)
        return
    rows = training.order(count, batch, steps)
    assert rows.shape == (steps, batch)
    each = count // batch  # steps of an epoch
    for start in range(0, steps, each):
        taken = rows[start : start + each].ravel()
        assert len(set(taken)) == len(taken) and set(taken) <= set(range(count))


def test_a_step_follows_from_seed_and_number_alone():
    long, short = training.order(100, 8, 40, seed=3), training.order(100, 8, 15, seed=3)
    assert (long[:15] == short).all()
    assert (long[:12] != long[12:24]).any()  # every epoch has its own order
    assert (training.order(100, 8, 15, seed=4) != short).any()


@pytest.mark.parametrize(("pipelines", "replicas"), [(1, 2), (2, 4), (4, 4)])
def test_workers_share_a_step_and_together_take_all_of_it(pipelines, replicas):
    import tensorflow as tf

    rows = training.order(64, 8, 5)
    pictures, labels = np.arange(64.0), np.arange(64)
    make = training.feed(pictures, labels, rows)
    taken = []
    for number in range(pipelines):
        context = tf.distribute.InputContext(pipelines, number, replicas)
        parts = list(make(context).as_numpy_iterator())
        assert {len(part) for part, _ in parts} == {8 // replicas}
        assert all((part == label).all() for part, label in parts)
        taken.append(np.concatenate([label for _, label in parts]).reshape(5, -1))
    together = np.concatenate(taken, axis=1)
    assert (np.sort(together, axis=1) == np.sort(rows, axis=1)).all()


# -- plans and arrays ----------------------------------------------------------------------------


def test_a_plan_comes_back_as_it_was_written(tmp_path):
    plan = Plan(steps=7, batch=3, rate=0.1, momentum=0.5, seed=2, save_every=4, pause=0.25)
    plan.write(tmp_path / "plan.json")
    assert Plan.read(tmp_path / "plan.json") == plan
    assert [file.name for file in tmp_path.iterdir()] == ["plan.json"]


def test_another_file_is_not_a_plan(tmp_path):
    for text in ("", "[1]", '{"steps": 3, "speed": 9}', "{"):
        (tmp_path / "plan.json").write_text(text)
        with pytest.raises(ScalingError, match="not a plan"):
            Plan.read(tmp_path / "plan.json")
    with pytest.raises(ScalingError, match="not a plan"):
        Plan.read(tmp_path / "missing.json")


def test_arrays_come_back_in_their_order(tmp_path):
    many = [np.full((i,), i) for i in range(1, 13)]
    training.write_arrays(tmp_path / "a.npz", many=many, one=np.eye(2))
    found = training.read_arrays(tmp_path / "a.npz", "many")
    assert [len(array) for array in found] == list(range(1, 13))
    assert (training.read_arrays(tmp_path / "a.npz", "one")[0] == np.eye(2)).all()
    with pytest.raises(ScalingError, match="no arrays called few"):
        training.read_arrays(tmp_path / "a.npz", "few")
    (tmp_path / "b.npz").write_bytes(b"half a fi")
    with pytest.raises(ScalingError, match="can't be read"):
        training.read_arrays(tmp_path / "b.npz", "one")


# -- training ------------------------------------------------------------------------------------

TRAINING = """
import json, sys
from pathlib import Path
import numpy as np
from helpers.scaling import training
from helpers.start import start

start(0)
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
x = np.random.default_rng(0).random((64, 28, 28, 1), "float32")
y = np.random.default_rng(1).integers(0, 10, 64)
plan = training.Plan(steps=12, batch=16, save_every=5)
mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
said = []


def trained(strategy, steps=12, **options):
    short = training.Plan(steps=steps, batch=16, save_every=5)
    return training.weights(training.train(strategy, x, y, short, **options))


one = trained(tf.distribute.get_strategy())
facts = {"again": training.farthest(one, trained(tf.distribute.get_strategy()))}
facts["two"] = training.farthest(one, trained(mirrored))
folder = Path(sys.argv[1])
trained(mirrored, steps=7, checkpoints=folder)  # ends two steps after its checkpoint
listen = lambda event, **facts: said.append((event, facts["step"]))
on = trained(mirrored, checkpoints=folder, report=listen)
facts["resumed"] = training.farthest(on, trained(mirrored))
print(json.dumps({**facts, "said": said}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a process of its own found: two devices must be asked for before TensorFlow starts."""
    folder = tmp_path_factory.mktemp("checkpoints")
    done = subprocess.run(
        [sys.executable, "-c", TRAINING, str(folder)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_one_process_repeats_itself_and_two_replicas_agree(found):
    assert found["again"] == 0
    assert found["two"] < 1e-4


def test_a_resumed_training_arrives_where_an_undisturbed_one_does(found):
    assert found["resumed"] == 0
    assert found["said"][0] == ["started", 5]
    assert [step for event, step in found["said"] if event == "step"] == list(range(6, 13))
    assert [step for event, step in found["said"] if event == "saved"] == [10]


def test_shares_of_the_loss_add_up_to_its_mean():
    import tensorflow as tf

    logits = np.random.default_rng(0).normal(size=(12, 10)).astype("float32")
    labels = np.arange(12) % 10
    whole = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    parts = [training.share_of_loss(logits[i::3], labels[i::3], 12) for i in range(3)]
    assert float(sum(parts)) == pytest.approx(float(tf.reduce_mean(whole)), rel=1e-5)
