"""The pictures of a folder, dreamt: `python -m helpers dream FOLDER OUT`."""

from helpers import images
from helpers.dreams.dreaming import Dreamer
from helpers.dreams.visualising import tour
from helpers.vision import backbones

STEPS, OCTAVES = 12, 6


def dream(
    folder, out, layer: str | None = None, pixels: int = 1024, network: str | None = None
) -> int:
    """Dream each picture in `folder`; see `images.each`. `layer`: default, the tour's second."""
    network = network or backbones.first_here("googlenet", "efficientnet_lite0")
    backbone = backbones.load(network, top=False)
    dreamer = Dreamer(backbone, layer or tour(backbone.name).dreams[1])

    def work(picture):
        for stage in dreamer.stages(picture, STEPS, OCTAVES):
            yield stage.done / stage.total, None
        yield 1.0, stage.picture()

    return images.each(folder, out, pixels, work)
