"""Every lesson obeys every rule of `guard`, and a spoilt lesson breaks the rule that it should."""

import copy
import json

from guard import CHECK, LESSONS, Lesson, complaints
from nbformat import v4

from helpers import widgets
from tools import notebooks

LESSON = notebooks.read(LESSONS[1])
CODE, TEXT = 2, 3  # where its first code of its own stands, and the text below
EXERCISE = next(
    i for i, one in enumerate(LESSON.cells) if "exercise" in one.metadata.get("tags", [])
)
SOLUTION, PICTURED = EXERCISE + 1, next(i for i, x in enumerate(LESSON.cells) if "png" in str(x))
(NAME,) = CHECK.findall(LESSON.cells[EXERCISE].source)


def written(notebook, folder):
    """Save as the maintainers do, executed from top to bottom; return it as a Lesson."""
    for number, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), start=1):
        cell.execution_count = number
    path = folder / "01_sheep.ipynb"
    notebooks.write(path, notebooks.normalise(notebook))
    return Lesson(path)


def test_lessons():
    assert LESSONS[0].stem == "00_start_here"
    flaws = [f"{path.stem}: {flaw}" for path in LESSONS for flaw in complaints(Lesson(path))]
    assert not flaws, "\n".join(flaws)


# -- changes of a good notebook's cells ----------------------------------------------------------


def source(index, text):
    return lambda cells: cells[index].update(source=text)


def added(index, text):
    return lambda cells: cells[index].update(source=f"{cells[index].source}\n{text}")


def replaced(index, old, new):
    assert old in LESSON.cells[index].source
    return source(index, LESSON.cells[index].source.replace(old, new))


def said(text, name="stdout"):
    return v4.new_output("stream", name=name, text=text)


def output(index, *outputs):
    return lambda cells: cells[index].update(outputs=list(outputs))


def tagged(index, *tags):
    return lambda cells: cells[index].metadata.update(tags=list(tags))


def shown(notebook):
    """The data of the first picture."""
    return next(one.data for one in notebook.cells[PICTURED].outputs if "data" in one)


def removed(first, last=None):
    return lambda cells: cells.__delitem__(slice(first, (last or first) + 1))


HTML = v4.new_output("display_data", data={"text/html": "<img src='a.png'>"})
# What a complaint says: the changes that bring it about.
BROKEN = {
    "at most 3,000,000 bytes": [output(CODE, said("x" * 3_000_000))],
    "cell 3 ('') is empty": [source(TEXT, " \n")],
    "has 16 lines": [source(CODE, "\n\n".join(["a = 1"] * 16))],
    "without a sentence": [removed(TEXT)],
    "is exempt": [tagged(CODE, "nbval-ignore-output"), added(CODE, "# NBVAL_SKIP")],
    "'/home/a": [added(TEXT, "Look into /home/ann/field.")],
    "'C:": [added(TEXT, r"Look into C:\field.")],
    "/simple": [added(TEXT, "See https://packages.example.org/pypi/simple/.")],
    "'/work/y": [output(CODE, said("see /work/y.png"))],
    "'0x7f33ab12": [output(CODE, said("<Sheep at 0x7f33ab12>"))],
    "wrote to stderr: 'W tensor": [output(CODE, said("W tensorflow: noise", "stderr"))],
    "in an error": [output(CODE, v4.new_output("error", ename="E", evalue="", traceback=[]))],
    "the head is not a markdown cell": [removed(0)],
    "the head lacks exercise minutes": [source(0, "# 01 · Count sheep")],
    "the last cell lacks a recap": [source(-1, "Bye.")],
    "alt text is ''": [
        lambda cells: [one.get("metadata", {}).clear() for one in cells[PICTURED].outputs],
        added(TEXT, "![](https://example.org/a.png)"),
        added(TEXT, "<img src='https://example.org/a.png'>"),
        output(CODE, HTML),
    ],
    "<svg>": [added(TEXT, "<svg><path d='M0 0'/></svg>")],
    "nothing to play with": [
        lambda cells: [one.update(outputs=[]) for one in cells if "outputs" in one]
    ],
    "2 exercises": [removed(EXERCISE - 1, SOLUTION)],
    "not introduced": [replaced(EXERCISE - 1, "### Exercise 1:", "Exercise:")],
    "no `...`": [replaced(EXERCISE, "...", "7")],
    "no check": [replaced(EXERCISE, f"checks.{NAME}.check", "print")],
    f"the way to checks.{NAME}.hint": [replaced(EXERCISE, "hint()", "")],
    "saved as not attempted": [output(EXERCISE, said("right: seven"))],
    "not followed by its solution": [removed(SOLUTION)],
    "gives itself away": [source(SOLUTION, f"{NAME}_solution = 7")],
    "does not run": [replaced(SOLUTION, f"checks.{NAME}", "checks.other")],
    f"not make {NAME}_s": [replaced(SOLUTION, f"{NAME}_solution", "my_s")],
    f"overwrites the learner's my_{NAME}": [added(SOLUTION, f"my_{NAME} = 7")],
    "not found right": [output(SOLUTION, said("not yet: six"))],
    "3 exercises and 2 solutions": [tagged(SOLUTION)],
}
# The same for what `--save` would mend: changes of the notebook that was saved.
SAVED_OTHERWISE = {
    "has the count 9, not 3": [lambda it: it.cells[4].update(execution_count=9)],
    "has the count None, not 2": [lambda it: it.cells[2].update(execution_count=None)],
    "not folded away": [lambda it: it.cells[SOLUTION].metadata.pop("jupyter")],
    "not a valid notebook": [lambda it: it.cells[2].pop("execution_count")],
    "nobody needs: collapsed": [lambda it: it.cells[2].metadata.update(collapsed=True)],
    "not as `python -m helpers run --save` writes it": [
        lambda it: it.metadata.update(widgets={"state": {}}),
        lambda it: shown(it).update({widgets.VIEW: {"model_id": "7"}}),
    ],
}


def test_each_flaw_is_found(tmp_path):
    unseen = []
    for words, changes in BROKEN.items():
        for number, change in enumerate(changes):
            notebook = copy.deepcopy(LESSON)
            change(notebook.cells)
            if words not in "\n".join(complaints(written(notebook, tmp_path))):
                unseen.append((words, number))
    for words, changes in SAVED_OTHERWISE.items():
        for number, change in enumerate(changes):
            lesson = written(copy.deepcopy(LESSON), tmp_path)
            change(lesson.notebook)
            lesson.path.write_text(json.dumps(lesson.notebook, ensure_ascii=False, indent=1) + "\n")
            if words not in "\n".join(complaints(Lesson(lesson.path))):
                unseen.append((words, number))
    assert unseen == []


def test_links_that_look_like_places_and_pictures_with_alt_text_pass(tmp_path):
    notebook = copy.deepcopy(LESSON)
    added(
        TEXT, "See [the web](https://x.org/home/a), ![a flock of seven sheep](https://x.org/a.png)."
    )(notebook.cells)
    assert complaints(written(notebook, tmp_path)) == []
