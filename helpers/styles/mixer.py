"""The style mixer: a photograph, two styles, how much of each, and whose colours."""

import base64
import html

import ipywidgets
import numpy as np

from helpers import images, widgets
from helpers.styles.any_style import AnyStyle, mix
from helpers.styles.styling import StyleError, keep_colours

SIZE = 288  # pixels of the preview's longer side: it answers in a second
OWN = "your own …"
WIDE = {"width": "30em"}


class StyleMixer(ipywidgets.VBox):
    """Controls beside the painted picture, which is repainted when one of them changes.

    `magenta`: the two networks. `photographs`, `styles`: {name: anything `images.read` takes}.
    At strength 0 the photograph keeps its own style, at 1 it takes the mixture's, beyond that it
    exaggerates.
    """

    def __init__(self, magenta: AnyStyle, photographs: dict, styles: dict, size: int = SIZE):
        """Paint the first photograph in the first two styles, half of each."""
        if not photographs or len(styles) < 2:
            raise StyleError("The mixer needs a photograph and two styles at least.")
        self._magenta, self._size = magenta, size
        self._photographs, self._styles = dict(photographs), dict(styles)
        self._read = {}  # (kind, name) -> numbers of a style: reading one takes a while
        names = list(styles)
        self.photograph = _choice("Photograph", photographs, next(iter(photographs)))
        self.one = _choice("Style one", styles, names[0])
        self.other = _choice("Style two", styles, names[1])
        self.share = _slider("Share of two", 0.5, 1.0)
        self.strength = _slider("Strength", 1.0, 1.5)
        self.keep = ipywidgets.Checkbox(description="Keep the photograph's colours", indent=False)
        self.upload = ipywidgets.FileUpload(
            accept="image/*", description="A photograph of yours", layout={"width": "16em"}
        )
        self.upload_style = ipywidgets.FileUpload(
            accept="image/*", description="A style of yours", layout={"width": "16em"}
        )
        self.news, self._picture = ipywidgets.HTML(), ipywidgets.HTML()
        for control in (*self._choices, self.share, self.strength, self.keep):
            control.observe(self._repaint, "value")
        self.upload.observe(lambda change: self._take(change, self._photographs), "value")
        self.upload_style.observe(lambda change: self._take(change, self._styles), "value")
        self._repaint()
        controls = [*self._choices, self.share, self.strength, self.keep]
        uploads = ipywidgets.HBox([self.upload, self.upload_style])
        row = ipywidgets.HBox(
            [ipywidgets.VBox([*controls, uploads, self.news]), self._picture],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        super().__init__([row])

    @property
    def _choices(self) -> tuple:
        return self.photograph, self.one, self.other

    @property
    def style(self) -> np.ndarray:
        """The style that it paints with now: float32 (100,)."""
        mixture = mix(
            self._numbers("style", self.one.value),
            self._numbers("style", self.other.value),
            self.share.value,
        )
        own = self._numbers("photograph", self.photograph.value)
        return mix(own, mixture, self.strength.value).astype("float32")

    @property
    def alt(self) -> str:
        """What there is to see, in a sentence."""
        colours = ", in its own colours" if self.keep.value else ""
        return (
            f"{self.photograph.value}, painted {1 - self.share.value:.0%} as {self.one.value} and "
            f"{self.share.value:.0%} as {self.other.value}, strength {self.strength.value:.2f}"
            f"{colours}."
        )

    def show(self) -> None:
        """Display it; where no kernel runs, the picture as it is now stands in its place."""
        widgets.show(self, self.painted, self.alt)

    def _numbers(self, kind: str, name: str) -> np.ndarray:
        if (kind, name) not in self._read:
            source = (self._styles if kind == "style" else self._photographs)[name]
            self._read[kind, name] = self._magenta.style(source)
        return self._read[kind, name]

    def _repaint(self, _change=None) -> None:
        photograph = images.read(self._photographs[self.photograph.value], self._size)
        self.painted = self._magenta.paint(photograph, self.style)
        if self.keep.value:
            self.painted = keep_colours(self.painted, photograph)
        encoded = base64.b64encode(images.encode(self.painted, "jpeg")).decode()
        self._picture.value = (
            f'<img src="data:image/jpeg;base64,{encoded}" alt="{html.escape(self.alt)}" '
            'style="width: 432px">'
        )

    def _take(self, change: dict, shelf: dict) -> None:
        """Put an uploaded picture on a shelf and choose it; say what is wrong with a bad one."""
        if not change["new"]:
            return
        file, controls = change["new"][0], self._choices
        controls = controls[:1] if shelf is self._photographs else controls[1:]
        try:
            shelf[OWN] = images.read(bytes(file["content"]), 1024)
        except images.ImageError as error:
            told = html.escape(str(error).replace("The picture", file["name"]))
            self.news.value = f"<p role='alert'>{told}</p>"
            return
        self.news.value = ""
        kind = "photograph" if shelf is self._photographs else "style"
        self._read.pop((kind, OWN), None)
        for control in controls:
            chosen = control.value
            control.options = list(shelf)
            control.value = chosen
        if controls[0].value == OWN:  # the name was chosen before, the picture is new
            self._repaint()
        controls[0].value = OWN


def _choice(description: str, options: dict, value: str) -> ipywidgets.Dropdown:
    return ipywidgets.Dropdown(
        options=list(options),
        value=value,
        description=description,
        layout=WIDE,
        style={"description_width": "8em"},
    )


def _slider(description: str, value: float, high: float) -> ipywidgets.FloatSlider:
    return ipywidgets.FloatSlider(
        value,
        min=0,
        max=high,
        step=0.05,
        description=description,
        continuous_update=False,  # a new picture when the knob is let go
        layout=WIDE,
        style={"description_width": "8em"},
    )
