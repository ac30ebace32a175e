"""Microscope pictures of stained cells, drawn by a program, some with sick cells among them.

A sick cell's nucleus is lobed instead of round, larger, and coarsely clumped. Everything else
(stain, light, focus, noise, zoom, crowding, dirt) varies in the same way in both classes. Their
card, data/cards/cells.md, says more.
"""

from types import SimpleNamespace

import numpy as np
from scipy import ndimage

from helpers import assets

SIDE = 96  # pixels; a picture's height and width
NAMES = ("healthy", "sick")  # what the labels 0 and 1 stand for
TRAIN, TEST = 800, 400  # pictures that `load` gives
LESSON = 0.6  # the difficulty of lesson 03, at which cells-cnn is trained and scored

ROWS, COLUMNS = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
MIDDLE = SIDE / 2
BORDER = 8  # pixels from the edge within which no cell has its centre
TURN = 2 * np.pi

# Red, green, blue, from 0 to 1: a Romanowsky-like stain, and how far it may lean to either side.
GLASS = np.array([0.94, 0.92, 0.93])
PLASMA, PLASMA_LEAN = np.array([0.86, 0.70, 0.80]), np.array([0.07, 0.05, -0.07])
NUCLEUS, NUCLEUS_LEAN = np.array([0.46, 0.28, 0.60]), np.array([0.12, 0.05, -0.10])
DIRT = np.array([0.55, 0.42, 0.60])

Pictures = tuple[np.ndarray, np.ndarray]


def load(difficulty: float = LESSON) -> tuple[Pictures, Pictures]:
    """Return (x_train, y_train), (x_test, y_test): 800 and 400 pictures, half of each sick.

    x: uint8 (n, 96, 96, 3), y: int64 (n,), 0 healthy, 1 sick. Always the same ones.
    """
    return draw(TRAIN, [0, 0], difficulty), draw(TEST, [0, 1], difficulty)


def draw(count: int, seed=0, difficulty: float = 0.8, share_sick: float = 0.5) -> Pictures:
    """Draw `count` pictures: uint8 (count, 96, 96, 3), and their labels, int64 (count,), mixed.

    `difficulty`: from 0, where sick nuclei leap to the eye, to 1, where they hardly differ and the
    pictures are noisy. `share_sick`: the share of pictures with at least one sick cell.
    """
    generator = np.random.default_rng(seed)
    labels = (np.arange(count) < round(count * share_sick)).astype(np.int64)
    generator.shuffle(labels)
    pictures = np.zeros((count, SIDE, SIDE, 3), np.uint8)
    for i, (label, own) in enumerate(zip(labels, generator.spawn(count), strict=True)):
        pictures[i] = picture(bool(label), own, difficulty)
    return pictures, labels


def score_cnn(options: dict[str, str], lesson) -> dict[str, float]:
    """Score cells-cnn, which lesson 03 builds, on its 400 test pictures: an alarm from 0.5 on."""
    from sklearn.metrics import roc_auc_score

    model = lesson.build_cnn()
    model.load_weights(assets.path("cells-cnn"))
    _, (x, y) = load()
    says = model.predict(x, verbose=0)[:, 0]
    alarm = says >= 0.5
    return {
        "pictures": len(y),
        "accuracy": np.mean(alarm == y),
        "sensitivity": alarm[y == 1].mean(),
        "specificity": 1 - alarm[y == 0].mean(),
        "roc_area": roc_auc_score(y, says),
    }


def picture(sick: bool, generator: np.random.Generator, difficulty: float = 0.8) -> np.ndarray:
    """Draw one picture, uint8 (96, 96, 3), with all its chances from `generator`."""
    smear = _smear(generator)
    canvas = np.ones((SIDE, SIDE, 3)) * smear.glass
    cells = _places(generator, smear.zoom)
    ill = _sick_ones(cells, generator, difficulty) if sick else set()
    for number, cell in enumerate(cells):
        _add_plasma(canvas, generator, smear, cell)
        _add_nucleus(canvas, generator, smear, cell, number in ill, difficulty)
    _add_dirt(canvas, generator)
    canvas = _through_the_lens(canvas, generator, difficulty)
    return (np.clip(canvas, 0, 1) * 255).astype(np.uint8)


