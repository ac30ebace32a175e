"""Slides: where one starts, where links lead, and that a page asks for nothing else."""

import re

import nbformat
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tools import notebooks, slides


def slides_of(*cells):
    page = slides.deck(nbformat.v4.new_notebook(cells=list(cells)), "97_toy")
    return BeautifulSoup(page, "html.parser").find_all("section")


def test_a_heading_starts_a_slide_and_so_does_a_text_after_code():
    found = slides_of(
        new_markdown_cell("# A toy\n\n## One\n\nFirst."),
        new_markdown_cell("More of the first."),
        new_code_cell("1 + 1"),
        new_code_cell("2 + 2"),
        new_markdown_cell("Now?\n```\n# no heading\n```"),
        new_markdown_cell("### Two"),
    )
    starts = [slide.get_text(" ", strip=True).split("¶")[0].strip() for slide in found]
    assert starts == ["A toy", "One", "Now? # no heading", "Two"]
    assert "More of the first" in found[1].text
    assert len(found[1].select(".jp-CodeCell")) == 2
    assert len(slides_of(new_code_cell("1"), new_markdown_cell("Two."))) == 2  # begins with code


def test_links_lead_to_other_slides_or_away_or_are_text():
    text = "[01](01_a.ipynb), [cards](../data/cards), [a](https://example.org) and [b](#c)."
    (slide,) = slides_of(new_markdown_cell(text))
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
    said = [new_output("stream", text="not attempted")]
    exercise = new_code_cell("my_x = ...", outputs=said, metadata={"tags": ["exercise"]})
    toy = nbformat.v4.new_notebook(cells=[new_markdown_cell("# A toy, $x^2$"), exercise])
    notebooks.write(tmp_path / "97_toy.ipynb", toy)
    folder = slides.write([tmp_path / "97_toy.ipynb", notebooks.lessons()[0]], tmp_path / "build")
    assert sorted(path.name for path in folder.iterdir()) == ["00_start_here.html", "97_toy.html"]
    for path in folder.iterdir():
        assert list(asks_for(path.read_text("utf-8"))) == []
