"""How lessons show widgets: with a still beside each, redrawn in place, and with progress."""

import asyncio
import contextlib
import inspect
import io
import time
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

import ipywidgets
import numpy as np
import traitlets
from IPython.display import display
from matplotlib.figure import Figure

from helpers import figures, images

VIEW = "application/vnd.jupyter.widget-view+json"
PLACEHOLDER = "(an interactive widget: run the lesson to use it)"
EVERY = 0.5  # seconds between two pictures beside a progress bar
LABEL = {"description_width": "7em"}  # controls below each other, their labels of one width
LARGEST = 1024  # pixels of the longer side that an upload keeps


def show(widget: ipywidgets.DOMWidget, picture: object, alt: str = "") -> None:
    """Display `widget`, and where no kernel runs a `picture` of it that `alt` describes.

    One output carries both. JupyterLab shows the widget as long as its kernel runs; on the web,
    in an exported page and in a saved lesson, the picture stands. nbval compares the constant text.

    `picture` is a matplotlib figure or whatever `images.read` takes (ValueError if `alt` says
    nothing of it), or what shows itself and has its own alt text, as an SVG drawing does.
    """
    if not hasattr(picture, "_repr_mimebundle_"):
        picture = picture if isinstance(picture, Figure) else images.read(picture)
        picture = figures.Picture(picture, alt)
    _display(widget, PLACEHOLDER, *picture._repr_mimebundle_())


def _display(widget, text: str, data: dict, details: dict) -> None:
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({**data, "text/plain": text, VIEW: view}, raw=True, metadata=details)


def as_html(picture: Figure | np.ndarray, alt: str, width: int | None = None) -> str:
    """Return a figure or a picture as an image for an `ipywidgets.HTML`, quick enough to drag by.

    It is shown at its own size, or `width` CSS pixels wide; `alt` describes it.
    """
    if not isinstance(picture, Figure):
        kind = "png" if len(np.unique(picture[::4, ::4])) < 64 else "jpeg"
        return _image(images.data_url(picture, kind), width or picture.shape[1], alt)
    drawn = figures.Picture(picture, alt, width)
    url = images.data_url(drawn.pixels, "png")
    layers = [_image(url, drawn.width, alt)]
    if drawn.within:  # for JupyterLab's dark theme, as the additions in jupyter/ do for an output
        ways = [
            f"{left}% {top}%,{right}% {top}%,{right}% {low}%,{left}% {low}%,{left}% {top}%,0 0"
            for left, top, right, low in drawn.within
        ]
        layers.append(_image(url, drawn.width, "", f"clip-path:polygon(0 0,{','.join(ways)})"))
    return f'<span class="workshop-figure">{"".join(layers)}</span>'


def _image(url: str, width: int, alt: str, style: str = "") -> str:
    return f'<img src="{url}" width="{width}" alt="{escape(alt)}" style="{style}">'


HOPS = 50  # turns of the kernel's loop: a message takes several before it is acted on


