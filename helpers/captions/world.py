"""Small drawn scenes and sentences about them, whose truth the program can tell.

A scene has a place and one to four things in it: one thing, several of the same, or two that differ
and stand beside or above each other. A small grammar with synonyms describes it, and `judge` reads
a sentence back and says which of its claims are true. The card says more: `card()`.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from helpers import assets

SIDE = 64  # pixels; a picture's height and width
FINE = 6  # sprites are drawn this many times finer, then averaged
NEAR = 9  # pixels; two things that differ less along an axis are beside each other on it
SIZES = {"small": (13, 16), "large": (21, 25)}  # pixels, from and to
PLACES = {  # colours at the top and at the bottom
    "meadow": ((205, 230, 250), (170, 215, 150)),
    "beach": ((190, 228, 245), (240, 222, 178)),
    "snow": ((222, 232, 244), (250, 250, 252)),
    "night": ((22, 24, 52), (52, 50, 84)),
}
COLOURS = {
    "red": (214, 48, 49),
    "orange": (240, 140, 30),
    "yellow": (245, 215, 60),
    "green": (40, 150, 70),
    "blue": (50, 100, 220),
    "purple": (140, 70, 180),
}
NOUNS = ("sun", "tree", "house", "cat", "dog", "boat", "ball", "star")
NUMBERS = ("", "a", "two", "three", "four")
OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}

# The grammar's choices. The first is used more often than the others: people have habits too.
SAY_NOUN = {"house": ("house", "home"), "boat": ("boat", "ship"), "dog": ("dog", "puppy")}
SAY_NOUN |= {"cat": ("cat", "kitten")}
SAY_SIZE = {"small": ("small", "little"), "large": ("large", "big")}
SAY_RELATION = {
    "left": ("to the left of", "left of"),
    "right": ("to the right of", "right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
}
SAY_PLACE = {
    "meadow": ("on the meadow", "in the grass"),
    "beach": ("on the beach", "by the sea"),
    "snow": ("in the snow", "on a winter day"),
    "night": ("at night", "in the dark"),
}
IRREGULAR = {"puppy": "puppies"}

Pair = tuple[str, str]  # a colour and a noun

# Which colours go with which things. Each noun lacks one colour in all training pictures (`UNSEEN`,
# for the last test) and most lack another (`UNSEEN_DEV`, to choose settings by).
_ALL = list(COLOURS)
UNSEEN = frozenset((_ALL[i % 6], noun) for i, noun in enumerate(NOUNS))
UNSEEN_DEV = frozenset((_ALL[(i + 2) % 6], noun) for i, noun in enumerate(NOUNS[:6]))
SEEN = frozenset((c, n) for c in COLOURS for n in NOUNS) - UNSEEN - UNSEEN_DEV
# Name of a split: the pairs that at least one thing of each picture has, and the stream of chance.
SPLITS = {
    "train": (SEEN, 0),
    "dev": (SEEN, 1),
    "dev unseen": (UNSEEN_DEV, 2),
    "test": (SEEN, 3),
    "test unseen": (UNSEEN, 4),
}


@dataclass(frozen=True)
class Thing:
    """Something in a scene. x, y: its centre in pixels; size: "small" or "large"."""

    noun: str
    colour: str
    size: str
    x: float
    y: float


@dataclass(frozen=True)
class Scene:
    """What is in a picture: a place, one of `PLACES`, and the things in it."""

    place: str
    things: tuple[Thing, ...]


@dataclass(frozen=True)
class Verdict:
    """What is true of a sentence. None: it makes no such claim, or can't be understood.

    things: it names things that are there, in their colours, and forgets none.
    """

    grammatical: bool
    things: bool | None = None
    counts: bool | None = None
    sizes: bool | None = None
    relation: bool | None = None
    place: bool | None = None

    @property
    def true(self) -> bool:
        """Whether it is grammatical and every claim in it holds."""
        claims = (self.things, self.counts, self.sizes, self.relation, self.place)
        return self.grammatical and False not in claims


def load(split: str, count: int, seed: int = 0, difficulty: float = 0.5):
    """Return pictures, uint8 (count, 64, 64, 3), their scenes, and five sentences for each.

    split: one of `SPLITS`; in "unseen" ones a thing in each picture has a colour that no training
    picture shows it in. The same ones for the same seed. ValueError for another split.
    """
    if split not in SPLITS:
        raise ValueError(f"There is no split {split!r}, only {', '.join(SPLITS)}.")
    pairs, stream = SPLITS[split]
    pictures = np.zeros((count, SIDE, SIDE, 3), np.uint8)
    scenes, sentences = [], []
    for i, generator in enumerate(np.random.default_rng([seed, stream]).spawn(count)):
        scene = imagine(generator, pairs)
        pictures[i] = draw(scene, generator, difficulty)
        scenes.append(scene)
        sentences.append(references(scene, generator))
    return pictures, scenes, sentences


def card() -> str:
    """Return the data set's card: what it is, how it is made, what it is for, its limits."""
    return (assets.DATA / "cards" / "scenes.md").read_text(encoding="utf-8")


