"""The lessons' exercises: a check that knows three answers, hints one at a time, and going on.

A room's exercises stand in its `checks.py`, one function each, and their titles and hints beside it
in `hints.toml`, in a table that bears the function's name:

    @exercise
    def wider(model):
        if model.layers[0].units <= 512:
            raise Wrong("the first layer is no wider than before")
        return "More units, more weights: the price of width."

The lesson calls `checks.wider.check(my_wider)` and `checks.wider.hint()`, and where it builds on
the answer, `wider = checks.wider.chosen(my_wider)`: the learner's if it is right, else what the
cell tagged `solution` makes, `wider_solution`. A check looks at answers and leaves them alone: it
asks a model for its public attributes and predictions, and never fits, compiles or builds it.

The functions below are the checks' vocabulary: each raises `Wrong` with what is wrong.
"""

import ast
import contextlib
import copy
import inspect
import json
import random
import re
import textwrap
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from IPython import get_ipython
from IPython.utils.capture import capture_output

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


class Wrong(Exception):
    """Raised by a check: what is wrong with the answer, in a sentence, never what is right."""


class ExerciseError(LookupError):
    """An exercise's solution can't be had: one sentence."""


@dataclass(frozen=True)
class Verdict:
    """What a check found: one of three states, and a sentence that says why."""

    state: Literal["not attempted", "not yet", "right"]
    message: str


class Exercise:
    """One exercise of a lesson."""

    def __init__(self, judge: Callable[..., str], title: str, hints: list[str]) -> None:
        """Keep the check `judge`, the exercise's `title` and its `hints`, gentlest first."""
        self.name = judge.__name__
        self.title = title
        self.hints = tuple(hints)
        self._judge = judge
        self._hints_given = 0

    def __repr__(self) -> str:
        """Say what a learner can do with it."""
        calls = f"checks.{self.name}.check(your answer) or checks.{self.name}.hint()"
        return f"Exercise '{self.title}': {calls}"

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

    def chosen(self, answer: object, *context: object) -> object:
        """Return `answer` if it is right, else the lesson's solution; print which.

        `context`: what `check` is asked with besides the answer. The solution is the variable
        `<exercise>_solution`. A learner's copy of the lesson has no cell that makes it: then that
        cell of the lesson runs unseen.
        """
        if self.verdict(answer, *context).state == "right":
            print(f"{self.title} – the lesson goes on with your answer.")
            return answer
        print(f"{self.title} – the lesson goes on with its own solution until yours is right.")
        name, shell = f"{self.name}_solution", get_ipython()
        if shell and name not in shell.user_ns:
            with capture_output():
                ran = shell.run_cell(_solution(name, self._judge.__module__))
            ran.raise_error()
        if not shell or name not in shell.user_ns:
            raise ExerciseError(f"There is no {name} here: run the cell with the solution first.")
        return shell.user_ns[name]

    def verdict(self, *answers: object) -> Verdict:
        """Judge `answers` without printing."""
        inspect.signature(self._judge).bind(*answers)  # another number is the lesson's mistake
        if any(_has_gap(answer) for answer in answers):
            return Verdict("not attempted", "put your answer in place of the ... and run it again.")
        try:
            with _random_state_kept():
                return Verdict("right", self._judge(*map(_handed_over, answers)))
        except Wrong as wrong:
            return Verdict("not yet", _sentence(str(wrong)))
        except Exception as error:  # the learner's code may fail in any way
            return Verdict("not yet", _told(error))


def exercise(judge: Callable[..., str]) -> Exercise:
    """Make an `Exercise` of a check, with its title and hints from `hints.toml` beside its file.

    The check takes the learner's answer and what else it needs, raises `Wrong` where the answer is
    wrong, and returns a sentence of insight when it is right.
    """
    file = Path(judge.__code__.co_filename).with_name("hints.toml")
    return Exercise(judge, **tomllib.loads(file.read_text(encoding="utf-8"))[judge.__name__])


def function(answer: object, signature: str) -> Callable:
    """Return `answer` if it can be called as `signature` says: "slide(picture, weights)"."""
    example = ast.parse(signature).body[0].value
    wanted = [ast.unparse(argument) for argument in example.args]
    if not callable(answer):
        raise Wrong(f"it is not a function: define it with `def {signature}:`")
    try:
        inspect.signature(answer).bind(*wanted)
    except TypeError:
        count = f"{len(wanted)} argument" + "s" * (len(wanted) != 1)
        raise Wrong(f"it should take {count}, as in `def {signature}:`") from None
    except ValueError:  # a built-in function that doesn't tell
        pass
    return answer


