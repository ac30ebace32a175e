"""The long runs of lesson 04, in miniature; and what their published figures must say."""

import numpy as np
import pytest

from helpers.vision import backbones, few_labels, transfer


@pytest.fixture
def miniature(monkeypatch, tmp_path):
    monkeypatch.setattr(few_labels, "POOL", 24)
    monkeypatch.setattr(few_labels, "HELD_OUT", 8)
    monkeypatch.setattr(few_labels, "SEEDS", range(2))
    monkeypatch.setattr(few_labels, "COUNTS", {"cats and dogs": (4,), "cells": (8,)})
    monkeypatch.setattr(few_labels, "TUNED", ("cells", 8))
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path))


def test_each_task_is_the_same_each_time_and_its_parts_differ(miniature):
    for name in few_labels.COUNTS:
        (x, y), (x_test, y_test) = few_labels.task(name)
        (again, _), _ = few_labels.task(name)
        np.testing.assert_array_equal(x, again)
        assert len(x) == len(y) == 24 and len(x_test) == len(y_test) == 8
        assert not {picture.tobytes() for picture in x} & {picture.tobytes() for picture in x_test}


def test_labelled_pictures_are_half_and_half_and_differ_by_seed():
    y = np.arange(200) % 2
    chosen = few_labels.labelled(y, 20, seed=1)
    assert len(set(chosen)) == 20 and y[chosen].sum() == 10
    np.testing.assert_array_equal(chosen, few_labels.labelled(y, 20, seed=1))
    assert set(chosen) != set(few_labels.labelled(y, 20, seed=2))


def test_the_rival_learns_what_can_be_learnt(lesson):
    x = np.random.default_rng(0).integers(0, 120, (32, 96, 96, 3)).astype("uint8")
    y = np.arange(32) % 2
    x[y == 1, 40:60, 40:60] = 255
    network = lesson.train_from_nothing(x[:24], y[:24], steps=40)
    assert few_labels.accuracy(network.predict(x[24:], verbose=0), y[24:]) == 1


def test_both_studies_run_and_leave_the_shared_network_as_it_was(miniature, small, lesson):
    before, tuned, said = small.model.get_weights(), [], []

    def rival(x, y, seed):
        return lesson.train_from_nothing(x, y, seed, steps=2)

    found = few_labels.compare(small, rival, lambda *facts: said.append(facts))
    shape = {name: {n: len(ways["transfer"]) for n, ways in found[name].items()} for name in found}
    assert shape == {"cats and dogs": {"4": 2}, "cells": {"8": 2}}

    def fine_tune(model, x, y, first, rate, seed):
        assert first == "conv2" and rate in few_labels.RATES.values() and len(x) == 8
        tuned.append(lesson.fine_tune(model, x, y, first, rate=1e-2, epochs=1, seed=seed))
        return tuned[-1]

    ways = few_labels.fine_tuning(small, fine_tune, lambda *facts: said.append(facts))
    assert set(ways) == {"head alone", *few_labels.RATES}
    assert len(tuned) == sum(map(len, ways.values())) - 2 == 4 and len(said) == 6
    for old, new in zip(before, small.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    part = tuned[0].layers[transfer.PART]
    changed = {
        layer.name
        for layer in small.model.layers
        for a, b in zip(layer.get_weights(), part.get_layer(layer.name).get_weights(), strict=True)
        if not np.array_equal(a, b)
    }
    assert changed == {"conv2"}  # neither the layers before it nor batch normalisation


def test_the_published_figures_are_whole_and_say_what_the_lesson_tells():
    """At least 8 points ahead with at most 100 labels, and somewhere a tie."""
    study = few_labels.load()
    assert study["network"] == "efficientnet_lite0"
    assert set(study["fine-tuning"]) == {"head alone", *few_labels.RATES}
    assert set(study["networks"]) == {"compact", "plain"}
    leads = {}
    for name, counts in few_labels.COUNTS.items():
        assert set(study["few labels"][name]) == set(map(str, counts))
        for count, ways in study["few labels"][name].items():
            assert {len(values) for values in ways.values()} == {len(few_labels.SEEDS)}
            lead = np.mean(ways["transfer"]) - np.mean(ways["from nothing"])
            leads[name, int(count)] = lead
    assert any(lead >= 0.08 for (_, count), lead in leads.items() if count <= 100)
    assert any(abs(lead) < 0.04 for lead in leads.values())


@pytest.mark.slow
def test_the_first_published_figure_comes_out_again():
    """On 100 of the held-out pictures: one head, quick, and the whole chain up to it."""
    (x, y), (x_test, y_test) = few_labels.task("cats and dogs")
    i = few_labels.labelled(y, 20, seed=0)
    study = few_labels.load()
    front = transfer.extractor(backbones.load(study["network"], top=False))
    f, f_test = (transfer.features(front, pictures) for pictures in (x[i], x_test[:100]))
    found = few_labels.with_transfer(f, y[i], f_test, y_test[:100], seed=0)
    assert abs(found - study["few labels"]["cats and dogs"]["20"]["transfer"][0]) < 0.06
