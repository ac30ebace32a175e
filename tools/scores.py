"""Scores of the shipped checkpoints on their held-out data: anyone can repeat them.

`python -m helpers evaluate NAME` prints them, `--json` for programs.
"""

import difflib
import importlib
import json
import math

from helpers import start
from tools import notebooks

# What can be scored -> the function that does it, imported only when it is asked for. It gets the
# options of the command line as {name: value}, and returns {figure: number}.
REGISTRY = {
    "captioner": "helpers.captions.scores:evaluate",
    "cells-cnn": "helpers.cells.drawn:score_cnn",
    "compact-inception": "helpers.vision.inception:score",
    "mnist-cnn": "helpers.digits.mnist:score_cnn",
    "mnist-dense": "helpers.digits.mnist:score_dense",
    "parser": "helpers.grammar.scoring:evaluate",
}

# Where a lesson builds the network: the function also gets what the lesson teaches, as a module.
TAUGHT = {"captioner": "05", "compact-inception": "04"}

# The options that an evaluation understands, where there are any: {"parser": ("treebank",)} allows
# `python -m helpers evaluate parser --treebank FILE`.
OPTIONS = {"parser": ("treebank", "beam")}


class EvaluationError(ValueError):
    """It can't be scored like that: one sentence that says what to do."""

    exit_code = 2


def evaluate(name, options=None):
    """Return the figures of checkpoint `name` as {figure: number}.

    options: {name: value} for the evaluation's function, both strings. Raises EvaluationError for a
    name or an option that is not known; what the function raises passes through.
    """
    options = options or {}
    if name not in REGISTRY:
        close = difflib.get_close_matches(name, REGISTRY, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else f"There are: {_known()}."
        raise EvaluationError(f"There is nothing called '{name}' to evaluate. {hint}")
    for option in options:
        if option not in OPTIONS.get(name, ()):
            known = ", ".join(f"--{known}" for known in OPTIONS.get(name, ())) or "none but --json"
            raise EvaluationError(f"'{name}' has no option --{option}. It has: {known}.")
    start.quiet()
    module, function = REGISTRY[name].split(":")
    lesson = [notebooks.taught(TAUGHT[name])] if name in TAUGHT else []
    figures = getattr(importlib.import_module(module), function)(options, *lesson)
    return {figure: _number(value) for figure, value in figures.items()}


def read_options(words):
    """Return {name: value} of command-line words such as ["--treebank", "en.conllu"].

    Raises EvaluationError for a word that is neither.
    """
    options = {}
    words = list(words)
    while words:
        word = words.pop(0)
        name, sign, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not (sign or words):
            raise EvaluationError(f"'{word}' is not understood: options are --NAME VALUE.")
        options[name] = value if sign else words.pop(0)
    return options


def main(name=None, words=(), as_json=False):
    """Print the figures of `name` (without one: what there is); return the exit code."""
    if name is None:
        print(f"There are: {_known()}.")
        return 0
    figures = evaluate(name, read_options(words))
    print(json.dumps(figures, indent=2) if as_json else _table(figures))
    return 0


def _known():
    return ", ".join(sorted(REGISTRY)) or "none yet"


def _number(value):
    """Return a plain int or float (NumPy and TensorFlow have their own), None if not finite."""
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, int) or math.isfinite(value) else None


def _table(figures):
    """Return the figures as lines: name, number."""
    width = max((len(figure) for figure in figures), default=0)
    lines = []
    for figure, value in figures.items():
        shown = f"{value:.4f}" if isinstance(value, float) else str(value)
        lines.append(f"{figure:{width}}  {shown}")
    return "\n".join(lines)
