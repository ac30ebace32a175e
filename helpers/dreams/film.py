"""A zoom into a dream, as frames and as a film."""

import io
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
from PIL import Image

from helpers import images
from helpers.dreams.dreaming import Dreamer, DreamError


def zoom(
    dreamer: Dreamer,
    picture,
    frames: int = 24,
    steps: int = 3,
    scale: float = 1.05,
    seed: int = 0,
    watch: Callable | None = None,
) -> list[np.ndarray]:
    """Dream, zoom in a little, dream on: return the frames, uint8 (height, width, 3).

    Each frame is `scale` times larger than the one before it, and cut to the same size. `watch()`
    is called after each. An interrupt returns the frames so far. DreamError for a scale below 1.
    """
    if scale < 1:
        raise DreamError(f"scale={scale} won't do: a zoom goes nearer, so give 1 or more.")
    shots, current = [], images.read(picture)
    with suppress(KeyboardInterrupt):
        for number in range(frames):
            dream = dreamer.dream(current, steps, octaves=1, seed=seed + number)
            if not dream.finished:
                break
            shots.append(dream.picture)
            if watch:
                watch()
            current = _nearer(dream.picture, scale)
    return shots


def _nearer(pixels: np.ndarray, scale: float) -> np.ndarray:
    height, width = pixels.shape[:2]
    box = [side * (1 - 1 / scale) / 2 for side in (width, height)]
    box += [width - box[0], height - box[1]]
    near = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC, box=box)
    return np.asarray(near)


def animation(shots: Sequence[np.ndarray], format: str = "webp", milliseconds: int = 80) -> bytes:
    """Return frames as the bytes of an animated WebP or GIF, running there and back for ever."""
    if format not in ("webp", "gif"):
        raise DreamError(f"{format!r} can't hold an animation here: take 'webp' or 'gif'.")
    if not len(shots):
        raise DreamError("There are no frames: an animation needs at least one.")
    there, buffer = [Image.fromarray(shot) for shot in shots], io.BytesIO()
    quality = {"quality": 70, "method": 4} if format == "webp" else {}
    settings = {"append_images": there[1:] + there[-2:0:-1], "duration": milliseconds, "loop": 0}
    there[0].save(buffer, format.upper(), save_all=True, **settings, **quality)
    return buffer.getvalue()
