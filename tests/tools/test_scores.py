"""The registry of evaluations: lazy, exact about names and files, plain numbers."""

import importlib
import json
import sys
import types

import numpy as np
import pytest

from tools import notebooks, scores


@pytest.fixture
def toy(monkeypatch):
    """Register "toy", with a lesson and a file; return what it was given."""
    given = []

    def score(options, lesson):
        given.append((options, lesson))
        return {"accuracy": np.float32(0.5), "digits": np.int64(1000), "lost": float("nan")}

    monkeypatch.setitem(sys.modules, "toy_module", types.SimpleNamespace(score=score))
    known = {"toy": ("toy_module:score", "04", "bank"), "lazy": ("no_such:f", None, None)}
    monkeypatch.setattr(scores, "REGISTRY", known)
    monkeypatch.setattr(notebooks, "taught", lambda lesson: f"what {lesson} teaches")
    return given


def test_files_and_the_lesson_reach_the_function_and_figures_are_plain_numbers(toy, capsys):
    assert scores.main("toy", "a b") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["accuracy  0.5000", "digits    1000", "lost      None"]
    assert scores.main("toy", "c=d", as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {"accuracy": 0.5, "digits": 1000, "lost": None}
    assert toy == [({"bank": bank}, "what 04 teaches") for bank in ("a b", "c=d")]


def test_a_wrong_name_or_a_file_too_many_is_a_sentence_before_anything_runs(toy, capsys):
    assert scores.main() == 0
    assert "lazy, toy" in capsys.readouterr().out
    for name, sentence in (("xyz", "There are: lazy, toy"), ("lazy", "leave a/file out")):
        with pytest.raises(scores.EvaluationError, match=sentence):
            scores.main(name, "a/file")
    assert toy == []


def test_every_registered_function_is_there():
    for target, lesson, _ in scores.REGISTRY.values():
        module, function = target.split(":")
        assert callable(getattr(importlib.import_module(module), function))
        assert lesson is None or [p for p in notebooks.lessons() if p.name.startswith(lesson)]
