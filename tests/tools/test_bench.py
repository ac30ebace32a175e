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


class Contest:
    """Two callables on a clock of their own; `log` says who ran when."""

    def __init__(self, one, other):
        self.now, self.log = 0.0, ""
        self.one, self.other = self._runner("a", one), self._runner("b", other)

    def _runner(self, name, seconds):
        seconds = iter(seconds)

        def run():
            self.log += name
            self.now += next(seconds)

        return run


def test_warm_up_is_left_out_and_order_alternates(harness):
    contest = Contest([100, 2, 2, 2], [1, 4, 4, 4])
    found = harness.compare(
        "x", contest.one, contest.other, "a / b", rounds=3, clock=lambda: contest.now
    )
    assert contest.log == "ab" + "ab" + "ba" + "ab"
    assert (found.value, found.spread, found.unit) == (0.5, (0.5, 0.5), "×")


def test_the_value_is_the_median_of_the_rounds_ratios(harness):
    """One slow round does not count, and a drift that meets both cancels."""
    contest = Contest([1, 2, 4, 90, 6, 8], [1, 1, 2, 3, 3, 4])
    found = harness.compare("x", contest.one, contest.other, "a / b", clock=lambda: contest.now)
    assert found.value == 2
    assert found.spread == (2, 30)
    assert "2 ×" in str(found)
    assert "a / b" in str(found)


def test_the_same_callable_twice_is_one(harness):
    contest = Contest([1] * 9, [])
    found = harness.compare(
        "x", contest.one, contest.one, "a / a", rounds=2, clock=lambda: contest.now
    )
    assert found.value == 1


def test_a_failing_contestant_is_no_figure(harness):
    with pytest.raises(ZeroDivisionError):
        harness.compare("x", lambda: 1 / 0, lambda: None, "a / b")


def test_merge_renews_and_keeps(harness, tmp_path):
    path = tmp_path / "build" / "bench.json"
    harness.merge(
        path, [harness.Measurement("a", 1.0, "×", "old"), harness.Measurement("b", 2.0, "×", "b")]
    )
    harness.merge(path, [harness.Measurement("a", 3.0, "×", "new")])
    assert json.loads(path.read_text("utf-8")) == [
        {"name": "a", "value": 3.0, "unit": "×", "compared": "new"},
        {"name": "b", "value": 2.0, "unit": "×", "compared": "b"},
    ]
    assert [file.name for file in path.parent.iterdir()] == ["bench.json"]


def test_an_unknown_benchmark_names_the_known_ones(harness, capsys):
    runner = runpy.run_path(str(BENCH / "__main__.py"))
    assert runner["main"](["no_such"]) == 2
    assert "start" in capsys.readouterr().out


def test_every_benchmark_has_something_to_run(harness):
    files = sorted(BENCH.glob("bench_*.py"))
    assert files
    for file in files:
        names = runpy.run_path(str(file))
        assert any(name.startswith("bench_") and callable(names[name]) for name in names), file
