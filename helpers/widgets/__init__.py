"""The lessons' widgets, one file each, and how a lesson shows one."""

import ipywidgets
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from helpers import figures, images

VIEW = "application/vnd.jupyter.widget-view+json"
PLACEHOLDER = "(an interactive widget: run the lesson to use it)"


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
