"""Every lesson obeys every rule of `guard`, and every rule notices what it is there for."""

import json
import re

from guard import HEAD as HEADS
from guard import LESSONS, Lesson, complaints
from guard import TAIL as TAILS
from nbformat import v4

from helpers import widgets
from tools import notebooks

HEAD = """# 01 · Count sheep

You will count a whole flock of sheep before it has left the field.

**You will do** a count. **You will learn** to look. **You need** eyes.

Teaching 10 minutes, exercises 5 minutes. Measured: <!-- measured -->3 s<!-- /measured -->.

Data and weights: drawn in the lesson; nothing is trained elsewhere."""
TAIL = """## Recap

- Sheep have four legs.

**On your own:** count goats. **Sources:** the field.

**Next:** goats."""
ASKED = "count = ...\nchecks.sheep1.check(count)\n# stuck? checks.sheep1.hint()"
SOLVED = "# A solution\nsheep1_solution = 7\nchecks.sheep1.check(sheep1_solution)"
ALT = "Seven sheep in a green field."
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg=="  # noqa: E501


def code(source, *outputs, tags=()):
    return v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def said(text, name="stdout"):
    return v4.new_output("stream", name=name, text=text)


def pictured(alt=ALT, mime="image/png", text="<Figure>"):
    data, metadata = {"text/plain": text, mime: PICTURE}, {mime: {"alt": alt}} if alt else {}
    return v4.new_output("display_data", data=data, metadata=metadata)


def good():
    """A notebook without a flaw: head 0, set-up 2, widget 4, exercises from 5 on, tail."""
    cells = [
        v4.new_markdown_cell(HEAD),
        v4.new_markdown_cell("First the tools."),
        code("import helpers", said("Data: drawn here\n")),
        v4.new_markdown_cell("Move the slider."),
        code("widgets.show(slider, picture, alt)", pictured(text=widgets.PLACEHOLDER)),
    ]
    for number in (1, 2, 3):
        exercise, solution = (text.replace("1", str(number)) for text in (ASKED, SOLVED))
        cells += [
            v4.new_markdown_cell(f"### Exercise {number}: count them\n\nHow many are there?"),
            code(exercise, said("not attempted: …"), tags=["exercise"]),
            code(solution, said("Sheep – right: seven.\n"), tags=["solution"]),
        ]
    cells.append(v4.new_markdown_cell(TAIL))
    return v4.new_notebook(cells=cells)


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


def added(index, text):
    return lambda cells: cells[index].update(source=f"{cells[index].source}\n{text}")


def replaced(index, old, new):
    def change(cells):
        assert old in cells[index].source
        cells[index].source = cells[index].source.replace(old, new)

    return change


def output(index, *outputs):
    return lambda cells: cells[index].update(outputs=list(outputs))


def tagged(index, *tags):
    return lambda cells: cells[index].metadata.update(tags=list(tags))


def removed(index):
    return lambda cells: cells.pop(index)


def both(*changes):
    return lambda cells: [change(cells) for change in changes]


