"""Dream for play: a photograph, a layer, how strongly, at how many sizes; small at once, large too.

The small picture follows each change while it is being dreamt. The large one shows its progress and
can be cancelled; what it is by then stays.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import ipywidgets
import numpy as np

from helpers import images, widgets
from helpers.dreams import dreaming
from helpers.vision import backbones

PREVIEW, FULL = 224, 640  # pixels of the longer side
SHOWN_EVERY = 4  # steps


class DreamExplorer(widgets.Explorer):
    """Choose a picture, a layer, the steps and the octaves; see the dream.

    `backbone`: loaded with `top=False`, or any network that `backbones.of` takes. `photographs`:
    {name: whatever `images.read` takes}, or a folder of pictures.
    `layers`: the names to choose from (default: those worth a look), `layer`: the first one.
    `picture` is the dream as it stands: uint8, (height, width, 3). `show()` displays it all.
    """

    def __init__(
        self,
        backbone,
        photographs: dict[str, object] | str | Path,
        layers: Iterable[str] = (),
        layer: str | None = None,
        preview: int = PREVIEW,
        full: int = FULL,
    ) -> None:
        """Dream the first photograph, small, before anything is shown."""
        self._backbone, self._dreamers = backbones.of(backbone), {}
        self._sizes, self.at_least = {False: preview, True: full}, 2 * preview
        names = list(layers) or list(self._backbone.layers)
        slider = {"continuous_update": False, "style": widgets.LABEL, "layout": {"width": "24em"}}
        self.large = ipywidgets.Button(description="Dream it large", icon="expand")
        self.cancel = ipywidgets.Button(description="Cancel", icon="stop", disabled=True)
        self.progress = ipywidgets.FloatProgress(value=0.0, max=1.0, layout={"width": "16em"})
        self.said = ipywidgets.Label()
        self.large.on_click(lambda _: self.redraw(large=True))
        self.cancel.on_click(lambda _: self.stop())
        super().__init__(
            self._dream,
            lambda photograph, layer, **_: f"{photograph}, as {layer} dreams it.",
            photograph=widgets.PictureChoice(photographs, "Photograph"),
            layer=ipywidgets.Dropdown(
                options=names, value=layer or names[0], description="Layer", style=widgets.LABEL
            ),
            steps=ipywidgets.IntSlider(8, min=0, max=24, description="Strength", **slider),
            octaves=ipywidgets.IntSlider(3, min=1, max=5, description="Octaves", **slider),
        )
        buttons = ipywidgets.HBox([self.large, self.cancel, self.progress])
        self.children[0].children += (buttons, self.said)

    def _dream(
        self, photograph: str, layer: str, steps: int, octaves: int, large: bool = False
    ) -> Iterator[np.ndarray | None]:
        """Dream, and show now and then how it comes along."""
        source = images.read(self.controls["photograph"].pictures[photograph], self._sizes[large])
        self.cancel.disabled, self.progress.value = False, 0.0
        try:
            if layer not in self._dreamers:
                self.said.value = f"Preparing {layer} …"
                yield None
                self._dreamers[layer] = dreaming.Dreamer(self._backbone, layer)
            self.said.value = "Dreaming …"
            yield source
            for stage in self._dreamers[layer].stages(source, steps, octaves):
                self.progress.value = stage.done / stage.total
                shown = stage.done % SHOWN_EVERY == 0 or stage.done == stage.total
                yield stage.picture() if shown else None
            self.said.value = f"Done: {source.shape[1]} × {source.shape[0]} pixels."
        except GeneratorExit:
            self.said.value = f"Stopped after {self.progress.value:.0%} of the steps."
            raise
        finally:
            self.cancel.disabled = True
