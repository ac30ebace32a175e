"""`helpers.widgets.show`: one output that is live in JupyterLab and a picture everywhere else."""

import asyncio
import base64
import io

import ipywidgets
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbformat import v4
from PIL import Image

from helpers import images, widgets
from tools.notebooks import normalise
from tools.running import page

ALT = "A grey field without sheep."
PICTURE = np.full((20, 30, 3), 120, "uint8")


@pytest.fixture
def shown(monkeypatch):
    """A function that shows a slider and gives the output: slider, data, metadata."""
    outputs = []
    monkeypatch.setattr(
        widgets, "display", lambda data, raw, metadata: outputs.append((data, metadata))
    )

    def show(picture, alt=ALT):
        slider = ipywidgets.IntSlider(description="Width")
        widgets.show(slider, picture, alt)
        return slider, *outputs.pop()

    return show


def figure():
    drawn = Figure(figsize=(1, 1))
    drawn.subplots().plot([1, 2])
    return drawn


def png_file():
    buffer = io.BytesIO()
    Image.fromarray(PICTURE).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "picture",
    [PICTURE, PICTURE[..., 0], figure(), png_file()],
    ids=["colour", "grey", "figure", "file"],
)
def test_every_kind_of_picture_becomes_a_png(shown, picture):
    _, data, _ = shown(picture)
    encoded = data["image/png"]
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).format == "PNG"


def test_one_output_carries_widget_picture_and_constant_text(shown):
    slider, data, metadata = shown(PICTURE)
    assert data[widgets.VIEW]["model_id"] == slider.model_id
    assert metadata["image/png"]["alt"] == ALT
    assert data["text/plain"] == shown(figure())[1]["text/plain"]


def test_a_picture_without_words_is_refused():
    with pytest.raises(ValueError, match="say in a sentence"):
        widgets.show(ipywidgets.IntSlider(), PICTURE, alt=" ")


def test_without_the_widget_view_an_exported_page_shows_the_picture(shown):
    _, data, metadata = shown(PICTURE)
    output = v4.new_output("display_data", data=data, metadata=metadata)
    cell = v4.new_code_cell("widget", execution_count=1, outputs=[output])
    exported = page(normalise(v4.new_notebook(cells=[cell])), "a lesson")
    assert data["image/png"][:40] in exported
    assert ALT in exported
    assert "widget-view" not in exported


def say(**values):
    return f"It stands at {values}."


def test_an_explorer_draws_what_its_controls_say_and_tells_what_cannot_be(shown, monkeypatch):
    def draw(width):
        if width > 5:
            raise ValueError("<Too> wide.")
        return np.full((10, 2 * width, 3), 120, "uint8")

    explorer = widgets.Explorer(draw, say, width=ipywidgets.IntSlider(3))
    assert explorer.picture.shape == (10, 6, 3) and "It stands at" in explorer._shown.value
    explorer.controls["width"].value = 5
    assert explorer.picture.shape == (10, 10, 3)
    explorer.controls["width"].value = 6
    assert "&lt;Too&gt; wide." in explorer._shown.value and explorer.picture.shape == (10, 10, 3)
    with monkeypatch.context() as patch:
        stills = []
        patch.setattr(widgets, "show", lambda _, picture, alt: stills.append((picture, alt)))
        shown_one = widgets.explore(draw, say, width=ipywidgets.IntSlider(2))
    assert stills == [(shown_one.picture, "It stands at {'width': 2}.")]


def test_a_long_drawing_leaves_the_kernel_free_and_ends_when_a_control_moves():
    def draw(count, large=False):
        for number in range(count):
            if number == 7:
                raise TypeError("seven")
            yield None if number % 2 else np.full((4, 4, 3), number + 100 * large, "uint8")

    control = ipywidgets.IntSlider(5)
    explorer = widgets.Explorer(draw, say, count=control)
    assert explorer.picture.max() == 4

    async def play():
        control.value = 6
        await asyncio.sleep(0)
        control.value = 4  # ends the first one
        await asyncio.wait([explorer._task])
        assert explorer.picture.max() == 2
        explorer.redraw(large=True)
        await asyncio.wait([explorer._task])
        assert explorer.picture.max() == 102
        explorer.redraw(large=True)
        await asyncio.sleep(0)
        explorer.stop()
        control.value = 9
        await asyncio.wait([explorer._task])
        assert "stopped with TypeError: seven" in explorer._shown.value

    asyncio.run(play())


def test_an_uploaded_picture_is_chosen_and_what_is_none_is_told():
    choice = widgets.PictureChoice({"grey": PICTURE, "black": PICTURE * 0}, "Picture", "black")
    seen = [choice.value]
    choice.observe(lambda change: seen.append(change["new"]), "value")

    def upload(name, content):
        choice._uploaded({"new": ({"name": name, "content": memoryview(content)},)})

    upload("mine.png", png_file())
    upload("mine.png", images.encode(PICTURE // 2))
    upload("<text>.png", b"no picture")
    assert seen == ["black", "mine.png", "mine.png (2)"]
    assert choice.pictures["mine.png (2)"].max() == 60
    assert "&lt;text&gt;.png is not a picture" in choice.said.value
    upload("empty.png", b"")
    assert "empty.png" in choice.said.value and choice.value == "mine.png (2)"
    choice.value = "grey"
    assert choice._names.value == "grey"
