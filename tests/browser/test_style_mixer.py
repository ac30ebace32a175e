"""The style mixer of lesson 08, in JupyterLab: by keyboard, by mouse, with a file of one's own."""

from lab import choose, slide, upload

from helpers import images
from helpers.styles import patterns

CELL = """
from skimage import data

from helpers.styles import any_style, patterns
from helpers.styles.mixer import StyleMixer

styles = {"waves": patterns.waves(), "strokes": patterns.strokes()}
mixer = StyleMixer(any_style.load(), {"a cat": data.chelsea(), "a cup": data.coffee()}, styles)
mixer.show()
"""


def test_styles_are_mixed_by_keyboard_and_own_pictures_taken(lab, page, tmp_path):
    opened = lab.run_new(page, CELL)
    cell = opened.cell("StyleMixer(")
    picture = cell.locator(".widget-html img")
    picture.wait_for()
    before = picture.get_attribute("src")

    slide(cell, "Share of two", presses=4)
    opened.wait_for("round(mixer.controls['share'].value, 2)", 0.7)
    cell.get_by_alt_text("70% as strokes").wait_for()  # each press paints, and the last one stays
    assert picture.get_attribute("src") != before

    keep = cell.get_by_role("checkbox")
    keep.focus()
    keep.press(" ")
    opened.wait_for("mixer.controls['keep'].value", True)
    opened.wait_for("'in its own colours' in mixer.alt", True)

    choose(cell, "Photograph", "a cup")
    opened.wait_for("mixer.controls['photograph'].value", "a cup")
    cell.get_by_alt_text("a cup, painted").wait_for()

    images.write(tmp_path / "mine.png", patterns.stained_glass(80))
    upload(cell, tmp_path / "mine.png", 1)
    opened.wait_for("mixer.controls['one'].value", "mine.png")
    (tmp_path / "bad.png").write_text("no picture")
    upload(cell, tmp_path / "bad.png")
    cell.get_by_text("bad.png is not a picture").wait_for()
    opened.wait_for("mixer.controls['photograph'].value", "a cup")
    assert opened.flaws() == []
