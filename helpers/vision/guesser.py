"""Pick a picture or upload one: a network's five best guesses, and where it looked, at once."""

import base64
import html
from collections.abc import Callable

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from helpers import figures, images, widgets
from helpers.vision import transfer

SHOWN = 260  # CSS pixels; how wide a picture is shown
TINY = 16  # pixels: of anything smaller a network can say little

Guesses = list[tuple[str, float]]
STYLE = (
    "display:grid;grid-template-columns:minmax(7em,max-content) 160px 3.5em;gap:4px 10px;"
    "align-items:center;font-size:14px"
)


class Guesser(ipywidgets.VBox):
    """A choice of pictures and an upload, beside what a network says of them.

    `look` gets a picture, uint8 (side, side, 3), and returns (guesses, heat): up to five
    (name, probability), best first, and a heat map, (height, width) from 0 to 1. `pictures`: names
    and pictures of any size to choose from; the first is shown at the start. `show()` displays it.

    After each choice `guesses` and `heat` hold the answer, and `message` why there is none.
    """

    def __init__(
        self,
        look: Callable[[np.ndarray], tuple[Guesses, np.ndarray]],
        pictures: dict[str, np.ndarray],
        side: int = 224,
    ):
        """Look at the first picture. ValueError without any."""
        if not pictures:
            raise ValueError("There is no picture to begin with: give at least one.")
        self._look, self._pictures, self._side = look, dict(pictures), side
        self.guesses, self.heat, self.message = [], None, ""
        # Buttons, pressed with the space bar: JupyterLab takes a list's arrow keys for its own.
        self._choice = ipywidgets.ToggleButtons(
            options=list(pictures), style={"button_width": "auto"}
        )
        self._upload = ipywidgets.FileUpload(
            accept="image/*", multiple=False, description="Upload your own"
        )
        self._answer = ipywidgets.HTML()
        self._choice.observe(self._chosen, names="value")
        self._upload.observe(self._uploaded, names="value")
        self._chosen()
        super().__init__([self._choice, self._upload, self._answer])

    def show(self) -> None:
        """Display it, and where no kernel runs a picture of what it showed at first."""
        widgets.show(self, self.picture(), self.alt)

    @property
    def alt(self) -> str:
        """What there is to see, in a sentence."""
        if not self.guesses:
            return f"A choice of pictures, and the sentence: {self.message}"
        return (
            f"{self._name}: the picture, the places that count most for the network, and its "
            f"{len(self.guesses)} best guesses, first of all {self.guesses[0][0]}."
        )

    def see(self, source, name: str) -> None:
        """Look at `source`, whatever `images.read` takes; what is wrong with it is said."""
        self._name, self.guesses, self.heat, self.message = name, [], None, ""
        self._say("Looking …")
        try:
            self._picture = images.read(source, (self._side, self._side))
            self.guesses, self.heat = self._look(self._picture)
            # Shrunk to at most TINY pixels on the longer side: only a tiny one is all smaller.
            if max(images.read(source, TINY).shape[:2]) < TINY:
                self.message = (
                    f"{name} has fewer than {TINY} pixels on each side: whatever is said of it is "
                    "said of a spot of colour."
                )
        except images.ImageError as error:
            self.message = str(error).replace("The picture", name, 1)
        except Exception as error:  # the learner's function may fail in any way
            self.message = f"Looking stopped with {type(error).__name__}: {error}"
        self._draw()

    def picture(self) -> Figure:
        """Draw what it shows now as one figure."""
        fig, axes = figures.figure(1, 3, size=(7.2, 2.6))
        for axis in axes[:2]:
            axis.axis("off")
        if self.guesses:
            axes[0].imshow(self._picture)
            axes[1].imshow(transfer.overlay(self._picture, self.heat))
            names = [name for name, _ in self.guesses]
            axes[2].barh(names, [share for _, share in self.guesses], color=figures.BLUE)
            axes[2].invert_yaxis()
        axes[2].set(xlim=(0, 1), xlabel="probability")
        axes[2].grid(axis="y", visible=False)
        return fig

    def _chosen(self, change=None) -> None:
        self.see(self._pictures[self._choice.value], self._choice.value)

    def _uploaded(self, change) -> None:
        for file in self._upload.value:
            self.see(bytes(file["content"]), file["name"])

    def _say(self, sentence: str) -> None:
        self._answer.value = f'<p role="status">{html.escape(sentence)}</p>'

    def _draw(self) -> None:
        if not self.guesses:
            self._say(self.message)
            return
        seen = transfer.overlay(self._picture, self.heat)
        pictures = "".join(
            f'<figure style="margin:0"><img src="{_source(pixels)}" width="{SHOWN}" '
            f'alt="{html.escape(alt)}"><figcaption>{caption}</figcaption></figure>'
            for pixels, alt, caption in (
                (self._picture, self._name, "what the network sees"),
                (seen, f"Where it looked for {self.guesses[0][0]}", "what counts for its guess"),
            )
        )
        rows = "".join(map(_row, self.guesses))
        note = f'<p role="status">{html.escape(self.message)}</p>' if self.message else ""
        self._answer.value = (
            '<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:center">'
            f'{pictures}<div style="{STYLE}" role="status">{rows}</div></div>{note}'
        )


def _row(guess: tuple[str, float]) -> str:
    name, share = guess
    return (
        f"<span>{html.escape(name)}</span>"
        f'<span style="background:var(--jp-layout-color2,#eee);height:14px">'
        f'<span style="display:block;height:100%;width:{100 * share:.0f}%;'
        f'background:{figures.BLUE}"></span></span><span>{share:.0%}</span>'
    )


def _source(pixels: np.ndarray) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(images.encode(pixels, 'jpeg')).decode()}"
