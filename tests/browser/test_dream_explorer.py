"""The dream explorer of lesson 07, in JupyterLab: sliders, choices, large pictures, Cancel."""

from lab import choose, slide

CELLS = [
    "from helpers.dreams.explorer import DreamExplorer\n"
    "from helpers.vision import backbones, photos\n"
    "seer = backbones.load('efficientnet_lite0', top=False)",
    "album = {name: photos.load(name, 600) for name in ('cat', 'coffee')}\n"
    "explorer = DreamExplorer(seer, album, layer='block4_expand_bn', preview=128, full=600)\n"
    "explorer.show()",
]
DONE = "explorer.said.value"


def test_it_dreams_while_one_looks_and_stops_when_told(lab, page):
    opened = lab.run_new(page, *CELLS)
    box = opened.cell("DreamExplorer(")
    box.get_by_role("img", name="cat, as block4_expand_bn dreams it.").wait_for()

    picture = "explorer.picture.tobytes().__hash__()"
    before = opened.value(picture)
    slide(box, "Strength", presses=2)
    opened.wait_for("explorer.controls['steps'].value", 10)
    opened.wait_for(picture, lambda now: now != before, seconds=60)
    opened.wait_for(DONE, lambda said: said.startswith("Done: 128"), seconds=60)

    choose(box, "Photograph", "coffee")
    box.get_by_role("img", name="coffee, as block4_expand_bn dreams it.").wait_for(timeout=60_000)
    opened.wait_for(DONE, lambda said: said.startswith("Done"), seconds=60)

    slide(box, "Strength", presses=14)
    opened.wait_for("(explorer.controls['steps'].value, explorer.cancel.disabled)", (24, True), 60)
    large = box.get_by_role("button", name="Dream it large")
    large.focus()
    large.press("Enter")
    box.get_by_role("button", name="Cancel").click(timeout=60_000)  # as soon as it can be
    opened.wait_for(DONE, lambda said: said.startswith("Stopped after"), seconds=60)
    assert opened.value("explorer.picture.shape") == (400, 600, 3)
    opened.wait_for("explorer.cancel.disabled")
    assert opened.flaws() == []
