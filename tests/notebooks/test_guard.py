"""Every lesson obeys every rule of `guard`, and every rule notices what it is there for."""

import nbformat
from guard import LESSONS, RULES, Lesson, is_valid
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
ALT = "Seven sheep in a green field."
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg=="  # noqa: E501


def code(source, *outputs, tags=()):
    return v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def said(text, name="stdout"):
    return v4.new_output("stream", name=name, text=text)


def pictured(alt=ALT, mime="image/png", text="<Figure>"):
    metadata = {} if alt is None else {mime: {"alt": alt}}
    return v4.new_output(
        "display_data", data={"text/plain": text, mime: PICTURE}, metadata=metadata
    )


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
        check = f"checks.sheep{number}.check(count)"
        stuck = f"# stuck? checks.sheep{number}.hint()"
        cells += [
            v4.new_markdown_cell(f"### Exercise {number}: count them\n\nHow many are there?"),
            code(f"count = ...\n{check}\n{stuck}", said("not attempted: …"), tags=["exercise"]),
            code(
                f"# A solution\nsheep{number}_solution = 7\n"
                f"checks.sheep{number}.check(sheep{number}_solution)",
                said("Sheep – right: seven.\n"),
                tags=["solution"],
            ),
        ]
    cells.append(v4.new_markdown_cell(TAIL))
    return v4.new_notebook(cells=cells)


def written(notebook, folder, count=True):
    """Save as the maintainers do, executed from top to bottom; return it as a Lesson."""
    if count:
        ran = (cell for cell in notebook.cells if cell.cell_type == "code")
        for number, cell in enumerate(ran, start=1):
            cell.execution_count = number
    path = folder / "01_sheep.ipynb"
    notebooks.write(path, notebooks.normalise(notebook))
    return Lesson(path)


def complaints(lesson):
    """Rule name -> its complaints, of the rules that have any."""
    found = {rule.__name__: list(rule(lesson)) for rule in RULES}
    return {name: flaws for name, flaws in found.items() if flaws}


def test_lessons():
    assert LESSONS[0].stem == "00_start_here"
    flaws = [
        f"{path.stem}: {flaw}"
        for path in LESSONS
        for rules in complaints(Lesson(path)).values()
        for flaw in rules
    ]
    assert not flaws, "\n".join(flaws)


def test_a_lesson_without_a_flaw_passes(tmp_path):
    assert complaints(written(good(), tmp_path)) == {}


