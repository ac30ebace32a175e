"""The harness itself, on a small notebook of its own."""

import pytest
from lab import LabError, drag, draw, find_chromium, slide

CELLS = [
    "import ipywidgets, anywidget, traitlets",
    "depth = ipywidgets.IntSlider(3, 0, 10, description='depth')\ndepth",
    "clicks = []\n"
    "button = ipywidgets.Button(description='Train')\n"
    "button.on_click(lambda _: clicks.append(1))\nbutton",
    '''class Pad(anywidget.AnyWidget):
    points = traitlets.List().tag(sync=True)
    _esm = """export default { render({ model, el }) {
        const pad = document.createElement("canvas"); el.append(pad);
        pad.addEventListener("pointermove", e => { if (!e.buttons) return;
            model.set("points", [...model.get("points"), [e.offsetX, e.offsetY]]);
            model.save_changes(); }); } }"""
pad = Pad()
pad''',
]


def test_widgets_move_by_key_and_by_mouse(lab, page):
    notebook = lab.run_new(page, *CELLS)

    cell = notebook.cell("IntSlider")
    slide(cell, "depth", presses=2)
    notebook.wait_for("depth.value", 5)
    drag(cell, "depth", 0.9)
    notebook.wait_for("depth.value", 9)

    notebook.cell("Button(").get_by_role("button", name="Train").click()
    notebook.wait_for("len(clicks)", 1)

    draw(notebook.cell("Pad(").locator("canvas"), [[(0.1, 0.1), (0.5, 0.5), (0.9, 0.1)]])
    notebook.wait_for("len(pad.points)", lambda n: n >= 5)


def test_a_failing_cell_fails_the_test(lab, page):
    with pytest.raises(AssertionError, match="division by zero"):
        lab.run_new(page, "1 / 0")


def test_a_chromium_is_named_or_found_or_asked_for(monkeypatch, tmp_path):
    program = tmp_path / "google-chrome"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CHROMIUM", str(program))
    assert find_chromium("own") == str(program)
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "nowhere"))
    with pytest.raises(LabError, match="nowhere"):
        find_chromium("own")
    monkeypatch.delenv("CHROMIUM")
    assert find_chromium("own") == str(program)
    program.rename(tmp_path / "own")
    assert find_chromium(str(tmp_path / "own")) == str(tmp_path / "own")
    with pytest.raises(LabError, match="apt-get install chromium"):
        find_chromium(str(tmp_path / "missing"))
