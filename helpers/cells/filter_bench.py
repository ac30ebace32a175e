"""Nine numbers to set, and what they make of a photograph; and a quiz: which filter did this?"""

import ipywidgets
import numpy as np

from helpers import figures, widgets
from helpers.cells.filters import FILTERS, Filter

PLACES = (
    *("above left", "above", "above right"),
    *("left", "the pixel itself", "right"),
    *("below left", "below", "below right"),
)
OWN = "(numbers of your own)"
SHOWN = 360  # width of a picture on the page, in CSS pixels
BESIDE = {"flex_flow": "row wrap"}  # or below, where the window is narrow


class FilterBench(ipywidgets.VBox):
    """Number fields for a 3 × 3 filter, a list of known filters, and the photograph filtered.

    `picture`: uint8 (height, width), grey. `start` names the filter of `FILTERS` to begin with.
    Every change of a number is answered at once.
    """

    def __init__(self, picture: np.ndarray, start: str = "Upright edges (Sobel)"):
        """Fill the fields with the numbers of filter `start`."""
        self.photograph = np.asarray(picture)
        wide = {"width": "12em"}
        self.known = ipywidgets.Dropdown(
            options=[*FILTERS, OWN], description="Filter", layout={"width": "20em"}
        )
        self.fields = [
            ipywidgets.FloatText(
                step=1,
                description=place,
                continuous_update=True,
                style={"description_width": "0"},  # unseen, but read out
                layout={"width": "5.2em", "margin": "1px"},
            )
            for place in PLACES
        ]
        self.divisor = ipywidgets.FloatText(
            step=1, description="divided by", continuous_update=True, layout=wide
        )
        self.ignore_sign = ipywidgets.Checkbox(
            description="ignore the sign", indent=False, layout=wide
        )
        self.after = ipywidgets.HTML()
        self._filling = False
        self.known.observe(self._fill, names="value")
        for control in (*self.fields, self.divisor, self.ignore_sign):
            control.observe(self._changed, names="value")
        self.known.value = start
        self._fill()
        square = ipywidgets.GridBox(
            self.fields, layout={"grid_template_columns": "repeat(3, 5.6em)"}
        )
        before = ipywidgets.HTML(_titled(self.photograph, "The photograph as it is.", "before"))
        super().__init__(
            [
                ipywidgets.VBox([self.known, square, self.divisor, self.ignore_sign]),
                ipywidgets.HBox([before, self.after], layout=BESIDE),
            ]
        )

    @property
    def filter(self) -> Filter:
        """The filter as the fields have it. A divisor of 0 counts as 1."""
        values = [field.value for field in self.fields]
        rows = tuple(tuple(values[row : row + 3]) for row in (0, 3, 6))
        return Filter(rows, "", self.divisor.value or 1.0, self.ignore_sign.value)

    @property
    def result(self) -> np.ndarray:
        """The filtered photograph: uint8 (height - 2, width - 2)."""
        return self.filter.applied(self.photograph)

    @property
    def alt(self) -> str:
        """What there is to see, in a sentence."""
        numbers = "; ".join(" ".join(f"{n:g}" for n in row) for row in self.filter.numbers)
        return f"The photograph after the filter with the rows {numbers}."

    def picture(self):
        """Draw the photograph before and after, and the nine numbers between them."""
        fig, axes = figures.figure(1, 3, size=(7.6, 2.2))
        for axis, pixels in zip(axes[[0, 2]], (self.photograph, self.result), strict=True):
            axis.imshow(pixels, cmap="gray", vmin=0, vmax=255)
        axes[1].set(xlim=(-0.5, 2.5), ylim=(2.5, -0.5), aspect="equal")
        for (row, column), number in np.ndenumerate(self.filter.numbers):
            axes[1].text(column, row, f"{number:g}", ha="center", va="center", size=16)
        for axis, title in zip(axes, ("before", "the nine numbers", "after"), strict=True):
            axis.set_title(title)
            axis.axis("off")
        return fig

    def _fill(self, change=None) -> None:
        """Put a known filter's numbers into the fields."""
        known = FILTERS.get(self.known.value)
        if known:
            self._filling = True  # ten changes, one answer
            for field, number in zip(self.fields, np.ravel(known.numbers), strict=True):
                field.value = float(number)
            self.divisor.value, self.ignore_sign.value = known.divide_by, known.ignore_sign
            self._filling = False
        self.after.value = _titled(self.result, self.alt, "after")

    def _changed(self, change) -> None:
        """Answer a change of a number; the list names the filter, if it has one."""
        if not self._filling:
            self.known.value = next(
                (n for n, known in FILTERS.items() if known == self.filter), OWN
            )
            self.after.value = _titled(self.result, self.alt, "after")


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
        self._question, self.verdict = ipywidgets.HTML(), ipywidgets.HTML()
        self.buttons = [
            ipywidgets.Button(description=name, layout={"width": "13em"}) for name in self._names
        ]
        for button in self.buttons:
            button.on_click(lambda pressed: self.answer(pressed.description))
        self.next = ipywidgets.Button(description="Next question", button_style="primary")
        self.next.on_click(lambda _: self.ask(self.asked + 1))
        answers = ipywidgets.VBox([*self.buttons, self.next])
        row = ipywidgets.HBox([self._question, answers], layout=BESIDE)
        super().__init__([row, self.verdict])
        self.ask(0)

    @property
    def right_answer(self) -> str:
        """The name of the filter that made the picture shown."""
        return self._names[self._order[self.asked % len(self._names)]]

    @property
    def question(self) -> np.ndarray:
        """The picture shown: uint8 (height - 2, width - 2)."""
        return FILTERS[self.right_answer].applied(self._source)

    def ask(self, number: int) -> None:
        """Show question `number`, from 0; after the last one they come again."""
        self.asked = number
        alt, title = "A photograph after one of the filters.", "which filter did this?"
        self._question.value = _titled(self.question, alt, title)
        self.verdict.value = ""
        self._let(answer=True)

    def answer(self, name: str) -> None:
        """Say whether filter `name` made the picture shown, and how one can tell."""
        right = name == self.right_answer
        self.score += right
        verdict = "Right" if right else f"No, it was “{self.right_answer}”"
        how = FILTERS[self.right_answer].telltale
        self.verdict.value = (
            f'<p role="status">{verdict}: {how}. Score: {self.score} of {self.asked + 1}.</p>'
        )
        self._let(answer=False)

    def _let(self, answer: bool) -> None:
        """Let the learner press the answers, or else only the next question."""
        for button in self.buttons:
            button.disabled = not answer
        self.next.disabled = answer


def _titled(pixels: np.ndarray, alt: str, title: str) -> str:
    """A picture with its title, as HTML."""
    shown = widgets.as_html(pixels, alt, SHOWN)
    return (
        f'<figure style="margin: 4px 12px 4px 0">{shown}<figcaption>{title}</figcaption></figure>'
    )
