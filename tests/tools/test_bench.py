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

    monkeypatch.setattr(harness, "timed", lambda contestant: contestant())
    return harness


def test_order_alternates_and_the_value_is_the_median_of_the_rounds_ratios(harness):
    """The warm-up is left out, one slow round does not count, a drift that meets both cancels."""
    log, ones, others = [], iter([1, 2, 4, 90, 6, 8]), iter([1, 1, 2, 3, 3, 4])
    one, other = (lambda: log.append("a") or next(ones)), (lambda: log.append("b") or next(others))
    found = harness.compare("x", one, other, "a / b")
    assert "".join(log) == "ab" + "ab" + "ba" + "ab" + "ba" + "ab"
    assert (found.value, found.spread, found.unit) == (2, (2, 30), "×")
    assert "2 ×" in str(found) and "a / b" in str(found)


def test_figures_are_renewed_and_kept(harness, tmp_path):
    path = tmp_path / "build" / "bench.json"
    for figure in (("a", 1.0, "×", "old"), ("b", 2.0, "×", "b"), ("a", 3.0, "×", "new")):
        harness.keep(path, harness.Measurement(*figure))
    assert json.loads(path.read_text("utf-8")) == [
        {"name": "a", "value": 3.0, "unit": "×", "compared": "new"},
        {"name": "b", "value": 2.0, "unit": "×", "compared": "b"},
    ]


def test_an_unknown_benchmark_names_all_there_are(harness, capsys):
    assert runpy.run_path(str(BENCH / "__main__.py"))["main"](["no_such"]) == 2
    known = {file.stem.removeprefix("bench_") for file in BENCH.glob("bench_*.py")}
    assert known <= set(capsys.readouterr().out.replace(",", "").replace(".", "").split())
