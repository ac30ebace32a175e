"""Pictures in folders, one for each class and named as the class: as learners have them.

collection = folders.read("my pictures")
collection.pictures, collection.labels, collection.names, collection.skipped
"""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers import images

SIZE = 144  # height and width at which pictures are looked at, in pixels
SMALLEST = 16  # pixels: a picture that is less high or wide shows nothing
FEWEST = 5  # pictures of a class, of which four fifths learn and one fifth examines, in turn
# What systems put beside a learner's folders; what begins with a dot is hidden and not even said.
SYSTEM = ("__", "@", "#", "$", "lost+found", "System Volume Information")


class FolderError(ValueError):
    """A folder that nothing can be learnt from: one sentence with the remedy."""


@dataclass(frozen=True)
class Collection:
    """Pictures in folders: uint8 (n, size, size, 3), labels (n,), and the folders' names.

    `skipped`: a sentence for each file or folder that was left out, which names it.
    """

    pictures: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    names: tuple[str, ...]
    skipped: tuple[str, ...] = ()


def read(folder, size: int = SIZE) -> Collection:
    """Read `folder`, which has a folder of pictures for each class, named as the class.

    Files that can't be read, that show nothing or that are there twice are left out and named in
    `skipped`, and so are a system's own folders. Raises FolderError where there is nothing to learn
    from: no folder that can be read, fewer than two classes, fewer than five pictures of one.
    """
    folder = Path(folder).expanduser()
    classes, skipped = _classes(folder)
    pictures, labels, seen = [], [], {}
    for number, one in enumerate(classes):
        for file, _ in _inside(one):
            try:
                pixels = images.read(file, (size, size), smallest=SMALLEST)
                twin = seen.setdefault(hashlib.sha256(pixels).digest(), file)
                if twin is not file:
                    raise images.ImageError(
                        f"{file} is the same picture as {twin}: what is held out must be new."
                    )
            except images.ImageError as error:
                inside = _legible(str(error)).replace(f"{_legible(folder)}{os.sep}", "")
                skipped.append(f"{inside} It was left out.")
            else:
                pictures.append(pixels)
                labels.append(number)
    counts = np.bincount(np.array(labels, int), minlength=len(classes))
    if counts.min() < FEWEST:
        left_out = f" ({len(skipped)} more could not be used)" if skipped else ""
        raise FolderError(
            f"{_legible(folder)} has too few usable pictures of "
            f"{classes[int(counts.argmin())].name}: {counts.min()}{left_out}. Add some: at least "
            f"{FEWEST} of each class are needed, and 20 are better."
        )
    names = tuple(one.name for one in classes)
    return Collection(np.stack(pictures), np.array(labels), names, tuple(skipped))


def _classes(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the classes' folders, and a sentence for whatever else is there."""
    classes, skipped = [], []
    for one, is_folder in _inside(folder):
        if not is_folder:
            skipped.append(f"{_legible(one.name)} lies beside the classes. It was left out.")
            continue
        if one.name.startswith(SYSTEM):
            skipped.append(f"{_legible(one.name)} is a folder of the system's. It was left out.")
            continue
        if _legible(one.name) != one.name:
            raise FolderError(
                f"{_legible(one)} has a name that is not in UTF-8, so the class can't bear it: "
                "rename the folder."
            )
        if (inner := _inside(one)) and all(is_folder for _, is_folder in inner):
            raise FolderError(
                f"{_legible(one)} holds folders and no pictures: name the folder that holds the "
                "classes, each with its pictures."
            )
        classes.append(one)
    if len(classes) < 2:
        found = f"only {classes[0].name}" if classes else "none"
        raise FolderError(
            f"{_legible(folder)} should have a folder of pictures for each class, at least two, "
            f"and has {found}: to choose, there must be something to choose from."
        )
    return classes, skipped


def _inside(folder: Path) -> list[tuple[Path, bool]]:
    """Return what is in a folder and not hidden, sorted, and whether each is a folder itself.

    FolderError if it can't be read.
    """
    try:
        found = sorted((path, path.is_dir()) for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        raise FolderError(
            f"There is no folder {_legible(folder)}: check its name and where it is."
        ) from None
    except OSError as error:
        raise FolderError(
            f"The folder {_legible(folder)} can't be read ({error.strerror}): check its "
            "permissions, or copy it to a place of your own."
        ) from None
    return [(path, is_folder) for path, is_folder in found if not path.name.startswith(".")]


def _legible(text: str | Path) -> str:
    """Return `text` with the bytes of a file's name that are not UTF-8 as \\x.."""
    return str(text).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
