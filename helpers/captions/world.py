"""Small drawn scenes and sentences about them, whose truth the program can tell.

A scene has a place and one to four things in it: one thing, several of the same, or two that differ
and stand beside or above each other. A small grammar with synonyms describes it, and `judge` reads
a sentence back and says which of its claims are true. The card, data/cards/scenes.md, says more.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

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

# The grammar's choices. The first is used more often than the others: people have habits too.
SAY_NOUN = {noun: (noun,) for noun in NOUNS}
SAY_NOUN |= {"house": ("house", "home"), "boat": ("boat", "ship")}
SAY_NOUN |= {"cat": ("cat", "kitten"), "dog": ("dog", "puppy")}
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
        return False not in vars(self).values()


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


# --- scenes -------------------------------------------------------------------------------------


def imagine(generator: np.random.Generator, pairs=SEEN) -> Scene:
    """Make a scene up: one thing, two to four of the same, or two different things.

    pairs: (colour, noun) of the first thing; a second, different one has a pair of `SEEN`.
    """
    kind = generator.choice(["one", "many", "two"], p=[0.2, 0.3, 0.5])
    place = str(generator.choice(list(PLACES)))
    first = _pick(generator, sorted(pairs))
    if kind == "two":
        looks = [first, first]
        while looks[1] == first:
            looks[1] = _pick(generator, sorted(SEEN))
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
    along = np.zeros(2)
    while along[1] - along[0] < 25:
        along = np.sort(generator.uniform(14, SIDE - 14, 2))
    across = generator.uniform(18, SIDE - 18) + generator.uniform(-0.45, 0.45, 2) * NEAR
    spots = np.stack([along, across], axis=1)
    spots = spots if generator.random() < 0.5 else spots[:, ::-1]
    return spots if generator.random() < 0.5 else spots[::-1]


def _scattered(generator, number, size):
    """Return `number` spots, none over another."""
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
    sentences = {}  # without repetitions, in their order
    for _ in range(4 * count):
        if len(sentences) < count:
            sentences[describe(scene, generator)] = None
    return (list(sentences) * count)[:count]


def describe(scene: Scene, generator: np.random.Generator) -> str:
    """Return one true sentence about a scene as `imagine` makes them."""
    groups = list(Counter((t.noun, t.colour, t.size) for t in scene.things).items())
    if len(groups) == 2 and generator.random() < 0.5:
        groups.reverse()
    words = [_phrase(generator, *group) for group in groups]
    if len(groups) == 2:
        first, second = (_find(scene, *look)[0] for look, _ in groups)
        words.insert(1, _habit(generator, SAY_RELATION[_relation(first, second)]))
    if generator.random() < 0.3:
        words.insert(0, _opening(groups[0][1]))
    if generator.random() < 0.7:
        words.append(_habit(generator, SAY_PLACE[scene.place]))
    return " ".join(words)


def _phrase(generator, look, number):
    noun, colour, size = look
    noun = _habit(generator, SAY_NOUN[noun])
    adjectives = [colour]
    if generator.random() < 0.5:
        adjectives.insert(0, _habit(generator, SAY_SIZE[size]))
    if number > 1:
        return " ".join([NUMBERS[number], *adjectives, _plural(noun)])
    return " ".join([_article(adjectives[0]), *adjectives, noun])


def _habit(generator, choices):
    """The first choice most often, else one of the others."""
    if len(choices) == 1 or generator.random() < 0.6:
        return choices[0]
    return _pick(generator, choices[1:])


def _plural(noun):
    return noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"


def _opening(number):
    return "there is" if number == 1 else "there are"


def _article(next_word):
    return "an" if next_word[0] in "aeiou" else "a"


def _find(scene, noun, colour, size=None):
    """The things of that noun and colour, and of that size if one is given."""
    return [
        t for t in scene.things if (t.noun, t.colour) == (noun, colour) and size in (None, t.size)
    ]


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
    mentions = [_mention(found, n) for n in "12" if found[f"noun{n}"]] if found else []
    if not mentions or None in mentions:
        return Verdict(grammatical=False)
    if found["opening"] not in (None, _opening(mentions[0][0])):
        return Verdict(grammatical=False)
    numbers, sizes, looks = zip(*mentions, strict=True)
    alike = [_find(scene, *look) for look in looks]
    sized = [
        {t.size for t in same} == {size} for size, same in zip(sizes, alike, strict=True) if size
    ]
    return Verdict(
        grammatical=True,
        things=set(looks) == {(t.noun, t.colour) for t in scene.things},
        counts=list(numbers) == list(map(len, alike)),
        sizes=all(sized) if sized else None,
        relation=_relation_is_true(found["relation"], *alike) if found["relation"] else None,
        place=found["place"] in SAY_PLACE[scene.place] if found["place"] else None,
    )


@cache
def _nouns():
    """What each word for a thing means: {"kittens": ("cat", True for the plural)}."""
    known = {}
    for noun, words in SAY_NOUN.items():
        known |= dict.fromkeys(words, (noun, False))
        known |= {_plural(word): (noun, True) for word in words}
    return known


@cache
def _grammar():
    def choice(*words):
        return "|".join(sorted(words, key=len, reverse=True))

    phrase = (
        rf"(?P<number#>a|an|{choice(*NUMBERS[2:])}) "
        rf"((?P<size#>{choice(*SAY_SIZE['small'], *SAY_SIZE['large'])}) )?"
        rf"(?P<colour#>{choice(*COLOURS)}) (?P<noun#>{choice(*_nouns())})"
    )
    relations = choice(*(words for says in SAY_RELATION.values() for words in says))
    places = choice(*(words for says in SAY_PLACE.values() for words in says))
    return re.compile(
        rf"((?P<opening>there is|there are) )?{phrase.replace('#', '1')}"
        rf"( (?P<relation>{relations}) {phrase.replace('#', '2')})?"
        rf"( (?P<place>{places}))?"
    )


def _mention(found, n):
    """(number, size or None, (noun, colour)) of a phrase; None if its words don't agree."""
    said, size, colour = found[f"number{n}"], found[f"size{n}"], found[f"colour{n}"]
    noun, plural = _nouns()[found[f"noun{n}"]]
    number = 1 if said in ("a", "an") else NUMBERS.index(said)
    if plural != (number > 1) or (number == 1 and said != _article(size or colour)):
        return None
    size = next((meant for meant, says in SAY_SIZE.items() if size in says), None)
    return number, size, (noun, colour)


