"""What must be true of a committed lesson besides that it runs: one rule a function.

A rule gets a `Lesson` and yields a complaint, a sentence that names the cell, for each defect. Why
it needs rules at all: nbval passes a cell without an execution count unseen, compares no pictures,
and knows nothing of heads, alt text or exercises.
"""

import ast
import copy
import itertools
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from symtable import symtable

import nbformat
from bs4 import BeautifulSoup
from nbval.plugin import find_comment_markers, find_metadata_tags

from helpers.widgets import PLACEHOLDER, VIEW
from tools import notebooks

LESSONS = notebooks.lessons()

LARGEST = 3_000_000  # bytes of a lesson's file
LONGEST = 15  # non-blank lines of a code cell
FEWEST_EXERCISES = {"00_start_here": 1}  # of the others: three
SHORTEST_ALT = 15  # characters: less says nothing of what there is to see

HEAD = {
    "a title": r"\A# \S",
    "a promise under the title": r"\A# .+\n+[^\n#*|-].{20,}",
    "what you will do": r"you(’ll|'ll| will) do\b",
    "what you will learn": r"you(’ll|'ll| will) learn\b",
    "what you need": r"you(’ll|'ll| will)? need\b",
    "teaching minutes": r"teaching\b.*\b\d+ min|\b\d+ min\w* (of )?teaching",
    "exercise minutes": r"exercises?\b.*\b\d+ min|\b\d+ min\w* (of |for )?(the )?exercises?",
    "measured run time and memory (python -m helpers run --record)": (
        r"<!-- measured -->[^<]*\d[^<]*<!-- /measured -->"
    ),
    "where data and weights come from": r"\bdata\b(.|\n)*\bweights\b|\bweights\b(.|\n)*\bdata\b",
}
TAIL = {
    "a recap in bullet points": r"recap\b.*\n+([^\n#]+\n+)?[-*] ",
    "'On your own'": r"on your own\b",
    "sources": r"sources?\b",
    "what comes next": r"^\W*next\b",
}
# Whatever tells where it was made: it is another place for every reader.
PLACES = re.compile(
    r"(?<![\w.])/(?:work|root|home|tmp|usr|opt|var|etc|mnt|srv|Users|content|private)/[\w.-]"
    r"|\b[A-Z]:\\\w|site-packages|dist-packages|\bipykernel_\d+"
    r"|index-url|files\.pythonhosted\.org|https?://\S+/simple\b"
    r"|https?://[^\s/]+@|https?://(?:10\.\d|192\.168\.)"
)
# In an output these differ from run to run.
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}|https?://(?:localhost|127\.0\.0\.1)", re.IGNORECASE)
CHECK = re.compile(r"\bchecks\.(\w+)\.check\(")
HINT = re.compile(r"\bchecks\.(\w+)\.hint\(")


@dataclass(frozen=True)
class Lesson:
    """A lesson's file, read."""

    path: Path

    @cached_property
    def notebook(self):
        return nbformat.read(self.path, as_version=4)

    def cells(self, kind=""):
        """(name for a complaint, cell) of every cell, or of those of a kind."""
        for index, cell in enumerate(self.notebook.cells):
            start = cell.source.strip().partition("\n")[0][:40]
            if kind in cell.cell_type:
                yield f"cell {index} ({start!r})", cell

    def outputs(self):
        """(name of its cell, output) of every output."""
        return [(name, output) for name, cell in self.cells("code") for output in cell.outputs]


def tags(cell):
    return cell.metadata.get("tags", [])


def texts(output):
    """Every text of an output that a reader sees and nbval compares."""
    if output.output_type == "stream":
        yield output.text
    elif output.output_type == "error":
        yield from (output.ename, output.evalue, *output.traceback)
    else:
        for mime, value in output.data.items():
            if not mime.startswith("image/") and mime != VIEW:
                yield value if isinstance(value, str) else str(value)


