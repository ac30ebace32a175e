"""What the exercises of lesson 05, describe images, check."""

from collections import Counter

import keras
import numpy as np

from helpers import exercises
from helpers.captions import world
from helpers.captions.captioning import END, PAD, START, UNKNOWN
from helpers.captions.speaker import beam_search as search
from helpers.exercises import Wrong, exercise

WORDS = 7  # of the made-up languages that try out a search: four special ones, and three to say


@exercise
def masked_loss(loss):
    """Judge a function of words (n, t) and logits (n, t, words) that ignores padding."""
    exercises.function(loss, "loss(words, logits)")
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(2, 5, WORDS)).astype("float32")
    words = np.array([[4, 5, END, PAD, PAD], [6, END, PAD, PAD, PAD]], np.int32)
    loud = logits.copy()
    loud[words == PAD, 4] += 20
    found = exercises.number(loss(words, logits), "its result")
    if abs(exercises.number(loss(words, loud), "its result") - found) > 1e-3:
        raise Wrong("what the network says where there is only padding still changes the loss")
    # Keras knows padding, too.
    wanted = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD)
    exercises.close(
        found,
        float(wanted(words, logits)),
        "for a batch with five real words and five of padding the mean over the real ones",
        tolerance=1e-3,
    )
    return "a short sentence counts word for word as much as a long one, and silence costs nothing."


@exercise
def beam_search(function):
    """Judge a function (next_words, length, width) that returns a row of numbers."""
    exercises.function(function, "beam_search(next_words, length, width)")
    lost = 0
    for seed in range(12):
        language = _language(seed)
        found = _sentence(function(language, 6, 3))
        if _sentence(function(language, 6, 1)) != _likeliest(language, 6, 1):
            raise Wrong("with a beam of one it doesn't say what greedy search says")
        lost += _score(language, found) < _score(language, _likeliest(language, 6, 3)) - 1e-6
    if lost:
        raise Wrong(
            f"for {lost} of 12 made-up languages a beam of 3 can find a likelier sentence than "
            "yours did"
        )
    return "for twelve made-up languages it finds what a beam of three can find."


@exercise
def precision(function):
    """Judge a function (sentence, references, n) that gives BLEU's precision of n-grams, 0 to 1."""
    exercises.function(function, "precision(sentence, references, n)")
    for sentence, references, n in (
        ("a red cat", ["a red cat on the beach"], 1),
        ("a red cat on the beach", ["there is a red cat", "a cat on the beach"], 2),
        ("a red dog at night", ["a blue dog at night", "a red cat"], 3),
        ("the the the", ["the cat sees the dog"], 1),
        ("a cat a cat", ["a cat and a cat", "a cat"], 2),
    ):
        found = _grams(sentence, n)
        most = Counter()
        for reference in references:
            most |= _grams(reference, n)
        exercises.close(
            exercises.number(function(sentence, references, n), "its result"),
            (found & most).total() / found.total(),
            f"for {sentence!r} against {references} and n = {n} the result",
            {
                "a word that is said again and again counts each time, but it may count only as "
                "often as a reference has it": sum(found[g] for g in found & most) / found.total()
            },
            tolerance=1e-3,
        )
    return "that is the core of BLEU: the rest is a mean of four of them, and the brevity penalty."


@exercise
def fooled(scene, speaker):
    """Judge a scene that the captioner `speaker` describes wrongly."""
    if not isinstance(scene, world.Scene) or not scene.things:
        raise Wrong("it is no scene with a thing in it: `Scene(place, (Thing(...), ...))`")
    if scene.place not in world.PLACES:
        raise Wrong(f"its place is none of {', '.join(world.PLACES)}")
    for thing in scene.things:
        if thing.noun not in world.NOUNS or thing.colour not in world.COLOURS:
            raise Wrong(f"there is no {thing.colour} {thing.noun} in the toy world")
        inside = all(0 <= value <= world.SIDE for value in (thing.x, thing.y))
        if thing.size not in world.SIZES or not inside:
            raise Wrong(f"the {thing.noun} is neither small nor large, or not in the picture")
    picture = world.draw(scene, np.random.default_rng(0))
    sentence = speaker.describe(picture[None])[0]
    if world.judge(sentence, scene).true:
        raise Wrong(f"it says '{sentence}', and that is true")
    return f"it says '{sentence}' – in fluent English, and it is false."


# --- made-up languages --------------------------------------------------------------------------


def _language(seed):
    """A made-up language: words (k, t) to log-probabilities (k, WORDS)."""

    def next_words(words):
        words = np.atleast_2d(np.asarray(words, np.int64))
        draws = [np.random.default_rng([seed, *row]).normal(size=WORDS) for row in words]
        logits = 2 * np.array(draws)
        logits[:, [PAD, START, UNKNOWN]] = -1e9
        return logits - np.log(np.exp(logits).sum(1, keepdims=True))

    return next_words


def _likeliest(language, length, width):
    row = search(lambda words: language(words[0])[None], 1, length, width, alpha=0)[0]
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


def _grams(sentence, n):
    words = sentence.split()
    return Counter(zip(*(words[i:] for i in range(n)), strict=False))
