"""Cats and dogs, drawn by a program: the talk's other pictures, as many as one likes.

A cat has pointed ears, whiskers, slit pupils and a slim body; a dog has hanging ears, a snout, a
large nose and often its tongue out. Fur, markings, pose, background and light vary in the same way
in both. The card says more: `data/cards/cats-dogs.md`.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 96  # pixels; a picture's height and width
NAMES = ("cat", "dog")  # what the labels 0 and 1 stand for

FINE = 3  # drawn at this many times the size and shrunk, so that outlines are smooth
CANVAS = FINE * SIDE

# Red, green, blue, 0-255. Cats and dogs share all of them: colour must not tell the two apart.
FURS = np.array(
    [
        (214, 140, 70),  # ginger
        (150, 150, 156),  # grey
        (62, 58, 60),  # black
        (236, 228, 214),  # cream
        (126, 84, 54),  # brown
        (188, 160, 124),  # fawn
        (176, 96, 62),  # chestnut
        (108, 112, 124),  # blue-grey
    ]
)
PLACES = np.array(
    [
        (148, 190, 226),  # sky
        (132, 170, 106),  # meadow
        (222, 206, 176),  # wall
        (176, 148, 184),  # curtain
        (206, 150, 130),  # brick
        (96, 116, 136),  # evening
        (186, 200, 196),  # fog
    ]
)
IRISES = np.array([(120, 168, 84), (206, 164, 66), (112, 152, 190), (120, 80, 50)])
PINK, TONGUE, INK = (214, 142, 146), (226, 104, 122), (38, 32, 34)

Pictures = tuple[np.ndarray, np.ndarray]


def draw(count: int, seed=0) -> Pictures:
    """Draw `count` pictures: uint8 (count, 96, 96, 3), and their labels, int64 (count,), mixed.

    Half are cats (0) and half dogs (1); of an odd number, one more is a cat.
    """
    generator = np.random.default_rng(seed)
    labels = (np.arange(count) < count // 2).astype(np.int64)
    generator.shuffle(labels)
    pictures = np.zeros((count, SIDE, SIDE, 3), np.uint8)
    for i, (label, own) in enumerate(zip(labels, generator.spawn(count), strict=True)):
        pictures[i] = picture(bool(label), own)
    return pictures, labels


def picture(dog: bool, generator: np.random.Generator) -> np.ndarray:
    """Draw one picture, uint8 (96, 96, 3), with all its chances from `generator`."""
    place = _background(generator)
    beast = Image.new("RGBA", (CANVAS, CANVAS))
    fur = _Fur(generator)
    pen = _Pen(beast, generator)
    _draw_body(pen, fur, generator, dog)
    pen.tilt = generator.uniform(-0.3, 0.3)
    if dog:
        _draw_dog_head(pen, fur, generator)
    else:
        _draw_cat_head(pen, fur, generator)
    place.paste(_textured(beast, generator), mask=beast.getchannel("A"))
    return _photographed(place, generator)


class _Fur:
    """One animal's colours: the coat, a darker and a lighter shade, and whether it has markings."""

    def __init__(self, generator):
        coat = FURS[generator.integers(len(FURS))] + generator.normal(0, 9, 3)
        patch = FURS[generator.integers(len(FURS))] + generator.normal(0, 9, 3)
        self.coat = _colour(coat)
        self.dark = _colour(coat * 0.72)
        self.light = _colour(coat * 0.35 + np.array([246, 240, 232]) * 0.65)
        self.patch = _colour(patch)
        self.markings = generator.choice(["plain", "stripes", "patches"])


