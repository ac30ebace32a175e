"""Dream for play: a photograph, a layer, how strongly, at how many sizes; small at once, large too.

The small picture follows each change while it is being dreamt. The large one shows its progress and
can be cancelled; what it is by then stays. Between two steps the kernel is free for other work.
"""

import asyncio
import base64
from collections.abc import Iterable
from html import escape

import ipywidgets
import numpy as np

from helpers import images, widgets
from helpers.dreams import dreaming

PREVIEW, FULL = 224, 640  # pixels of the longer side
SHOWN_EVERY = 4  # steps


class DreamExplorer(ipywidgets.VBox):
    """Choose a picture, a layer, the steps and the octaves; see the dream.

    `backbone`: loaded with `top=False`. `photographs`: {name: whatever `images.read` takes}.
    `layers`: the names to choose from (default: those worth a look), `layer`: the first one.
    `picture` is the dream as it stands: uint8, (height, width, 3). `show()` displays it all.
    """

    def __init__(
        self,
        backbone,
        photographs: dict[str, object],
        layers: Iterable[str] = (),
        layer: str | None = None,
        preview: int = PREVIEW,
        full: int = FULL,
    ) -> None:
        """Dream the first photograph, small, before anything is shown."""
        self._backbone, self._photographs = backbone, dict(photographs)
        self._sizes = {False: preview, True: full}
        self._dreamers: dict[str, dreaming.Dreamer] = {}
        self._task: asyncio.Task | None = None
        names = list(layers) or list(backbone.layers)
        wide = {"description_width": "6em"}
        self.photograph = ipywidgets.Dropdown(
            options=list(self._photographs), description="Photograph", style=wide
        )
        self.upload = ipywidgets.FileUpload(accept="image/*", description="Your own")
        self.layer = ipywidgets.Dropdown(
            options=names, value=layer or names[0], description="Layer", style=wide
        )
        slider = {"continuous_update": False, "style": wide, "layout": {"width": "24em"}}
        self.strength = ipywidgets.IntSlider(8, min=0, max=24, description="Strength", **slider)
        self.octaves = ipywidgets.IntSlider(3, min=1, max=5, description="Octaves", **slider)
        self.large = ipywidgets.Button(description="Dream it large", icon="expand")
        self.cancel = ipywidgets.Button(description="Cancel", icon="stop", disabled=True)
        self.progress = ipywidgets.FloatProgress(value=0.0, max=1.0, layout={"width": "16em"})
        self.said = ipywidgets.Label()
        self._view = ipywidgets.HTML()
        for control in (self.photograph, self.layer, self.strength, self.octaves):
            control.observe(lambda _: self._begin(large=False), "value")
        self.upload.observe(self._uploaded, "value")
        self.large.on_click(lambda _: self._begin(large=True))
        self.cancel.on_click(lambda _: self._stop())
        for _ in self._dream(large=False):
            pass
        super().__init__(
            [
                ipywidgets.HBox([self.photograph, self.upload]),
                self.layer,
                self.strength,
                self.octaves,
                ipywidgets.HBox([self.large, self.cancel, self.progress]),
                self.said,
                self._view,
            ]
        )

    @property
    def alt(self) -> str:
        """What the picture shows, in a sentence."""
        return f"{self.photograph.value}, as {self.layer.value} dreams it."

    def show(self) -> None:
        """Display it, and where no kernel runs the first dream."""
        widgets.show(self, self.picture, f"The dream explorer with its first dream: {self.alt}")

    def _uploaded(self, change) -> None:
        """Add what somebody uploaded to the photographs, or say why it can't be read."""
        for file in change["new"]:
            try:
                self._photographs[file["name"]] = images.read(
                    file["content"].tobytes(), self._sizes[True]
                )
            except images.ImageError as error:
                self.said.value = str(error)
                return
            self.photograph.options = list(self._photographs)
            self.photograph.value = file["name"]

    def _begin(self, large: bool) -> None:
        """Dream anew, in the kernel's spare moments; what was under way is given up."""
        self._stop()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no kernel: do it at once
            asyncio.run(self._run(large))
        else:
            self._task = loop.create_task(self._run(large))

    def _stop(self) -> None:
        if self._task and not self._task.done():
            self._task.cancel()
        self._task = None

    async def _run(self, large: bool) -> None:
        self.cancel.disabled = False
        done = total = 0
        try:
            for done, total in self._dream(large):  # noqa: B007 - told below
                await asyncio.sleep(0.001)  # the kernel hears of a changed slider, or of Cancel
        except asyncio.CancelledError:
            self.said.value = f"Stopped after {done} of {total} steps."
        except Exception as error:
            self.said.value = f"The dream stopped with {type(error).__name__}: {error}"
        finally:
            if self._task is None or self._task is asyncio.current_task():
                self.cancel.disabled = True

    def _dream(self, large: bool):
        """Dream, showing how it comes along; yield (steps done, steps in all)."""
        source = images.read(self._photographs[self.photograph.value], self._sizes[large])
        layer = self.layer.value
        if layer not in self._dreamers:
            self.said.value = f"Preparing {layer} …"
            yield 0, 0
            self._dreamers[layer] = dreaming.Dreamer(self._backbone, layer)
        self.said.value = "Dreaming …"
        self._put(source)
        for stage in self._dreamers[layer].stages(source, self.strength.value, self.octaves.value):
            self.progress.value = stage.done / stage.total
            if stage.done % SHOWN_EVERY == 0 or stage.done == stage.total:
                self._put(stage.picture())
            yield stage.done, stage.total
        height, width = self.picture.shape[:2]
        self.said.value = f"Done: {width} × {height} pixels."

    def _put(self, picture: np.ndarray) -> None:
        self.picture = picture
        encoded = base64.b64encode(images.encode(picture, "jpeg")).decode()
        width = max(picture.shape[1], 2 * self._sizes[False])
        self._view.value = (
            f'<img src="data:image/jpeg;base64,{encoded}" alt="{escape(self.alt)}" width="{width}">'
        )
