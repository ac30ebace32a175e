"""How lessons show widgets: with a still beside each, redrawn in place, and with progress."""

import time
from collections.abc import Callable
from html import escape

import ipywidgets
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from helpers import figures, images

VIEW = "application/vnd.jupyter.widget-view+json"
PLACEHOLDER = "(an interactive widget: run the lesson to use it)"
EVERY = 0.5  # seconds between two pictures beside a progress bar


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
    _display(widget, PLACEHOLDER, data, details)


def _display(widget, text: str, data: dict | None = None, details: dict | None = None) -> None:
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({**(data or {}), "text/plain": text, VIEW: view}, raw=True, metadata=details or {})


def as_html(picture: Figure | np.ndarray, alt: str, width: int | None = None) -> str:
    """Return a figure or a picture as an image for an `ipywidgets.HTML`, quick enough to drag by.

    It is shown at its own size, or `width` CSS pixels wide; `alt` describes it.
    """
    if isinstance(picture, Figure):
        picture = figures.render(picture)
        width = width or round(picture.shape[1] / figures.DOTS)
    url = images.data_url(picture, "png" if len(np.unique(picture[::4, ::4])) < 64 else "jpeg")
    return f'<img src="{url}" width="{width or picture.shape[1]}" alt="{escape(alt)}">'


class Explorer(ipywidgets.HBox):
    """Controls beside a picture that is drawn anew whenever one of them moves.

    `draw(**values)` returns a matplotlib figure or a picture (uint8 or floats from 0 to 1), and
    `alt(**values)` a sentence that says what there is to see in it; `controls` are ipywidgets by
    the names of the values. What `draw` refuses with a ValueError is said in the picture's place.
    """

    def __init__(self, draw: Callable, alt: Callable[..., str], **controls: ipywidgets.Widget):
        """Draw it as the controls stand at first."""
        self._draw, self._alt, self.controls = draw, alt, controls
        self._shown = ipywidgets.HTML()
        for control in controls.values():
            control.observe(lambda _: self.redraw(), names="value")
        # Where the window is too narrow for both, the picture goes below the controls.
        super().__init__(
            [ipywidgets.VBox(list(controls.values())), self._shown],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        self.redraw()

    @property
    def values(self) -> dict:
        """What the controls say, by name."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def alt(self) -> str:
        """What there is to see, as the controls stand."""
        return self._alt(**self.values)

    @property
    def picture(self) -> Figure | np.ndarray:
        """What is drawn, as the controls stand."""
        return self._draw(**self.values)

    def redraw(self) -> None:
        """Draw anew, as the controls stand."""
        try:
            self._shown.value = as_html(self.picture, self.alt)
        except ValueError as error:
            self._shown.value = f'<p role="alert">{escape(str(error))}</p>'


def explore(draw: Callable, alt: Callable[..., str], **controls: ipywidgets.Widget) -> Explorer:
    """Show an `Explorer` with its still, and return it."""
    explorer = Explorer(draw, alt, **controls)
    show(explorer, explorer.picture, explorer.alt)
    return explorer


class Progress:
    """Show a bar of `total` steps, labelled `label`; call it after each step.

        optimise(loss, start, 40, watch=Progress("from noise", 40))

    Called with a picture, float32 (height, width, 3) from 0 to 1, it shows that too, now and then.
    A saved lesson keeps the label only.
    """

    def __init__(self, label: str, total: int):
        """Display the empty bar."""
        self.bar = ipywidgets.IntProgress(0, 0, max(total, 1), description=label)
        self.bar.style.description_width = "initial"
        self.preview = ipywidgets.Image(format="jpeg", width=0)
        self._last = 0.0
        _display(ipywidgets.VBox([self.bar, self.preview]), f"({label}: a progress bar)")

    def __call__(self, picture=None) -> None:
        """Move on one step; show `picture` if it is one and the last one is old enough."""
        self.bar.value += 1
        finished = self.bar.value == self.bar.max
        if finished:
            self.bar.bar_style = "success"
        if getattr(picture, "ndim", 0) != 3:
            return
        if finished or time.monotonic() - self._last > EVERY:
            self._last = time.monotonic()
            self.preview.value = images.encode(images.as_bytes(picture), "jpeg")
            self.preview.width = picture.shape[1]
