"""Painterly patterns drawn by a program, to take styles from: nobody's work, so nobody's rights.

    patterns.stained_glass()                    # uint8 (256, 256, 3)
    patterns.ALL["waves"](128)

All are squares: `size` is their side in pixels. A pattern is the same drawing at any size; lengths
below are shares of the side. `data/cards/patterns.md` says more.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.spatial import cKDTree

from helpers import images

SIDE = 256  # pixels, where no size is asked for
FIELD = 256  # numbers along each side of a random field, whatever the picture's size
PANES = 70  # of the stained glass
SMALLEST, SHARPEST = 64, 400  # canvases have at least 64 pixels; up to 400 they are drawn doubled

GLASS = ("#b3001b", "#e8871e", "#f2c14e", "#1f7a8c", "#123f63", "#5f0f40", "#3a7d44", "#7fb7be")
SEA = ("#04203f", "#0b4f7d", "#1f8aa5", "#7cc6c3", "#e9f0dc")
DUSK = ("#1d1b4c", "#3c4fa0", "#5f9bc4", "#d9b45b", "#f2e3a4")


def stained_glass(size: int = SIDE) -> np.ndarray:
    """Draw coloured panes between dark lead: uint8 (size, size, 3)."""
    side, rng = _canvas(size), np.random.default_rng([0, 0])
    x, y = _places(side)
    points = _spread(rng, PANES)
    distance, owner = cKDTree(points).query(np.stack([x, y], -1), k=2)
    gap, owner = distance[..., 1] - distance[..., 0], owner[..., 0]
    colours = _colours(GLASS)
    tint = colours[rng.integers(len(colours), size=PANES)] * rng.uniform(0.85, 1.15, (PANES, 1))
    tilt = rng.normal(0, 1.6, (PANES, 2))  # each pane is lit from a side of its own
    light = 1 + tilt[owner, 0] * (x - points[owner, 0]) + tilt[owner, 1] * (y - points[owner, 1])
    light = light + 0.5 * (_field(rng, side, 1.2) - 0.5)
    lead = np.clip((gap - 0.010) * 220, 0, 1)[..., None]
    return _finished(tint[owner] * light[..., None] * lead + 20 * (1 - lead), size)


def waves(size: int = SIDE) -> np.ndarray:
    """Draw rolling water with foam on its crests: uint8 (size, size, 3)."""
    side, rng = _canvas(size), np.random.default_rng([0, 1])
    x, y = _places(side)
    swell, ripple = _field(rng, side, 2.2), _field(rng, side, 1.8)
    phase = 7 * (y + 0.42 * swell + 0.035 * np.sin(2 * np.pi * (2.5 * x + 1.5 * ripple)))
    rise = phase % 1  # 0 after a crest, 1 at the next one
    shade = rise**1.4 + 0.10 * np.sin(2 * np.pi * 5 * phase)  # finer lines follow the same wave
    picture = _ramp(SEA, 0.92 * shade + 0.08 * ripple)
    crest = (rise - 0.86) * 9 + 2.2 * (_field(rng, side, 0.9) - 0.5)
    foam = np.clip(crest, 0, 1)[..., None]
    picture = picture * (1 - foam) + 245 * foam
    return _finished(picture * (0.9 + 0.2 * _field(rng, side, 0.8))[..., None], size)


def strokes(size: int = SIDE) -> np.ndarray:
    """Draw brush strokes that follow a whirling field: uint8 (size, size, 3)."""
    side, rng, count = _canvas(size), np.random.default_rng([0, 2]), 2600
    along = _whirl(rng)
    hue, starts = _even(_field(rng, FIELD, 2.0)), rng.random((count, 2))
    colours = _ramp(DUSK, hue[_cell(starts)] + rng.normal(0, 0.07, count))
    colours = np.clip(colours * rng.uniform(0.78, 1.22, (count, 1)), 0, 255).astype(int)
    points = [starts]
    for _ in range(9):
        points.append(points[-1] + 0.010 * along[_cell(points[-1])])
    canvas = Image.new("RGB", (side, side), tuple(int(c) for c in _colours(DUSK)[1]))
    pen, widths = ImageDraw.Draw(canvas), rng.uniform(0.010, 0.021, count) * side
    for line, colour, width in zip(
        np.stack(points, 1) * side, colours, np.sort(widths)[::-1], strict=True
    ):
        pen.line([*map(tuple, line)], tuple(colour.tolist()), max(1, round(width)), joint="curve")
    bristles = _brushed(rng, along, side)
    return _finished(np.asarray(canvas) * (0.70 + 0.6 * bristles)[..., None], size)


ALL = {"strokes": strokes, "waves": waves, "stained glass": stained_glass}


# -- the canvas ----------------------------------------------------------------------------------


def _canvas(size: int) -> int:
    """Return the side of the square to draw on: twice the picture's, for smooth edges."""
    if size < 1:
        raise ValueError(f"A picture of {size} pixels can't be drawn: ask for at least 1.")
    return max(SMALLEST, 2 * size if size <= SHARPEST else size)


