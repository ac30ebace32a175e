"""A zoom into a dream, as frames and as a film."""

import io
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from PIL import Image

from helpers import images
from helpers.dreams.dreaming import Dreamer, DreamError

SCALE = 1.04  # from one frame to the next
MILLISECONDS = 80  # that a frame is shown


def zoom(dreamer: Dreamer, picture, frames: int = 24, steps: int = 2) -> list[np.ndarray]:
    """Dream, zoom in a little, dream on: return the frames, uint8 (height, width, 3).

    Each frame is `SCALE` times larger than the one before it, and cut to the same size. An
    interrupt returns the frames so far.
    """
    shots, current = [], Image.fromarray(images.read(picture))
    box = [side * (1 - 1 / SCALE) / 2 for side in current.size]
    box += [current.width - box[0], current.height - box[1]]
    with suppress(KeyboardInterrupt):
        for number in range(frames):
            dream = dreamer.dream(current, steps, octaves=1, seed=number)
            if not dream.finished:
                break
            shots.append(dream.picture)
            current = Image.fromarray(dream.picture)
            current = current.resize(current.size, Image.Resampling.BICUBIC, box=box)
    return shots


def animation(shots: Sequence[np.ndarray]) -> bytes:
    """Return frames as the bytes of an animated WebP, which runs for ever."""
    if not len(shots):
        raise DreamError("There are no frames: an animation needs at least one.")
    first, *rest = (Image.fromarray(shot) for shot in shots)
    settings = {"duration": MILLISECONDS, "loop": 0, "quality": 70, "method": 4}
    buffer = io.BytesIO()
    first.save(buffer, "webp", save_all=True, append_images=rest, **settings)
    return buffer.getvalue()