def is_saved_as_the_maintainers_do(lesson):
    try:
        nbformat.validate(lesson.notebook)
    except nbformat.ValidationError as error:
        yield f"not a valid notebook: {str(error).splitlines()[0]}"
        return
    saved = lesson.path.read_text(encoding="utf-8")
    if len(saved.encode()) > LARGEST:
        yield f"{len(saved.encode()):,} bytes; at most {LARGEST:,} bytes: smaller pictures, or JPEG"
    notebook = notebooks.normalise(copy.deepcopy(lesson.notebook))
    if saved != nbformat.writes(notebook) + "\n":
        yield "not as `python -m helpers run --save` writes it: metadata, widget views or layout"
    for name, cell in lesson.cells():
        if extra := set(cell.metadata) - {"tags", "jupyter"}:
            yield f"{name} carries metadata nobody needs: {', '.join(sorted(extra))}"
    for expected, (name, cell) in enumerate(lesson.cells("code"), start=1):
        if cell.execution_count != expected:
            yield f"{name} has the count {cell.execution_count}, not {expected}: run it all anew"


def has_cells_that_can_be_read(lesson):
    for name, cell in lesson.cells():
        lines = sum(bool(line.strip()) for line in cell.source.splitlines())
        if not lines:
            yield f"{name} is empty"
        if cell.cell_type == "code" and lines > LONGEST:
            yield f"{name} has {lines} lines of code; at most {LONGEST}"
    for (_, before), (name, cell) in itertools.pairwise(lesson.cells()):
        # A solution follows its exercise, and the imports the folded cell of Colab's.
        follows = {"exercise", "solution"} & {*tags(before), *tags(cell)} or notebooks.is_hosted(
            before
        )
        if cell.cell_type == before.cell_type == "code" and not follows:
            yield f"{name} comes without a sentence before it"


def exempts_no_cell(lesson):
    for name, cell in lesson.cells("code"):
        if [*find_metadata_tags(cell.metadata), *find_comment_markers(cell.source)]:
            yield f"{name} is exempt from nbval's comparison"


def tells_no_places(lesson):
    for name, cell in lesson.cells():
        if found := PLACES.search(cell.source):
            yield f"{name} names a place of one machine: {found[0]!r}"
    for name, output in lesson.outputs():
        for text in texts(output):
            if found := PLACES.search(text) or ADDRESS.search(text):
                yield f"the output of {name} names a place of one machine: {found[0]!r}"


def ran_without_noise_and_errors(lesson):
    for name, cell in lesson.cells("code"):
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"{name} ended in an error"
            if output.get("name") == "stderr":
                yield f"{name} wrote to stderr: {output.text.strip()[:60]!r}"


def has_a_head_and_a_tail(lesson):
    yield from _lacks(lesson, 0, HEAD, "the head")
    yield from _lacks(lesson, -1, TAIL, "the last cell")


def _lacks(lesson, position, parts, name):
    cell = lesson.notebook.cells[position]
    if cell.cell_type != "markdown":
        yield f"{name} is not a markdown cell"
        return
    plain = cell.source.replace("**", "").replace("__", "")
    for part, pattern in parts.items():
        if not re.search(pattern, plain, re.IGNORECASE | re.MULTILINE):
            yield f"{name} lacks {part}"


def describes_its_pictures(lesson):
    for name, output in lesson.outputs():
        for mime in output.get("data", {}):
            alt = output.metadata.get(mime, {}).get("alt", "")
            if mime.startswith("image/") and len(alt.strip()) < SHORTEST_ALT:
                yield f"{name} shows a picture whose alt text is {alt!r}"
        for mime in ("text/html", "text/markdown"):
            yield from _bare_images(name, output.get("data", {}).get(mime, ""))
    for name, cell in lesson.cells("markdown"):
        yield from _bare_images(name, cell.source)


