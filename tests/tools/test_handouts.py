"""Handouts and slides: what leaves, what stays, what a copy needs to run, from lessons and toys."""

import copy
import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from helpers import exercises
from helpers.exercises import ExerciseError
from tools import handouts, notebooks, running
from tools.handouts import HandoutError

LESSONS = sorted(handouts.NOTEBOOKS.glob("*.ipynb"))
HEAD = "# 97 · A toy\n\nSee [the data](../data/toys.md), and lesson [98](98_next.ipynb)."
SETUP = (
    "from helpers.checks import start as checks\nimport numpy as np\n"
    "x = np.repeat(np.eye(2), 10, axis=0)"
)
CHECK = "checks.knobs.check(knobs, x, truth)"


def markdown(source):
    return nbformat.v4.new_markdown_cell(source)


def code(source, *tags):
    said = nbformat.v4.new_output("stream", name="stdout", text="said\n")
    return nbformat.v4.new_code_cell(
        source, execution_count=1, outputs=[said], metadata={"tags": list(tags)} if tags else {}
    )


def lesson(*after, exercise=f"knobs = ...\n{CHECK}", solution=f"knobs = (1, -1, 0)\n{CHECK}"):
    """A lesson with one exercise: tell ten points on the right from ten above."""
    cells = [
        markdown(HEAD),
        code(f"{SETUP}\ntruth = x[:, 0] > 0"),
        markdown("### Exercise 1: say yes"),
        code(exercise, "exercise"),
        code(f"# One of many\n{solution}", "solution"),
        markdown("And on."),
        *(code(source) for source in after),
    ]
    return notebooks.normalise(nbformat.v4.new_notebook(cells=cells))


def sources(notebook):
    return [cell.source for cell in notebook.cells]


# What leaves and what stays


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_copy_of_a_lesson_has_all_but_outputs_and_solutions(path):
    whole = notebooks.read(path)
    before = copy.deepcopy(whole)
    made = handouts.learners_copy(whole, path.stem)
    assert whole == before, "the lesson itself stays as it is"
    nbformat.validate(made)
    assert made.cells[1].source == handouts.NOTE
    solved = [cell for cell in whole.cells if handouts._is(cell, "solution")]
    assert solved
    kept = [cell.source for cell in whole.cells if cell not in solved]
    assert [one for one in sources(made) if ".go_on(" not in one and one != handouts.NOTE] == kept
    for cell in made.cells:
        assert not handouts._is(cell, "solution")
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
    told = "\n".join(sources(made))
    for cell in solved:
        assert cell.source not in told


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_copy_of_a_lesson_needs_no_name_that_nobody_binds(path):
    made = handouts.learners_copy(notebooks.read(path), path.stem)
    given = {name for cell in made.cells if cell.cell_type == "code" for name in bound(cell)}
    read = {name for cell in made.cells if cell.cell_type == "code" for name in unbound(cell)}
    assert read - given <= {"display", "get_ipython", *dir(__builtins__), *__builtins__}
    for cell in made.cells:
        if found := re.search(r'checks\.(\w+)\.go_on\("(\w+)"', cell.source):
            assert "checks." in exercises._solution(found[2], found[1])


def bound(cell):
    """What a cell binds; for a cell that goes on, what its first line promises."""
    if found := re.search(r"needs (.*) from here on.*\n.*\.go_on", cell.source):
        return set(found[1].split(" and "))
    return handouts._names(cell.source)[0]


def unbound(cell):
    return handouts._names(cell.source)[1]


def test_a_solution_that_nothing_needs_leaves_without_a_trace():
    made = handouts.learners_copy(lesson("knobs = 3\nprint(knobs)", "print(x)"), "97_toy")
    assert not any("go_on" in source for source in sources(made))
    assert "And on." in sources(made)


def test_a_text_that_only_introduces_the_solution_leaves_with_it():
    whole = lesson()
    whole.cells.insert(4, markdown("Here is one way."))
    assert "Here is one way." not in sources(handouts.learners_copy(whole, "97_toy"))