# --- scenes -------------------------------------------------------------------------------------


def imagine(generator: np.random.Generator, pairs=SEEN) -> Scene:
    """Make a scene up: one thing, two to four of the same, or two different things.

    pairs: (colour, noun) of the first thing; a second, different one has a pair of `SEEN`.
    """
    kind = generator.choice(["one", "many", "two"], p=[0.2, 0.3, 0.5])
    place = str(generator.choice(list(PLACES)))
    first = _pick(generator, sorted(pairs))
    if kind == "two":
        second = _pick(generator, sorted(SEEN))
        while second == first:
            second = _pick(generator, sorted(SEEN))
        looks = [first, second]
        spots = _side_by_side(generator)
        sizes = [_pick(generator, list(SIZES)) for _ in looks]
    else:
        number = 1 if kind == "one" else int(generator.integers(2, 5))
        size = "small" if number > 2 else _pick(generator, list(SIZES))
        looks, sizes = [first] * number, [size] * number
        spots = _scattered(generator, number, SIZES[size][1])
    things = [
        Thing(noun, colour, size, float(x), float(y))
        for (colour, noun), size, (x, y) in zip(looks, sizes, spots, strict=True)
    ]
    return Scene(place, tuple(things))


def _pick(generator, choices):
    return choices[int(generator.integers(len(choices)))]


def _side_by_side(generator):
    """Two spots that are clearly apart along one axis, and close along the other."""
    low, high = 14, SIDE - 14
    along = np.sort(generator.uniform(low, high, 2))
    while along[1] - along[0] < 25:
        along = np.sort(generator.uniform(low, high, 2))
    middle = generator.uniform(low + 4, high - 4)
    across = middle + generator.uniform(-0.45, 0.45, 2) * NEAR
    spots = np.stack([along, across], axis=1)
    spots = spots if generator.random() < 0.5 else spots[:, ::-1]
    return spots if generator.random() < 0.5 else spots[::-1]


def _scattered(generator, number, size):
    """Return `number` spots, none over another: tries again until it fits."""
    margin = size / 2 + 1
    while True:
        spots = generator.uniform(margin, SIDE - margin, (number, 2))
        gaps = np.abs(spots[:, None] - spots[None]).max(-1) + np.eye(number) * SIDE
        if gaps.min() > size + 1:
            return spots


# --- sentences ----------------------------------------------------------------------------------


def references(scene: Scene, generator: np.random.Generator, count: int = 5) -> list[str]:
    """Describe a scene `count` times, differently if possible; every sentence is true of it.

    Only for scenes as `imagine` makes them.
    """
    sentences = []
    for _ in range(4 * count):
        sentence = describe(scene, generator)
        if sentence not in sentences:
            sentences.append(sentence)
        if len(sentences) == count:
            break
    return (sentences * count)[:count]


def describe(scene: Scene, generator: np.random.Generator) -> str:
    """Return one true sentence about a scene as `imagine` makes them."""
    groups = list(Counter((t.noun, t.colour, t.size) for t in scene.things).items())
    if len(groups) == 2 and generator.random() < 0.5:
        groups.reverse()
    phrases = [_phrase(generator, *group) for group in groups]
    if len(groups) == 2:
        first, second = (_find(scene, look)[0] for look, _ in groups)
        relation = _habit(generator, SAY_RELATION[_relation(first, second)])
        phrases.insert(1, relation)
    opening = "there is" if groups[0][1] == 1 else "there are"
    words = [opening] if generator.random() < 0.3 else []
    words += phrases
    if generator.random() < 0.7:
        words.append(_habit(generator, SAY_PLACE[scene.place]))
    return " ".join(words)


