"""Slides: where one starts, where links lead, and that a page asks for nothing else."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from tools import notebooks, slides


def markdown(source):
    return nbformat.v4.new_markdown_cell(source)


def code(source, *tags):
    said = nbformat.v4.new_output("stream", name="stdout", text="said\n")
    picture = nbformat.v4.new_output(
        "display_data",
        data={"image/png": "iVBORw0KGgo=", "text/plain": "a dot"},
        metadata={"image/png": {"alt": "a dot"}},
    )
    return nbformat.v4.new_code_cell(
        source, execution_count=1, outputs=[said, picture], metadata={"tags": list(tags)}
    )


def slides_of(*cells):
    page = slides.deck(nbformat.v4.new_notebook(cells=list(cells)), "97_toy")
    return BeautifulSoup(page, "html.parser").find_all("section")


def test_a_heading_starts_a_slide_and_so_does_a_text_after_code():
    found = slides_of(
        markdown("# A toy\n\n## One\n\nFirst."),
        markdown("More of the first."),
        code("1 + 1"),
        code("2 + 2"),
        markdown("Now?\n```\n# no heading\n```"),
        markdown("### Two"),
    )
    assert [slide.get_text(" ", strip=True).split("¶")[0].strip() for slide in found] == [
        "A toy",
        "One",
        "Now? # no heading",
        "Two",
    ]
    assert "More of the first" in found[1].text
    assert len(found[1].select(".jp-CodeCell")) == 2
    assert len(slides_of(code("1"), markdown("Two."))) == 2  # a lesson that begins with code


def test_links_lead_to_other_slides_or_away_or_are_text():
    (slide,) = slides_of(
        markdown("[01](01_a.ipynb), [cards](../data/cards), [a](https://example.org) and [b](#c).")
    )
    targets = [link["href"] for link in slide.select("p a")]
    assert targets == ["01_a.html", "https://example.org", "#c"]
    assert "cards" in slide.text


def asks_for(page):
    """What a page would fetch, and what it shouldn't show."""
    page = BeautifulSoup(page, "html.parser")
    for name in ("src", "href", "data", "poster", "srcset"):
        for element in page.find_all(attrs={name: True}):
            if element.name != "a" and not element[name].startswith("data:"):
                yield f"{element.name} {element[name][:60]}"
    for style in page.find_all("style"):
        yield from re.findall(r"url\(\s*['\"]?(?!data:|['\"]?#)\w+:|@import", style.text)
    if page.select(".celltag_exercise .jp-OutputArea-output"):
        yield "an exercise's output: 'not attempted' says nothing"


def test_slides_ask_for_nothing_else(tmp_path):
    cells = [markdown("# A toy, $x^2$"), code("1"), code("my_x = ...", "exercise")]
    notebooks.write(tmp_path / "97_toy.ipynb", nbformat.v4.new_notebook(cells=cells))
    folder = slides.write([tmp_path / "97_toy.ipynb", notebooks.lessons()[0]], tmp_path / "build")
    assert sorted(path.name for path in folder.iterdir()) == ["00_start_here.html", "97_toy.html"]
    for path in folder.iterdir():
        assert list(asks_for(path.read_text("utf-8"))) == []


@pytest.mark.slow
def test_all_lessons_slides_ask_for_nothing_else():
    for path in notebooks.lessons()[1:]:
        assert list(asks_for(slides.deck(notebooks.read(path), path.stem))) == [], path.stem