class _Pen:
    """Draws shapes in head radii: the head's middle at (0, 0), x to the right, y down."""

    def __init__(self, canvas, generator):
        self._ink = ImageDraw.Draw(canvas)
        self.size = CANVAS * generator.uniform(0.19, 0.27)  # pixels of a head's radius
        self.middle = CANVAS * np.array(
            [generator.uniform(0.4, 0.6), generator.uniform(0.36, 0.48)]
        )
        self.tilt = 0.0

    def place(self, points):
        """Return the pixels (x, y) of points given in head radii, tilted."""
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        x, y = np.asarray(points, float).T
        turned = np.stack([x * cos - y * sin, x * sin + y * cos], axis=1)
        return [tuple(point) for point in self.middle + self.size * turned]

    def shape(self, points, colour, rounded=True):
        """Fill an outline: through its corners in a soft curve, or straight."""
        self._ink.polygon(self.place(_soft(points) if rounded else points), fill=colour)

    def oval(self, x, y, across, down, colour, lean=0.0):
        """Fill an ellipse round (x, y); `lean` turns it, in radians."""
        angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        u, v = across * np.cos(angle), down * np.sin(angle)
        cos, sin = np.cos(lean), np.sin(lean)
        self.shape(np.stack([x + u * cos - v * sin, y + u * sin + v * cos], 1), colour, False)

    def line(self, points, colour, width):
        """Draw a soft curve through points."""
        pixels = max(1, round(width * self.size))
        path = self.place(_soft(points, closed=False))
        self._ink.line(path, fill=colour, width=pixels, joint="curve")
        for x, y in (path[0], path[-1]) if pixels > 3 else ():  # round ends
            r = pixels / 2 - 0.5
            self._ink.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def _draw_body(pen, fur, generator, dog):
    """Draw it sitting: tail, trunk, chest, forelegs. A dog is broad, and its tail thick."""
    wide = generator.uniform(0.85, 1.1) if dog else generator.uniform(0.62, 0.85)
    side = generator.choice([-1, 1])
    reach = generator.uniform(0.3, 0.7)
    if dog:
        tail = [(wide, 2.0), (wide + reach, 1.5), (wide + reach * 1.2, 1.0)]
    else:
        tail = [(wide * 0.9, 2.2), (wide + reach, 2.0), (wide + reach, 1.2), (wide + 0.2, 0.7)]
    pen.line([(side * x, y) for x, y in tail], fur.dark, 0.30 if dog else 0.17)
    half = [(0.42 * wide + 0.1, 0.6), (0.85 * wide, 1.3), (1.05 * wide, 2.3), (0.9 * wide, 3.4)]
    pen.shape(_both_sides([(0, 0.4), *half, (0, 3.5)]), fur.coat)
    if fur.markings == "patches":
        pen.oval(-side * 0.5 * wide, generator.uniform(1.3, 2.2), 0.35 * wide, 0.45, fur.patch)
    if fur.markings == "stripes":
        for y in np.arange(1.2, 2.8, 0.4):
            pen.line([(side * 0.95 * wide, y), (side * 0.5 * wide, y + 0.12)], fur.dark, 0.1)
    if generator.random() < 0.6:
        pen.oval(0, 1.3, 0.42 * wide, 0.62, fur.light)
    for x in (-0.33 * wide, 0.33 * wide):
        pen.line([(x, 1.7), (x, 2.6)], fur.dark, 0.36 * wide + 0.06)
        pen.line([(x, 1.7), (x, 2.55)], fur.coat, 0.36 * wide)
    if generator.random() < 0.4:
        collar = _colour(generator.uniform(40, 220, 3))
        pen.line([(-0.5, 0.92), (0, 1.1), (0.5, 0.92)], collar, 0.16)


