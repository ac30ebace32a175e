"""What a class is given, derived from the lessons and never written twice: handouts and slides.

A learner's copy is the lesson without outputs and solutions. Many lessons build on what an exercise
asks for, and in the lesson the solution's cell sees to it that they can go on. So a solution's cell
leaves the copy without a trace when nothing below reads a name that it binds; else a cell stands in
its place that goes on with the learner's answer when that is right, and with the lesson's when it
isn't (`helpers.exercises.Exercise.go_on`). Which cell reads what is found by going through the
lesson backwards, as a compiler does; nobody has to mark anything.
"""

import ast
import copy
import re
import shutil
import symtable
import tempfile
from pathlib import Path

import nbformat

from helpers import files
from tools import notebooks

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
TEMPLATES = ROOT / "jupyter" / "nbconvert" / "templates"
BUILD = ROOT / "build"
LICENCES = ("LICENSE", "LICENSE-lessons")  # both ask to stay with what they are the licence of

NOTE = (
    "*This is a learner's copy: outputs are for you to make, and where the text speaks of a folded "
    "solution, this copy has none. You can run it from top to bottom as it is. Where the lesson "
    "builds on an exercise, it goes on with your answer once that is right, and with one of its "
    "own until then.*"
)
GO_ON = """\
# The lesson needs {names} from here on: yours if it is right, else one of its own.
{check}.go_on("{lesson}"{answers})"""
HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
EXTERNAL = re.compile(r"\w+:|#")


class HandoutError(ValueError):
    """A lesson can't be handed out as it is: one sentence."""


def handout(source=NOTEBOOKS, build=BUILD):
    """Write all lessons for learners and for instructors into `build/handout`; return its path.

    Both folders are whole: what a lesson links to is there, at the same place beside it. They
    replace those of before only when they are finished. Raises HandoutError and LessonError.
    """
    paths = sorted(source.glob("[0-9][0-9]_*.ipynb"))
    build.mkdir(parents=True, exist_ok=True)
    target = build / "handout"
    with tempfile.TemporaryDirectory(prefix=".handout-", dir=build) as work:
        fresh = Path(work) / "handout"
        for reader in ("learners", "instructors"):
            folder = fresh / reader / "notebooks"
            folder.mkdir(parents=True)
            for path in paths:
                notebook = notebooks.read(path)
                _copy_linked(notebook, path.parent, folder)
                if reader == "learners":
                    notebooks.write(folder / path.name, learners_copy(notebook, path.stem))
                else:
                    shutil.copyfile(path, folder / path.name)
            for name in LICENCES:
                shutil.copyfile(ROOT / name, fresh / reader / name)
        if target.exists():
            target.rename(Path(work) / "before")
        fresh.rename(target)
    return target


def _copy_linked(notebook, home, folder):
    """Copy what a lesson in `home` links to, other than lessons, to the same place by `folder`."""
    for cell in notebook.cells:
        for _, link in LINK.findall(cell.source if cell.cell_type == "markdown" else ""):
            link = link.partition("#")[0]
            if not link or EXTERNAL.match(link) or link.endswith(".ipynb"):
                continue
            source, place = (home / link).resolve(), folder / link
            if source.is_dir():
                ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
                shutil.copytree(source, place, ignore=ignore, dirs_exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, place)


# Learners' copies


def learners_copy(notebook, lesson):
    """Return a copy of `notebook`, the lesson of that name, without outputs and solutions.

    Raises HandoutError for an exercise that the lesson needs and that has not exactly one check.
    """
    notebook = copy.deepcopy(notebook)
    needed, cells, exercise = needs(notebook), [], None
    for index, cell in enumerate(notebook.cells):
        if _is(cell, "exercise"):
            exercise = cell
        if _is(cell, "solution"):
            if _only_introduces(cells):
                cells.pop()
            if index not in needed:
                continue
            names = " and ".join(needed[index])
            check, answers = _check(exercise, lesson)
            cell.source = GO_ON.format(names=names, check=check, lesson=lesson, answers=answers)
            cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cells.append(cell)
    note = nbformat.v4.new_markdown_cell(NOTE, id="learners-copy")
    notebook.cells = [*cells[:1], note, *cells[1:]]
    return notebooks.normalise(notebook)


