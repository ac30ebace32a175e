"""Nine numbers to set, and what they make of a photograph; and a quiz: which filter did this?"""

import base64

import ipywidgets
import numpy as np

from helpers import figures, images
from helpers.cells.filters import FILTERS, Filter, convolve, visible

PLACES = (
    ("above left", "above", "above right"),
    ("left", "the pixel itself", "right"),
    ("below left", "below", "below right"),
)
OWN = "(numbers of your own)"
SHOWN = 360  # width of a picture on the page, in CSS pixels


class FilterBench(ipywidgets.VBox):
    """Number fields for a 3 × 3 filter, a list of known filters, and the photograph filtered.

    `picture`: uint8 (height, width), grey. `start` names the filter of `FILTERS` to begin with.
    Every change of a number is answered at once.
    """

    def __init__(self, picture: np.ndarray, start: str = "Upright edges (Sobel)"):
        """Fill the fields with the numbers of filter `start`."""
        self.photograph = np.asarray(picture)
        self._known = ipywidgets.Dropdown(
            options=[*FILTERS, OWN], description="Filter", layout={"width": "20em"}
        )
        self._fields = [
            ipywidgets.FloatText(
                step=1,
                description=place,
                continuous_update=True,
                style={"description_width": "0"},  # unseen, but read out
                layout={"width": "5.2em", "margin": "1px"},
            )
            for row in PLACES
            for place in row
        ]
        self._divisor = ipywidgets.FloatText(
            step=1, description="divided by", continuous_update=True, layout={"width": "12em"}
        )
        self._strength = ipywidgets.Checkbox(
            description="ignore the sign", indent=False, layout={"width": "12em"}
        )
        self._after = ipywidgets.HTML()
        self._filling = False
        self._known.observe(self._fill, names="value")
        for control in (*self._fields, self._divisor, self._strength):
            control.observe(self._changed, names="value")
        self._known.value = start
        self._fill()
        square = ipywidgets.GridBox(
            self._fields, layout={"grid_template_columns": "repeat(3, 5.6em)"}
        )
        controls = ipywidgets.VBox([self._known, square, self._divisor, self._strength])
        before = ipywidgets.HTML(_img(self.photograph, "The photograph as it is.", "before"))
        pictures = ipywidgets.HBox([before, self._after], layout={"flex_flow": "row wrap"})
        super().__init__([controls, pictures])

    @property
    def filter(self) -> Filter:
        """The filter as the fields have it. A divisor of 0 counts as 1."""
        values = [field.value for field in self._fields]
        return Filter(
            tuple(tuple(values[row : row + 3]) for row in (0, 3, 6)),
            telltale="",
            divide_by=self._divisor.value or 1.0,
            ignore_sign=self._strength.value,
        )

    @property
    def result(self) -> np.ndarray:
        """The filtered photograph: uint8 (height - 2, width - 2)."""
        chosen = self.filter
        return visible(convolve(self.photograph, chosen.weights), chosen.ignore_sign)

    @property
    def alt(self) -> str:
        """What there is to see, in a sentence."""
        numbers = "; ".join(" ".join(f"{n:g}" for n in row) for row in self.filter.numbers)
        return f"The photograph after the filter with the rows {numbers}."

    def picture(self):
        """Draw the photograph before and after, and the nine numbers between them."""
        fig, axes = figures.figure(1, 3, size=(7.6, 2.2))
        for axis, pixels, title in zip(
            axes[[0, 2]], (self.photograph, self.result), ("before", "after"), strict=True
        ):
            axis.imshow(pixels, cmap="gray", vmin=0, vmax=255)
            axis.set_title(title)
        axes[1].set(xlim=(-0.5, 2.5), ylim=(2.5, -0.5), aspect="equal", title="the nine numbers")
        for row, numbers in enumerate(self.filter.numbers):
            for column, number in enumerate(numbers):
                axes[1].text(column, row, f"{number:g}", ha="center", va="center", size=16)
        for axis in axes:
            axis.axis("off")
        return fig

    def _fill(self, change=None) -> None:
        """Put a known filter's numbers into the fields."""
        known = FILTERS.get(self._known.value)
        if known:
            self._filling = True  # ten changes, one answer
            for field, number in zip(self._fields, np.ravel(known.numbers), strict=True):
                field.value = float(number)
            self._divisor.value, self._strength.value = known.divide_by, known.ignore_sign
            self._filling = False
        self._redraw()

    def _changed(self, change) -> None:
        if not self._filling:
            now = self.filter
            self._known.value = next(
                (
                    name
                    for name, known in FILTERS.items()
                    if np.array_equal(known.weights, now.weights)
                    and known.ignore_sign == now.ignore_sign
                ),
                OWN,
            )
            self._redraw()

    def _redraw(self) -> None:
        self._after.value = _img(self.result, self.alt, "after")


class FilterQuiz(ipywidgets.VBox):
    """A filtered picture, a button for each filter that may have done it, and a score.

    `picture`: uint8 (height, width), grey. The questions come in an order drawn from `seed`.
    """

    def __init__(self, picture: np.ndarray, seed: int = 0):
        """Ask the first question."""
        self._source = np.asarray(picture)
        self._names = [name for name in FILTERS if name != "Nothing"]
        self._order = np.random.default_rng(seed).permutation(len(self._names))
        self.asked, self.score = 0, 0
        self._question = ipywidgets.HTML()
        self._verdict = ipywidgets.HTML()
        self._buttons = [
            ipywidgets.Button(description=name, layout={"width": "13em"}) for name in self._names
        ]
        for button in self._buttons:
            button.on_click(lambda pressed: self.answer(pressed.description))
        self._next = ipywidgets.Button(description="Next question", button_style="primary")
        self._next.on_click(lambda _: self.ask(self.asked + 1))
        answers = ipywidgets.VBox([*self._buttons, self._next])
        super().__init__(
            [
                ipywidgets.HBox([self._question, answers], layout={"flex_flow": "row wrap"}),
                self._verdict,
            ]
        )
        self.ask(0)

    @property
    def right_answer(self) -> str:
        """The name of the filter that made the picture shown."""
        return self._names[self._order[self.asked % len(self._names)]]

    @property
    def question(self) -> np.ndarray:
        """The picture shown: uint8 (height - 2, width - 2)."""
        used = FILTERS[self.right_answer]
        return visible(convolve(self._source, used.weights), used.ignore_sign)

    def ask(self, number: int) -> None:
        """Show question `number`, from 0; after the last one they come again."""
        self.asked = number
        self._question.value = _img(
            self.question, "A photograph after one of the filters.", "which filter did this?"
        )
        self._verdict.value = ""
        self._next.disabled = True
        for button in self._buttons:
            button.disabled = False

    def answer(self, name: str) -> None:
        """Say whether filter `name` made the picture shown, and how one can tell."""
        right = name == self.right_answer
        self.score += right
        how = FILTERS[self.right_answer].telltale
        verdict = "Right" if right else f"No, it was “{self.right_answer}”"
        self._verdict.value = (
            f'<p role="status">{verdict}: {how}. Score: {self.score} of {self.asked + 1}.</p>'
        )
        for button in self._buttons:
            button.disabled = True
        self._next.disabled = False


def _img(pixels: np.ndarray, alt: str, caption: str) -> str:
    """A picture with its caption, as HTML."""
    source = base64.b64encode(images.encode(pixels, "jpeg")).decode()
    return (
        f'<figure style="margin: 4px 12px 4px 0"><img src="data:image/jpeg;base64,{source}" '
        f'width="{SHOWN}" alt="{alt}"><figcaption>{caption}</figcaption></figure>'
    )