def _phrase(generator, look, number):
    noun, colour, size = look
    noun = _habit(generator, SAY_NOUN.get(noun, (noun,)))
    adjectives = [colour]
    if generator.random() < 0.5:
        adjectives.insert(0, _habit(generator, SAY_SIZE[size]))
    if number > 1:
        return " ".join([NUMBERS[number], *adjectives, _plural(noun)])
    article = "an" if adjectives[0][0] in "aeiou" else "a"
    return " ".join([article, *adjectives, noun])


def _habit(generator, choices):
    """The first choice most often, else one of the others."""
    if len(choices) == 1 or generator.random() < 0.6:
        return choices[0]
    return _pick(generator, choices[1:])


def _plural(noun):
    return IRREGULAR.get(noun, noun + "s")


def _find(scene, look):
    return [t for t in scene.things if (t.noun, t.colour, t.size) == look]


def _relation(one, other):
    """How `one` stands to `other`, along the axis on which they are further apart."""
    right, down = one.x - other.x, one.y - other.y
    if abs(right) >= abs(down):
        return "right" if right > 0 else "left"
    return "below" if down > 0 else "above"


# --- is it true? --------------------------------------------------------------------------------


def judge(sentence: str, scene: Scene) -> Verdict:
    """Read a sentence and say which of its claims are true of the scene, whatever scene it is."""
    found = _grammar().fullmatch(" ".join(sentence.lower().split()))
    if not found or not _agrees(found):
        return Verdict(grammatical=False)
    mentions = [_mention(found, n) for n in ("1", "2") if found[f"noun{n}"]]
    looks = Counter((t.noun, t.colour) for t in scene.things)
    named = {(noun, colour) for _, _, colour, noun in mentions}
    things = named == set(looks)
    sizes = [_size_is_true(mention, scene) for mention in mentions if mention[1]]
    return Verdict(
        grammatical=True,
        things=things,
        counts=all(number == looks[noun, colour] for number, _, colour, noun in mentions),
        sizes=all(sizes) if sizes else None,
        relation=_relation_is_true(found["relation"], mentions, scene),
        place=found["place"] in SAY_PLACE[scene.place] if found["place"] else None,
    )


@cache
def _grammar():
    def choice(*words):
        return "|".join(sorted(words, key=len, reverse=True))

    nouns = [word for noun in NOUNS for word in SAY_NOUN.get(noun, (noun,))]
    phrase = (
        rf"(?P<number#>a|an|{choice(*NUMBERS[2:])}) "
        rf"((?P<size#>{choice(*SAY_SIZE['small'], *SAY_SIZE['large'])}) )?"
        rf"(?P<colour#>{choice(*COLOURS)}) "
        rf"(?P<noun#>{choice(*nouns, *map(_plural, nouns))})"
    )
    relations = choice(*(words for says in SAY_RELATION.values() for words in says))
    places = choice(*(words for says in SAY_PLACE.values() for words in says))
    return re.compile(
        rf"((?P<opening>there is|there are) )?{phrase.replace('#', '1')}"
        rf"( (?P<relation>{relations}) {phrase.replace('#', '2')})?"
        rf"( (?P<place>{places}))?"
    )


def _agrees(found):
    """Whether article, number and plural fit together."""
    for n in ("1", "2"):
        if not found[f"noun{n}"]:
            continue
        one = found[f"number{n}"] in ("a", "an")
        plural = found[f"noun{n}"] not in [w for x in NOUNS for w in SAY_NOUN.get(x, (x,))]
        next_word = found[f"size{n}"] or found[f"colour{n}"]
        article = "an" if next_word[0] in "aeiou" else "a"
        if one == plural or (one and found[f"number{n}"] != article):
            return False
    expected = {None, "there is" if found["number1"] in ("a", "an") else "there are"}
    return found["opening"] in expected


def _mention(found, n):
    """(number, size or None, colour, noun) that a phrase of the sentence claims."""
    number = 1 if found[f"number{n}"] in ("a", "an") else NUMBERS.index(found[f"number{n}"])
    size = next((s for s, says in SAY_SIZE.items() if found[f"size{n}"] in says), None)
    said = found[f"noun{n}"]
    noun = next(x for x in NOUNS for w in SAY_NOUN.get(x, (x,)) if said in (w, _plural(w)))
    return number, size, found[f"colour{n}"], noun


def _size_is_true(mention, scene):
    _, size, colour, noun = mention
    alike = [t for t in scene.things if (t.colour, t.noun) == (colour, noun)]
    return bool(alike) and all(t.size == size for t in alike)