def needs(notebook):
    """Return {index of a solution's cell: the names it binds that cells below it read, sorted}."""
    found, wanted = {}, set()
    for index, cell in reversed(list(enumerate(notebook.cells))):
        if cell.cell_type != "code":
            continue
        binds, reads = _names(cell.source)
        if not _is(cell, "solution"):
            wanted = (wanted - binds) | reads
        elif here := binds & wanted:
            found[index] = sorted(here)
            wanted |= reads
    return found


def _names(source):
    """Return the names that a cell binds, and those that it reads before it has bound them."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a magic, which may read any word that it is given
        return set(), set(re.findall(r"[^\W\d]\w*", source))
    bound, read = set(), set()
    for statement in statements:
        table = symtable.symtable(ast.unparse(statement), "a cell", "exec")
        binds = {one.get_name() for one in table.get_symbols() if _binds(one)}
        reads = set(_reads(table))
        if isinstance(statement, ast.AugAssign):  # x += 1 reads x, which the table doesn't say
            reads |= binds
        elif not isinstance(statement, ast.Assign | ast.AnnAssign):
            reads -= binds  # a loop's variable, a function that calls itself
        read |= reads - bound
        bound |= binds
    return bound, read


def _binds(symbol):
    return symbol.is_assigned() or symbol.is_imported()


def _reads(table):
    """Yield the global names that a scope and those within it read."""
    for symbol in table.get_symbols():
        is_global = table.get_type() == "module" or symbol.is_global()
        if is_global and symbol.is_referenced():
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _reads(inner)


def _check(exercise, lesson):
    """Return what an exercise's cell calls to check, as "checks.wider", and ", its answers"."""
    calls = [
        statement.value
        for statement in ast.parse(exercise.source).body
        if re.match(r"checks\.\w+\.check\(", ast.unparse(statement))
    ]
    if len(calls) != 1:
        raise HandoutError(
            f"Lesson {lesson} needs what an exercise builds, which has {len(calls)} checks: a "
            "learner's copy can only go on when there is one."
        )
    (call,) = calls
    return ast.unparse(call.func.value), "".join(f", {ast.unparse(one)}" for one in call.args)


def _only_introduces(cells):
    """Whether the last of `cells` is a text between an exercise and its solution."""
    return len(cells) > 1 and cells[-1].cell_type == "markdown" and _is(cells[-2], "exercise")


def _is(cell, tag):
    return tag in cell.metadata.get("tags", [])


# Slides


def slides(paths, build=BUILD):
    """Write each lesson of `paths` as slides, one HTML file each that asks for nothing else.

    They go to `build/slides`, whose path is returned. Raises LessonError.
    """
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
    from nbconvert import HTMLExporter

    notebook = copy.deepcopy(notebook)
    notebook.cells = [part for cell in notebook.cells for part in _parts(cell)]
    before = None
    for cell in notebook.cells:
        starts = cell.cell_type == "markdown" and (
            before is None or before.cell_type == "code" or HEADING.match(cell.source)
        )
        cell.metadata["starts_slide"] = before is None or bool(starts)
        before = cell
    exporter = HTMLExporter(
        template_name="slides",
        extra_template_basedirs=[str(TEMPLATES)],
        extra_template_paths=[str(TEMPLATES)],  # where the slides' template finds the workshop's
        embed_images=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    return page


def _parts(cell):
    """Yield a cell as the slides show it, a text with headings inside as several."""
    if cell.cell_type != "markdown":
        if _is(cell, "exercise"):  # it would only say that nobody has tried
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
