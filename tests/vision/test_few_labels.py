"""The long runs of lesson 04, in miniature; and what their published figures must say."""

import numpy as np
import pytest

from helpers.cells import drawn
from helpers.vision import few_labels, transfer


@pytest.mark.parametrize("name", few_labels.COUNTS)
def test_each_task_is_the_same_each_time_and_its_parts_differ(name, monkeypatch):
    monkeypatch.setattr(few_labels, "POOL", 6)
    monkeypatch.setattr(few_labels, "HELD_OUT", 4)
    (x, y), (x_test, y_test) = few_labels.task(name)
    (again, _), _ = few_labels.task(name)
    np.testing.assert_array_equal(x, again)
    assert len(x) == len(y) == 6 and len(x_test) == len(y_test) == 4
    assert not {picture.tobytes() for picture in x} & {picture.tobytes() for picture in x_test}


def test_labelled_pictures_are_half_and_half_and_differ_by_seed():
    y = np.arange(200) % 2
    chosen = few_labels.labelled(y, 20, seed=1)
    assert len(set(chosen)) == 20 and y[chosen].sum() == 10
    np.testing.assert_array_equal(chosen, few_labels.labelled(y, 20, seed=1))
    assert set(chosen) != set(few_labels.labelled(y, 20, seed=2))


def test_the_rival_learns_what_can_be_learnt(monkeypatch):
    """A fair rival: on easy cells, with enough steps, it is nearly as good as can be."""
    monkeypatch.setattr(few_labels, "STEPS", 40)
    x = np.random.default_rng(0).integers(0, 120, (32, 96, 96, 3)).astype("uint8")
    y = np.arange(32) % 2
    x[y == 1, 40:60, 40:60] = 255
    assert few_labels.from_nothing(x[:24], y[:24], x[24:], y[24:], seed=0) == 1


def test_a_head_is_scored_on_what_was_held_out():
    draw = np.random.default_rng(0)
    f, y = draw.normal(size=(60, 4)).astype("float32"), np.arange(60) % 2
    f[:, 0] += 12 * y
    right = few_labels.with_transfer(f[:40], y[:40], f[40:], y[40:], seed=0)
    wrong = few_labels.with_transfer(f[:40], y[:40], f[40:], 1 - y[40:], seed=0)
    assert right >= 0.85 and right + wrong == pytest.approx(1)
    assert few_labels.accuracy(np.eye(4), np.array([0, 1, 2, 0])) == 0.75


def test_the_published_figures_are_whole():
    study = few_labels.load()
    seeds = len(few_labels.SEEDS)
    assert set(study["few labels"]) == set(few_labels.COUNTS)
    for name, counts in few_labels.COUNTS.items():
        assert set(study["few labels"][name]) == set(map(str, counts))
        for ways in study["few labels"][name].values():
            assert {way: len(values) for way, values in ways.items()} == {
                "transfer": seeds,
                "from nothing": seeds,
            }
    assert set(study["fine-tuning"]) == {"head alone", *few_labels.RATES}
    assert set(study["networks"]) == {"compact", "plain"}


def test_there_is_a_task_on_which_transfer_wins_and_one_that_is_a_tie():
    """What lesson 04 tells: at least 8 points with at most 100 labels, and somewhere a tie."""
    leads = {
        (name, int(count)): np.mean(ways["transfer"]) - np.mean(ways["from nothing"])
        for name, counts in few_labels.load()["few labels"].items()
        for count, ways in counts.items()
    }
    assert any(lead >= 0.08 for (_, count), lead in leads.items() if count <= 100)
    assert any(abs(lead) < 0.04 for lead in leads.values())


def test_the_first_published_figure_comes_out_again():
    """On 100 of the held-out pictures: one head, quick, and the whole chain up to it."""
    from helpers.vision import backbones

    (x, y), (x_test, y_test) = few_labels.task("cats and dogs")
    i = few_labels.labelled(y, 20, seed=0)
    front = transfer.extractor(backbones.load("efficientnet_lite0", top=False))
    f, f_test = (transfer.features(front, pictures) for pictures in (x[i], x_test[:100]))
    found = few_labels.with_transfer(f, y[i], f_test, y_test[:100], seed=0)
    published = few_labels.load()["few labels"]["cats and dogs"]["20"]["transfer"][0]
    assert abs(found - published) < 0.06
    assert few_labels.DIFFICULTY <= 1 and x.shape[1:] == (drawn.SIDE, drawn.SIDE, 3)
