"""The lessons' widgets, one file each, and how a lesson shows one."""

import base64
import io
from html import escape

import ipywidgets
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

from helpers import figures, images

VIEW = "application/vnd.jupyter.widget-view+json"
PLACEHOLDER = "(an interactive widget: run the lesson to use it)"


def as_html(figure: Figure, alt: str) -> str:
    """Return a figure as an image for an `ipywidgets.HTML`, small enough to redraw while one drags.

    It is shown at the size that the figure has; `alt` describes it.
    """
    pixels, buffer = figures.render(figure), io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)  # quick before small
    source = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    width = round(pixels.shape[1] / figures.DOTS)
    return f'<img src="{source}" width="{width}" alt="{escape(alt)}">'


def show(widget: ipywidgets.DOMWidget, picture: np.ndarray | Figure | bytes, alt: str) -> None:
    """Display `widget`, and where no kernel runs a `picture` of it that `alt` describes.

    One output carries both. JupyterLab shows the widget as long as its kernel runs; on the web,
    in an exported page and in a saved lesson, the picture stands. nbval compares the constant text.

    `picture` is a matplotlib figure or whatever `images.read` takes: an array, a file's bytes.
    ValueError if `alt` says nothing.
    """
    if isinstance(picture, Figure):
        pixels = figures.render(picture)
        still = figures.Picture(pixels, alt, width=round(pixels.shape[1] / figures.DOTS))
    else:
        still = figures.Picture(images.read(picture), alt)
    data, details = still._repr_mimebundle_()
    data["text/plain"] = PLACEHOLDER
    data[VIEW] = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display(data, raw=True, metadata=details)