def _bare_images(name, text):
    page = BeautifulSoup(text, "html.parser")
    alts = [image.get("alt", "") for image in page.find_all("img")]
    for alt in re.findall(r"!\[([^\]]*)\]\(", text) + alts:
        if len(alt.strip()) < SHORTEST_ALT:
            yield f"{name} has a picture in its text whose alt text is {alt!r}"
    for drawing in page.find_all("svg"):
        if not (drawing.get("aria-label") or drawing.find("title")):
            yield f"{name} has an <svg> without <title> or aria-label"


def has_a_widget(lesson):
    shown = (output.get("data", {}).get("text/plain") for _, output in lesson.outputs())
    if PLACEHOLDER not in shown:
        yield "there is nothing to play with: no output of helpers.widgets.show"


def has_whole_exercises(lesson):
    code, number = [cell for _, cell in lesson.cells("code")], 0
    for (_, prompt), (name, cell) in itertools.pairwise(lesson.cells()):
        if "exercise" not in tags(cell):
            continue
        number += 1
        if prompt.cell_type != "markdown" or f"### Exercise {number}:" not in prompt.source:
            yield f"{name} is not introduced by '### Exercise {number}: …'"
        if not _has_gap(cell.source):
            yield f"{name} has no `...` to fill in"
        checked, hinted = set(CHECK.findall(cell.source)), set(HINT.findall(cell.source))
        if not checked:
            yield f"{name} has no check"
        if checked - hinted:
            yield f"{name} does not show the way to checks.{min(checked - hinted)}.hint()"
        if "not attempted" not in _printed(cell):
            yield f"{name} was not saved as not attempted"
        following = code[code.index(cell) + 1 :][:2]
        yield from _solution_flaws(name, cell, checked, following)
    if number < (fewest := FEWEST_EXERCISES.get(lesson.path.stem, 3)):
        yield f"{number} exercises (cells tagged `exercise`); at least {fewest}"
    solutions = sum("solution" in tags(cell) for cell in code)
    if solutions != number:
        yield f"{number} exercises and {solutions} solutions"


def _solution_flaws(name, exercise, checked, following):
    """What is wrong with the solution of exercise `name`; its check may stand in a cell below."""
    if not following or "solution" not in tags(following[0]):
        yield f"{name} is not followed by its solution (a cell tagged `solution`)"
        return
    solution = following[0]
    bound, theirs = _bound(solution.source), _bound(exercise.source)
    for check in checked:
        if f"{check}_solution" not in bound:
            yield f"the solution of {name} does not make {check}_solution"
    if bound & theirs:
        yield f"the solution of {name} overwrites the learner's {min(bound & theirs)}"
    if not solution.metadata.get("jupyter", {}).get("source_hidden"):
        yield f"the solution of {name} is not folded away"
    first = solution.source.partition("\n")[0]  # JupyterLab shows it of a folded cell
    if not first.startswith("#") and first not in exercise.source.splitlines():
        yield f"the solution of {name} gives itself away: its first line must be a comment"
    asked = following if not CHECK.search(solution.source) else following[:1]
    if {found for cell in asked for found in CHECK.findall(cell.source)} != checked:
        yield f"the solution of {name} does not run the exercise's check"
    elif not any("right:" in _printed(cell) for cell in asked):
        yield f"the solution of {name} was not found right"


def _has_gap(source):
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with magics
        return "..." in source
    return any(getattr(node, "value", None) is ... for node in ast.walk(tree))


def _bound(source):
    """The names that a cell binds at its top; none of a cell with magics."""
    try:
        return {
            one.get_name()
            for one in symtable(source, "a cell", "exec").get_symbols()
            if one.is_assigned()
        }
    except SyntaxError:
        return set()


def _printed(cell):
    return "".join(text for output in cell.outputs for text in texts(output))


RULES = [
    is_saved_as_the_maintainers_do,
    has_cells_that_can_be_read,
    exempts_no_cell,
    tells_no_places,
    ran_without_noise_and_errors,
    has_a_head_and_a_tail,
    describes_its_pictures,
    has_a_widget,
    has_whole_exercises,
]


def complaints(lesson):
    """Return what all rules have to say of a lesson."""
    return [complaint for rule in RULES for complaint in rule(lesson)]
