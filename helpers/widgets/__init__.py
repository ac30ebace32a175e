"""The lessons' widgets, one file each, and how a lesson shows one."""

import io

import ipywidgets
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

VIEW = "application/vnd.jupyter.widget-view+json"
PLACEHOLDER = "(an interactive widget: run the lesson to use it)"


def show(widget: ipywidgets.DOMWidget, picture: np.ndarray | Figure | bytes, alt: str) -> None:
    """Display `widget`, and where no kernel runs a `picture` of it that `alt` describes.

    One output carries both. JupyterLab shows the widget as long as its kernel runs; on the web,
    in an exported page and in a saved lesson, the picture stands. nbval compares the constant text.

    `picture` is a uint8 array (height, width) or (height, width, 3), a matplotlib figure, or the
    bytes of a PNG file. ValueError if `alt` is empty.
    """
    if not alt.strip():
        raise ValueError("A widget's picture needs an alt text that says what there is to see.")
    data = {
        "text/plain": PLACEHOLDER,
        "image/png": _png(picture),
        VIEW: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id},
    }
    display(data, raw=True, metadata={"image/png": {"alt": alt}})


def _png(picture: np.ndarray | Figure | bytes) -> bytes:
    """`picture` as the bytes of a PNG file."""
    if isinstance(picture, bytes):
        return picture
    buffer = io.BytesIO()
    if isinstance(picture, Figure):
        picture.savefig(buffer, format="png", bbox_inches="tight")
    else:
        Image.fromarray(picture).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
