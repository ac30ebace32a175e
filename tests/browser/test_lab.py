"""The harness itself: a cell that fails fails its test, and Chromium is found or asked for."""

import pytest
from lab import LabError, find_chromium


def test_a_failing_cell_fails_the_test(lab, page):
    with pytest.raises(AssertionError, match="division by zero"):
        lab.run_new(page, "1 / 0")


def test_a_chromium_is_named_or_found_or_asked_for(monkeypatch, tmp_path):
    named, found, own = (tmp_path / name for name in ("mine", "google-chrome", "own"))
    monkeypatch.setenv("PATH", str(tmp_path))
    for program in (own, found, named):
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(named))
    assert find_chromium(str(own)) == str(named)
    named.unlink()
    with pytest.raises(LabError, match="mine is not a program"):
        find_chromium(str(own))
    monkeypatch.delenv("CHROMIUM")
    for there in (found, own):
        assert find_chromium(str(own)) == str(there)
        there.unlink()
    with pytest.raises(LabError, match="apt-get install chromium"):
        find_chromium(str(own))
