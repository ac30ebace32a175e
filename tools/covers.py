"""What the lessons promise: a card for each, read from the lessons themselves.

A new lesson appears as soon as its notebook is there. The gallery is a picture, which the strict
test does not compare, so a lesson that arrives breaks no other; `python -m helpers run --save 00`
brings the saved picture up to date.
"""

import base64
import io
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
from IPython.display import display
from PIL import Image, ImageOps

from helpers import figures, images
from tools import notebooks

COLUMNS = 3
WIDTH = 9.6  # inches of 100 pixels
COVER = (640, 400)  # width and height, in dots, that a picture in the README has at most
PICTURE = (300, 460)  # height and width, in dots, to which a lesson's picture is cut
HEAD = re.compile(r"\A# (?P<title>.+)\n+(?P<promise>(?:[^\n]+\n?)+)")


@dataclass(frozen=True)
class Card:
    """A lesson's title, its promise, and a picture from it with its alt text.

    picture: None where the lesson shows none.
    """

    title: str
    promise: str
    picture: Image.Image | None
    alt: str = ""


def cards(folder: Path = notebooks.NOTEBOOKS) -> list[Card]:
    """Read the cards of all lessons in `folder`, by number, but for lesson 00 that shows them.

    A card's picture is the first that a cell tagged `cover` shows, else the lesson's first.
    """
    paths = [path for path in notebooks.lessons(folder) if path.name[:2] != "00"]
    return [_card(nbformat.read(path, as_version=4)) for path in paths]


def save_covers(folder: Path, lessons) -> None:
    """Write the pictures of lessons (paths of notebooks) into `folder`, for the README to show.

    Each is a JPEG with the lesson's name; a lesson without a picture gets none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in lessons:
        picture = _card(nbformat.read(path, as_version=4)).picture
        if picture:
            still = np.asarray(ImageOps.contain(picture, COVER))
            images.write(folder / f"{path.stem}.jpg", still)


def _card(notebook) -> Card:
    head = HEAD.match(notebook.cells[0].source)
    promise = re.sub(r"[*_`]|\s+", lambda found: " " if found[0].isspace() else "", head["promise"])
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    covers = [cell for cell in code if "cover" in cell.metadata.get("tags", [])]
    outputs = [output for cell in [*covers, *code] for output in cell.outputs]
    shown = next(filter(_image, outputs), None)
    alt = shown.data.get("text/plain", "") if shown else ""
    return Card(head["title"].strip(), promise.strip(), shown and _image(shown), alt)


def _image(output) -> Image.Image | None:
    """The picture of an output, or None."""
    data = output.get("data", {})
    encoded = data.get("image/png") or data.get("image/jpeg")
    return Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB") if encoded else None


def show(folder: Path = notebooks.NOTEBOOKS) -> None:
    """Show the cards of all lessons in `folder` as one picture."""
    found = cards(folder)
    texts = [_wrapped(card) for card in found]
    tallest = max((_height(*text) for text in texts), default=0) + PICTURE[0]
    rows = max(1, -(-len(found) // COLUMNS))
    fig, axes = figures.figure(
        rows, COLUMNS, size=(WIDTH, rows * (WIDTH / COLUMNS) * tallest / PICTURE[1])
    )
    for axis in axes.ravel():
        axis.axis("off")
    for axis, card, (title, promise) in zip(axes.ravel(), found, texts, strict=False):
        axis.imshow(_cut(card.picture))
        heading = axis.text(0, PICTURE[0] + 12, title, weight="bold", va="top", size=13)
        below = {"xycoords": heading, "textcoords": "offset points"}
        text = axis.annotate(promise, (0, 0), (0, -4), va="top", size=11, **below)
        for words in (heading, text):  # a long line shall not make the pictures smaller
            words.set_in_layout(False)
        axis.set_ylim(tallest, 0)
    alt = "Cards of the lessons, each with a picture from it. "
    alt += " ".join(f"{card.title}: {card.promise}" for card in found)
    still = figures.Picture(figures.render(fig), alt, width=round(WIDTH * figures.CSS_PIXELS))
    data, details = still._repr_mimebundle_()
    data["text/plain"] = "(a picture: the lessons with their titles and promises)"
    display(data, raw=True, metadata=details)


def _wrapped(card: Card) -> tuple[str, str]:
    """Title and promise in lines as wide as a card."""
    title = textwrap.fill(card.title, 30, max_lines=2, placeholder=" …")
    return title, textwrap.fill(card.promise, 37, max_lines=6, placeholder=" …")


def _height(title: str, promise: str) -> int:
    """How much room the text of a card takes, in dots of its picture."""
    return 24 + 36 * (title.count("\n") + 1) + 29 * (promise.count("\n") + 1)


def _cut(picture) -> np.ndarray:
    """A card's picture, whole, on white, as large as all others; grey where there is none."""
    height, width = PICTURE
    if picture is None:
        return np.full((height, width, 3), 238, np.uint8)
    return np.asarray(ImageOps.pad(picture, (width, height), color="white"))
