"""What the exercises of lesson 03, features then and now, check."""

import functools

import numpy as np

from helpers import exercises, numbers
from helpers.cells import drawn
from helpers.cells.filters import convolve
from helpers.exercises import Wrong, exercise

LEARN, TRIED = 160, 240  # pictures that a feature of one's own is fitted and tried on
NUMBERS = 100  # a feature of more is no longer an idea
BETTER = 0.10  # by how much it must beat the mean colour: three times what luck would give


@exercise
def slide(function):
    """Judge a function (picture, weights) that slides a 3 × 3 filter over a grey picture."""
    exercises.function(function, "slide(picture, weights)")
    random = np.random.default_rng(0)
    for shape in ((3, 3), (5, 8), (9, 4)):
        picture = random.integers(0, 10, shape).astype(float)
        weights = random.integers(-3, 4, (3, 3)).astype(float)
        flipped = convolve(picture, weights[::-1, ::-1])
        reason = "you turn the filter upside down first, as mathematicians do: networks don't"
        found = function(picture.copy(), weights.copy())
        what = f"for a picture of {shape[0]} × {shape[1]} pixels your result"
        exercises.close(found, convolve(picture, weights), what, {reason: flipped})
    return "Nine products and a sum, in every place: that is all a convolution does."


@exercise
def own_feature(function):
    """Judge a function from a picture to a number or a few, by a classifier on held-out cells."""
    exercises.function(function, "my_feature(picture)")
    pictures, labels = _pictures()
    rows = [np.ravel(np.asarray(function(picture), float)) for picture in pictures]
    sizes = {row.size for row in rows}
    if len(sizes) > 1:
        raise Wrong("it gives more numbers for some pictures than for others")
    if sizes <= {0} or max(sizes) > NUMBERS:
        raise Wrong(f"it should give from 1 to {NUMBERS} numbers, and it gives {max(sizes)}")
    features = np.array(rows)
    if not np.isfinite(features).all():
        raise Wrong("for some pictures it gives no finite number: is there a division by 0?")
    if (features == features[0]).all():
        raise Wrong("it gives the same for every picture")
    accuracy = _accuracy(features, labels)
    baseline = _accuracy(pictures.mean((1, 2)), labels)
    if accuracy < baseline + BETTER:
        raise Wrong(
            f"a classifier that gets it has {accuracy:.0%} of {TRIED} new pictures right; with "
            f"nothing but the mean colour it has {baseline:.0%}; {BETTER:.0%} more are asked for"
        )
    return (
        f"accuracy on {TRIED} new pictures: {numbers.about(accuracy, 0.03)}; with the mean colour: "
        f"{numbers.about(baseline, 0.03)}."
    )


@exercise
def rates(function):
    """Judge a function (true, predicted) that returns (sensitivity, specificity)."""
    exercises.function(function, "rates(true, predicted)")
    for true, predicted in (
        ([1, 1, 1, 1, 0], [1, 1, 1, 0, 0]),
        ([1, 0, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 1]),
        ([0, 1, 0, 1, 1, 0, 1, 0, 0], [0, 1, 1, 0, 1, 0, 1, 0, 0]),
    ):
        true, predicted = np.array(true), np.array(predicted)
        right = np.array([predicted[true == 1].mean(), 1 - predicted[true == 0].mean()])
        found = np.ravel(np.asarray(function(true.copy(), predicted.copy()), float))
        if found.shape != (2,):
            raise Wrong("it should return two numbers: sensitivity, specificity")
        known = {
            "the two numbers are the right ones, in the wrong order": right[::-1],
            "your first number is the share of sick among the *alarms*, which is precision; "
            "sensitivity asks for the share of alarms among the *sick*": [
                true[predicted == 1].mean(),
                found[1],
            ],
        }
        exercises.close(found, right, f"for true={true} and predicted={predicted} it", known)
    return "Two numbers instead of one: how many sick are found, how many healthy left alone."


@exercise
def threshold(answer, probabilities, true):
    """Judge a threshold: it misses at most 5 % of the sick, and has few false alarms for that."""
    chosen = exercises.number(answer)
    probabilities, true = np.ravel(probabilities), np.ravel(true)
    sick, healthy = np.sort(probabilities[true == 1]), probabilities[true == 0]
    missed = np.mean(sick < chosen)
    if missed > 0.05:
        raise Wrong(f"below it lie {missed:.0%} of the sick: they would be sent home")
    highest = sick[int(0.05 * len(sick) + 1e-9)]  # no higher threshold misses as few
    if np.sum(healthy >= chosen) > 1.1 * np.sum(healthy >= highest) + 2:
        raise Wrong(
            "it misses at most 5 %, but a higher threshold does too, with fewer false alarms"
        )
    return "At most 5 % of these sick pictures are missed. Will that hold for new ones?"


@functools.cache
def _pictures() -> drawn.Pictures:
    """Pictures that the lesson does not show, as difficult as its own; half of each class."""
    return drawn.draw(LEARN + TRIED, seed=[3, 0], difficulty=drawn.LESSON)


def _accuracy(features: np.ndarray, labels: np.ndarray) -> float:
    """The accuracy on the last pictures of a logistic regression fitted on the others."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    model.fit(features[:LEARN], labels[:LEARN])
    return float(model.score(features[LEARN:], labels[LEARN:]))
