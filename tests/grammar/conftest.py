import pytest

from helpers import assets
from helpers.grammar import treebank


@pytest.fixture(scope="session")
def own():
    """The own treebank's parts; whoever changes a sentence makes a copy first."""
    return treebank.own()


@pytest.fixture(scope="session")
def texts():
    """The same parts as they stand in their file: the text of each sentence."""
    sentences = iter(assets.path("workshop-treebank").read_text("utf-8").split("\n\n"))
    return {
        part: [f"{next(sentences)}\n\n" for _ in range(n)] for part, n in treebank.PARTS.items()
    }
