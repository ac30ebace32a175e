"""Lesson 00 in JupyterLab: a neuron's knobs, turned by key; a check that answers."""

from lab import slide


def test_the_knobs_move_the_border_and_pictures_have_their_alt_text(lab, page):
    notebook = lab.open(page, "00_start_here.ipynb")
    notebook.run_all()
    page.locator(".jp-MarkdownCell img[alt^='Sixteen pictures of stained cells']").wait_for()
    right = "int(board.right(**knobs.values).sum())"
    before = notebook.value(right)
    cell = notebook.cell("knobs = widgets.explore(")
    picture = cell.locator("img[alt^='A map of']")
    assert f"the neuron has {before} right" in picture.get_attribute("alt")

    slide(cell, "Upper weight", presses=10)  # from 0.5 to 1
    notebook.wait_for("knobs.values['upper_weight']", 1.0)
    slide(cell, "Lower weight", presses=40, key="ArrowLeft")  # from 1 to -1
    notebook.wait_for("knobs.values['lower_weight']", -1.0)
    slide(cell, "Bias", presses=44)  # from -20 to 2
    notebook.wait_for("knobs.values['bias']", 2.0)

    after = notebook.wait_for(right, lambda right: right > before)
    cell.locator(f"img[alt*='the neuron has {after} right']").wait_for()
    verdict = "checks.knobs.verdict(tuple(knobs.values.values()), inputs, is_seven)"
    assert notebook.value(f"{verdict}.state") == "right"
    assert notebook.flaws() == []