@pytest.mark.parametrize(
    ("after", "needed"),
    [
        ("print(knobs)", True),
        ("knobs += 1", True),
        ("knobs = knobs[:2]", True),
        ("def use():\n    return knobs", True),
        ("class Use:\n    mine = knobs", True),
        ("[knobs for _ in range(3)]", True),
        ("%time print(knobs)", True),
        ("for one in range(3):\n    print(knobs, one)", True),
        ("knobs = 1\nprint(knobs)", False),
        ("for knobs in range(3):\n    print(knobs)", False),
        ("def use(knobs):\n    return knobs", False),
        ("def use():\n    knobs = 1\n    return knobs", False),
        ("[knobs for knobs in range(3)]", False),
        ("def knobs(n):\n    return knobs(n - 1)", False),
        ("import numpy as knobs", False),
    ],
)
def test_a_name_is_needed_where_it_is_read_before_it_is_bound_anew(after, needed):
    assert handouts.needs(lesson(after)) == ({4: ["knobs"]} if needed else {})


def test_a_solution_that_a_needed_one_reads_is_needed_too():
    whole = lesson("print(twice)")
    again = "checks.knobs.check(twice, x, truth)"
    whole.cells[6:6] = [
        code(f"twice = ...\n{again}", "exercise"),
        code(f"twice = knobs\n{again}", "solution"),
    ]
    assert handouts.needs(whole) == {4: ["knobs"], 7: ["twice"]}


def test_an_exercise_with_two_checks_says_why_it_cannot_be_handed_out():
    whole = lesson("print(knobs)", exercise=f"knobs = ...\n{CHECK}\n{CHECK}")
    with pytest.raises(HandoutError, match="97_toy needs what an exercise builds, which has 2"):
        handouts.learners_copy(whole, "97_toy")


# What runs


def run_copy(tmp_path, monkeypatch, whole):
    """Run the learner's copy of `whole` in a kernel that finds `whole` where lessons are."""
    monkeypatch.setattr(exercises, "NOTEBOOKS", tmp_path)
    notebooks.write(tmp_path / "97_toy.ipynb", whole)
    made = handouts.learners_copy(whole, "97_toy")
    place = (
        "import pathlib\nfrom helpers import exercises\n"
        f"exercises.NOTEBOOKS = pathlib.Path({str(tmp_path)!r})"
    )
    made.cells.insert(0, nbformat.v4.new_code_cell(place))
    result = running.execute(made, tmp_path)
    assert result.ok, result.error
    return [
        "".join(output.get("text", "") for output in cell.outputs)
        for cell in made.cells
        if cell.cell_type == "code"
    ]


def test_a_copy_goes_on_with_an_answer_of_the_lesson_s_where_one_is_open(tmp_path, monkeypatch):
    said = run_copy(tmp_path, monkeypatch, lesson("print(knobs)"))
    assert "not attempted" in said[2]
    assert "still open: the lesson goes on with an answer of its own" in said[3]
    assert "right" not in said[3].replace("is right, run", "")
    assert said[4] == "(1, -1, 0)\n"


def test_a_copy_goes_on_with_a_learner_s_right_answer(tmp_path, monkeypatch):
    whole = lesson("print(knobs)", exercise=f"knobs = (2, -2, 0)\n{CHECK}")
    said = run_copy(tmp_path, monkeypatch, whole)
    assert "right" in said[2]
    assert "the lesson goes on with your answer" in said[3]
    assert said[4] == "(2, -2, 0)\n"


def test_a_copy_of_lesson_00_runs_from_top_to_bottom(tmp_path):
    path = LESSONS[0]
    made = handouts.learners_copy(notebooks.read(path), path.stem)
    result = running.execute(made, tmp_path)
    assert result.ok, result.error
    (asked,) = (cell for cell in made.cells if handouts._is(cell, "exercise"))
    assert "not attempted" in asked.outputs[0].text


def test_a_lesson_that_is_gone_or_another_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(exercises, "NOTEBOOKS", tmp_path)
    with pytest.raises(ExerciseError, match="97_toy isn't to be read"):
        exercises._solution("97_toy", "knobs")
    notebooks.write(tmp_path / "97_toy.ipynb", lesson())
    assert "(1, -1, 0)" in exercises._solution("97_toy", "knobs")
    with pytest.raises(ExerciseError, match="no exercise 'wheels': make the handout anew"):
        exercises._solution("97_toy", "wheels")


# The folders


