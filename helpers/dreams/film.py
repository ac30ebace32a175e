"""A zoom into a dream, as frames and as a film."""

import io
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from PIL import Image

from helpers import images
from helpers.dreams.dreaming import Dreamer, DreamError

SCALE = 1.05  # from one frame to the next
MILLISECONDS = 80  # that a frame is shown


def zoom(dreamer: Dreamer, picture, frames: int = 24, steps: int = 3) -> list[np.ndarray]:
    """Dream, zoom in a little, dream on: return the frames, uint8 (height, width, 3).

    Each frame is `SCALE` times larger than the one before it, and cut to the same size. An
    interrupt returns the frames so far.
    """
    shots, current = [], images.read(picture)
    with suppress(KeyboardInterrupt):
        for number in range(frames):
            dream = dreamer.dream(current, steps, octaves=1, seed=number)
            if not dream.finished:
                break
            shots.append(dream.picture)
            current = _nearer(dream.picture)
    return shots


def _nearer(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    box = [side * (1 - 1 / SCALE) / 2 for side in (width, height)]
    box += [width - box[0], height - box[1]]
    near = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC, box=box)
    return np.asarray(near)


def animation(shots: Sequence[np.ndarray]) -> bytes:
    """Return frames as the bytes of an animated WebP, running there and back for ever."""
    if not len(shots):
        raise DreamError("There are no frames: an animation needs at least one.")
    there, buffer = [Image.fromarray(shot) for shot in shots], io.BytesIO()
    settings = {"duration": MILLISECONDS, "loop": 0, "quality": 70, "method": 4}
    rest = there[1:] + there[-2:0:-1]
    there[0].save(buffer, "webp", save_all=True, append_images=rest, **settings)
    return buffer.getvalue()
