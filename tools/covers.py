"""A picture of each lesson, from what it shows: the README's gallery and lesson 00 have them."""

import base64
import io

import numpy as np
from PIL import Image, ImageOps

from helpers import images
from tools import notebooks

SIZE = (640, 400)  # width and height, in dots, that a picture has at most


def cover(path):
    """Return the picture of the lesson at `path` and its alt text, or None where it shows none.

    It is the first that a cell tagged `cover` shows, else the lesson's first.
    """
    code = [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]
    tagged = [cell for cell in code if "cover" in cell.metadata.get("tags", [])]
    for output in (output for cell in [*tagged, *code] for output in cell.outputs):
        for kind in {"image/png", "image/jpeg"} & output.get("data", {}).keys():
            picture = Image.open(io.BytesIO(base64.b64decode(output.data[kind]))).convert("RGB")
            return picture, output.metadata[kind]["alt"]
    return None


def save(folder, lessons):
    """Write the pictures of lessons (their paths) into `folder`, each a JPEG of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in lessons:
        if found := cover(path):
            still = np.asarray(ImageOps.contain(found[0], SIZE))
            images.write(folder / f"{path.stem}.jpg", still)