@pytest.fixture
def toys(tmp_path):
    """A folder of two lessons and what they link to."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "toys.md").write_text("Toys.")
    for name in ("97_toy", "98_next"):
        notebooks.write(folder / f"{name}.ipynb", lesson())
    return folder


def test_both_folders_are_whole(toys, tmp_path):
    made = handouts.handout(toys, tmp_path / "build")
    for reader in ("learners", "instructors"):
        for link in ("../data/toys.md", "98_next.ipynb", "97_toy.ipynb", "../LICENSE-lessons"):
            assert (made / reader / "notebooks" / link).is_file(), link
    name = "97_toy.ipynb"
    assert (made / "instructors/notebooks" / name).read_bytes() == (toys / name).read_bytes()
    assert "(1, -1, 0)" not in (made / "learners/notebooks" / name).read_text()


def test_a_new_handout_replaces_that_of_before_and_a_failed_one_does_not(toys, tmp_path):
    build = tmp_path / "build"
    handouts.handout(toys, build)
    (toys / "98_next.ipynb").unlink()
    made = handouts.handout(toys, build)
    assert [path.name for path in (made / "learners/notebooks").iterdir()] == ["97_toy.ipynb"]
    (toys / "97_toy.ipynb").write_text("{")
    with pytest.raises(notebooks.LessonError):
        handouts.handout(toys, build)
    assert (made / "learners/notebooks/97_toy.ipynb").is_file()
    assert [path.name for path in build.iterdir()] == ["handout"], "nothing half-made is left"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_what_the_lessons_link_to_is_in_the_handout(path, handed_out):
    for reader in ("learners", "instructors"):
        folder = handed_out / reader / "notebooks"
        for cell in notebooks.read(folder / path.name).cells:
            for _, link in handouts.LINK.findall(cell.source * (cell.cell_type == "markdown")):
                if not handouts.EXTERNAL.match(link):
                    assert (folder / link.partition("#")[0]).exists(), link


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    return handouts.handout(build=tmp_path_factory.mktemp("build"))


# Slides


def slides_of(*cells):
    page = handouts.deck(nbformat.v4.new_notebook(cells=list(cells)), "97_toy")
    return BeautifulSoup(page, "html.parser").find_all("section")


def test_a_heading_starts_a_slide_and_so_does_a_text_after_code():
    slides = slides_of(
        markdown("# A toy\n\n## One\n\nFirst."),
        markdown("More of the first."),
        code("1 + 1"),
        code("2 + 2"),
        markdown("Now?\n```\n# no heading\n```"),
        markdown("### Two"),
    )
    assert [slide.get_text(" ", strip=True).split("¶")[0].strip() for slide in slides] == [
        "A toy",
        "One",
        "Now? # no heading",
        "Two",
    ]
    assert "More of the first" in slides[1].text
    assert len(slides[1].select(".jp-CodeCell")) == 2


def test_a_lesson_that_begins_with_code_begins_with_a_slide():
    assert len(slides_of(code("1"), markdown("Two."))) == 2


def test_links_lead_to_other_slides_or_away_or_are_text():
    (slide,) = slides_of(
        markdown("[01](01_a.ipynb), [cards](../data/cards), [a](https://example.org) and [b](#c).")
    )
    targets = [link["href"] for link in slide.select("p a")]
    assert targets == ["01_a.html", "https://example.org", "#c"]
    assert "cards" in slide.text


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_slides_ask_for_nothing_else(path):
    page = BeautifulSoup(handouts.deck(notebooks.read(path), path.stem), "html.parser")
    for name in ("src", "href", "data", "poster", "srcset"):
        for element in page.find_all(attrs={name: True}):
            if element.name != "a":
                assert element[name].startswith("data:"), element.name
    for style in page.find_all("style"):
        assert not re.search(r"url\(\s*['\"]?(?!data:|['\"]?#)\w+:|@import", style.text)
    assert not page.select(".celltag_exercise .jp-OutputArea-output"), (
        "'not attempted' says nothing"
    )


def test_slides_are_written_one_file_a_lesson(toys, tmp_path):
    folder = handouts.slides([toys / "97_toy.ipynb"], tmp_path / "build")
    assert [path.name for path in folder.iterdir()] == ["97_toy.html"]
