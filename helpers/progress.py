"""A bar for work that takes more than a moment, with the picture as it comes to be."""

import time

import ipywidgets
from IPython.display import display

from helpers import images, widgets
from helpers.styles import styling

EVERY = 0.5  # seconds between two pictures


class Progress:
    """Show a bar of `total` steps, labelled `label`; call it after each step.

        styling.descend(loss, start, 40, watch=Progress("from noise", 40))

    Called with a picture, float32 (height, width, 3) from 0 to 1, it shows that too, now and then.
    A saved lesson keeps the label only.
    """

    def __init__(self, label: str, total: int):
        """Display the empty bar."""
        self.bar = ipywidgets.IntProgress(0, 0, max(total, 1), description=label)
        self.bar.style.description_width = "initial"
        self.preview = ipywidgets.Image(format="jpeg", width=0)
        self._last = 0.0
        box = ipywidgets.VBox([self.bar, self.preview])
        view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
        display({"text/plain": f"({label}: a progress bar)", widgets.VIEW: view}, raw=True)

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
            self.preview.value = images.encode(styling.as_bytes(picture), "jpeg")
            self.preview.width = picture.shape[1]
