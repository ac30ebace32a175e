"""`helpers.widgets.show`: one output that is live in JupyterLab and a picture everywhere else."""

import base64
import io

import ipywidgets
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbconvert import HTMLExporter
from nbformat import v4
from PIL import Image

from helpers import widgets

PICTURE = np.full((20, 30, 3), 120, "uint8")


@pytest.fixture
def shown(monkeypatch):
    """A function that shows a slider and gives the output: slider, data, metadata."""
    outputs = []
    monkeypatch.setattr(
        widgets, "display", lambda data, raw, metadata: outputs.append((data, metadata))
    )

    def show(picture, alt="A grey field."):
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
    assert Image.open(io.BytesIO(data["image/png"])).format == "PNG"


def test_one_output_carries_widget_picture_and_constant_text(shown):
    slider, data, metadata = shown(PICTURE)
    assert data[widgets.VIEW]["model_id"] == slider.model_id
    assert metadata["image/png"]["alt"] == "A grey field."
    assert data["text/plain"] == shown(figure())[1]["text/plain"]


def test_a_picture_without_words_is_refused():
    with pytest.raises(ValueError, match="alt text"):
        widgets.show(ipywidgets.IntSlider(), PICTURE, alt=" ")


def test_without_the_widget_view_an_exported_page_shows_the_picture(shown):
    _, data, metadata = shown(PICTURE)
    png = base64.b64encode(data["image/png"]).decode()
    saved = {"text/plain": data["text/plain"], "image/png": png}
    output = v4.new_output("display_data", data=saved, metadata=metadata)
    cell = v4.new_code_cell("widget", execution_count=1, outputs=[output])
    page, _ = HTMLExporter().from_notebook_node(v4.new_notebook(cells=[cell]))
    assert png[:40] in page
    assert "model not found" not in page
