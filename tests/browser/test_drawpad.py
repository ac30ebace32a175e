"""The draw pad of lesson 01 in JupyterLab: by mouse, by touch, by keyboard, and with samples."""

import pytest
from lab import draw
from strokes import DIGITS

CELL = """\
from helpers import assets
from helpers.digits import mnist
from helpers.digits.drawpad import DrawPad
from tools import notebooks

reader = notebooks.taught("01").build_cnn()
reader.load_weights(assets.path("mnist-cnn"))
_, (x_test, y_test) = mnist.load()
pad = DrawPad(lambda digit: reader(mnist.scaled(digit, (28, 28, 1)))[0].numpy(), x_test[:3])
pad.show()
"""
GUESS = "(max(range(10), key=pad.probabilities.__getitem__) if pad.probabilities else None)"


def open_pad(lab, page):
    """Run a notebook that has nothing but the pad; return (notebook, the pad's box on the page)."""
    opened = lab.run_new(page, CELL)
    return opened, opened.cell("DrawPad").locator(".drawpad")


@pytest.fixture
def pad(lab, page):
    return open_pad(lab, page)


def test_it_reads_while_the_line_grows_and_the_bars_show_what(pad):
    notebook, box = pad
    area, mouse = box.locator(".pad").bounding_box(), box.page.mouse
    mouse.move(area["x"] + 140, area["y"] + 40)
    mouse.down()
    mouse.move(area["x"] + 130, area["y"] + 220, steps=20)
    notebook.wait_for(GUESS, lambda guess: guess is not None)
    assert notebook.value("pad.sample") is None
    mouse.up()
    box.get_by_role("button", name="Undo").click()
    draw(box.locator(".pad"), DIGITS[7])
    notebook.wait_for(GUESS, 7)
    box.get_by_text("I read a 7").wait_for()
    seven = box.get_by_role("meter", name="Probability of 7")
    assert float(seven.get_attribute("aria-valuenow")) > 0.9
    assert seven.locator("div").bounding_box()["width"] > 150
    assert box.locator(".best").count() == 1
    assert notebook.flaws() == []


def test_by_keyboard_alone_drawn_or_from_samples(pad):
    notebook, box = pad
    sample = box.get_by_role("button", name="Show a sample")
    for number in (1, 2, 0):
        sample.focus()
        sample.press("Enter")
        notebook.wait_for("pad.sample", number)
        assert notebook.value(f"bool({GUESS} == y_test[{number}])")
    keyboard, cells = box.page.keyboard, len(notebook.sources())
    box.locator(".pad").focus()
    for key, times in [("ArrowUp", 9), (" ", 1), ("ArrowDown", 18), (" ", 1)]:
        for _ in range(times):
            keyboard.press(key)
    notebook.wait_for(GUESS, 1)
    assert notebook.value("(len(pad.strokes), pad.sample)") == (1, None)
    for key in ("ArrowLeft", " ", "ArrowUp", " ", "d", "d", "a"):  # keys that Lab would act on
        keyboard.press(key)
    notebook.wait_for("len(pad.strokes)", 2)
    keyboard.press("Backspace")
    notebook.wait_for("len(pad.strokes)", 1)
    keyboard.press("Escape")
    notebook.wait_for("pad.strokes", [])
    assert len(notebook.sources()) == cells


def test_drawing_by_touch(lab, browser):
    context = browser.new_context(has_touch=True, viewport={"width": 900, "height": 900})
    notebook, box = open_pad(lab, context.new_page())
    canvas = box.locator(".pad")
    canvas.scroll_into_view_if_needed()
    area, fingers = canvas.bounding_box(), context.new_cdp_session(box.page)

    def touch(kind, *point):
        points = [{"x": area["x"] + x * 280, "y": area["y"] + y * 280} for x, y in point]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for stroke in DIGITS[4]:
        touch("touchStart", stroke[0])
        for point in stroke[1:]:
            touch("touchMove", point)
        touch("touchEnd")
    notebook.wait_for("len(pad.strokes)", 2)
    notebook.wait_for(GUESS, 4)
    context.close()
