"""Photographs with captions, from a folder in the format of Flickr8k.

Flickr8k (Hodosh, Young, Hockenmaier: Framing image description as a ranking task, JAIR 47, 2013)
has 8,000 photographs with five captions each. Its pictures belong to the people who put them on
Flickr and may be used for research and teaching only, so nothing of it is shipped: its authors hand
it out on request, and copies of it lie on Kaggle ("adityajn105/flickr8k"). Any folder of your own
works as well: pictures, in it or in folders below it, and in it a text file,

    captions.txt             image,caption                (or without such a line)
                             1000268201.jpg,A child in a pink dress .
    Flickr8k.token.txt       1000268201.jpg#0<tab>A child in a pink dress .

with one line a caption. Semicolons, tabs and | divide as well. Or files as COCO has them,
captions_….json, with "images" and "annotations".
"""

import codecs
import io
import itertools
import json
import re
import unicodedata
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from helpers import assets, images
from helpers.vision import photos

FILES = ("captions.txt", "captions.csv", "captions.tsv", "Flickr8k.token.txt", "results.csv")
LINE = re.compile(  # a number, a picture, a number, and what is said of it; all but two may lack
    r"(\d*[,;|\t])?\s*\"?(?P<name>[^,;|\t\"]*\.[^\W\d_]\w{1,4})\"?(#\d+)?"
    r"\s*[,;|\t]\s*(\d+\s*[,;|\t])?(?P<said>.*)"
)
CAPTION_COLUMNS = ("caption", "captions", "comment", "description", "sentence", "text")
LONGEST = 10_000  # characters in a line of a text file


class CaptionFileError(ValueError):
    """A folder or file without captions that can be used: one sentence that says what to do."""


@dataclass(frozen=True)
class Captioned:
    """A photograph's file, and what people wrote about it, as `tidy` leaves it."""

    path: Path
    sentences: tuple[str, ...]


def read(folder) -> list[Captioned]:
    """Return the folder's captioned photographs, in the order of its captions file.

    What can't be used is left out, counted and said: captions without a word, pictures that aren't
    there or are damaged (each is looked at: a second for some hundreds). CaptionFileError names the
    line that isn't understood, or says what there is none of.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CaptionFileError(f"There is no folder {folder}: name one with pictures and captions.")
    files = [folder / name for name in FILES if (folder / name).is_file()][:1]
    files = files or sorted(folder.rglob("captions_*.json"))
    if not files:
        raise CaptionFileError(f"{folder} has no captions file: name it captions.txt.")
    file, captions, silent = files[0], defaultdict(list), []
    for number, picture, caption in itertools.chain(*map(_captions, files)):
        if words := tidy(caption):
            captions[picture].append(words)
        else:
            silent.append(f"line {number}")
    if not captions:
        raise CaptionFileError(f"{file} has no captions: each line needs a picture and a sentence.")
    paths = _paths(folder, captions)
    missing = [picture for picture in captions if picture not in paths]
    if not paths:
        raise CaptionFileError(
            f"None of the {len(captions)} pictures that {file.name} names, such as {missing[0]}, "
            f"is in {folder} or a folder in it: put them there."
        )
    with ThreadPoolExecutor() as pool:
        flaws = dict(zip(paths, pool.map(_flaw, paths.values()), strict=True))
    damaged = [picture for picture, flaw in flaws.items() if flaw]
    if len(damaged) == len(paths):
        raise CaptionFileError(f"No picture can be read. {flaws[damaged[0]]}")
    for left_out, what in (
        (silent, "captions without a word"),
        (missing, f"of {len(captions)} pictures, which are not in {folder.name},"),
        (damaged, f"of {len(captions)} pictures, which can't be read,"),
    ):
        if left_out:
            print(f"{file.name}: {len(left_out)} {what} are left out, such as {left_out[0]}.")
    whole = [picture for picture, flaw in flaws.items() if not flaw]
    return [Captioned(paths[picture], tuple(captions[picture])) for picture in whole]


def tidy(caption: str) -> str:
    """Lower case; letters with their marks, digits and single spaces. In Unicode's form NFC."""
    kept = []
    for character in unicodedata.normalize("NFC", caption.lower()):
        category = unicodedata.category(character)
        if category[0] in "LMN" or character in "\u200c\u200d":  # the joiners of Persian, Hindi
            kept.append(character)
        elif category != "Cf":  # a soft hyphen and its like divide nothing
            kept.append(" ")
    return " ".join(word for word in "".join(kept).split() if re.search(r"\w", word))


def shared() -> tuple[list[Captioned], list[str]]:
    """Return photographs that may be shown, with people's sentences, and a credit for each.

    They are 51 of COCO's. Where those aren't here, they are the photographs that packages carry,
    each with the one sentence that `vision.photos` has of it.
    """
    try:
        folder = assets.path("coco-captions")
    except assets.AssetError:
        shown = photos.SHOWN.items()
        some = [Captioned(assets.path(f"photo-{name}"), (tidy(said),)) for name, said in shown]
        return some, [assets.credit(f"photo-{name}") for name in photos.NAMES]
    some = read(folder)
    files = [one.path.relative_to(folder).as_posix() for one in some]
    return some, [assets.credit("coco-captions", file) for file in files]