def _relation_is_true(said, mentions, scene):
    """Whether any two such things stand like that; None when no relation is claimed."""
    if not said:
        return None
    relation = next(r for r, says in SAY_RELATION.items() if said in says)
    one, other = (
        [t for t in scene.things if (t.colour, t.noun) == (colour, noun)]
        for _, _, colour, noun in mentions
    )
    return any(_stands(a, relation, b) for a in one for b in other if a is not b)


def _stands(one, relation, other):
    right, down = one.x - other.x, one.y - other.y
    distance = {"left": -right, "right": right, "above": -down, "below": down}[relation]
    return distance >= NEAR


# --- drawing ------------------------------------------------------------------------------------


def draw(scene: Scene, generator: np.random.Generator, difficulty: float = 0.5) -> np.ndarray:
    """Draw a scene: uint8 (64, 64, 3).

    difficulty: 0 to 1; more of it brings more that isn't worth a word (tufts, pebbles, flakes,
    far stars), more varied light and colours, and more noise. ValueError outside of 0 to 1.
    """
    if not 0 <= difficulty <= 1:
        raise ValueError("difficulty goes from 0 to 1.")
    canvas = _background(scene.place, generator, difficulty)
    for thing in scene.things:
        _add(canvas, thing, generator, difficulty)
    canvas *= 1 + generator.uniform(-0.12, 0.12) * difficulty
    canvas += generator.normal(0, 1, canvas.shape).astype(np.float32) * 8 * difficulty
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _background(place, generator, difficulty):
    top, bottom = (np.array(colour, np.float32) for colour in PLACES[place])
    horizon = generator.uniform(0.3, 0.6) * SIDE
    share = 1 / (1 + np.exp(-(np.arange(SIDE, dtype=np.float32) - horizon) / 3))
    canvas = np.repeat((top + share[:, None] * (bottom - top))[:, None], SIDE, axis=1)
    for _ in range(round(14 * difficulty)):  # nothing that a sentence mentions
        row, column = generator.integers(0, SIDE - 2, 2)
        fleck = generator.uniform(-30, 30) if place != "night" else generator.uniform(30, 110)
        canvas[row : row + 1 + (place != "night"), column] += np.float32(fleck)
    return canvas


def _add(canvas, thing, generator, difficulty):
    low, high = SIZES[thing.size]
    size = int(generator.integers(low, high + 1))
    sprite = _sprite(thing.noun, thing.colour, size)
    if generator.random() < 0.5:
        sprite = sprite[:, ::-1]
    light = 1 + generator.uniform(-0.12, 0.12, 3).astype(np.float32) * difficulty
    row = int(np.clip(round(thing.y - size / 2), 0, SIDE - size))
    column = int(np.clip(round(thing.x - size / 2), 0, SIDE - size))
    window = canvas[row : row + size, column : column + size]
    opaque = sprite[..., 3:] / np.float32(255)
    window += opaque * (sprite[..., :3] * light - window)


@cache
def _sprite(noun, colour, size):
    """Draw a thing: float32 (size, size, 4), red, green, blue and how opaque, from 0 to 255."""
    side = size * FINE
    picture = Image.new("RGBA", (side, side))
    pen = _Pen(ImageDraw.Draw(picture), side, COLOURS[colour])
    DRAWERS[noun](pen)
    premultiplied = np.asarray(picture, np.float32)
    opaque = premultiplied[..., 3:] / 255
    small = (premultiplied * np.where(np.arange(4) < 3, opaque, 1)).reshape(
        size, FINE, size, FINE, 4
    )
    small = small.mean((1, 3))
    small[..., :3] /= np.maximum(small[..., 3:] / 255, 1e-6)
    return small


class _Pen:
    """Draws with coordinates from 0 to 100, in a colour and its shades."""

    def __init__(self, canvas, side, colour):
        self.canvas, self.unit, rgb = canvas, side / 100, np.array(colour)
        self.plain = tuple(colour)
        self.shade = tuple((rgb * 0.62).astype(int))
        self.light = tuple((rgb + (255 - rgb) * 0.7).astype(int))

    ink, bark, cloth = (35, 32, 40), (120, 84, 54), (250, 248, 240)

    def oval(self, x, y, rx, ry=None, fill=None):
        ry = rx if ry is None else ry
        box = [v * self.unit for v in (x - rx, y - ry, x + rx, y + ry)]
        self.canvas.ellipse(box, fill=fill or self.plain)

    def shape(self, *points, fill=None):
        self.canvas.polygon([(x * self.unit, y * self.unit) for x, y in points], fill or self.plain)

    def line(self, *points, width=6, fill=None):
        points = [(x * self.unit, y * self.unit) for x, y in points]
        width = round(width * self.unit)
        self.canvas.line(points, fill or self.plain, width, joint="curve")

    def eyes(self, *xs, y, r=5):
        for x in xs:
            self.oval(x, y, r, fill=self.ink)


