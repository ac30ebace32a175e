"""What more workers bring: sliders for the job and the network, and the curve that they bend."""

from collections.abc import Callable

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from helpers import figures, widgets

MOST = 256  # workers on the plot
WORKERS = 2 ** np.arange(int(np.log2(MOST)) + 1)  # 1, 2, 4, …
# How often an example uses each weight, in round numbers: a convolution at every position.
KINDS = {"dense layers": 1, "convolutions": 100, "a text of 500 words": 500}
SLIDERS = {  # name: (first, last, start) as powers of the base, and the base
    "Workers": (0, 8, 3, 2),
    "Parameters": (5, 11, 7.5, 10),
    "Batch": (5, 16, 10, 2),
    "Gbit/s": (-1, 3, 1, 10),
}


class SpeedUp(ipywidgets.HBox):
    """Sliders for workers, parameters, global batch and bandwidth beside a speed-up curve.

    `seconds(workers, parameters, batch, bandwidth, uses)` returns the seconds of one step,
    (computing, communicating), each an array like `workers`; `bandwidth` is in bytes a second,
    `uses` says how often an example uses a weight.
    """

    def __init__(self, seconds: Callable[..., tuple[np.ndarray, np.ndarray]]):
        """Draw the curve with the sliders where they start."""
        self.seconds = seconds
        look = {"style": {"description_width": "6em"}, "layout": {"width": "24em"}}
        self._kind = ipywidgets.Dropdown(options=list(KINDS), description="Made of", **look)
        self._kind.value = "convolutions"
        self._sliders = [
            ipywidgets.FloatLogSlider(
                value=base**start,
                base=base,
                min=low,
                max=high,
                step=1 if base == 2 else 0.25,
                description=name,
                readout_format=",.0f" if name in ("Workers", "Batch") else ".2s",
                **look,
            )
            for name, (low, high, start, base) in SLIDERS.items()
        ]
        self._plot = ipywidgets.HTML()
        for control in (self._kind, *self._sliders):
            control.observe(self._redraw, names="value")
        self._redraw()
        # Where the window is too narrow for both, the plot goes below the sliders.
        super().__init__(
            [ipywidgets.VBox([self._kind, *self._sliders]), self._plot],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )

    @property
    def values(self) -> dict[str, float]:
        """What the sliders say: workers, parameters, batch, bandwidth in bytes a second, uses."""
        workers, parameters, batch, gigabits = (slider.value for slider in self._sliders)
        return {
            "workers": round(workers),
            "parameters": parameters,
            "batch": round(batch),
            "bandwidth": gigabits * 1e9 / 8,
            "uses": KINDS[self._kind.value],
        }

    def _curve(self, workers) -> tuple[np.ndarray, np.ndarray]:
        """The speed-up on `workers`, and the share of a step that goes into communication."""
        job = {name: value for name, value in self.values.items() if name != "workers"}
        computing, communicating = self.seconds(np.asarray(workers, float), **job)
        total = np.asarray(computing) + communicating
        alone = float(np.sum(self.seconds(np.ones(1), **job)))
        return alone / total, communicating / total

    @property
    def speed_up(self) -> float:
        """How many times faster than one worker the chosen ones are."""
        return float(self._curve([self.values["workers"]])[0][0])

    @property
    def alt(self) -> str:
        """What there is to see, in two sentences."""
        curve, _ = self._curve(WORKERS)
        workers, best = self.values["workers"], int(WORKERS[curve.argmax()])
        return (
            f"The speed-up against the number of workers, from 1 to {MOST}, below a dashed line "
            f"for the ideal. {workers} workers are {self.speed_up:.1f} times as fast as one; of "
            f"those on the plot {best} are fastest."
        )

    def picture(self) -> Figure:
        """Draw the curve as it is now."""
        workers, curve = self.values["workers"], self._curve(WORKERS)[0]
        _, (share,) = self._curve([workers])
        fig, axes = figures.figure(size=(5.4, 4.6))
        axes.plot(WORKERS, WORKERS, "--", color=figures.GREY, label="ideal")
        axes.plot(WORKERS, curve, "o-", color=figures.BLUE, label="this job")
        axes.plot(workers, self.speed_up, "s", color=figures.ORANGE, markersize=12)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        axes.set(
            xlabel="workers",
            ylabel="times as fast as one",
            ylim=(0.25, MOST * 1.3),
            title=f"{workers} workers: {self.speed_up:.1f} × as fast, {share:.0%} talking",
        )
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter("{x:g}")
        axes.legend(loc="upper left")
        return fig

    def _redraw(self, change=None) -> None:
        self._plot.value = widgets.as_html(self.picture(), self.alt)