def _finished(canvas: np.ndarray, size: int) -> np.ndarray:
    return images.resize(images.as_bytes(canvas / 255), (size, size))


def _places(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of every pixel, from 0 to 1: each (side, side)."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    return x, y


def _cell(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (row, column) in a field for each place (n, 2); beyond an edge it goes on."""
    column, row = np.floor(places * FIELD).astype(int).T % FIELD
    return row, column


# -- colours -------------------------------------------------------------------------------------


def _colours(palette) -> np.ndarray:
    """Return "#rrggbb" colours as numbers from 0 to 255: (n, 3)."""
    return np.array([[int(name[i : i + 2], 16) for i in (1, 3, 5)] for name in palette], float)


def _ramp(palette, values: np.ndarray) -> np.ndarray:
    """Return the palette's colour for each value: 0 is the first, 1 the last, blended between."""
    colours = _colours(palette)
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(values, stops, channel) for channel in colours.T], -1)


# -- chance --------------------------------------------------------------------------------------


def _field(rng, side: int, smoothness: float) -> np.ndarray:
    """Return smooth noise that tiles, from 0 to 1: (side, side), the rougher the lower the power.

    Noise whose waves fade with their frequency to that power; drawn at one resolution always.
    """
    down, across = np.fft.fftfreq(FIELD)[:, None], np.fft.rfftfreq(FIELD)
    frequency = np.hypot(down, across)
    frequency[0, 0] = 1
    waves = np.fft.rfft2(rng.normal(size=(FIELD, FIELD))) / frequency**smoothness
    waves[0, 0] = 0
    field = np.fft.irfft2(waves, (FIELD, FIELD))
    field = (field - field.min()) / (field.max() - field.min())
    return field if side == FIELD else np.clip(ndimage.zoom(field, side / FIELD, order=1), 0, 1)


def _even(field: np.ndarray) -> np.ndarray:
    """Replace values by their ranks, 0 to 1: so every colour gets as much room as the others."""
    return (field.ravel().argsort().argsort() / (field.size - 1)).reshape(field.shape)


def _spread(rng, count: int) -> np.ndarray:
    """Return points (count, 2) that keep some distance from each other (two rounds of Lloyd's)."""
    points, samples = rng.random((count, 2)), rng.random((40 * count, 2))
    for _ in range(2):
        owner = cKDTree(points).query(samples)[1]
        share = np.maximum(np.bincount(owner, minlength=count), 1)[:, None]
        sums = [np.bincount(owner, samples[:, axis], count) for axis in (0, 1)]
        points = np.stack(sums, -1) / share
    return points


def _whirl(rng) -> np.ndarray:
    """Return directions of length 1 that run around the hills of a field: (FIELD, FIELD, 2)."""
    hills = ndimage.gaussian_filter(_field(rng, FIELD, 2.3), 4, mode="wrap")
    down, across = np.gradient(hills)
    directions = np.stack([down, -across], -1)
    return directions / (np.linalg.norm(directions, axis=-1, keepdims=True) + 1e-9)


def _brushed(rng, along: np.ndarray, side: int) -> np.ndarray:
    """Return noise smeared along the directions, as bristles leave it: (side, side), 0 to 1.

    Line integral convolution (Cabral, Leedom: Imaging vector fields. SIGGRAPH 1993).
    """
    resolution = 2 * FIELD
    noise = rng.random((resolution, resolution))
    x, y = _places(resolution)
    place, total = np.stack([x, y], -1).reshape(-1, 2), 0
    for _ in range(14):
        column, row = np.floor(place * resolution).astype(int).T % resolution
        total = total + noise[row, column]
        place = place + along[_cell(place)] / resolution
    smeared = _even(total.reshape(resolution, resolution))
    return np.clip(ndimage.zoom(smeared, side / resolution, order=1), 0, 1)
