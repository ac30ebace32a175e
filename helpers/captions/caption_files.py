"""Photographs with captions, from a folder in the format of Flickr8k.

Flickr8k (Hodosh, Young, Hockenmaier: Framing image description as a ranking task, JAIR 47, 2013)
has 8,000 photographs with five captions each. Its pictures belong to the people who put them on
Flickr and may be used for research and teaching only, so nothing of it is shipped: its authors hand
it out on request, and copies of it lie on Kaggle ("adityajn105/flickr8k"). Any folder of your own
works as well: pictures, in it or in its `Images`, and beside them a text file,

    captions.txt             image,caption                 (the first line; then one line a caption)
                             1000268201.jpg,A child in a pink dress .
    Flickr8k.token.txt       1000268201.jpg#0<tab>A child in a pink dress .
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

FILES = ("captions.txt", "Flickr8k.token.txt")
TOKEN_LINE = re.compile(r"(?P<image>[^\t]+?)#\d+\t(?P<caption>.*)")


class CaptionFileError(ValueError):
    """A folder or file without captions that can be used: one sentence that says what to do."""


@dataclass(frozen=True)
class Captioned:
    """A photograph's file, and what people wrote about it: lower case, letters and digits only."""

    path: Path
    sentences: tuple[str, ...]


def read(folder) -> list[Captioned]:
    """Return the folder's captioned photographs, in the order of its captions file.

    Pictures that the file names and the folder lacks are left out, and said. CaptionFileError if
    there is no captions file, if it is empty or of another form, or if no picture is left.
    """
    folder = Path(folder)
    file = _captions_file(folder)
    captions = {}
    for number, (image, caption) in enumerate(_lines(file), start=1):
        if not image:
            raise CaptionFileError(
                f"{file.name}, line {number}, isn't understood: it should be 'picture.jpg,caption' "
                "or 'picture.jpg#0<tab>caption'."
            )
        if words := tidy(caption):
            captions.setdefault(image, []).append(words)
    if not captions:
        raise CaptionFileError(f"{file} has no captions: each line needs a picture and a sentence.")
    places = (folder, folder / "Images", folder / "images")
    found = [
        Captioned(path, tuple(sentences))
        for image, sentences in captions.items()
        for path in [next((p / image for p in places if (p / image).is_file()), None)]
        if path
    ]
    missing = [image for image in captions if image not in {one.path.name for one in found}]
    if not found:
        raise CaptionFileError(
            f"None of the {len(captions)} pictures that {file.name} names, such as {missing[0]}, "
            f"is in {folder} or its Images: put them there."
        )
    if missing:
        print(
            f"{len(missing)} of {len(captions)} pictures that {file.name} names are not in "
            f"{folder.name} and are left out, such as {missing[0]}."
        )
    return found


def tidy(caption: str) -> str:
    """Lower case, and nothing but letters, digits and single spaces."""
    return " ".join(re.findall(r"[^\W_]+", caption.lower()))


def _captions_file(folder):
    if not folder.is_dir():
        raise CaptionFileError(f"There is no folder {folder}: name one with pictures and captions.")
    for name in FILES:
        if (folder / name).is_file():
            return folder / name
    raise CaptionFileError(f"{folder} has no captions file: name it {' or '.join(FILES)}.")


def _lines(file):
    """(picture's file name, caption) of each line; ("", "") for one that isn't understood."""
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    lines = [line for line in lines if line.strip()]
    if lines and TOKEN_LINE.fullmatch(lines[0]):
        for line in lines:
            match = TOKEN_LINE.fullmatch(line)
            yield (Path(match["image"]).name, match["caption"]) if match else ("", "")
        return
    for row in csv.reader(lines[1:]):  # the first line names the columns
        whole = len(row) >= 2 and "." in row[0]
        yield (Path(row[0].strip()).name, ",".join(row[1:])) if whole else ("", "")
