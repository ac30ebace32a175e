"""The style mixer of lesson 08, in JupyterLab, by keyboard."""

from lab import slide

from tools import notebooks

(LESSON,) = (path for path in notebooks.lessons() if path.stem.startswith("08"))
CELLS = [cell.source for cell in notebooks.read(LESSON).cells if cell.cell_type == "code"]
SET_UP = """
from helpers.styles import any_style, patterns

town, palace = photos.load("coffee"), photos.load("palace")
styles = {"waves": patterns.waves(), "strokes": patterns.strokes()}
composition, magenta = "strokes", any_style.load()
"""
FIRST = next(source for source in CELLS if "start(seed" in source)
MIXER = [source for source in CELLS if "PictureChoice(" in source or "paint_mixed," in source]


def test_styles_are_mixed_and_each_press_paints(lab, page):
    opened = lab.run_new(page, "\n".join([FIRST, SET_UP, *MIXER]))
    cell = opened.cell("explore(paint_mixed")
    slide(cell, "Share of two", presses=4)
    opened.wait_for("round(mixer.values['share'], 2)", 0.7)
    cell.get_by_alt_text("70% of strokes").wait_for()  # the last one stays
    keep = cell.get_by_role("checkbox")
    keep.focus()
    keep.press(" ")
    opened.wait_for("mixer.values['keep']", True)
    cell.locator("select").nth(0).select_option("the cat")
    cell.get_by_alt_text("the cat, in").wait_for()
    assert opened.flaws() == []
