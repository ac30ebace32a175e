"""The lessons' exercises: a check that knows three answers, and hints one at a time.

A lesson's exercises stand in `helpers/checks/<lesson>.py`, one function each:

    @exercise("Make it wider", hints=["Which argument sets the width?", "Try twice as many units."])
    def wider(model):
        if model.layers[0].units <= 512:
            raise Wrong("the first layer is no wider than before")
        return "More units, more weights: the price of width."

The lesson imports the file as `checks` and calls `checks.wider.check(model)` and
`checks.wider.hint()`. A check looks at answers and leaves them alone: it asks a model for its
public attributes and predictions, and never fits, compiles or builds what the learner handed in.
"""

import ast
import contextlib
import copy
import inspect
import itertools
import random
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
State = Literal["not attempted", "not yet", "right"]


class Wrong(Exception):
    """Raised by a check: what is wrong with the answer, in a sentence, never what is right."""


class ExerciseError(LookupError):
    """An exercise's solution can't be had: one sentence."""


@dataclass(frozen=True)
class Verdict:
    """What a check found: one of three states, and a sentence that says why."""

    state: State
    message: str


class Exercise:
    """One exercise of a lesson; made by `exercise`, which see."""

    def __init__(self, judge: Callable[..., str], title: str, hints: list[str]) -> None:
        """Keep the check `judge`, the exercise's `title` and its `hints`, gentlest first."""
        self.name = judge.__name__
        self.title = title
        self.hints = tuple(hints)
        self._judge = judge
        self._hints_given = 0

    def __repr__(self) -> str:
        """Say what a learner can do with it."""
        return (
            f"Exercise '{self.title}': checks.{self.name}.check(your answer) "
            f"or checks.{self.name}.hint()"
        )

    def check(self, *answers: object) -> None:
        """Print whether `answers` are not attempted (still `...`), not yet right, or right."""
        verdict = self.verdict(*answers)
        ending = f" Stuck? checks.{self.name}.hint()" if verdict.state == "not yet" else ""
        print(f"{self.title} – {verdict.state}: {verdict.message}{ending}")

    def hint(self) -> None:
        """Print the next hint; after the last one, where the solution is."""
        if self._hints_given == len(self.hints):
            print(
                f"{self.title} – no more hints. In the lesson a solution is folded away right "
                "below this exercise: click the three dots to open it. (A learner's copy has none.)"
            )
            return
        self._hints_given += 1
        number = f"hint {self._hints_given} of {len(self.hints)}"
        print(f"{self.title} – {number}: {self.hints[self._hints_given - 1]}")

    def go_on(self, lesson: str, *answers: object) -> None:
        """Run the lesson's solution, unseen, unless `answers` are right; print which counts now.

        For the learners' copies, which have no solutions (`tools.handouts`). lesson: a name such
        as "01_mnist_keras". Raises ExerciseError when the lesson or its solution isn't there.
        """
        from IPython import get_ipython
        from IPython.utils.capture import capture_output

        if self.verdict(*answers).state == "right":
            print(f"{self.title} – the lesson goes on with your answer.")
            return
        solution = _solution(lesson, self.name)
        with capture_output():
            ran = get_ipython().run_cell(solution, silent=True)
        ran.raise_error()
        print(
            f"{self.title} – still open: the lesson goes on with an answer of its own. When yours "
            "is right, run this cell again."
        )

    def verdict(self, *answers: object) -> Verdict:
        """Judge `answers` without printing. TypeError if the exercise takes another number."""
        inspect.signature(self._judge).bind(*answers)
        if any(_has_gap(answer) for answer in answers):
            return Verdict("not attempted", "put your answer in place of the ... and run it again.")
        try:
            with _random_state_kept():
                return Verdict("right", self._judge(*map(_handed_over, answers)))
        except Wrong as wrong:
            return Verdict("not yet", _sentence(str(wrong)))
        except Exception as error:  # the learner's code may fail in any way
            return Verdict("not yet", _told(error))


def exercise(title: str, hints: list[str]) -> Callable[[Callable[..., str]], Exercise]:
    """Make an `Exercise` of the function below.

    The function takes the learner's answers, raises `Wrong` where one is wrong, and returns a
    sentence of insight when all are right. ValueError without at least two hints.
    """
    if len(hints) < 2:
        raise ValueError(f"'{title}' needs at least two hints, each a step further.")
    return lambda judge: Exercise(judge, title, hints)


def _solution(lesson: str, name: str) -> str:
    """The source of the cell that solves the exercise whose check is `name`."""
    import nbformat

    path = NOTEBOOKS / f"{lesson}.ipynb"
    try:
        cells = nbformat.read(path, as_version=4).cells
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise ExerciseError(
            f"The lesson {lesson} isn't to be read in {NOTEBOOKS}, and so the copy can't go on "
            "without your answer."
        ) from error
    for cell, following in itertools.pairwise(cell for cell in cells if cell.cell_type == "code"):
        is_exercise = "exercise" in cell.metadata.get("tags", [])
        if is_exercise and f"checks.{name}.check(" in cell.source:
            return following.source
    raise ExerciseError(f"The lesson {lesson} has no exercise '{name}': make the handout anew.")


def _has_gap(answer: object) -> bool:
    """Whether `answer`, something in it, or the function that it is still holds a `...`."""
    if answer is ...:
        return True
    if isinstance(answer, dict):
        return any(map(_has_gap, answer.values()))
    if isinstance(answer, list | tuple):
        return any(map(_has_gap, answer))
    return inspect.isfunction(answer) and _has_gap_in_source(answer)


def _has_gap_in_source(function: Callable) -> bool:
    """Whether a `...` stands in a function's source other than as an index (`image[..., 0]`)."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):  # no source at hand: take it as attempted
        return False
    if not isinstance(tree.body[0], ast.FunctionDef):  # a lambda, in the midst of a statement
        return False
    indices = [node.slice for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
    in_index = {id(node) for index in indices for node in ast.walk(index)}
    return any(
        isinstance(node, ast.Constant) and node.value is ... and id(node) not in in_index
        for node in ast.walk(tree)
    )


def _handed_over(answer: object) -> object:
    """The form in which a check gets `answer`: plain data so that it cannot be changed.

    Arrays come as a read-only view, lists, dicts and sets as a copy; all else as it is.
    """
    if isinstance(answer, np.ndarray):
        view = answer.view()
        view.flags.writeable = False
        return view
    return copy.copy(answer) if isinstance(answer, list | dict | set) else answer


@contextlib.contextmanager
def _random_state_kept() -> Iterator[None]:
    """Put Python's and NumPy's global random states back: checking changes no later result."""
    of_python, of_numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)


def _told(error: Exception) -> str:
    """An unexpected error in one sentence, without its traceback."""
    name, lines = type(error).__name__, str(error).strip().splitlines()
    reason = f": {textwrap.shorten(lines[0], 160, placeholder=' …')}" if lines else ""
    return _sentence(f"trying your answer stopped with {name}{reason}")


def _sentence(text: str) -> str:
    """`text` with an end mark."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
