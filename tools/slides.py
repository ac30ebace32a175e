"""Lessons as slides for a projector: one HTML file each, which asks for nothing else."""

import copy
import re

from helpers import files
from tools import notebooks
from tools.handouts import BUILD, EXTERNAL, LINK

HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)


def write(paths, build=BUILD):
    """Write each lesson of `paths` as slides into `build/slides`, whose path is returned."""
    folder = build / "slides"
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        files.write(folder / f"{path.stem}.html", deck(notebooks.read(path), path.stem))
    return folder


def deck(notebook, title):
    """Return `notebook` as slides: a page for a browser, which shows the keys it knows.

    A heading starts a slide, and so does a text after code: a slide is a thought, a cell, and what
    came of it. What came of it waits for a key, as the lesson asks for a guess before it tells, and
    so do solutions.
    """
    notebook = copy.deepcopy(notebook)
    shown = (cell for cell in notebook.cells if not notebooks.is_hosted(cell))
    notebook.cells = [part for cell in shown for part in _parts(cell)]
    before = None
    for cell in notebook.cells:
        starts = cell.cell_type == "markdown" and (
            before is None or before.cell_type == "code" or HEADING.match(cell.source)
        )
        cell.metadata["starts_slide"] = before is None or bool(starts)
        before = cell
    prompts = {"exclude_input_prompt": True, "exclude_output_prompt": True}
    return notebooks.html(notebook, title, "slides", **prompts)


def _parts(cell):
    """Yield a cell as the slides show it, a text with headings inside as several."""
    if cell.cell_type != "markdown":
        if "exercise" in cell.metadata.get("tags", []):  # it would only say that nobody has tried
            cell.outputs = []
        yield cell
        return
    for number, source in enumerate(_split(cell.source)):
        part = copy.deepcopy(cell)
        part.source = LINK.sub(_link_for_slides, source)
        part.id = f"{cell.id}-{number}"
        yield part


def _split(text):
    """Split a markdown text before each heading that doesn't stand in a fenced block of code."""
    parts, fenced = [[]], False
    for line in text.splitlines():
        fenced ^= line.lstrip().startswith("```")
        if HEADING.match(line) and not fenced and any(map(str.strip, parts[-1])):
            parts.append([])
        parts[-1].append(line)
    return ["\n".join(lines) for lines in parts]


def _link_for_slides(found):
    """A link as it works from the slides: to other slides; its text alone where it can't."""
    text, target = found.groups()
    if EXTERNAL.match(target) or found.string[found.start() - 1 : found.start()] == "!":
        return found[0]
    if target.endswith(".ipynb") and "/" not in target:
        return f"[{text}]({target.removesuffix('.ipynb')}.html)"
    return text
