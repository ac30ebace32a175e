"""What the tests of dreams share: a small network, and a dreamer with its last layer."""

import pytest
from small import small_network

from helpers.dreams.dreaming import Dreamer


@pytest.fixture(scope="session")
def network():
    return small_network()


@pytest.fixture(scope="session")
def dreamer(network):
    return Dreamer(network, "third")
