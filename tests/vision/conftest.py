"""Networks that several of the room's tests look at, made once."""

import keras
import numpy as np
import pytest

from helpers import images
from helpers.vision import backbones, transfer
from tools.notebooks import taught

SIDE = 32


@pytest.fixture(scope="session")
def lesson():
    """What lesson 04 teaches."""
    module = taught("04")
    module.unfreeze = module.unfreeze_solution  # which the lesson chooses
    return module


@pytest.fixture(scope="session")
def lite():
    return backbones.load("efficientnet_lite0")


def scale(pixels):
    return (pixels - 127.0) / 128.0


@pytest.fixture(scope="session")
def small():
    """Give a backbone whose network is small, random and quick."""
    keras.utils.set_random_seed(1)
    x = inputs = keras.Input((None, None, 3))
    for number in range(3):
        x = keras.layers.Conv2D(8, 3, 2, "same", name=f"conv{number}")(x)
        x = keras.layers.BatchNormalization(name=f"bn{number}")(x)
        x = keras.layers.ReLU(name=f"relu{number}")(x)
    model = keras.Model(inputs, x, name="small")
    size = (SIDE, SIDE)
    return backbones.Backbone("small", "A small one", "none", size, scale, (), model, end="relu2")


@pytest.fixture(scope="session")
def front(small):
    return transfer.extractor(small, size=SIDE)


@pytest.fixture(scope="session")
def task():
    """Give 60 pictures, uint8, that are dark (0) or bright (1)."""
    y = np.arange(60) % 2
    x = np.random.default_rng(0).integers(0, 90, (60, SIDE, SIDE, 3))
    return (x + 120 * y[:, None, None, None]).astype("uint8"), y


@pytest.fixture
def folder(tmp_path):
    """Give a folder of five dark and five bright pictures, as files."""
    draw = np.random.default_rng(0)
    for name, light in (("bright", 120), ("dark", 0)):
        (tmp_path / "ours" / name).mkdir(parents=True)
        for i in range(5):
            picture = draw.integers(0, 90, (20, 24, 3)) + light
            images.write(tmp_path / "ours" / name / f"{i}.png", picture.astype("uint8"))
    return tmp_path / "ours"


@pytest.fixture(scope="session")
def mine(front, task):
    """Give a classifier of dark and bright pictures."""
    x, y = task
    head = transfer.train_head(transfer.features(front, x), y, 2)
    return transfer.Classifier(transfer.join(front, head), ("dark", "bright"))
