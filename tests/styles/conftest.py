"""What the tests of styles share: eyes of random filters, and the networks, loaded once."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.styles import any_style, styling

RNG = np.random.default_rng(0)
FILTERS = [RNG.normal(0, 0.3, (3, 3, 3, 6)).astype("float32") for _ in styling.STYLE_LAYERS]


@pytest.fixture(scope="session")
def see():
    """Stand in for the network: one layer of random filters at each of four sizes. Quick."""

    def see(pictures):
        found = {}
        for name, kernel in zip(styling.STYLE_LAYERS, FILTERS, strict=True):
            found[name] = tf.nn.relu(tf.nn.conv2d(pictures, kernel, 1, "SAME"))
            pictures = tf.nn.avg_pool2d(pictures, 2, 2, "SAME")
        return found

    return see


@pytest.fixture(scope="session")
def vgg():
    return styling.eye()


@pytest.fixture(scope="session")
def magenta():
    return any_style.load()