EXERCISE, SOLUTION = 6, 7  # where the first of each stands in `good()`
# What a complaint says: the changes that bring it about.
BROKEN = {
    "at most 3,000,000 bytes": [output(2, said("x" * 3_000_000))],
    "cell 1 ('') is empty": [lambda cells: cells[1].update(source=" \n")],
    "has 16 lines": [lambda cells: cells[2].update(source="\n\n".join(["a = 1"] * 16))],
    "without a sentence": [removed(3)],
    "is exempt": [tagged(2, "nbval-ignore-output"), added(2, "# NBVAL_SKIP")],
    "tagged needs-sheep": [tagged(2, "needs-mnist", "needs-sheep")],
    "'/home/a": [added(1, "Look into /home/ann/field.")],
    "'C:": [added(1, r"Look into C:\field.")],
    "/simple": [added(1, "See https://packages.example.org/pypi/simple/.")],
    "'/work/y": [output(2, pictured(text="see /work/y.png"))],
    "'0x7f33ab12": [output(2, said("<Sheep at 0x7f33ab12>"))],
    "wrote to stderr: 'W tensor": [output(2, said("W tensorflow: noise", "stderr"))],
    "in an error": [output(2, v4.new_output("error", ename="KeyError", evalue="", traceback=[]))],
    "the head is not a markdown cell": [both(removed(0), removed(0))],
    "the last cell is not a markdown cell": [removed(-1)],
    "alt text is ''": [
        output(2, pictured(alt=None)),
        added(1, "![](https://example.org/a.png)"),
        added(1, "<img src='https://example.org/a.png'>"),
        output(2, v4.new_output("display_data", data={"text/html": "<img src='a.png'>"})),
    ],
    "<svg>": [added(1, "<svg><path d='M0 0'/></svg>")],
    "nothing to play with": [output(4, pictured())],
    "2 exercises": [lambda cells: cells.__delitem__(slice(5, 8))],
    "not introduced": [replaced(5, "### Exercise 1:", "Exercise:")],
    "no `...`": [replaced(EXERCISE, "...", "7")],
    "no check": [replaced(EXERCISE, "checks.sheep1.check", "print")],
    "the way to checks.sheep1.hint": [replaced(EXERCISE, "hint()", "")],
    "saved as not attempted": [output(EXERCISE, said("right: seven"))],
    "not followed by its solution": [removed(SOLUTION)],
    "gives itself away": [replaced(SOLUTION, "# A solution\n", "")],
    "does not run": [replaced(SOLUTION, "checks.sheep1", "checks.sheep2")],
    "not make sheep1_s": [replaced(SOLUTION, "sheep1_s", "my_s")],
    "overwrites the learner's count": [added(SOLUTION, "count = 7")],
    "not found right": [output(SOLUTION, said("not yet: six"))],
    "3 exercises and 2 solutions": [tagged(SOLUTION)],
}
UNLIKE_SAVED = "not as `python -m helpers run --save` writes it"
# The same for what `--save` would mend: changes of the notebook that was saved.
SAVED_OTHERWISE = {
    "has the count 9, not 2": [lambda it: it.cells[4].update(execution_count=9)],
    "has the count None, not 1": [lambda it: it.cells[2].update(execution_count=None)],
    "not folded away": [lambda it: it.cells[SOLUTION].metadata.pop("jupyter")],
    "not a valid notebook": [lambda it: it.cells[2].pop("execution_count")],
    "nobody needs: collapsed": [lambda it: it.cells[2].metadata.update(collapsed=True)],
    UNLIKE_SAVED: [
        lambda it: it.metadata.update(widgets={"state": {}}),
        lambda it: it.cells[4].outputs[0].data.update({widgets.VIEW: {"model_id": "7"}}),
    ],
}


def test_each_part_of_head_and_tail_is_asked_for(tmp_path):
    for index, parts in ((0, HEADS), (-1, TAILS)):
        for part, pattern in parts.items():
            notebook = good()
            text = notebook.cells[index].source.replace("**", "")
            notebook.cells[index].source = re.sub(pattern, "", text, flags=re.I | re.M)
            assert f"lacks {part}" in "\n".join(complaints(written(notebook, tmp_path)))


def test_each_flaw_is_found(tmp_path):
    unseen = []
    for words, changes in BROKEN.items():
        for number, change in enumerate(changes):
            notebook = good()
            change(notebook.cells)
            if words not in "\n".join(complaints(written(notebook, tmp_path))):
                unseen.append((words, number))
    for words, changes in SAVED_OTHERWISE.items():
        for number, change in enumerate(changes):
            lesson = written(good(), tmp_path)
            change(lesson.notebook)
            lesson.path.write_text(json.dumps(lesson.notebook, ensure_ascii=False, indent=1) + "\n")
            if words not in "\n".join(complaints(Lesson(lesson.path))):
                unseen.append((words, number))
    assert unseen == []


def test_what_is_allowed_passes(tmp_path):
    for change in (
        lambda cells: None,
        added(1, "See [the web](https://x.org/home/a)."),
        added(1, f"![{ALT}](https://example.org/a.png)"),
        both(  # the check stands in a cell of its own
            replaced(SOLUTION, "checks.sheep1.check(sheep1_solution)", ""),
            output(SOLUTION),
            lambda cells: cells.insert(
                SOLUTION + 1, code("checks.sheep1.check(sheep1_solution)", said("right: seven"))
            ),
        ),
    ):
        notebook = good()
        change(notebook.cells)
        assert complaints(written(notebook, tmp_path)) == []