def _draw_sun(pen):
    for angle in np.arange(8) * np.pi / 4:
        tip = 50 + 48 * np.array([np.cos(angle), np.sin(angle)])
        ends = [50 + 27 * np.array([np.cos(angle + s), np.sin(angle + s)]) for s in (-0.3, 0.3)]
        pen.shape(tip, *ends)
    pen.oval(50, 50, 27)
    pen.oval(43, 43, 12, fill=pen.light)
    pen.eyes(41, 59, y=48, r=4)
    pen.line((40, 60), (50, 65), (60, 60), width=4, fill=pen.ink)


def _draw_tree(pen):
    pen.shape((42, 60), (58, 60), (61, 98), (39, 98), fill=pen.bark)
    for x, y, r in ((30, 46, 22), (70, 46, 22), (50, 28, 25), (50, 52, 22)):
        pen.oval(x, y, r)
    pen.oval(40, 30, 9, fill=pen.light)
    pen.oval(66, 52, 7, fill=pen.shade)
    pen.oval(34, 54, 6, fill=pen.shade)


def _draw_house(pen):
    pen.shape((16, 44), (84, 44), (84, 97), (16, 97))
    pen.shape((4, 47), (50, 5), (96, 47), fill=pen.shade)
    pen.shape((24, 62), (44, 62), (44, 97), (24, 97), fill=pen.ink)
    pen.shape((56, 58), (75, 58), (75, 77), (56, 77), fill=pen.cloth)
    pen.line((65.5, 58), (65.5, 77), width=3, fill=pen.ink)


def _draw_cat(pen):
    pen.line((72, 88), (90, 80), (88, 58), width=9)
    pen.oval(52, 76, 24, 23)
    pen.shape((26, 38), (27, 4), (50, 22))
    pen.shape((74, 38), (73, 4), (50, 22))
    pen.oval(50, 37, 27, 23)
    pen.oval(52, 84, 11, 13, fill=pen.light)
    pen.eyes(40, 60, y=34)
    pen.shape((46, 43), (54, 43), (50, 49), fill=pen.ink)
    for y in (44, 50):
        pen.line((14, y), (38, 47), width=2, fill=pen.ink)
        pen.line((86, y), (62, 47), width=2, fill=pen.ink)


def _draw_dog(pen):
    pen.line((84, 52), (97, 30), width=9)
    for x in (34, 46, 72, 84):
        pen.line((x, 66), (x, 97), width=10)
    pen.oval(58, 58, 32, 17)
    pen.oval(28, 34, 20, 18)
    pen.oval(12, 40, 12, 9, fill=pen.light)
    pen.oval(4, 36, 5, fill=pen.ink)
    pen.oval(40, 38, 9, 20, fill=pen.shade)
    pen.eyes(24, y=28)


def _draw_boat(pen):
    pen.line((50, 66), (50, 4), width=5, fill=pen.bark)
    pen.shape((54, 8), (90, 58), (54, 58), fill=pen.cloth)
    pen.shape((46, 18), (16, 58), (46, 58), fill=pen.light)
    pen.shape((4, 64), (96, 64), (80, 94), (20, 94))
    pen.line((8, 70), (92, 70), width=4, fill=pen.shade)


def _draw_ball(pen):
    pen.oval(50, 50, 46)
    pen.shape((50, 50), (20, 16), (50, 4), (80, 16), fill=pen.cloth)
    pen.shape((50, 50), (20, 84), (50, 96), (80, 84), fill=pen.cloth)
    pen.oval(50, 50, 11, fill=pen.shade)


def _draw_star(pen):
    turns = -np.pi / 2 + np.arange(10) * np.pi / 5
    radii = np.where(np.arange(10) % 2, 23, 50)
    pen.shape(*(50 + radii[:, None] * np.stack([np.cos(turns), np.sin(turns)], 1)))
    pen.eyes(42, 58, y=48, r=4)
    pen.oval(50, 60, 5, 3, fill=pen.ink)


DRAWERS = {
    "sun": _draw_sun,
    "tree": _draw_tree,
    "house": _draw_house,
    "cat": _draw_cat,
    "dog": _draw_dog,
    "boat": _draw_boat,
    "ball": _draw_ball,
    "star": _draw_star,
}
