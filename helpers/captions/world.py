"""Small drawn scenes and sentences about them, whose truth the program can tell.

A scene has a place and one to four things in it: one thing, several of the same, or two that differ
and stand beside or above each other. A small grammar with synonyms describes it, and `judge` reads
a sentence back and says which of its claims are true. The card, data/cards/scenes.md, says more.
"""

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE = 64  # pixels; a picture's height and width
FINE = 6  # sprites are drawn this many times finer, then averaged
NEAR = 9  # pixels; two things that differ less along an axis are beside each other on it
SIZES = {"small": (13, 16), "large": (21, 25)}  # pixels, from and to
# How things look and what they are called: colours, places, words and strokes.
_LOOKS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
COLOURS, PLACES = _LOOKS["colours"], _LOOKS["places"]
SAY_NOUN, SAY_SIZE, SAY_RELATION, SAY_PLACE = (
    _LOOKS["say"][kind] for kind in ("noun", "size", "relation", "place")
)
NOUNS = tuple(SAY_NOUN)
NUMBERS = ("", "a", "two", "three", "four")

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
    far stars), more varied light and colours, and more noise.
    """
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
    canvas, unit, rgb = ImageDraw.Draw(picture), side / 100, np.array(COLOURS[colour])
    fills = _LOOKS["fixed"] | {"plain": rgb, "shade": rgb * 0.62, "light": rgb + (255 - rgb) * 0.7}
    for stroke in _LOOKS["strokes"][noun]:
        what, fill, *points = stroke.split()
        fill = tuple(int(value) for value in fills[fill])
        points = [[float(value) for value in point.split(",")] for point in points]
        what, _, width = what.partition("-")
        if what == "oval":
            (x, y), (rx, ry) = points
            canvas.ellipse([v * unit for v in (x - rx, y - ry, x + rx, y + ry)], fill)
            continue
        points = [(x * unit, y * unit) for x, y in points]
        if what == "shape":
            canvas.polygon(points, fill)
        else:
            canvas.line(points, fill, round(int(width) * unit), joint="curve")
    fine = np.asarray(picture, np.float32).reshape(size, FINE, size, FINE, 4)
    opaque = fine[..., 3:].mean((1, 3))
    colours = (fine[..., :3] * (fine[..., 3:] / 255)).mean((1, 3))
    colours /= np.maximum(opaque / 255, 1e-6)
    return np.concatenate([colours, opaque], 2)