def _smear(generator) -> SimpleNamespace:
    """Draw what all cells of a picture share: colours of stain and glass, and the zoom."""
    lean = generator.uniform(-1, 1)
    green = generator.uniform(-1, 1, 2)
    return SimpleNamespace(
        glass=GLASS + generator.normal(0, 0.03, 3),
        plasma=PLASMA + PLASMA_LEAN * [lean, green[0], lean] + generator.normal(0, 0.03, 3),
        nucleus=NUCLEUS + NUCLEUS_LEAN * [lean, green[1], lean] + generator.normal(0, 0.04, 3),
        zoom=generator.uniform(0.8, 1.2),
    )


def _places(generator, zoom) -> list[tuple[float, float, float]]:
    """Draw two to four cells, (row, column, radius), that overlap a little at most."""
    wanted, cells = generator.integers(2, 5), []
    for _ in range(200):
        radius = generator.uniform(17, 23) * zoom
        row, column = generator.uniform(BORDER, SIDE - BORDER, 2)
        if all(np.hypot(row - r, column - c) > 0.8 * (radius + q) for r, c, q in cells):
            cells.append((row, column, radius))
        if len(cells) == wanted:
            break
    return cells


def _sick_ones(cells, generator, difficulty) -> set[int]:
    """Choose the one or two sick cells among those nearest the middle, where they can be seen."""
    number = 1 if generator.random() < 0.3 + 0.5 * difficulty else 2
    off_centre = [max(abs(row - MIDDLE), abs(column - MIDDLE)) for row, column, _ in cells]
    return set(np.argsort(off_centre)[:number].tolist())


def _add_plasma(canvas, generator, smear, cell):
    """Add the cell's body: a smooth oval with a darker rim."""
    bumps = _bumps(generator, {2: 0.05, 3: 0.04, 5: 0.02})
    window, body, distance = _blob(generator, *cell, 0.15, bumps, softness=1.0)
    texture = 1 + 0.05 * _clouds(generator, 12, window)
    rim = 1 - 0.12 * np.exp(-(((distance - 0.93) / 0.08) ** 2))
    colour = smear.plasma * (texture * rim)[..., None]
    _blend(canvas, window, colour, body * generator.uniform(0.6, 0.85))


def _add_nucleus(canvas, generator, smear, cell, sick, difficulty):
    """Add the nucleus: round and fine-grained, or lobed, larger and clumped in a sick cell."""
    row, column, radius = cell
    size = generator.uniform(0.36, 0.52) * radius
    if sick:
        size *= 1.22 - 0.14 * difficulty
        depth = 0.17 - 0.09 * difficulty
        lobes = {2: depth, 3: depth, 4: depth, 6: 0.7 * depth, 7: 0.7 * depth}
        bumps = _bumps(generator, lobes, least=0.4)
        clumping, darker = 0.30 - 0.12 * difficulty, 0.05
    else:
        bumps = _bumps(generator, {2: 0.05 + 0.05 * difficulty, 3: 0.02 + 0.02 * difficulty})
        clumping, darker = 0.08 + 0.05 * difficulty, 0.0
    row, column = np.array([row, column]) + generator.uniform(-0.15, 0.15, 2) * radius
    window, body, _ = _blob(generator, row, column, size, 0.18, bumps, softness=0.7)
    grain = np.clip(_clouds(generator, generator.integers(22, 30), window), -2, 2)
    colour = np.clip(smear.nucleus * (1 + clumping * grain - darker)[..., None], 0, 1)
    _blend(canvas, window, colour, body * generator.uniform(0.75, 0.95))
    if generator.random() < 0.5:  # a nucleolus, the dark dot that some nuclei show
        row, column = np.array([row, column]) + generator.uniform(-0.1, 0.1, 2) * radius
        size = generator.uniform(1.2, 2.2) * smear.zoom
        window, dot, _ = _blob(generator, row, column, size, 0, [], softness=0.5)
        _blend(canvas, window, 0.6 * smear.nucleus, 0.5 * dot)