def _draw_cat_head(pen, fur, generator):
    turn = generator.uniform(-0.2, 0.2)
    spread, height = generator.uniform(-0.12, 0.12), generator.uniform(1.25, 1.55)
    for side in (-1, 1):
        tip = (side * (0.74 + spread), -height)
        pen.shape([(side * 0.98, -0.1), tip, (side * 0.12, -0.72)], fur.coat, rounded=False)
        inner = (side * (0.72 + spread), -height + 0.28)
        pen.shape([(side * 0.82, -0.4), inner, (side * 0.36, -0.72)], PINK, rounded=False)
    cheek = generator.uniform(0.98, 1.1)
    half = [(0.5, -0.76), (0.9, -0.3), (cheek, 0.22), (0.62, 0.68)]
    pen.shape(_both_sides([(0, -0.82), *half, (0, 0.84)]), fur.coat)
    _mark_head(pen, fur, generator, turn)
    for side in (-1, 1):
        pen.oval(turn + side * 0.19, 0.42, 0.25, 0.2, fur.light)
    nose = turn * 1.3
    pen.shape([(nose - 0.12, 0.22), (nose + 0.12, 0.22), (nose, 0.36)], PINK, rounded=False)
    for side in (-1, 1):
        pen.line([(nose, 0.36), (nose + side * 0.1, 0.5), (nose + side * 0.24, 0.46)], INK, 0.04)
    _draw_eyes(pen, generator, turn, 0.42, -0.12, slit=True)
    if generator.random() < 0.85:
        hair = (250, 250, 248) if sum(fur.coat) < 480 else (84, 76, 74)
        for side in (-1, 1):
            for y, rise in ((0.34, -0.16), (0.44, 0.0), (0.54, 0.16)):
                far = generator.uniform(1.15, 1.45)
                droop = rise + generator.normal(0, 0.04)
                pen.line([(turn + side * 0.3, y), (side * far, y + droop)], hair, 0.035)


def _draw_dog_head(pen, fur, generator):
    turn = generator.uniform(-0.25, 0.25)
    ear = fur.patch if fur.markings == "patches" else fur.dark
    half = [(0.5, -0.84), (0.82, -0.35), (0.78, 0.25), (0.58, 0.72)]
    pen.shape(_both_sides([(0, -0.88), *half, (0, 0.98)]), fur.coat)
    _mark_head(pen, fur, generator, turn)
    long, out = generator.uniform(0.35, 0.95), generator.uniform(1.0, 1.3)
    for side in (-1, 1):
        flap = [(0.45, -0.84), (0.85, -0.8), (out, -0.1), (out - 0.08, long), (0.82, long * 0.8)]
        pen.shape([(side * x, y) for x, y in [*flap, (0.68, -0.2)]], ear)
    snout = turn * 1.4
    if generator.random() < 0.6:  # the tongue
        to = snout + generator.uniform(-0.12, 0.12)
        length = generator.uniform(1.05, 1.4)
        pen.shape(
            [(snout - 0.17, 0.7), (snout + 0.17, 0.7), (to + 0.16, length), (to - 0.16, length)],
            TONGUE,
        )
        pen.line([(snout, 0.75), (to, length - 0.05)], (196, 76, 98), 0.04)
    pen.oval(snout, 0.5, generator.uniform(0.4, 0.52), generator.uniform(0.4, 0.48), fur.light)
    pen.oval(snout, 0.27, generator.uniform(0.18, 0.25), 0.15, INK)
    pen.oval(snout - 0.06, 0.22, 0.05, 0.03, (150, 146, 150))
    pen.line([(snout, 0.4), (snout, 0.62)], INK, 0.05)
    for side in (-1, 1):
        pen.line(
            [(snout, 0.62), (snout + side * 0.16, 0.72), (snout + side * 0.32, 0.62)], INK, 0.05
        )
    _draw_eyes(pen, generator, turn, 0.36, -0.2, slit=False)


def _mark_head(pen, fur, generator, turn):
    """Stripes on the forehead, a patch round an eye, or nothing."""
    if fur.markings == "stripes":
        for x in (-0.22, 0.0, 0.22):
            pen.line([(turn + x, -0.76), (turn + 0.7 * x, -0.42)], fur.dark, 0.09)
    if fur.markings == "patches":
        side = generator.choice([-1, 1])
        pen.oval(turn + side * 0.4, -0.2, 0.34, 0.38, fur.patch)


