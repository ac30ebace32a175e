"""What lesson 10 teaches, `train_loop.py`: the order of the examples; the lesson shows the rest."""

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
