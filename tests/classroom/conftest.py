"""The server's packages, which aren't in the learners' environment: installed once, or skipped."""

import os

import pytest
from hub import HubError, packages


@pytest.fixture(scope="session")
def place():
    """Where they are. Without a network the tests are skipped, but not in CI."""
    try:
        return packages()
    except HubError as error:
        sentence = f"{error} It takes a network the first time."
        if os.environ.get("CI"):
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
