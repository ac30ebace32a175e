"""The scene maker of lesson 05 in JupyterLab: things placed by mouse and by keyboard."""

from lab import choose

CELLS = [
    "from helpers.start import start\n"
    "start(seed=0)\n"
    "from helpers.captions import captioning\n"
    "from helpers.captions.scene_maker import SceneMaker\n"
    "from tools.notebooks import taught",
    "speaker = taught('05').trained('captioner', captioning.toy_vocabulary())",
    "maker = SceneMaker(speaker)\nmaker.show()",
]


def test_a_scene_is_composed_and_described(lab, page):
    opened = lab.run_new(page, *CELLS)
    cells = len(opened.sources())
    box = opened.cell("SceneMaker(speaker")
    scene = box.get_by_role("application", name="It is empty.")

    choose(box, "noun", "cat")
    choose(box, "colour", "red")
    scene.click(position={"x": 90, "y": 200})
    opened.wait_for("len(maker.things)", 1)
    opened.wait_for("maker.sentence != ''")
    opened.wait_for("'cat' in maker.sentence or 'kitten' in maker.sentence", seconds=30)

    choose(box, "noun", "boat")
    choose(box, "colour", "blue")
    scene = box.get_by_role("application")
    scene.focus()
    for key in [*["ArrowRight"] * 8, *["ArrowDown"] * 4, "Enter"]:
        scene.press(key)
    opened.wait_for("len(maker.things)", 2)
    assert opened.value("(maker.things[1]['x'], maker.things[1]['y'])") == (48, 40)
    opened.wait_for("'boat' in maker.sentence or 'ship' in maker.sentence", seconds=30)
    word = box.get_by_role("button", name="boat").or_(box.get_by_role("button", name="ship"))
    word.first.focus()
    box.get_by_role("status").filter(has_text="true").wait_for()

    choose(box, "place", "night")
    opened.wait_for("maker.scene.place", "night")
    scene.focus()
    scene.press("Backspace")
    opened.wait_for("len(maker.things)", 1)
    assert opened.flaws() == []
    box.get_by_role("button", name="Clear").press("Enter")
    opened.wait_for("maker.verdict", "Place something.")
    assert len(opened.sources()) == cells  # no key of the widget reached JupyterLab
