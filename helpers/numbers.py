"""Numbers on the page: how far another machine's may lie from them, and when two of them differ.

What is measured differs a little from machine to machine. A lesson says how much where it prints:

    numbers.show("accuracy on the development digits", accuracy, within=0.02)

prints "accuracy on the development digits: 0.943 (± 0.02 on other machines)". The tests read it:
the numbers right before the bracket are compared within 0.02, and everything else exactly. `about`
gives the same for a sentence, `table` for several rows; there the bracket ends a heading, and holds
for the indented lines below it.

What is compared goes through `interval`, `share` and `compare`. A tie has one rule, `RULE`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np

LEVEL = 0.95
RULE = "It is a tie unless the 95 % interval of the differences, paired by seed, leaves out 0."


def about(values: float | Iterable[float], within: float, unit: str = "") -> str:
    """Return one number or several, with how far they may lie from another machine's."""
    written = ", ".join(_written(value, within) for value in np.atleast_1d(values))
    return " ".join(filter(None, (written, unit, _mark(within))))


def show(what: str, values: float | Iterable[float], within: float, unit: str = "") -> None:
    """Print `what`, then the number or numbers as `about` writes them."""
    print(f"{what}: {about(values, within, unit)}")


def probabilities(outputs) -> np.ndarray:
    """Return what a network puts out, (…, classes), as probabilities: logits through a softmax."""
    outputs = np.asarray(outputs, float)
    if np.all(outputs >= 0) and np.allclose(outputs.sum(-1), 1, atol=0.01):
        return outputs
    shares = np.exp(outputs - outputs.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def table(
    what: str, rows: Mapping[str, Sequence[float]], within: float, columns: Sequence[str] = ()
) -> None:
    """Print a row of numbers for each name in `rows`, under `what` and the names of the columns."""
    print(f"{what} {_mark(within)}")
    written = {name: [_written(value, within) for value in rows[name]] for name in rows}
    if columns:
        written = {"": list(columns), **written}
    first = max(map(len, written))
    width = max(len(word) for words in written.values() for word in words)
    for name, words in written.items():
        print(f"  {name:{first}}" + "".join(f"  {word:>{width}}" for word in words))


def _mark(within: float) -> str:
    return f"(± {within:g} on other machines)"


def _written(value: float, within: float) -> str:
    """A number, with one digit more than `within` can tell apart."""
    digits = 0 if isinstance(value, Integral) else max(0, 1 - math.floor(math.log10(within)))
    return f"{value:,.{digits}f}"


@dataclass(frozen=True)
class Interval:
    """The mean of `n` measurements, and the interval that holds the true one, at `LEVEL`."""

    mean: float
    low: float
    high: float
    n: int

    def text(self, within: float | None = None) -> str:
        """Return "0.943, 95 % interval [0.931, 0.955]"; `within`: for what is measured anew."""
        digits = within or max(self.high - self.low, 1e-3)
        mean, low, high = (_written(one, digits) for one in (self.mean, self.low, self.high))
        mark = f" {_mark(within)}" if within else ""
        return f"{mean}, {100 * LEVEL:g} % interval [{low}, {high}]{mark}"


def interval(values: Iterable[float]) -> Interval:
    """Return the mean of a value for each seed, and its interval by Student's t."""
    from scipy import stats

    values = np.asarray(list(values), float)
    if len(values) < 2:
        raise ValueError(f"An interval takes two values or more, and here are {len(values)}.")
    mean = float(values.mean())
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * stats.sem(values))
    return Interval(mean, mean - half, mean + half, len(values))


def share(right: int, of: int) -> Interval:
    """Return the share `right` / `of`, and its interval by Wilson: what a test set leaves open."""
    from scipy import stats

    low, high = stats.binomtest(int(right), int(of)).proportion_ci(LEVEL, "wilson")
    return Interval(right / of, float(low), float(high), int(of))


@dataclass(frozen=True)
class Comparison:
    """Two settings measured with the same seeds; `difference` is the first minus the second."""

    first: str
    second: str
    difference: Interval

    @property
    def tie(self) -> bool:
        """Whether it is one, by `RULE`."""
        return self.difference.low <= 0 <= self.difference.high

    def text(self, within: float | None = None) -> str:
        """Return it as a sentence; `within`: for what is measured anew."""
        return (
            f"{self.first} minus {self.second}, paired over {self.difference.n} seeds: "
            f"{self.difference.text(within)}: {'a tie' if self.tie else 'a difference'}."
        )


def compare(results: Mapping[str, Sequence[float]]) -> Comparison:
    """Compare two settings: {name: a value for each seed}, the seeds in the same order in both."""
    (first, one), (second, other) = results.items()
    if len(one) != len(other):
        raise ValueError(
            f"{first} and {second} have {len(one)} and {len(other)} values: pair them."
        )
    return Comparison(first, second, interval(np.subtract(one, other)))
