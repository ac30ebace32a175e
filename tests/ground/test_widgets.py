"""One output that is live in JupyterLab and a picture everywhere else; redrawing; progress."""

import asyncio
import base64
import io

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from helpers import figures, images, widgets

ALT = "A grey field without sheep."
PICTURE = np.full((20, 30, 3), 120, "uint8")


@pytest.fixture
def outputs(monkeypatch):
    """What is displayed: (data, metadata)."""
    shown = []
    monkeypatch.setattr(widgets, "display", lambda it, **how: shown.append((it, how["metadata"])))
    return shown


def figure():
    drawn, axes = figures.figure(size=(1, 1))
    axes.plot([1, 2])
    return drawn


def test_one_output_carries_widget_picture_and_constant_text(outputs):
    slider = ipywidgets.IntSlider(description="Width")
    for picture in (PICTURE, PICTURE[..., 0], images.encode(PICTURE), figure()):
        widgets.show(slider, picture, ALT)
        data, metadata = outputs.pop()
        assert Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).format == "PNG"
        assert metadata["image/png"]["alt"] == ALT
        assert data[widgets.VIEW]["model_id"] == slider.model_id
        assert data["text/plain"] == widgets.PLACEHOLDER
    assert metadata["image/png"]["width"] == 100
    with pytest.raises(ValueError, match="say in a sentence"):
        widgets.show(slider, PICTURE, alt=" ")
    widgets.show(slider, figures.Picture(PICTURE, f"Its own: {ALT}"))  # as what shows itself
    assert outputs.pop()[1]["image/png"]["alt"] == f"Its own: {ALT}"


def test_a_picture_in_html():
    photograph = np.random.default_rng(0).integers(0, 255, (20, 30, 3), "uint8")
    with_picture, axes = figures.figure(size=(1, 1))
    axes.imshow(photograph)
    for picture, width, wanted, layers in [
        (PICTURE, None, ("image/png", 'width="30"'), 1),
        (photograph, 60, ("image/jpeg", 'width="60"'), 1),
        (figure(), None, ("image/png", 'width="100"'), 1),
        (with_picture, None, ('width="100"', "clip-path:polygon(0 0,"), 2),  # for the dark theme
    ]:
        html = widgets.as_html(picture, 'a "grey" <field>', width)
        assert all(part in html for part in wanted) and html.count("<img") == layers
        assert 'alt="a &quot;grey&quot; &lt;field&gt;"' in html


def say(**values):
    return f"It stands at {values}."


def test_an_explorer_draws_what_its_controls_say_and_tells_what_cannot_be(outputs):
    def draw(width):
        if width > 5:
            raise ValueError("<Too> wide.")
        if width < 0:
            raise TypeError("negative")
        return np.full((10, 2 * width, 3), 120, "uint8")

    explorer = widgets.Explorer(draw, say, width=ipywidgets.IntSlider(3, min=-9))
    assert explorer.picture.shape == (10, 6, 3) and "It stands at" in explorer._shown.value
    explorer.controls["width"].value = 5
    assert explorer.picture.shape == (10, 10, 3)
    for wrong, said in [(6, ">&lt;Too&gt; wide.<"), (-1, "This stopped with TypeError: ")]:
        explorer.controls["width"].value = wrong
        assert said in explorer._shown.value and explorer.picture.shape == (10, 10, 3)
    widgets.explore(draw, say, width=ipywidgets.IntSlider(2))
    assert outputs[0][1]["image/png"]["alt"] == "It stands at {'width': 2}."
    with pytest.raises(ValueError, match="Too"):  # at first: the lesson's own mistake
        widgets.explore(draw, say, width=ipywidgets.IntSlider(6))


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
    choice = widgets.PictureChoice({"black": PICTURE * 0, "grey": PICTURE}, "Picture")
    seen = [choice.value]
    choice.observe(lambda change: seen.append(change["new"]), "value")

    def upload(name, content):
        choice._uploaded({"new": ({"name": name, "content": memoryview(content)},)})

    upload("mine.png", images.encode(PICTURE))
    upload("mine.png", images.encode(PICTURE // 2))
    upload("<text>.png", b"no picture")
    assert seen == ["black", "mine.png", "mine.png (2)"]
    assert choice.pictures["mine.png (2)"].max() == 60
    assert "&lt;text&gt;.png is not a picture" in choice.said.value
    upload("empty.png", b"")
    assert "empty.png" in choice.said.value and choice.value == "mine.png (2)"
    choice.value = "grey"
    assert choice._names.value == "grey"


def test_progress_counts_to_the_end_and_shows_pictures_now_and_then(outputs, monkeypatch):
    clock = iter([10.0, 10.0, 10.0, 10.1, 10.9, 10.9])
    monkeypatch.setattr(widgets.time, "monotonic", lambda: next(clock))
    bar, previews = widgets.Progress("painting", 4), []
    bar(0.5)  # a number is no picture
    assert not bar.preview.value
    for grey in (0.1, 0.5, 0.9):
        bar(np.full((8, 12, 3), grey, "float32"))
        previews.append(bar.preview.value)
    assert previews[0] and previews[1] == previews[0] and previews[2] != previews[0]
    assert bar.preview.width == "12"
    bar()
    assert (bar.bar.value, bar.bar.bar_style) == (4, "success")  # and not beyond
    data, _ = outputs[0]
    assert data["text/plain"] == "(painting: a progress bar)" and widgets.VIEW in data