def number(answer: object, what: str = "it") -> float:
    """Return `answer` as a float if it is one number: Python's, NumPy's or a tensor of one."""
    value = _array(answer)
    if value.size != 1 or value.dtype.kind not in "iuf":
        raise Wrong(f"{what} should be one number, not {_kind(answer)}")
    if not np.isfinite(value).all():
        raise Wrong(f"{what} is {value.item()}, which is no number to go on with")
    return float(value.item())


def shape(found: object, wanted: tuple, what: str = "the result") -> np.ndarray:
    """Return `found` as an array if it is one of numbers and has the shape `wanted`."""
    array = _array(found)
    if array.dtype.kind not in "biufc":
        raise Wrong(f"{what} should be an array of numbers, not {_kind(found)}")
    if array.shape != tuple(wanted):
        raise Wrong(f"{what} has the shape {array.shape}, and {tuple(wanted)} is asked for")
    return array


def close(
    found: object,
    wanted: object,
    what: str = "the result",
    otherwise: Mapping[str, object] | None = None,
    tolerance: float = 1e-4,
) -> None:
    """Raise `Wrong` unless `found` has the shape and, nearly, the values of `wanted`.

    `otherwise`: {reason: the values that a known mistake leads to}. `tolerance` is relative to the
    largest of the wanted values.
    """
    wanted = np.asarray(wanted)
    found = shape(found, wanted.shape, what)
    margin = tolerance * max(np.abs(wanted).max(initial=0.0), 1e-12)
    if np.allclose(found, wanted, rtol=0, atol=margin):
        return
    for reason, values in (otherwise or {}).items():
        if np.shape(values) == found.shape and np.allclose(found, values, rtol=0, atol=margin):
            raise Wrong(reason)
    if wanted.ndim == 0:
        raise Wrong(f"{what} is {found.item():g}, which is not right")
    gaps = np.abs(np.subtract(found, wanted, dtype=complex))
    worst = np.unravel_index(gaps.argmax(), wanted.shape)
    place = ", ".join(map(str, worst))
    raise Wrong(f"{what} is not right: its value at [{place}] is {found[worst]:g}, for instance")


def differentiable(answer: Callable, *inputs: object) -> None:
    """Raise `Wrong` unless TensorFlow finds how the function's result changes with `inputs`."""
    import tensorflow as tf

    tensors = [tf.convert_to_tensor(one) for one in inputs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        result = tf.convert_to_tensor(answer(*tensors))
    if any(gradient is None for gradient in tape.gradient(result, tensors)):
        raise Wrong(
            "TensorFlow can't follow it from the result back to what went in: use TensorFlow's "
            "functions (tf.reduce_mean, …), not NumPy's"
        )


def _kind(value: object) -> str:
    kind = type(value).__name__
    article = "an" if kind[0] in "AEIOaeio" or kind == "ndarray" else "a"
    return "nothing (None)" if value is None else f"{article} {kind}"


def _array(value: object) -> np.ndarray:
    """`value` as an array; an empty one of objects where it is none."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError):
        return np.empty(0, object)


def _solution(name: str, module: str) -> str:
    """The source of the cell that binds `name`: the first tagged `solution` with it.

    It stands in a lesson that imports the checks of that module: other rooms may use the name, too.
    """
    room = module.rpartition(".")[0]
    imports = re.compile(rf"^from {room} import (?:\([^)]*|[^\n(]*)\bchecks\b", re.MULTILINE)
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*[!0-9].ipynb")):  # a copy ends in -Copy1
        with contextlib.suppress(OSError, ValueError, LookupError):
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            sources = ["".join(cell["source"]) for cell in cells]
            if not imports.search("\n".join(sources)):
                continue
            for cell, source in zip(cells, sources, strict=True):
                tagged = "solution" in cell["metadata"].get("tags", [])
                if tagged and re.search(rf"\b{name}\b", source):
                    return source
    raise ExerciseError(
        f"No lesson in {NOTEBOOKS} has a solution that makes {name}, so this copy can't go on "
        "without your answer: solve the exercise, or make the copies anew."
    )


def _has_gap(answer: object) -> bool:
    """Whether `answer`, something in it, or the function that it is still holds a `...`."""
    if isinstance(answer, dict | list | tuple):
        return any(map(_has_gap, answer.values() if isinstance(answer, dict) else answer))
    return answer is ... or (inspect.isfunction(answer) and _has_gap_in_source(answer))


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
    """`answer` as a check gets it: arrays as a read-only view, lists, dicts and sets as a copy."""
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
    first = f"{type(error).__name__}: {error}".strip(": ").partition("\n")[0]
    return _sentence(
        f"trying your answer stopped with {textwrap.shorten(first, 180, placeholder=' …')}"
    )


def _sentence(text: str) -> str:
    """`text` with an end mark."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
