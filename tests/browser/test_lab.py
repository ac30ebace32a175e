"""The harness itself: a cell that fails fails its test."""

import pytest


def test_a_failing_cell_fails_the_test(lab, page):
    with pytest.raises(AssertionError, match="division by zero"):
        lab.run_new(page, "1 / 0")
