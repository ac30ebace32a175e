"""How many digits does a claim deserve? Two sliders, and the interval that they leave."""

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from helpers import figures, widgets
from helpers.sharing import cards

SIZES = (100, 300, 1_000, 3_000, 10_000, 100_000)
MOST_SEEDS = 50


class Claim(ipywidgets.VBox):
    """Sliders for the number of held-out pictures and of seeds; below, what may be claimed.

    share: of right answers, from 0 to 1, over all seeds. spread: the standard deviation of that
    share from seed to seed. digits, seeds: where the sliders stand at first.
    """

    def __init__(self, share: float, spread: float, digits: int = 1_000, seeds: int = 5):
        """Draw the interval at the first setting."""
        self.share, self.spread = float(share), float(spread)
        look = {"style": {"description_width": "9em"}, "layout": {"width": "32em"}}
        self.digits = ipywidgets.SelectionSlider(
            options=[(f"{size:,}", size) for size in SIZES],
            value=digits,
            description="Held-out pictures",
            **look,
        )
        self.seeds = ipywidgets.IntSlider(seeds, min=1, max=MOST_SEEDS, description="Seeds", **look)
        self._picture = ipywidgets.HTML()
        for slider in (self.digits, self.seeds):
            slider.observe(self._redraw, names="value")
        self._redraw()
        super().__init__([self.digits, self.seeds, self._picture])

    @property
    def parts(self) -> dict[str, float]:
        """The error, in points of a hundred, and what each source alone would leave of it."""
        digits, seeds = self.digits.value, self.seeds.value
        return {
            "from the pictures": 100 * cards.standard_error(self.share, digits, 0, seeds),
            "from the seeds": 100 * self.spread / np.sqrt(seeds),
            "together": 100 * cards.standard_error(self.share, digits, self.spread, seeds),
        }

    @property
    def verdict(self) -> str:
        """What may be claimed, and which of the two is worth more work, in a sentence."""
        parts = self.parts
        pictures = parts["from the pictures"] >= parts["from the seeds"]
        more = "more held-out pictures" if pictures else "more seeds"
        said = cards.rounded(100 * self.share, parts["together"])
        return f"You may claim {said} %. What would help most: {more}."

    def figure(self) -> Figure:
        """Draw the error's two sources and their sum."""
        fig, axes = figures.figure(size=(7.2, 2.6))
        colors = (figures.BLUE, figures.ORANGE, figures.BLACK)
        drawn = axes.barh(range(3), list(self.parts.values()), color=colors)
        axes.bar_label(drawn, fmt="%.1g", padding=4, size=12)
        axes.set_yticks(range(3), self.parts)
        axes.set_ylim(2.6, -0.6)
        axes.grid(axis="y", visible=False)
        axes.set(xlabel="standard error, points of a hundred", xlim=(0, 2.5))
        fig.suptitle(self.verdict, fontsize=12)
        return fig

    def _redraw(self, _change=None) -> None:
        """Draw anew, for the sliders as they stand."""
        self._picture.value = widgets.as_html(self.figure(), self.verdict)
