"""Handouts: what leaves, what stays, what a copy needs to run, from all lessons and from a toy."""

import sys

import nbformat
import pytest
from programs import ran

from tools import handouts, notebooks, running
from tools.handouts import HandoutError

HEAD = "# 97 · A toy\n\nSee [the data](../data/toys), and lesson [98](98_next.ipynb)."
TABLE = """\
| [97 Toy](notebooks/97_toy.ipynb) | 1 s |
| [98 Next](notebooks/98_next.ipynb) | 1 s |
| [![a toy](docs/toy.jpg)](notebooks/97_toy.ipynb) |
"""


def lesson(head=HEAD):
    """A lesson with one exercise."""
    said = nbformat.v4.new_output("stream", name="stdout", text="said\n")
    cells = [
        nbformat.v4.new_code_cell(source, execution_count=1, outputs=[said], metadata=metadata)
        for source, metadata in (
            ("x = 1", {"tags": ["taught"]}),
            ("my_knobs = ...", {"tags": ["exercise"]}),
            ("knobs_solution = (1, -1, 0)", {"tags": ["solution"]}),
            ("print(my_knobs)", {}),
        )
    ]
    head = nbformat.v4.new_markdown_cell(head)
    return notebooks.normalise(nbformat.v4.new_notebook(cells=[head, *cells]))


@pytest.fixture
def toys(tmp_path):
    """A workshop of two lessons, what they link to, and what lies about in such a folder."""
    for name, text in {
        "README.md": TABLE,
        "data/toys/card.md": "Toys.",
        "data/toys/.env": "TOKEN=secret",
        "notebooks/97_toy-Copy1.ipynb": "{}",
        "notebooks/97_toy_old.ipynb": "{}",
        "notebooks/Untitled.ipynb": "{}",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name in ("97_toy", "98_next"):
        notebooks.write(tmp_path / "notebooks" / f"{name}.ipynb", lesson())
    return tmp_path / "notebooks"


def test_both_folders_are_whole_and_replace_those_of_before_when_all_went_well(toys, tmp_path):
    build, name = tmp_path / "build", "notebooks/97_toy.ipynb"
    made = handouts.handout(toys, build)
    for reader in ("learners", "instructors"):
        found = {str(path.relative_to(made / reader)) for path in (made / reader).rglob("*.*")}
        assert found == {"data/toys/card.md", name, "notebooks/98_next.ipynb"}
        assert (made / reader / "LICENSE-lessons").is_file()
    assert (made / "instructors" / name).read_bytes() == (tmp_path / name).read_bytes()
    copy = notebooks.read(made / "learners" / name)  # all but outputs and solutions
    sources = [cell.source for cell in copy.cells]
    assert sources == [HEAD, handouts.NOTE, "x = 1", "my_knobs = ...", "print(my_knobs)"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in copy.cells)
    (toys / "98_next.ipynb").unlink()
    made = handouts.handout(toys, build)
    assert [path.name for path in (made / "learners/notebooks").iterdir()] == ["97_toy.ipynb"]
    (toys / "97_toy.ipynb").write_text("{")
    with pytest.raises(notebooks.LessonError):
        handouts.handout(toys, build)
    assert (made / "learners" / name).is_file()
    assert [path.name for path in build.iterdir()] == ["handout"], "nothing half-made is left"


def test_a_link_that_leads_nowhere_is_one_sentence(toys, tmp_path):
    for link in ("![a cat](gone.png)", "[a](../data/gone.md)", '![](x%20y.png "a")', "[b](../..)"):
        notebooks.write(toys / "98_next.ipynb", lesson(f"# Toy\n\n{link}"))
        with pytest.raises(HandoutError, match=r"98_next\.ipynb links to \S+.*no such file"):
            handouts.handout(toys, tmp_path / "build")


# The workshop's own lessons


@pytest.fixture(scope="module")
def learners(tmp_path_factory):
    """The learners' copies of all lessons, in a folder with what they link to."""
    return handouts.handout(build=tmp_path_factory.mktemp("build")) / "learners" / "notebooks"


def test_a_copy_has_all_it_links_to_and_needs_no_name_that_only_a_solution_binds(learners):
    undefined = ("check", "--isolated", "--select=F821", "--output-format=concise")
    builtins = "--config=builtins=['get_ipython', 'display']"
    code, said = ran(sys.executable, "-m", "ruff", *undefined, builtins, learners)
    assert code == 0, said
    for path in notebooks.lessons():
        copy = notebooks.read(learners / path.name).cells
        assert len(notebooks.read(path).cells) > len(copy) - 1, "a lesson has a solution to hide"
        text = "\n".join(cell.source for cell in copy if cell.cell_type == "markdown")
        links = [link for _, link in handouts.LINK.findall(text)]
        inside = [link.split("#")[0] for link in links if not handouts.EXTERNAL.match(link)]
        assert [link for link in inside if not (learners / link).exists()] == []


@pytest.mark.slow
@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.stem)
def test_a_copy_runs_from_top_to_bottom_unanswered(learners, path):
    made = notebooks.read(learners / path.name)
    result = running.execute(made, learners)
    assert result.ok, result.error
    said = str([cell.outputs for cell in made.cells if cell.cell_type == "code"])
    assert "not attempted" in said and "– right" not in said
