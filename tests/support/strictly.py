"""How the lessons' outputs are compared: nbval's strict comparison, with two things more.

Numbers before "(± 0.02 on other machines)", as `helpers.numbers` prints it, may differ by that
much. A cell tagged `needs-<asset>` whose asset isn't here runs, and isn't compared; the run's last
line counts those.
"""

import copy
import re
from collections import Counter
from itertools import zip_longest

import pytest
from nbval.plugin import IPyNbCell

NUMBER = r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
MARK = r"\(± (\S+) on other machines\)"
# The numbers that a bracket stands for: those right before it, and perhaps their unit.
BEFORE = re.compile(rf"((?:{NUMBER}(?:[\s,;/|\[\]%]|interval)*)+(?:[^\W\d]+ )?){MARK}")
HEADING = re.compile(rf"{MARK}\s*$")


def settled(new, saved):
    """The text `new`, with the lines of `saved` where they agree within the stated tolerances."""
    pairs = zip_longest(_read(new), _read(saved), fillvalue=("", None))
    return "".join(theirs[0] if _agree(ours[1], theirs[1]) else ours[0] for ours, theirs in pairs)


def _read(text):
    """Yield each line, and of it: what must be equal, and the numbers with their tolerances."""
    below = None
    for line in text.splitlines(keepends=True):
        numbers = []

        def exact(text, within, numbers=numbers):
            numbers.extend(
                (float(one.replace(",", "")), within) for one in re.findall(NUMBER, text)
            )
            return re.sub(NUMBER, "#", text)

        if below and line.startswith(" "):
            rest = " ".join(exact(line, below).split())  # columns are as wide as their numbers
        else:
            rest = BEFORE.sub(lambda found: exact(found[1], found[2]) + f"(± {found[2]})", line)
            heading = HEADING.search(line)
            below = heading[1] if heading and not numbers else None
        yield line, (rest, numbers)


def _agree(ours, theirs):
    return (ours and theirs and ours[0] == theirs[0] and len(ours[1]) == len(theirs[1])) and all(
        abs(one - other) <= float(within) * (1 + 1e-9)
        for (one, _), (other, within) in zip(ours[1], theirs[1], strict=True)
    )


def texts(outputs):
    """(where it stands, key) of each text of the outputs of a cell."""
    for output in outputs:
        if output.output_type == "stream":
            yield output, "text"
        for key in output.get("data", {}):
            if key.startswith("text/"):
                yield output.data, key


_compare_outputs = IPyNbCell.compare_outputs


def compare_outputs(cell, test, ref, skip_compare=None):
    """Compare as nbval does, after numbers that are near enough were made equal."""
    test = copy.deepcopy(test)
    for (new, key), (saved, saved_key) in zip(texts(test), texts(ref), strict=False):
        new[key] = settled(new[key], saved[saved_key])
    return _compare_outputs(cell, test, ref, skip_compare)


IPyNbCell.compare_outputs = compare_outputs


# -- what is run, and what of it is compared -----------------------------------------------------


def pytest_collection_modifyitems(items):
    """Don't compare the cells whose assets aren't here, and say so in their reports."""
    from helpers import assets

    for cell in items:
        if isinstance(cell, IPyNbCell):
            for tag in cell.cell.metadata.get("tags", []):
                name = tag.removeprefix("needs-")
                if name != tag and not assets.available(name):
                    cell.options["check"] = False
                    cell.user_properties.append(("not compared", name))


class Summary:
    """Counts, where the reports come together, and says it in the run's last line."""

    def __init__(self):
        self.cells, self.missing = set(), Counter()

    def pytest_runtest_logreport(self, report):
        names = [name for kind, name in report.user_properties if kind == "not compared"]
        if report.when == "call" and names:
            self.cells.add(report.nodeid)
            self.missing.update(names)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session):
        yield
        if self.cells:
            counts = ", ".join(f"{name} ({n})" for name, n in sorted(self.missing.items()))
            plural = "s" * (len(self.cells) > 1)
            print(
                f"\n{len(self.cells)} cell{plural} ran without being compared, for want of: "
                f"{counts}. To get them: python -m helpers fetch {' '.join(sorted(self.missing))}"
            )


def pytest_configure(config):
    """Count where the reports come together: a worker of xdist passes its own on."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Summary())
