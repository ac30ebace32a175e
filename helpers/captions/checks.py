"""What the exercises of lesson 05, describe images, check."""

from collections import Counter

import numpy as np

from helpers.captions import captioning, world
from helpers.captions.captioning import END, PAD, START
from helpers.exercises import Wrong, exercise

WORDS = 7  # of the made-up languages that try out a search: four special ones, and three to say


@exercise
def masked_loss(function):
    """Judge a function of words (n, t) and logits (n, t, words) that ignores padding."""
    _expect_function(function, "loss(words, logits)")
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(2, 5, WORDS)).astype("float32")
    words = np.array([[4, 5, END, PAD, PAD], [6, END, PAD, PAD, PAD]], np.int32)
    wanted = float(captioning.masked_loss(words, logits))
    found = _number(function(words, logits))
    loud = logits.copy()
    loud[words == PAD, 4] += 20
    if abs(_number(function(words, loud)) - found) > 1e-3:
        raise Wrong("what the network says where there is only padding still changes the loss")
    if abs(found - wanted) > 1e-3:
        raise Wrong(
            f"for a batch with five real words and five of padding it gives {found:.3f}; the mean "
            "over the five real ones is another number"
        )
    return "a short sentence counts word for word as much as a long one, and silence costs nothing."


@exercise
def beam_search(function):
    """Judge a function (next_words, length, width) that returns a row of numbers."""
    _expect_function(function, "beam_search(next_words, length, width)")
    lost = 0
    for seed in range(12):
        language = _language(seed)
        found = _sentence(function(language, 6, 3))
        wanted = _twin(language, 6, 3)
        if seed == 0 and _sentence(function(language, 6, 1)) != _twin(language, 6, 1):
            raise Wrong("with a beam of one it doesn't say what greedy search says")
        if _score(language, found) < _score(language, wanted) - 1e-6:
            lost += 1
    if lost:
        raise Wrong(
            f"for {lost} of 12 made-up languages a beam of 3 can find a likelier sentence than "
            "yours did"
        )
    return "for twelve made-up languages it finds what a beam of three can find."


@exercise
def precision(function):
    """Judge a function (sentence, references, n) that gives BLEU's precision of n-grams, 0 to 1."""
    _expect_function(function, "precision(sentence, references, n)")
    cases = [
        ("a red cat", ["a red cat on the beach"], 1),
        ("a red cat on the beach", ["there is a red cat", "a cat on the beach"], 2),
        ("a red dog at night", ["a blue dog at night", "a red cat"], 3),
        ("the the the", ["the cat sees the dog"], 1),
        ("a cat a cat", ["a cat and a cat", "a cat"], 2),
    ]
    for sentence, references, n in cases:
        found = _number(function(sentence, references, n))
        wanted = _precision(sentence.split(), [text.split() for text in references], n)
        if not np.isclose(found, wanted, atol=1e-3):
            if sentence == "the the the" and np.isclose(found, 1):
                raise Wrong(
                    "'the the the' gets full marks: a word may count only as often as a reference "
                    "has it"
                )
            raise Wrong(f"{sentence!r} against {references}, n = {n}: {found:.2f} is not it")
    return "that is the heart of BLEU: the rest is a mean of four of them and a fine for brevity."


@exercise
def fooled(scene):
    """Judge a scene that the shipped captioner describes wrongly."""
    if not isinstance(scene, world.Scene):
        raise Wrong("it is no scene: make one with `Scene(place, (Thing(...), ...))`")
    if scene.place not in world.PLACES or not scene.things:
        raise Wrong(
            f"it needs at least one thing, and one of these places: {', '.join(world.PLACES)}"
        )
    for thing in scene.things:
        if thing.noun not in world.NOUNS or thing.colour not in world.COLOURS:
            raise Wrong(f"there is no {thing.colour} {thing.noun} in the toy world")
        if thing.size not in world.SIZES or not (
            0 <= thing.x <= world.SIDE and 0 <= thing.y <= world.SIDE
        ):
            raise Wrong(f"the {thing.noun} is neither small nor large, or not in the picture")
    picture = world.draw(scene, np.random.default_rng(0))
    sentence = captioning.shipped().describe(picture[None])[0]
    if world.judge(sentence, scene).true:
        raise Wrong(f"it says '{sentence}', and that is true")
    return f"it says '{sentence}' – in a firm voice, and it is not so."


# --- the answers, found in another way than the lesson's ----------------------------------------


def _language(seed):
    """A made-up language: words (k, t) to log-probabilities (k, WORDS)."""

    def next_words(words):
        words = np.atleast_2d(np.asarray(words, np.int64))
        logits = [np.random.default_rng([seed, *row]).normal(size=WORDS) * 2 for row in words]
        logits = np.array(logits)
        logits[:, [PAD, START, captioning.UNKNOWN]] = -1e9
        return logits - np.log(np.exp(logits).sum(1, keepdims=True))

    return next_words


def _twin(language, length, width):
    def next_words(words):
        return language(words[0])[None]

    row = captioning.beam_search(next_words, 1, length, width, alpha=0)[0]
    return [int(number) for number in row if number != PAD]


def _score(language, sentence):
    return sum(language(np.array([sentence[:t]]))[0, sentence[t]] for t in range(1, len(sentence)))


def _sentence(found):
    try:
        numbers = [int(number) for number in np.asarray(found).ravel()]
    except (TypeError, ValueError):
        raise Wrong("it should return one sentence: a row of numbers from START to END") from None
    numbers = [number for number in numbers if number != PAD]
    if not numbers or numbers[0] != START or not all(0 <= number < WORDS for number in numbers):
        raise Wrong("a sentence is a row of words' numbers that begins with START")
    if len(numbers) > 6 or END in numbers[:-1]:
        raise Wrong("a sentence went on after END, or got longer than `length` numbers")
    return numbers


def _precision(words, references, n):
    def grams(text):
        return Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1))

    found = grams(words)
    most = Counter()
    for reference in references:
        most |= grams(reference)
    return sum((found & most).values()) / max(sum(found.values()), 1)


def _expect_function(function, form):
    if not callable(function):
        raise Wrong(f"it is no function: define it as `def {form}:`")


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Wrong("it should return one number") from None
