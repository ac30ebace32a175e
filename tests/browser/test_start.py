"""Lesson 00 in JupyterLab: a neuron's knobs, turned by key and by mouse; a check that answers."""

from lab import drag, slide


def test_the_knobs_move_the_border(lab, page):
    notebook = lab.open(page, "00_start_here.ipynb")
    notebook.run_all()
    before = notebook.value("knobs.right")
    cell = notebook.cell("widgets.show(knobs")
    picture = cell.locator("img[alt^='A map of']")
    assert f"the neuron has {before} right" in picture.get_attribute("alt")

    slide(cell, "Upper weight", presses=10)  # from 0.5 to 1
    notebook.wait_for("knobs.values[0]", 1.0)
    drag(cell, "Lower weight", 0.25)
    notebook.wait_for("-1.3 < knobs.values[1] < -0.7", True)
    slide(cell, "Bias", presses=44)  # from -20 to 2
    notebook.wait_for("knobs.values[2]", 2.0)

    after = notebook.wait_for("knobs.right", lambda right: right > before)
    cell.locator(f"img[alt*='the neuron has {after} right']").wait_for()
    notebook.value("checks.knobs.check(knobs.values, inputs, is_seven)")
    assert notebook.value("checks.knobs.verdict(knobs.values, inputs, is_seven).state") == "right"


def test_pictures_have_their_alt_text(lab, page):
    notebook = lab.open(page, "00_start_here.ipynb")
    notebook.run_all()
    picture = notebook.cell("gallery.show()").locator(".jp-OutputArea-output img")
    assert picture.get_attribute("alt").startswith("Cards of the lessons")
