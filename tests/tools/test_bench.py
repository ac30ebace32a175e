"""The benchmarks' harness: alternation, medians, and a file that keeps what others measured."""

import json
import runpy
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"


@pytest.fixture
def harness(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    monkeypatch.delitem(sys.modules, "harness", raising=False)
    import harness

    return harness


def contest(harness, one, other, **more):
    """Let two contestants take these seconds, try by try; return who ran when, and what came."""
    log = []

    def runner(name, seconds):
        seconds = iter(seconds)

        def run():
            log.append(name)
            return next(seconds)

        return run

    harness.timed = lambda function: function()
    return log, harness.compare("x", runner("a", one), runner("b", other), "a / b", **more)


def test_order_alternates_and_the_value_is_the_median_of_the_rounds_ratios(harness):
    """The warm-up is left out, one slow round does not count, a drift that meets both cancels."""
    log, found = contest(harness, [100, 2, 2, 2], [1, 4, 4, 4], rounds=3)
    assert "".join(log) == "ab" + "ab" + "ba" + "ab"
    assert (found.value, found.spread, found.unit) == (0.5, (0.5, 0.5), "×")
    _, found = contest(harness, [1, 2, 4, 90, 6, 8], [1, 1, 2, 3, 3, 4])
    assert (found.value, found.spread) == (2, (2, 30))
    assert "2 ×" in str(found) and "a / b" in str(found)
    with pytest.raises(ZeroDivisionError):  # who fails has no figure
        harness.compare("x", lambda: 1 / 0, lambda: None, "a / b")


def test_merge_renews_and_keeps(harness, tmp_path):
    path, one = tmp_path / "build" / "bench.json", harness.Measurement
    harness.merge(path, [one("a", 1.0, "×", "old"), one("b", 2.0, "×", "b")])
    harness.merge(path, [one("a", 3.0, "×", "new")])
    assert json.loads(path.read_text("utf-8")) == [
        {"name": "a", "value": 3.0, "unit": "×", "compared": "new"},
        {"name": "b", "value": 2.0, "unit": "×", "compared": "b"},
    ]
    assert [file.name for file in path.parent.iterdir()] == ["bench.json"]


def test_an_unknown_benchmark_names_all_there_are(harness, capsys):
    runner = runpy.run_path(str(BENCH / "__main__.py"))
    assert runner["main"](["no_such"]) == 2
    said = capsys.readouterr().out
    for file in sorted(BENCH.glob("bench_*.py")):
        assert file.stem.removeprefix("bench_") in said
