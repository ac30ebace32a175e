"""The script that teaches the small Inception, on this machine's backend, for a few steps."""

import math

import keras
import numpy as np
import pytest

from helpers import images
from helpers.vision import googlenet, photos
from tools import teach_inception

# A third of the small Inception's modules, with fewer filters and pixels.
WIDTHS = googlenet.Widths(8, 8, 8, 8, 8, 8)
PLAN = googlenet.Plan((64, 64), (8, 8, 16), dict.fromkeys(("3a", "4a", "5a"), WIDTHS))


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setitem(googlenet.PLANS, "inception_small", PLAN)
    monkeypatch.setattr(teach_inception, "SIDE", 96)
    monkeypatch.setattr(teach_inception, "RATE", 0.03)
    monkeypatch.setattr(teach_inception, "SETTLE", 3)


def test_normalisation_is_folded_into_what_the_lessons_network_takes(tmp_path):
    keras.utils.set_random_seed(0)
    student = teach_inception.normalised(googlenet.network(PLAN))
    draw = np.random.default_rng(0)
    for weights in student.variables:
        if len(weights.shape) == 1:
            weights.assign(draw.uniform(0.5, 1.5, weights.shape))
    np.savez(tmp_path / "taught.npz", **teach_inception.folded(student))
    x = draw.normal(0, 60, (1, *PLAN.size, 3)).astype("float32")
    wanted = np.asarray(student(x / teach_inception.SCALE))
    found = np.asarray(googlenet.load(tmp_path / "taught.npz", top=True)(x))
    np.testing.assert_allclose(found, wanted, atol=0.01 * np.abs(wanted).max())


def test_a_few_steps_on_photographs_bring_it_nearer_to_its_teacher(tmp_path, eagerly):
    (tmp_path / "some").mkdir()
    for name in ("coffee", "cat", "rocket", "flower"):
        images.write(tmp_path / "some" / f"{name}.png", photos.load(name, 200))
    teach_inception.pack([tmp_path / "some"], tmp_path / "packed")
    log = teach_inception.teach(tmp_path / "packed", tmp_path / "out.npz", math.inf, 8, 16, 4)
    assert len(log) == 8 and np.mean(log[-3:]) < 0.85 * np.mean(log[:3])
    said = googlenet.load(tmp_path / "out.npz", top=True)(np.zeros((1, *PLAN.size, 3)))
    assert said.shape == (1, googlenet.CLASSES) and np.isfinite(said).all()
