"""Read any picture that Pillow can, safely; resize, encode and write pictures.

A picture here is a NumPy array of bytes (uint8), shape (height, width, 3), red-green-blue.
"""

import base64
import io
import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from itertools import chain, zip_longest
from numbers import Integral
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from helpers import files

# A picture of 50 megapixels takes 150 MB when decoded. A far larger one is a mistake or an attack:
# a file of a few kB can claim to be gigabytes of pixels. Pillow refuses twice what it warns of.
MAX_PIXELS = 64_000_000
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2

# Pillow reads EPS by running Ghostscript on it: a program that could do anything.
REFUSED_FORMATS = {"EPS"}
NO_FILE = {
    FileNotFoundError: "is not there: check the spelling and the folder it is in",
    IsADirectoryError: "is a folder: name a picture in it",
}

LEFTOVERS = ("Thumbs.db", "desktop.ini")  # of Windows, in a folder of pictures


class ImageError(ValueError):
    """A picture that can't be read or written; the message says which, and what to do."""


def read(source, size=None, smallest: int = 1) -> np.ndarray:
    """Read a picture into a uint8 array of shape (height, width, 3).

    `source` is a path, the file's bytes, an open binary file, a Pillow image or an array.
    Photographs are turned upright, transparent parts become white, whatever is not 8-bit RGB
    becomes that, and of an animation the first frame is taken.

    `size=(height, width)` gives exactly this size: what sticks out is cut off on both sides, so
    that nothing is distorted. `size=n` shrinks the longer side to n pixels, if it is longer. Both
    need much less memory than reading a large photograph whole. Raises ImageError, in one sentence
    with the remedy, for what can't be read or has fewer than `smallest` pixels on a side.
    """
    if isinstance(source, Image.Image | np.ndarray):
        return _pixels(_flat(_pillow(source)), size)
    name = _name(source)
    try:
        with warnings.catch_warnings():
            # Pillow warns of what it could mend, or of files larger than its own limit.
            warnings.simplefilter("ignore")
            Image.init()
            formats = [kind for kind in Image.ID if kind not in REFUSED_FORMATS]
            with Image.open(_opened(source, name), formats=formats) as file:
                if min(file.size) < smallest:
                    raise ImageError(
                        f"{name} has {file.height} × {file.width} pixels, too few to show "
                        f"anything: at least {smallest} × {smallest} are needed."
                    )
                return _pixels(_upright(file, size), size)
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageError(
            f"{name} has more than {MAX_PIXELS:,} pixels: make it smaller in an image editor and "
            "try again."
        ) from None
    except UnidentifiedImageError:
        raise ImageError(
            f"{name} is not a picture that can be read: save it as PNG or JPEG and try again."
        ) from None
    except Exception as error:
        # A damaged file can make Pillow's decoders raise nearly anything.
        raise ImageError(
            f"{name} is cut off or damaged ({' '.join(str(error).split())}): copy or download it "
            "again, or save it as PNG in an image editor."
        ) from None


def resize(image: np.ndarray, size) -> np.ndarray:
    """Resize uint8, (height, width, 3), to exactly `size=(height, width)`; it may be stretched."""
    return np.array(_pillow(image).resize(tuple(size[::-1]), Image.Resampling.LANCZOS))


def encode(image: np.ndarray, format: str = "png") -> bytes:
    """Return the picture as the bytes of an image file: "png", "jpeg", "webp" and others.

    `image` is uint8 or floats from 0 to 1; transparent parts become white.
    """
    name = Image.registered_extensions().get(f".{format.lower()}")
    if name not in Image.SAVE:
        raise ImageError(f"Pictures can't be written as {format!r}: use 'png' or 'jpeg'.")
    buffer = io.BytesIO()
    _flat(_pillow(image)).save(buffer, name, quality=90)
    return buffer.getvalue()


def write(path, image: np.ndarray) -> None:
    """Write a picture, whole or not at all; the path's suffix names the format (.png, .jpg, …)."""
    data = encode(image, Path(path).suffix.lstrip(".") or "no format")
    try:
        files.write(path, data)
    except OSError as error:
        raise ImageError(
            f"{path} can't be written ({error.strerror}): choose another folder."
        ) from None


def _files(folder: Path, pattern: str) -> list[Path]:
    if not folder.is_dir():
        raise ImageError(f"There is no folder {folder}: check its name and where it is.")
    found = (entry for entry in folder.glob(pattern) if entry.name[0] != ".")
    found = sorted(entry for entry in found if entry.is_file() and entry.name not in LEFTOVERS)
    if not found:
        raise ImageError(f"{folder} holds no files: put pictures into it.")
    return found


def album(folder, most: int = 24) -> dict[str, Path]:
    """Return the pictures in a folder and the folders in it by their names, some from each.

    What can't be read is left out; ImageError where nothing is left, or there is no such folder.
    """
    folder, groups, found = Path(folder).expanduser(), {}, {}
    for file in _files(folder, "**/*"):
        groups.setdefault(file.parent, []).append(file)
    for file in filter(None, chain.from_iterable(zip_longest(*groups.values()))):
        with suppress(ImageError):
            read(file, 16)
            found[file.relative_to(folder).as_posix()] = file
        if len(found) == most:
            break
    if not found:
        raise ImageError(f"{folder} holds no picture that can be read: put some into it.")
    return found


