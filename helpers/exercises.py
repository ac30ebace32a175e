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
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    """One exercise of a lesson."""

    def __init__(self, judge: Callable[..., str], title: str, hints: list[str]) -> None:
        """Keep the check `judge`, the exercise's `title` and its `hints`, gentlest first."""
        if len(hints) < 2:
            raise ValueError(f"'{title}' needs at least two hints, each a step further.")
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

    def chosen(self, answer: object, *context: object) -> object:
        """Return `answer` if it is right, else the lesson's solution; print which.

        `context`: what `check` is asked with besides the answer. The solution is the variable
        `<exercise>_solution`. A learner's copy of the lesson has no cell that makes it; the cell is
        taken from the lesson then, and runs unseen. Raises ExerciseError when there is none.
        """
        if self.verdict(answer, *context).state == "right":
            print(f"{self.title} – the lesson goes on with your answer.")
            return answer
        print(f"{self.title} – the lesson goes on with its own solution until yours is right.")
        name = f"{self.name}_solution"
        shell = _shell()
        if name not in shell.user_ns:
            ran = shell.run_cell(_solution(name), silent=True)
            ran.raise_error()
        return shell.user_ns[name]

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


def exercise(judge: Callable[..., str]) -> Exercise:
    """Make an `Exercise` of a check, with its title and hints from `hints.toml` beside its file.

    The check takes the learner's answer and what else it needs, raises `Wrong` where the answer is
    wrong, and returns a sentence of insight when it is right. KeyError without title and hints,
    ValueError with fewer than two hints.
    """
    file = Path(judge.__code__.co_filename).with_name("hints.toml")
    return Exercise(judge, **tomllib.loads(file.read_text(encoding="utf-8"))[judge.__name__])


# -- the checks' vocabulary ----------------------------------------------------------------------


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
    try:
        values = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.size != 1 or isinstance(answer, str | bytes | bool):
        raise Wrong(f"{what} should be one number, not {_kind(answer)}")
    if not np.isfinite(values).all():
        raise Wrong(f"{what} is {values.item()}, which is no number to go on with")
    return values.item()


def shape(found: object, wanted: tuple, what: str = "the result") -> np.ndarray:
    """Return `found` as an array if it is one of numbers and has the shape `wanted`."""
    try:
        array = np.asarray(found)
    except (TypeError, ValueError):
        array = np.empty(0, object)
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
        values = np.asarray(values)
        if values.shape == found.shape and np.allclose(found, values, rtol=0, atol=margin):
            raise Wrong(reason)
    if wanted.ndim == 0:
        raise Wrong(f"{what} is {found.item():g}, which is not right")
    worst = np.unravel_index(np.abs(found - wanted).argmax(), wanted.shape)
    place = ", ".join(map(str, worst))
    raise Wrong(f"{what} is not right: its value at [{place}] is {found[worst]:g}, for instance")


def cases(
    function: Callable, examples: Iterable[tuple[tuple, object]], tolerance: float = 1e-4
) -> None:
    """Try a function on (arguments, wanted result); `Wrong` names the first case that fails."""
    for arguments, wanted in examples:
        given = ", ".join(textwrap.shorten(repr(one), 60, placeholder=" …") for one in arguments)
        with np.errstate(all="ignore"):
            found = function(*map(_own, arguments))
        close(found, wanted, f"for {given} the result", tolerance=tolerance)


def differentiable(function: Callable, *inputs: object) -> None:
    """Raise `Wrong` unless TensorFlow finds how the function's result changes with `inputs`."""
    import tensorflow as tf

    tensors = [tf.convert_to_tensor(one) for one in inputs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        result = function(*tensors)
    if any(gradient is None for gradient in tape.gradient(result, tensors)):
        raise Wrong(
            "TensorFlow can't follow it from the result back to what went in: use TensorFlow's "
            "functions (tf.reduce_mean, …), not NumPy's"
        )


# -- what stands behind them ---------------------------------------------------------------------


def _kind(value: object) -> str:
    return "nothing (None)" if value is None else f"a {type(value).__name__}"


def _own(value: object) -> object:
    return value.copy() if isinstance(value, np.ndarray) else value


def _shell():
    """The notebook's own IPython."""
    from IPython import get_ipython

    return get_ipython()


def _solution(name: str) -> str:
    """The source of the lesson's cell, tagged `solution`, that binds `name`."""
    binds = re.compile(rf"^(def |class )?{name}\b(?= = |\()", re.MULTILINE)
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
                source = "".join(cell["source"])
                if "solution" in cell["metadata"].get("tags", []) and binds.search(source):
                    return source
    raise ExerciseError(
        f"No lesson in {NOTEBOOKS} has a solution that makes {name}, so this copy can't go on "
        "without your answer: solve the exercise, or make the copies anew."
    )


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
