"""What several tests of the tools begin with."""

import pytest
from packages import UV, Index


@pytest.fixture(scope="module")
def index():
    """A package index on loopback that has the toys' uv; its line for a lock is `index.uv`."""
    with Index() as index:
        index.uv = index.publish("uv", UV)
        yield index