def source(index, text):
    """A change of a notebook: cell `index` becomes `text`."""
    return lambda cells: cells[index].update(source=text)


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
BROKEN = [
    ("has_no_empty_cells", "cell 1 is empty", source(1, " \n")),
    ("has_short_cells", "16 lines", source(2, "\n\n".join(["a = 1"] * 16))),
    ("introduces_code", "without a sentence", removed(3)),
    ("gives_reasons_for_exemptions", "without its reason", tagged(2, "nbval-ignore-output")),
    ("gives_reasons_for_exemptions", "without its reason", tagged(2, "nbval-skip")),
    ("gives_reasons_for_exemptions", "without its reason", tagged(2, "nbval-raises-exception")),
    ("gives_reasons_for_exemptions", "without its reason", tagged(2, "raises-exception")),
    ("gives_reasons_for_exemptions", "without its reason", added(2, "# NBVAL_IGNORE_OUTPUT")),
    ("gives_reasons_for_exemptions", "without its reason", added(2, "# NBVAL_SKIP")),
    (
        "gives_reasons_for_exemptions",
        "without its reason",
        added(2, "# NBVAL_IGNORE_OUTPUT\n# not compared: random"),
    ),
    (
        "gives_reasons_for_exemptions",
        "3 cells are not compared",
        both(
            *(
                added(index, "# NBVAL_SKIP\n# not compared: it takes an hour")
                for index in (2, 4, SOLUTION)
            )
        ),
    ),
    ("tells_no_places", "'/home/a", added(1, "Look into /home/ann/field.")),
    ("tells_no_places", "'C:", added(1, r"Look into C:\field.")),
    ("tells_no_places", "'/tmp/f", added(2, "open('/tmp/field')")),
    ("tells_no_places", "index-url", added(1, "Use pip --index-url=… to get it.")),
    ("tells_no_places", "/simple", added(1, "See https://packages.example.org/pypi/simple/.")),
    ("tells_no_places", "'/root/x", output(2, said("saved as /root/x.png"))),
    ("tells_no_places", "'/work/y", output(2, pictured(text="see /work/y.png"))),
    ("tells_no_places", "'0x7f33ab12", output(2, said("<Sheep at 0x7f33ab12>"))),
    ("tells_no_places", "127.0.0.1", output(2, said("open http://127.0.0.1:6006"))),
    ("has_no_log_noise", "stderr", output(2, said("W tensorflow: noise", "stderr"))),
    (
        "has_no_errors",
        "ended in an error",
        output(2, v4.new_output("error", ename="KeyError", evalue="7", traceback=[])),
    ),
    ("has_a_head", "not a markdown cell", both(removed(0), removed(0))),
    ("has_a_head", "a title", replaced(0, "# 01", "01")),
    ("has_a_head", "a promise", replaced(0, "You will count", "- You will count")),
    ("has_a_head", "will do", replaced(0, "You will do", "Doing")),
    ("has_a_head", "will learn", replaced(0, "You will learn", "Learning")),
    ("has_a_head", "you need", replaced(0, "You need", "Bring")),
    ("has_a_head", "teaching minutes", replaced(0, "Teaching 10 minutes", "Not long")),
    ("has_a_head", "exercise minutes", replaced(0, "exercises 5 minutes", "and so on")),
    ("has_a_head", "measured run time", replaced(0, "-->3 s<!--", "--><!--")),
    ("has_a_head", "measured run time", replaced(0, "<!-- /measured -->", "")),
    ("has_a_head", "data and weights", replaced(0, "Data and weights:", "It is")),
    ("has_a_tail", "not a markdown cell", removed(-1)),
    ("has_a_tail", "a recap", replaced(-1, "- Sheep", "Sheep")),
    ("has_a_tail", "'On your own'", replaced(-1, "On your own", "Later")),
    ("has_a_tail", "sources", replaced(-1, "Sources", "Thanks to")),
    ("has_a_tail", "what comes next", replaced(-1, "Next", "Then")),
    ("has_working_links", "goats.ipynb", added(-1, "[goats](02_goats.ipynb)")),
    ("describes_its_pictures", "alt text is ''", output(2, pictured(alt=None))),
    ("describes_its_pictures", "alt text is ' '", output(2, pictured(alt=" "))),
    ("describes_its_pictures", "alt text is 'plot'", output(2, pictured("plot", "image/jpeg"))),
    ("describes_its_pictures", "alt text is ''", output(2, pictured(None, "image/svg+xml"))),
    ("describes_its_pictures", "alt text is ''", added(1, "![](https://example.org/a.png)")),
    ("describes_its_pictures", "<img>", added(1, "<img src='https://example.org/a.png'>")),
    ("describes_its_pictures", "<svg>", added(1, "<svg><path d='M0 0'/></svg>")),
    ("has_a_widget", "nothing to play with", output(4, pictured())),
    ("has_exercises", "2 exercises", lambda cells: cells.__delitem__(slice(5, 8))),
    ("has_whole_exercises", "not introduced", replaced(5, "### Exercise 1:", "Exercise:")),
    ("has_whole_exercises", "no `...`", replaced(EXERCISE, "...", "7")),
    ("has_whole_exercises", "no check", replaced(EXERCISE, "checks.sheep1.check", "print")),
    ("has_whole_exercises", "the way to checks.sheep1.hint", replaced(EXERCISE, "hint()", "")),
    ("has_whole_exercises", "saved as not attempted", output(EXERCISE, said("right: seven"))),
    ("has_whole_exercises", "not followed by its solution", removed(SOLUTION)),
    ("has_whole_exercises", "gives itself away", replaced(SOLUTION, "# A solution\n", "")),
    ("has_whole_exercises", "does not run", replaced(SOLUTION, "checks.sheep1", "checks.sheep2")),
    ("has_whole_exercises", "not make sheep1_s", replaced(SOLUTION, "sheep1_s", "my_s")),
    ("has_whole_exercises", "overwrites the learner's count", added(SOLUTION, "count = 7")),
    (
        "needs_what_the_manifest_names",
        "tagged needs-sheep",
        tagged(2, "needs-mnist", "needs-sheep"),
    ),
    ("has_whole_exercises", "not found right", output(SOLUTION, said("not yet: six"))),
    ("has_whole_exercises", "3 exercises and 2 solutions", tagged(SOLUTION)),
]


