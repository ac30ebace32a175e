"""What a class is given, derived from the lessons and never written twice.

A learner's copy is the lesson without outputs and without its cells tagged `solution`. It runs
from top to bottom as it is: where the lesson builds on an exercise, `checks.x.chosen(my_x)` takes
the learner's answer once that is right, and the lesson's own until then.
"""

import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import unquote

import nbformat

from tools import notebooks

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
LICENCES = ("LICENSE", "LICENSE-lessons")  # both ask to stay with what they are the licence of
LEFT_BEHIND = shutil.ignore_patterns(".*", "__pycache__")  # nobody meant to give these away

NOTE = (
    "*This is a learner's copy: outputs are for you to make, and where the text speaks of a folded "
    "solution, this copy has none. You can run it from top to bottom as it is. Where the lesson "
    "builds on an exercise, it goes on with your answer once that is right, and with one of its "
    "own until then.*"
)
# A link's text may be a picture.
LINK = re.compile(r"\[((?:!\[[^\]]*\]\([^)]*\)|[^\]])*)\]\(([^)\s]+)[^)]*\)")
EXTERNAL = re.compile(r"\w+:|#")


class HandoutError(ValueError):
    """A lesson can't be handed out as it is: one sentence."""


def handout(source=notebooks.NOTEBOOKS, build=BUILD):
    """Write all lessons for learners and for instructors into `build/handout`; return its path.

    Both folders are whole: what a lesson links to is there, at the same place beside it. They
    replace those of before only when they are finished. Raises HandoutError and LessonError.
    """
    build.mkdir(parents=True, exist_ok=True)
    target = build / "handout"
    with tempfile.TemporaryDirectory(prefix=".handout-", dir=build) as work:
        fresh = Path(work) / "handout"
        for reader in ("learners", "instructors"):
            folder = fresh / reader / "notebooks"
            folder.mkdir(parents=True)
            for path in notebooks.lessons(source):
                notebook = notebooks.read(path)
                _copy_linked(notebook, path, folder)
                if reader == "learners":
                    notebooks.write(folder / path.name, learners_copy(notebook))
                else:
                    shutil.copyfile(path, folder / path.name)
            for name in LICENCES:
                shutil.copyfile(ROOT / name, fresh / reader / name)
        if target.exists():
            target.rename(Path(work) / "before")
        fresh.rename(target)
    return target


def learners_copy(notebook):
    """Return a copy of `notebook` without outputs and solutions, and with a note that says so."""
    from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor

    remove = TagRemovePreprocessor(enabled=True, remove_cell_tags={"solution"})
    bare, _ = remove(nbformat.from_dict(notebook), {})
    bare, _ = ClearOutputPreprocessor(enabled=True)(bare, {})
    bare.cells.insert(1, nbformat.v4.new_markdown_cell(NOTE, id="learners-copy"))
    return notebooks.normalise(bare)


def _copy_linked(notebook, lesson, folder):
    """Copy what the lesson at that path links to, other than lessons, to the same place."""
    workshop = lesson.resolve().parents[1]
    for cell in notebook.cells:
        text = cell.source if cell.cell_type == "markdown" else ""
        found = [target for _, target in LINK.findall(text)] + notebooks.IMAGE.findall(text)
        for link in (unquote(target.partition("#")[0]) for target in found):
            if not link or EXTERNAL.match(link) or link.endswith(".ipynb"):
                continue
            source, place = (lesson.parent / link).resolve(), folder / link
            if not (source.exists() and source.is_relative_to(workshop)):
                raise HandoutError(
                    f"{lesson.name} links to {link}, and there is no such file in the workshop: "
                    "put it there, or take the link out."
                )
            if source.is_dir():
                shutil.copytree(source, place, ignore=LEFT_BEHIND, dirs_exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, place)
