import pytest

from helpers.grammar import treebank


@pytest.fixture(scope="session")
def own():
    """The own treebank's parts; whoever changes a sentence makes a copy first."""
    return treebank.own()