def test_each_flaw_is_found(tmp_path):
    unseen = []
    for rule, words, change in BROKEN:
        notebook = good()
        change(notebook.cells)
        if words not in "\n".join(complaints(written(notebook, tmp_path)).get(rule, [])):
            unseen.append((rule, words))
    assert not unseen
    with_their_own_test = {"is_valid", "is_small", "is_normalised", "has_run_from_top_to_bottom"}
    broken = {rule for rule, _, _ in BROKEN}
    assert broken | with_their_own_test == {rule.__name__ for rule in RULES}


def test_html_without_alt_is_found(tmp_path):
    notebook = good()
    shown = v4.new_output("display_data", data={"text/html": "<img src='data:image/png;base64,'>"})
    notebook.cells[2].outputs = [shown]
    assert "<img>" in complaints(written(notebook, tmp_path))["describes_its_pictures"][0]


def test_stripped_counts_are_found(tmp_path):
    notebook = good()
    assert "the count None, not 1" in str(complaints(written(notebook, tmp_path, count=False)))
    lesson = written(good(), tmp_path)
    lesson.cells[4].execution_count = 9
    assert "the count 9, not 2" in str(complaints(lesson)["has_run_from_top_to_bottom"])


def test_a_large_file_is_found(tmp_path):
    notebook = good()
    notebook.cells[2].outputs = [said("x" * 2_000_000)]
    assert "at most 2,000,000" in str(complaints(written(notebook, tmp_path))["is_small"])


def test_what_run_save_would_take_out_is_found(tmp_path):
    for change in (
        lambda notebook: notebook.metadata.update(widgets={"state": {}}),
        lambda notebook: (
            notebook.cells[4].outputs[0].data.update({widgets.VIEW: {"model_id": "7"}})
        ),
        lambda notebook: notebook.metadata.kernelspec.update(name="my-env"),
        lambda notebook: notebook.cells[2].metadata.update(execution={"iopub.status.busy": "now"}),
        lambda notebook: notebook.cells[2].metadata.update(collapsed=True),
        lambda notebook: notebook.cells[SOLUTION].metadata.update(jupyter={}),
    ):
        lesson = written(good(), tmp_path)
        change(lesson.notebook)
        notebooks.write(lesson.path, lesson.notebook)
        assert "is_normalised" in complaints(Lesson(lesson.path))
    lesson.path.write_text(nbformat.writes(notebooks.normalise(good()), indent=4))
    assert "is_normalised" in complaints(Lesson(lesson.path))


def test_a_solution_in_plain_sight_is_found(tmp_path):
    lesson = written(good(), tmp_path)
    lesson.cells[SOLUTION].metadata.pop("jupyter")
    assert "not folded away" in complaints(lesson)["has_whole_exercises"][0]


def test_an_invalid_notebook_is_found(tmp_path):
    lesson = written(good(), tmp_path)
    lesson.cells[2].pop("execution_count")
    assert "not a valid notebook" in next(is_valid(lesson))


def test_what_is_allowed_passes(tmp_path):
    for change in (
        added(2, "# NBVAL_IGNORE_OUTPUT\n# not compared: another number on every machine"),
        both(tagged(2, "raises-exception"), added(2, "# fails on purpose: shows a missing key")),
        added(1, "See [this](01_sheep.ipynb), [its goal](#goal), [web](https://x.org/home/a)."),
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
        assert complaints(written(notebook, tmp_path)) == {}
