"""The registry of evaluations: lazy, exact about names and options, plain numbers."""

import json
import sys
import types

import numpy as np
import pytest

from tools import scores


@pytest.fixture
def toy(monkeypatch):
    """Register an evaluation "toy" with the option --bank; return the options it was given."""
    given = []

    def score(options):
        given.append(options)
        return {"accuracy": np.float32(0.5), "digits": np.int64(1000), "lost": float("nan")}

    monkeypatch.setitem(sys.modules, "toy_module", types.SimpleNamespace(score=score))
    monkeypatch.setattr(scores, "REGISTRY", {"toy": "toy_module:score", "lazy": "no_such:f"})
    monkeypatch.setattr(scores, "OPTIONS", {"toy": ("bank",)})
    return given


def test_figures_are_plain_numbers(toy):
    figures = scores.evaluate("toy")
    assert figures == {"accuracy": 0.5, "digits": 1000, "lost": None}
    assert [type(value) for value in figures.values()] == [float, int, type(None)]
    assert toy == [{}]


def test_options_reach_the_function(toy):
    assert scores.main("toy", ["--bank", "a b"]) == 0
    assert scores.main("toy", ["--bank=c=d"]) == 0
    assert toy == [{"bank": "a b"}, {"bank": "c=d"}]


def test_a_function_gets_the_lesson_that_builds_its_network(toy, monkeypatch):
    module = types.SimpleNamespace(score=lambda options, lesson: {"size": lesson.SIZE})
    monkeypatch.setitem(sys.modules, "toy_module", module)
    monkeypatch.setattr(scores, "TAUGHT", {"toy": "04"})
    monkeypatch.setattr(
        scores.notebooks, "taught", lambda name: types.SimpleNamespace(SIZE=int(name))
    )
    assert scores.evaluate("toy") == {"size": 4}


def test_json_for_programs_and_a_table_for_people(toy, capsys):
    scores.main("toy", as_json=True)
    assert json.loads(capsys.readouterr().out) == {"accuracy": 0.5, "digits": 1000, "lost": None}
    scores.main("toy")
    assert capsys.readouterr().out.splitlines()[:2] == ["accuracy  0.5000", "digits    1000"]


def test_without_a_name_it_lists_what_there_is(toy, capsys):
    assert scores.main() == 0
    assert "lazy, toy" in capsys.readouterr().out


def test_an_unknown_name_lists_the_known_ones(toy):
    with pytest.raises(scores.EvaluationError, match="lazy, toy"):
        scores.evaluate("xyz")
    with pytest.raises(scores.EvaluationError, match="mean 'toy'"):
        scores.evaluate("toys")


@pytest.mark.parametrize("words", [["--other", "x"], ["--bank"], ["bank", "x"], ["x"]])
def test_a_wrong_option_is_an_error_before_anything_runs(toy, words):
    with pytest.raises(scores.EvaluationError):
        scores.main("toy", words)
    assert toy == []


def test_every_registered_function_is_there():
    for target in scores.REGISTRY.values():
        module, function = target.split(":")
        assert callable(getattr(__import__(module, fromlist=[function]), function))
    assert set(scores.OPTIONS) <= set(scores.REGISTRY)