def each(folder, out, pixels: int | None, work: Callable) -> int:
    """Turn the pictures of `folder`, at most `pixels` on the longer side, into JPEGs in `out`.

    `work(picture)` yields the share that is done, from 0 to 1, with the picture so far (only the
    last one counts). One line shows the progress. A file that can't be read is named, and the rest
    goes on. Returns how many were left out; ImageError where there is nothing to do.
    """
    folder, out = Path(folder).expanduser(), Path(out).expanduser()
    if folder.is_dir() and out.resolve() == folder.resolve():
        raise ImageError(f"{out} is the pictures' own folder: name another one for the results.")
    sources = _files(folder, "*")
    left_out = 0
    with suppress(OSError):  # where it can't be made, `write` says why
        out.mkdir(parents=True, exist_ok=True)
    for source in sources:
        twins = sum(other.stem == source.stem for other in sources)
        target = out / f"{source.name if twins > 1 else source.stem}.jpg"
        try:
            picture = read(source, pixels)
        except ImageError as error:
            print(f"{error} It was left out.")
            left_out += 1
            continue
        for done, result in work(picture):  # noqa: B007 - of the results the last one counts
            bar = "█" * round(20 * done)
            print(f"\r{source.name}: {bar:░<20} {done:4.0%}", end="", flush=True)
        write(target, result)
        print(f"\r{source.name}: {target}".ljust(len(source.name) + 30))
    return left_out


def data_url(image: np.ndarray, format: str = "jpeg") -> str:
    """Return the picture as a `data:` address, to stand in HTML by itself; see `encode`."""
    content = base64.b64encode(encode(image, format)).decode()
    return f"data:image/{format.lower()};base64,{content}"


def as_floats(image: np.ndarray) -> np.ndarray:
    """Turn bytes from 0 to 255 into float32 from 0 to 1; floats stay as they are."""
    image = np.asarray(image)
    return image.astype(np.float32) / 255 if image.dtype == np.uint8 else image.astype(np.float32)


def as_bytes(image) -> np.ndarray:
    """Turn floats (an array or a tensor; what lies outside 0 to 1 is clipped) into uint8."""
    image = np.asarray(image)
    if image.dtype == np.uint8:
        return image
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _name(source) -> str:
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "The picture"


def _opened(source, name):
    """Return what Image.open takes, or raise ImageError if there is nothing to open."""
    if isinstance(source, bytes | bytearray | memoryview):
        content = bytes(source)
    elif hasattr(source, "read"):
        return source
    elif not isinstance(source, str | os.PathLike):
        kind = type(source).__name__
        raise ImageError(f"{kind} is not a picture: give a path, a file's bytes or an open file.")
    elif name.startswith(("http://", "https://")):
        raise ImageError(f"{name} is on the web: download it and give the path of the file.")
    else:
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            words = f"can't be opened ({error.strerror}): check its name and permissions"
            raise ImageError(f"{name} {NO_FILE.get(type(error), words)}.") from None
    if not content:
        raise ImageError(f"{name} is empty: copy or download it again.")
    return io.BytesIO(content)


def _upright(file, size) -> Image.Image:
    """Decode the first frame, in RGB and the right way up."""
    if size is not None:
        # JPEG can be decoded at a half, a quarter or an eighth of its size.
        side = size if isinstance(size, Integral) else max(size)
        file.draft(None, (side, side))
    try:
        picture = ImageOps.exif_transpose(file)
    except Exception:
        # Its EXIF data is damaged; its pixels may be fine.
        picture = file
    return _flat(picture)


def _flat(picture: Image.Image) -> Image.Image:
    """Return the picture in RGB, its transparent parts white."""
    if picture.mode.startswith("I;16"):
        table = np.round(np.linspace(0, 255, 65536)).astype(np.uint8)
        picture = Image.fromarray(table[np.asarray(picture).astype(np.uint16)])
    elif picture.mode in ("I", "F"):
        picture = Image.fromarray(_eight_bit(np.asarray(picture)))
    elif picture.mode == "LAB":
        spaces = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        picture = ImageCms.profileToProfile(picture, *spaces, outputMode="RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        return white
    return picture.convert("RGB")


def _eight_bit(values: np.ndarray) -> np.ndarray:
    """Scale integers or floats of any range to 0-255, as a file says nothing of the range.

    0-1, 0-255 and 0-65535 are known by the largest value; else the smallest is black, the largest
    white.
    """
    values = np.nan_to_num(values.astype(np.float32), posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 65535:
        low, high = 0.0, next(limit for limit in (1.0, 255.0, 65535.0) if high <= limit)
    return np.round((values - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)


def _pillow(image) -> Image.Image:
    """Return a uint8 array, or a float array between 0 and 1, as a Pillow image."""
    if isinstance(image, Image.Image):
        return image
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    channels = array.shape[2] if array.ndim == 3 else 3
    if array.ndim not in (2, 3) or channels not in (3, 4) or not array.size:
        raise ImageError(
            f"An array of shape {array.shape} is not one picture: give (height, width, 3)."
        )
    if array.dtype == np.uint8:
        return Image.fromarray(np.ascontiguousarray(array))
    if array.dtype.kind == "f" and array.min() >= 0 and array.max() <= 1:
        return Image.fromarray(np.round(array * 255).astype(np.uint8))
    raise ImageError(
        f"An array of {array.dtype} from {array.min():g} to {array.max():g} is not a picture: "
        "give whole numbers 0-255 (uint8) or floats from 0 to 1."
    )


def _pixels(picture: Image.Image, size) -> np.ndarray:
    if isinstance(size, Integral):
        picture.thumbnail((size, size), Image.Resampling.LANCZOS)
    elif size is not None:
        picture = ImageOps.fit(picture, tuple(size[::-1]), Image.Resampling.LANCZOS)
    return np.array(picture)