class Explorer(ipywidgets.HBox):
    """Controls beside a picture that is drawn anew whenever one of them moves.

    `draw(**values)` returns a matplotlib figure or a picture (uint8 or floats from 0 to 1), and
    `alt(**values)` a sentence that says what there is to see in it; `controls` are ipywidgets by
    the names of the values. What `draw` refuses later is said in the picture's place, a ValueError
    as the sentence that it is.

    What takes longer than a second `draw` yields as it comes along, None where there is nothing new
    to see. Between two of them the kernel is free, and a control that moves, or `stop`, ends it.
    """

    at_least = 0  # CSS pixels: a picture that is less wide is shown enlarged

    def __init__(self, draw: Callable, alt: Callable[..., str], **controls: ipywidgets.Widget):
        """Draw it as the controls stand at first."""
        self._draw, self._alt, self.controls = draw, alt, controls
        self.picture: Figure | np.ndarray | None = None  # what was drawn last
        self._shown, self._task = ipywidgets.HTML(), None
        for control in controls.values():
            control.observe(lambda _: self.redraw(), names="value")
        # Where the window is too narrow for both, the picture goes below the controls.
        super().__init__(
            [ipywidgets.VBox(list(controls.values())), self._shown],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        self._at_once(self.values)

    @property
    def values(self) -> dict:
        """What the controls say, by name."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def alt(self) -> str:
        """What there is to see, as the controls stand."""
        return self._alt(**self.values)

    def show(self) -> None:
        """Display it; where no kernel runs, the picture as it is now stands in its place."""
        show(self, self.picture, self.alt)

    def redraw(self, **more: object) -> None:
        """Draw anew, as the controls stand, and give `draw` what else is named, this once."""
        self.stop()
        values = {**self.values, **more}
        with contextlib.suppress(RuntimeError):  # no kernel, no spare moments
            if inspect.isgeneratorfunction(self._draw):
                self._task = asyncio.get_running_loop().create_task(self._bit_by_bit(values))
                return
        try:
            self._at_once(values)
        except Exception as error:  # nobody else would hear of it
            self._shown.value = _alert(error)

    def stop(self) -> None:
        """End what is being drawn; what there is by then stays."""
        if self._task:
            self._task.cancel()
        self._task = None

    def _at_once(self, values: dict) -> None:
        drawn = self._draw(**values)
        for picture in drawn if inspect.isgenerator(drawn) else [drawn]:
            self._put(picture)

    async def _bit_by_bit(self, values: dict) -> None:
        try:
            with contextlib.closing(self._draw(**values)) as pictures:
                for picture in pictures:
                    self._put(picture)
                    for _ in range(HOPS):  # the kernel hears of what else moves
                        await asyncio.sleep(0)
        except Exception as error:
            self._shown.value = _alert(error)

    def _put(self, picture: Figure | np.ndarray | None) -> None:
        if picture is not None:
            self.picture = picture
            wide = None if isinstance(picture, Figure) else max(picture.shape[1], self.at_least)
            self._shown.value = as_html(picture, self.alt, wide)


def _alert(error: Exception) -> str:
    kind = "" if isinstance(error, ValueError) else f"This stopped with {type(error).__name__}: "
    return f'<p role="alert">{escape(kind + str(error))}</p>'


def explore(draw: Callable, alt: Callable[..., str], **controls: ipywidgets.Widget) -> Explorer:
    """Show an `Explorer` with its still, and return it."""
    explorer = Explorer(draw, alt, **controls)
    explorer.show()
    return explorer


class PictureChoice(ipywidgets.VBox):
    """A list of pictures to choose from, and a button to add one's own.

    `pictures`: {name: whatever `images.read` takes}, or a folder of pictures. `value` is the name
    of the chosen one, and `pictures[value]` the picture. An upload joins the list under its file's
    name and is chosen; what can't be read is said, and the choice stays. With `buttons` the space
    bar chooses, too: JupyterLab takes a list's arrow keys for its own.
    """

    value = traitlets.Unicode()

    def __init__(
        self, pictures: dict[str, object] | str | Path, description: str, buttons: bool = False
    ):
        """Choose the first."""
        listed = isinstance(pictures, Mapping)
        self.pictures = pictures = dict(pictures if listed else images.album(pictures))
        kind = ipywidgets.ToggleButtons if buttons else ipywidgets.Dropdown
        self._names = kind(
            options=list(pictures),
            value=next(iter(pictures)),
            description=description,
            style={"button_width": "auto"} if buttons else LABEL,
        )
        self.upload = ipywidgets.FileUpload(accept="image/*", description="Your own")
        self.said = ipywidgets.HTML()
        self.upload.observe(self._uploaded, names="value")
        row = ipywidgets.VBox if buttons else ipywidgets.HBox
        super().__init__([row([self._names, self.upload]), self.said])
        traitlets.link((self._names, "value"), (self, "value"))

    def _uploaded(self, change: dict) -> None:
        for file in change["new"]:
            name, number = file["name"], 2
            while name in self.pictures:  # a name stands for one picture
                name, number = f"{file['name']} ({number})", number + 1
            stream = io.BytesIO(file["content"])
            stream.name = file["name"]
            try:
                self.pictures[name] = images.read(stream, LARGEST)
            except images.ImageError as error:
                self.said.value = _alert(error)
            else:
                self.said.value = ""
                with self.hold_trait_notifications():  # new options choose the first for a moment
                    self._names.options = list(self.pictures)
                    self._names.value = name


class Progress:
    """Show a bar of `total` steps, labelled `label`; call it after each step.

        optimise(loss, start, 40, watch=Progress("from noise", 40))

    Called with a picture, float32 (height, width, 3) from 0 to 1, it shows that too, now and then.
    A saved lesson keeps the label only.
    """

    def __init__(self, label: str, total: int):
        """Display the empty bar."""
        style = {"description_width": "initial"}
        self.bar = ipywidgets.IntProgress(0, 0, max(total, 1), description=label, style=style)
        self.preview = ipywidgets.Image(format="jpeg", width=0)
        self._last = 0.0
        _display(ipywidgets.VBox([self.bar, self.preview]), f"({label}: a progress bar)", {}, {})

    def __call__(self, picture=None) -> None:
        """Move on one step; show `picture` if it is one and the last one is old enough."""
        self.bar.value += 1
        finished = self.bar.value == self.bar.max
        self.bar.bar_style = "success" if finished else ""
        due = finished or time.monotonic() - self._last > EVERY
        if due and getattr(picture, "ndim", 0) == 3:
            self._last = time.monotonic()
            self.preview.value = images.encode(images.as_bytes(picture), "jpeg")
            self.preview.width = picture.shape[1]
