"""`helpers.widgets.show`: one output that is live in JupyterLab and a picture everywhere else."""

import base64
import io

import ipywidgets
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbformat import v4
from PIL import Image

from helpers import widgets
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
