"""Side-by-side measurements: two ways of doing the same thing, in alternation, and their ratio.

A machine that is busy or slow is so for both, so the ratio holds where the seconds do not.
"""

import json
import statistics
import time
from dataclasses import asdict, dataclass

from helpers import files


@dataclass
class Measurement:
    """One figure. value: in `unit`; compared: what was compared with what, in words."""

    name: str
    value: float
    unit: str
    compared: str
    spread: tuple[float, float] = (0.0, 0.0)

    def __str__(self):
        """Return a line for the terminal, with the smallest and the largest ratio."""
        low, high = self.spread
        value = f"{self.value:.3g} {self.unit} ({low:.3g} to {high:.3g})"
        return f"{self.name}: {value}: {self.compared}"


def timed(function, clock=time.perf_counter):
    """Return how long a call of `function` takes: seconds by that clock."""
    began = clock()
    function()
    return clock() - began


def median(name, values, unit, compared):
    """Return the measurement that is the median of values, with their range."""
    return Measurement(name, statistics.median(values), unit, compared, (min(values), max(values)))


def keep(path, measurement):
    """Put a measurement into the JSON file at `path`, in place of one of the same name."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    entries = {entry["name"]: entry for entry in [*known, asdict(measurement)]}
    entries[measurement.name].pop("spread")  # for the eye
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, json.dumps(list(entries.values()), indent=2, ensure_ascii=False) + "\n")