def _add_dirt(canvas, generator):
    """Add up to four specks, with or without sick cells."""
    for _ in range(generator.integers(0, 5)):
        row, column = generator.uniform(0, SIDE, 2)
        size, bumps = generator.uniform(1, 3.5), _bumps(generator, {3: 0.2})
        window, speck, _ = _blob(generator, row, column, size, 0.3, bumps, softness=0.6)
        _blend(canvas, window, DIRT, 0.6 * speck)


def _through_the_lens(canvas, generator, difficulty):
    """Light it unevenly, put it out of focus, and add the camera's noise."""
    down, across = generator.uniform(-1, 1, 2)
    slope = ((ROWS - MIDDLE) * down + (COLUMNS - MIDDLE) * across) / MIDDLE
    light = 1 + (0.08 + 0.12 * difficulty) * slope + 0.04 * _clouds(generator, 4)
    canvas = canvas * light[..., None] * generator.uniform(0.82, 1.05)
    blur = generator.uniform(0.3, 0.6 + 0.5 * difficulty)
    canvas = ndimage.gaussian_filter(canvas, (blur, blur, 0), mode="nearest")
    noise = 0.01 + 0.03 * difficulty * generator.random()
    return canvas + generator.normal(0, noise, canvas.shape)


def _blend(canvas, window, colour, share):
    """Lay `colour` over a window of the canvas: `share`, from 0 to 1, says how much of it shows."""
    canvas[window] += share[..., None] * (colour - canvas[window])


def _bumps(generator, depths: dict[int, float], least=0.0) -> list[tuple[int, float, float]]:
    """Draw waves along an outline: (waves around, depth, where they begin) for {waves: depth}."""
    return [
        (waves, depth * generator.uniform(least, 1), generator.uniform(0, TURN))
        for waves, depth in depths.items()
    ]


def _blob(generator, row, column, radius, flattest, bumps, softness):
    """Return a bumpy ellipse: (window, mask from 0 to 1, distance from its centre, the rim at 1).

    `flattest`: how far it may be from a circle. `softness`: the width of its edge, in pixels.
    `window`: the two slices of a picture that it lies in, which alone are computed, for speed.
    """
    flat, tilt = generator.uniform(0, flattest), generator.uniform(0, np.pi)
    reach = radius * (1 + sum(depth for _, depth, _ in bumps)) / (1 - flat) + 7 * softness
    window = tuple(slice(max(0, int(x - reach)), int(x + reach) + 2) for x in (row, column))
    down, across = ROWS[window] - row, COLUMNS[window] - column
    along = (across * np.cos(tilt) + down * np.sin(tilt)) * (1 + flat)
    beside = (down * np.cos(tilt) - across * np.sin(tilt)) * (1 - flat)
    distance, angle = np.hypot(along, beside), np.arctan2(beside, along)
    rim = radius * (1 + sum(depth * np.cos(n * angle + start) for n, depth, start in bumps))
    mask = 1 / (1 + np.exp(np.clip((distance - rim) / softness, -30, 30)))
    return window, mask, distance / np.maximum(rim, 1e-3)


def _clouds(generator, cells: int, window=np.s_[:, :]) -> np.ndarray:
    """Return smooth noise in a window: `cells` × `cells` random numbers and what lies between."""
    numbers = generator.normal(size=(cells, cells))
    place = np.linspace(0, cells - 1.001, SIDE)
    whole = place.astype(int)
    part = place - whole
    part = part * part * (3 - 2 * part)  # level at each number, so that no grid shows
    (up, down), (left, right) = ((whole[side], part[side]) for side in window)
    rows = numbers[up] * (1 - down)[:, None] + numbers[up + 1] * down[:, None]
    return rows[:, left] * (1 - right) + rows[:, left + 1] * right
