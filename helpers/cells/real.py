"""Photographs of real cells: cut out of blood smears, and out of NIH's archive of malaria."""

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from helpers import images
from helpers.cells.drawn import SIDE

KINDS = {"RBC": "red cell", "WBC": "white cell", "Platelets": "platelet"}  # as BCCD calls them
SICK = {"Uninfected": 0, "Parasitized": 1}  # the archive's folders
PERSON = re.compile(r"cell_images/(\w+)/C(\d+)[^/]*\.png")  # C33P1thinF_IMG_…: slide 33, of one


def smears(folder: Path, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut `count` cells of each of `KINDS` out of BCCD's photographs in `folder`.

    At most one of a kind comes from a photograph. Each is scaled to 96 × 96 pixels. Returns the
    pictures, their kinds (0, 1, 2) and the numbers of their photographs.
    """
    found, left = [], dict.fromkeys(KINDS, count)
    files = sorted(Path(folder, "Annotations").glob("*.xml"))
    for number in np.random.default_rng(0).permutation(len(files)):
        cells = ElementTree.parse(files[number]).iter("object")  # noqa: S314 - verified by its hash
        boxes = {cell.findtext("name"): cell.find("bndbox") for cell in cells}
        photo = Image.open(Path(folder, "JPEGImages", f"{files[number].stem}.jpg")).convert("RGB")
        for kind in [kind for kind in KINDS if kind in boxes and left[kind]]:
            left[kind] -= 1
            found.append((_cut_out(photo, boxes[kind]), list(KINDS).index(kind), number))
    return tuple(map(np.array, zip(*found, strict=True)))


def _cut_out(photo, box) -> np.ndarray:
    """The square around a box and a bit more."""
    x0, y0, x1, y1 = (float(box.findtext(end)) for end in ("xmin", "ymin", "xmax", "ymax"))
    side = np.clip(1.2 * max(x1 - x0, y1 - y0), 24, min(photo.size))  # a few boxes are empty
    left = np.clip((x0 + x1 - side) / 2, 0, photo.width - side)
    top = np.clip((y0 + y1 - side) / 2, 0, photo.height - side)
    return np.asarray(photo.resize((SIDE, SIDE), box=(left, top, left + side, top + side)))


def malaria(archive: Path, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw `count` healthy and `count` sick cells from NIH's `archive`, cell_images.zip.

    Returns pictures of 96 × 96 pixels, 1 for the sick, and the person whose blood each is.
    """
    with zipfile.ZipFile(archive) as file:
        members = [found for found in map(PERSON.fullmatch, file.namelist()) if found]
        np.random.default_rng(0).shuffle(members)
        chosen = [m for kind in SICK for m in [m for m in members if m[1] == kind][:count]]
        pictures = [images.read(file.read(m[0]), (SIDE, SIDE)) for m in chosen]
    labels, people = [SICK[m[1]] for m in chosen], [int(m[2]) for m in chosen]
    return np.array(pictures), np.array(labels), np.array(people)
