"""The filter bench of lesson 03 in JupyterLab, by keyboard."""

from lab import choose

CELLS = (
    "from helpers import widgets\n"
    "from helpers.cells import filters\n"
    "photograph, bench = filters.photograph(), filters.NineNumbers()\n"
    "explorer = widgets.explore(\n"
    "    lambda chosen: filters.before_and_after(photograph, chosen),\n"
    "    alt=lambda chosen: filters.in_words(chosen),\n"
    "    chosen=bench,\n"
    ")",
)


def test_numbers_are_set(lab, page):
    opened = lab.run_new(page, *CELLS)
    cell = opened.cell("NineNumbers()")
    cells = len(opened.sources())
    choose(cell, "Filter", "Blur")
    opened.wait_for("bench.value.divide_by", 9.0)
    middle = cell.get_by_role("spinbutton", name="the pixel itself")
    middle.focus()
    middle.press("ArrowUp")
    opened.wait_for("bench.value.numbers[1][1]", 2.0)
    for key in ("Control+a", "-", "5", "Tab"):
        page.keyboard.press(key)
    opened.wait_for("bench.value.numbers[1][1]", -5.0)
    assert len(opened.sources()) == cells
    cell.get_by_role("img", name="the rows 1 1 1; 1 -5 1; 1 1 1").first.wait_for()
    assert opened.flaws() == []