def split(captioned: list[Captioned], folder) -> dict[str, list[Captioned]]:
    """Divide photographs into "train", "dev" and "test".

    Flickr8k's lists (Flickr_8k.trainImages.txt and so on) say which is which. Without them every
    tenth photograph is for "dev" and every tenth for "test". CaptionFileError for fewer than ten.
    """
    if len(captioned) < 10:
        raise CaptionFileError(
            f"{folder} has {len(captioned)} captioned photographs: to train on one part and judge "
            "on another takes ten at the least, and thousands to be good."
        )
    lists = {}
    for part in ("train", "dev", "test"):
        file = Path(folder) / f"Flickr_8k.{part}Images.txt"
        lists[part] = set(file.read_text("utf-8").split()) if file.is_file() else set()
    if all(lists.values()):
        return {
            part: [one for one in captioned if one.path.name in names]
            for part, names in lists.items()
        }
    parts = {"dev": captioned[::10], "test": captioned[1::10]}
    held_out = {one.path for some in parts.values() for one in some}
    return {"train": [one for one in captioned if one.path not in held_out], **parts}


# --- the pictures -------------------------------------------------------------------------------


def _paths(folder, names):
    """{name in the captions file: path} of the pictures that are in the folder or below it."""
    known = defaultdict(list)
    for path in folder.rglob("*"):
        parts = tuple(unicodedata.normalize("NFC", p) for p in path.relative_to(folder).parts)
        if path.is_file() and not any(part.startswith((".", "__MACOSX")) for part in parts):
            known[parts[-1]].append((parts, path))
    paths, taken = {}, set()
    for name in names:
        wanted = PureWindowsPath(unicodedata.normalize("NFC", name))  # it knows \ and / alike
        # Folders count, but not those of another computer.
        end = wanted.parts[-1:] if wanted.root else wanted.parts
        fitting = {path for parts, path in known[wanted.name] if parts[-len(end) :] == end}
        if len(fitting) > 1 or fitting & taken:
            raise CaptionFileError(
                f"It isn't clear which picture {name} is: give pictures in different folders "
                "different names."
            )
        if fitting:
            paths[name] = min(fitting)
            taken |= fitting
    return paths


def _flaw(path):
    """Why a picture can't be read, "" if it can. Made small, a file is read quickly."""
    try:
        images.read(path, 32)
    except images.ImageError as error:
        return str(error)
    return ""


# --- the captions file --------------------------------------------------------------------------


def _captions(file):
    return _coco(file) if file.suffix == ".json" else _rows(file)


def _coco(file):
    """(number, picture's name, caption) of each annotation in COCO's form."""
    try:
        content = json.loads("\n".join(_text(file)))
        names = {picture["id"]: picture["file_name"] for picture in content["images"]}
        return [
            (number, names[one["image_id"]], one["caption"])
            for number, one in enumerate(content["annotations"], start=1)
        ]
    except (ValueError, KeyError, TypeError):
        raise CaptionFileError(
            f"{file.name} isn't understood: COCO's form has 'images' with 'id' and 'file_name', "
            "and 'annotations' with 'image_id' and 'caption'."
        ) from None


def _rows(file):
    """(line number, picture's name, caption) of each line of a captions file."""
    lines = [(number, line) for number, line in enumerate(_text(file), start=1) if line.strip()]
    for number, line in lines:
        if found := LINE.fullmatch(line.strip()):
            yield number, found["name"], found["said"]
        elif number > lines[0][0] or len(lines) == 1:
            raise CaptionFileError(
                f"{file.name}, line {number}, isn't understood: it should be "
                "'picture.jpg,caption' or 'picture.jpg#0<tab>caption'."
            )
        elif not line.strip().lower().endswith(CAPTION_COLUMNS):
            print(f"{file.name}, line {number}, is taken for the names of its columns: {line}")


def _text(file):
    r"""The lines of a file in UTF-8, or in UTF-16 with its mark. They end at \n, \r\n or \r."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CaptionFileError(f"{file} can't be read ({error.strerror}).") from None
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        number = len(re.findall(rb"\r\n?|\n", content[: error.start])) + 1
        raise CaptionFileError(
            f"{file.name}, line {number}, is not in UTF-8: save it as that (a spreadsheet calls it "
            "'CSV UTF-8')."
        ) from None
    lines = [line.removesuffix("\n") for line in io.StringIO(text, newline=None)]
    too_long = file.suffix != ".json" and max(map(len, lines), default=0) > LONGEST
    if "\0" in text or too_long:
        raise CaptionFileError(f"{file.name} is not lines of text: save it as text in UTF-8.")
    return lines