def _draw_eyes(pen, generator, turn, apart, y, slit):
    """Draw both eyes, now and then contentedly shut. A cat's pupil is a slit, a dog's is round."""
    iris = _colour(IRISES[generator.integers(len(IRISES))] + generator.normal(0, 8, 3))
    shut, look = generator.random() < 0.1, generator.uniform(-0.05, 0.05)
    wide = generator.uniform(0.9, 1.15)
    for side in (-1, 1):
        x = turn + side * apart
        if shut:
            pen.line([(x - 0.2, y), (x, y + 0.1), (x + 0.2, y)], INK, 0.07)
            continue
        if slit:
            pen.oval(x, y, 0.23 * wide, 0.18 * wide, INK, lean=-side * 0.3)
            pen.oval(x, y, 0.20 * wide, 0.15 * wide, iris, lean=-side * 0.3)
            pen.oval(x + look, y, 0.05, 0.14 * wide, INK)
        else:
            pen.oval(x, y, 0.17 * wide, 0.18 * wide, INK)
            pen.oval(x, y, 0.14 * wide, 0.15 * wide, iris)
            pen.oval(x + look, y, 0.09, 0.1, INK)
        pen.oval(x + look + 0.05, y - 0.06, 0.04, 0.04, (255, 255, 255))


def _background(generator):
    """A wall or a sky above a floor or a meadow, with soft things out of focus."""
    above, below = PLACES[generator.choice(len(PLACES), 2, replace=False)]
    place = Image.new("RGB", (CANVAS, CANVAS), _colour(above + generator.normal(0, 10, 3)))
    ink = ImageDraw.Draw(place)
    edge = CANVAS * generator.uniform(0.45, 0.95)
    ink.rectangle((0, edge, CANVAS, CANVAS), fill=_colour(below + generator.normal(0, 10, 3)))
    for _ in range(generator.integers(2, 9)):
        x, y = generator.uniform(0, CANVAS, 2)
        across, down = CANVAS * generator.uniform(0.04, 0.2, 2)
        thing = _colour(PLACES[generator.integers(len(PLACES))] + generator.normal(0, 25, 3))
        box = (x - across, y - down, x + across, y + down)
        ink.ellipse(box, fill=thing) if generator.random() < 0.5 else ink.rectangle(box, fill=thing)
    return place.filter(ImageFilter.GaussianBlur(FINE * generator.uniform(0.5, 4)))


def _textured(beast, generator):
    """Give the coat its grain and a shade on one side."""
    grain = generator.normal(0, 1, (CANVAS // 2, CANVAS // 4))
    grain = np.asarray(Image.fromarray(grain.astype(np.float32)).resize((CANVAS, CANVAS)))
    slope = np.linspace(-1, 1, CANVAS) * generator.uniform(-0.15, 0.15)
    pixels = np.asarray(beast.convert("RGB")) * (1 + 0.04 * grain + slope)[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _photographed(place, generator):
    """Shrink it to its size, and add light, focus and the camera's noise."""
    place = place.filter(ImageFilter.GaussianBlur(FINE * generator.uniform(0.1, 0.7)))
    pixels = np.asarray(place.resize((SIDE, SIDE), Image.Resampling.BOX)).astype(float)
    down, across = generator.uniform(-0.2, 0.2, 2)
    run = np.linspace(-1, 1, SIDE)
    light = generator.uniform(0.75, 1.15) * (1 + down * run[:, None] + across * run[None, :])
    tint = generator.uniform(0.92, 1.08, 3)
    pixels = pixels * light[..., None] * tint + generator.normal(0, 4, pixels.shape)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def _colour(numbers) -> tuple[int, int, int]:
    return tuple(int(number) for number in np.clip(numbers, 0, 255))


def _both_sides(half):
    """Make an outline of its right half, which begins at the top and ends at the bottom."""
    return [*half, *[(-x, y) for x, y in half[-2:0:-1]]]


def _soft(points, closed=True, steps=8):
    """Return many points of a smooth curve through few: a Catmull-Rom spline, (n, 2)."""
    points = np.asarray(points, float)
    if closed:
        before, after, last = np.roll(points, 1, 0), np.roll(points, -1, 0), np.roll(points, -2, 0)
        here = points
    else:
        padded = np.concatenate([points[:1], points, points[-1:]])
        before, here, after, last = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, steps, endpoint=not closed)[:, None, None]
    curve = 0.5 * (
        2 * here
        + (after - before) * t
        + (2 * before - 5 * here + 4 * after - last) * t**2
        + (3 * here - before - 3 * after + last) * t**3
    )
    return curve.swapaxes(0, 1).reshape(-1, 2)