def _relation_is_true(said, these, those):
    """Whether one of these things stands like that to one of those."""
    relation = next(r for r, says in SAY_RELATION.items() if said in says)
    axis = "x" if relation in ("left", "right") else "y"
    sign = 1 if relation in ("right", "below") else -1
    return any(
        sign * (getattr(one, axis) - getattr(other, axis)) >= NEAR
        for one in these
        for other in those
        if one is not other
    )


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
    getattr(_Pen(ImageDraw.Draw(picture), side, COLOURS[colour]), noun)()
    fine = np.asarray(picture, np.float32).reshape(size, FINE, size, FINE, 4)
    opaque = fine[..., 3:].mean((1, 3))
    colours = (fine[..., :3] * (fine[..., 3:] / 255)).mean((1, 3))
    colours /= np.maximum(opaque / 255, 1e-6)
    return np.concatenate([colours, opaque], 2)


class _Pen:
    """Draws things with coordinates from 0 to 100, in a colour and its shades."""

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

    def sun(self):
        for angle in np.arange(8) * np.pi / 4:
            tip = 50 + 48 * np.array([np.cos(angle), np.sin(angle)])
            ends = [50 + 27 * np.array([np.cos(angle + s), np.sin(angle + s)]) for s in (-0.3, 0.3)]
            self.shape(tip, *ends)
        self.oval(50, 50, 27)
        self.oval(43, 43, 12, fill=self.light)
        self.eyes(41, 59, y=48, r=4)
        self.line((40, 60), (50, 65), (60, 60), width=4, fill=self.ink)

    def tree(self):
        self.shape((42, 60), (58, 60), (61, 98), (39, 98), fill=self.bark)
        for x, y, r in ((30, 46, 22), (70, 46, 22), (50, 28, 25), (50, 52, 22)):
            self.oval(x, y, r)
        self.oval(40, 30, 9, fill=self.light)
        self.oval(66, 52, 7, fill=self.shade)
        self.oval(34, 54, 6, fill=self.shade)

    def house(self):
        self.shape((16, 44), (84, 44), (84, 97), (16, 97))
        self.shape((4, 47), (50, 5), (96, 47), fill=self.shade)
        self.shape((24, 62), (44, 62), (44, 97), (24, 97), fill=self.ink)
        self.shape((56, 58), (75, 58), (75, 77), (56, 77), fill=self.cloth)
        self.line((65.5, 58), (65.5, 77), width=3, fill=self.ink)

    def cat(self):
        self.line((72, 88), (90, 80), (88, 58), width=9)
        self.oval(52, 76, 24, 23)
        self.shape((26, 38), (27, 4), (50, 22))
        self.shape((74, 38), (73, 4), (50, 22))
        self.oval(50, 37, 27, 23)
        self.oval(52, 84, 11, 13, fill=self.light)
        self.eyes(40, 60, y=34)
        self.shape((46, 43), (54, 43), (50, 49), fill=self.ink)
        for y in (44, 50):
            self.line((14, y), (38, 47), width=2, fill=self.ink)
            self.line((86, y), (62, 47), width=2, fill=self.ink)

    def dog(self):
        self.line((84, 52), (97, 30), width=9)
        for x in (34, 46, 72, 84):
            self.line((x, 66), (x, 97), width=10)
        self.oval(58, 58, 32, 17)
        self.oval(28, 34, 20, 18)
        self.oval(12, 40, 12, 9, fill=self.light)
        self.oval(4, 36, 5, fill=self.ink)
        self.oval(40, 38, 9, 20, fill=self.shade)
        self.eyes(24, y=28)

    def boat(self):
        self.line((50, 66), (50, 4), width=5, fill=self.bark)
        self.shape((54, 8), (90, 58), (54, 58), fill=self.cloth)
        self.shape((46, 18), (16, 58), (46, 58), fill=self.light)
        self.shape((4, 64), (96, 64), (80, 94), (20, 94))
        self.line((8, 70), (92, 70), width=4, fill=self.shade)

    def ball(self):
        self.oval(50, 50, 46)
        self.shape((50, 50), (20, 16), (50, 4), (80, 16), fill=self.cloth)
        self.shape((50, 50), (20, 84), (50, 96), (80, 84), fill=self.cloth)
        self.oval(50, 50, 11, fill=self.shade)

    def star(self):
        turns = -np.pi / 2 + np.arange(10) * np.pi / 5
        radii = np.where(np.arange(10) % 2, 23, 50)
        self.shape(*(50 + radii[:, None] * np.stack([np.cos(turns), np.sin(turns)], 1)))
        self.eyes(42, 58, y=48, r=4)
        self.oval(50, 60, 5, 3, fill=self.ink)
