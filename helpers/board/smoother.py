"""A smoothing slider over a curve, as TensorBoard has one, and what it does to the lowest point."""

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from helpers import figures, widgets
from helpers.board import events

HIGHEST = 0.99


class Smoother(ipywidgets.VBox):
    """A slider, the curve of `values` (n,) at that smoothing, and where its lowest point lies.

    `ylabel` names what the values are. `weight`: where the slider stands at first, 0 to 0.99.
    """

    def __init__(self, values: np.ndarray, ylabel: str, weight: float = 0.6):
        """Draw the curve at the first weight."""
        self.values, self.ylabel = np.asarray(values, float), ylabel
        self.slider = ipywidgets.FloatSlider(
            weight, min=0, max=HIGHEST, step=0.01, description="Smoothing", layout={"width": "28em"}
        )
        self._picture = ipywidgets.HTML()
        self.slider.observe(self._redraw, names="value")
        self._redraw()
        super().__init__([self.slider, self._picture])

    @property
    def smoothed(self) -> np.ndarray:
        """The values (n,) as smoothed now."""
        return events.smooth(self.values, self.slider.value)

    @property
    def verdict(self) -> str:
        """Where the lowest points are, the seeming and the true one, in a sentence."""
        return (
            f"Lowest at epoch {self.smoothed.argmin()}, says the smoothed curve; "
            f"the true one, at epoch {self.values.argmin()}."
        )

    def figure(self) -> Figure:
        """Draw the true curve palely, the smoothed one over it, and the lowest point of each."""
        fig, axes = figures.figure(size=(7.2, 3.4))
        for values, color, name in (
            (self.values, figures.ORANGE, "as it was"),
            (self.smoothed, figures.BLUE, "smoothed"),
        ):
            pale = 0.45 if name == "as it was" else 1
            axes.plot(values, color=color, alpha=pale, label=name)
            axes.plot(values.argmin(), values.min(), "v", color=color, markersize=11)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set(xlabel="epoch", ylabel=self.ylabel, title=self.verdict)
        axes.title.set_fontsize(12)
        fig.legend(loc="outside right upper")
        return fig

    def _redraw(self, _change=None) -> None:
        """Draw anew, for the slider as it stands."""
        self._picture.value = widgets.as_html(self.figure(), self.verdict)
