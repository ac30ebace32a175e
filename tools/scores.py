"""Scores of the shipped checkpoints on their held-out data: anyone can repeat them.

`python -m helpers evaluate NAME` prints them, `--json` for programs.
"""

import importlib
import json
import math

from helpers import start
from tools import notebooks

# What can be scored -> the function that does it (imported only when it is asked for), the lesson
# that teaches the network if one does, and what file or folder to score on can be given. The
# function gets that as {what: path}, and what the lesson teaches as a module; it returns
# {figure: number}.
REGISTRY = {
    "captioner": ("helpers.captions.scores:evaluate", "05", None),
    "captioner-photos": ("helpers.captions.scores:evaluate_photos", "05", "folder"),
    "cells-cnn": ("helpers.cells.drawn:score_cnn", "03", None),
    "mnist-cnn": ("helpers.digits.mnist:score_cnn", "01", None),
    "mnist-dense": ("helpers.digits.mnist:score_dense", "01", None),
    "parser": ("helpers.grammar.scoring:evaluate", None, "treebank"),
}


class EvaluationError(ValueError):
    """It can't be scored like that: one sentence that says what to do."""

    exit_code = 2


def evaluate(name, path=None):
    """Return the figures of checkpoint `name` as {figure: number}.

    path: a file or folder to score on, in place of its own held-out data. Raises EvaluationError
    for a name that is not known; what the evaluation raises passes through.
    """
    if name not in REGISTRY:
        raise EvaluationError(f"There is nothing called '{name}' to evaluate. {_known()}")
    target, lesson, known = REGISTRY[name]
    if path and not known:
        raise EvaluationError(f"{name} is scored on its own held-out data: leave {path} out.")
    start.quiet()
    module, function = target.split(":")
    taught = [notebooks.taught(lesson)] if lesson else []
    options = {known: path} if path else {}
    figures = getattr(importlib.import_module(module), function)(options, *taught)
    return {figure: _number(value) for figure, value in figures.items()}


def main(name=None, path=None, as_json=False):
    """Print the figures of `name` (without one: what there is); return the exit code."""
    if name is None:
        print(_known())
        return 0
    figures = evaluate(name, path)
    if as_json:
        print(json.dumps(figures, indent=2))
    for figure, it in () if as_json else figures.items():
        value = f"{it:.4f}" if isinstance(it, float) else it
        print(f"{figure:{max(map(len, figures))}}  {value}")
    return 0


def _known():
    return f"There are: {', '.join(sorted(REGISTRY))}."


def _number(value):
    """Return a plain int or float (NumPy and TensorFlow have their own), None if not finite."""
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, int) or math.isfinite(value) else None
