"""The pictures of a folder, dreamt: `python -m helpers dream FOLDER OUT`."""

from pathlib import Path

from helpers import images
from helpers.dreams.dreaming import Dreamer, DreamError
from helpers.dreams.visualising import tour
from helpers.vision import backbones


def dream(folder, out, layer=None, pixels: int = 1024, steps: int = 12, octaves: int = 5) -> int:
    """Dream each picture in `folder`, at most `pixels` on its longer side, into `out` as a JPEG.

    Shows progress on one line, says of a file that it can't be read, and goes on. Returns how many
    were left out. DreamError where there is nothing to dream of.
    """
    folder, out = Path(folder).expanduser(), Path(out).expanduser()
    if not folder.is_dir():
        raise DreamError(f"There is no folder {folder}: check its name and where it is.")
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    if not files:
        raise DreamError(f"{folder} holds no files: put pictures into it.")
    backbone = backbones.load(backbones.first_here("googlenet", "efficientnet_lite0"), top=False)
    dreamer = Dreamer(backbone, layer or tour(backbone.name).dreams[1])
    out.mkdir(parents=True, exist_ok=True)
    left_out = 0
    for file in files:
        try:
            picture = images.read(file, pixels)
        except images.ImageError as error:
            print(f"{error} It was left out.")
            left_out += 1
            continue
        for stage in dreamer.stages(picture, steps, octaves):
            print(f"\r{file.name}: {stage.done / stage.total:4.0%}", end="", flush=True)
        images.write(out / f"{file.stem}.jpg", stage.picture())
        print(f"\r{file.name}: {out / file.stem}.jpg")
    return left_out
