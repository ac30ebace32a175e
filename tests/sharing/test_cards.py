"""Cards: facts are filled in, gaps are found, and numbers get the digits that they deserve."""

import numpy as np
import pytest

from helpers.sharing import cards

RESULTS = {
    "seeds": [0, 1, 2],
    "right": [944, 951, 960],
    "digits": 1000,
    "trained_on": 4000,
    "weights": 56714,
    "settings": {"epochs": 3, "batch": 64, "learning_rate": 0.002},
    "versions": {"python": "3.12.3", "keras": "3.15.1"},
}
BY_DIGIT = [0.99, 0.96, 0.89, 0.98, 0.96, 0.94, 0.96, 0.96, 0.87, 0.93]
WORDS = {name: f"{name}, said in eight words and no fewer." for name in cards.QUESTIONS}


def test_a_model_card_has_the_facts():
    card = cards.model_card(RESULTS, BY_DIGIT, WORDS)
    for fact in ("56,714 weights", "4,000 digits", "seeds 0, 1, 2", "keras 3.15.1", "95.2 ± 0.8 %"):
        assert fact in card
    assert "best at 0 and worst at 8" in card
    assert "8: 87%" in card


def test_a_data_card_has_the_facts():
    train, test = np.repeat(np.arange(10), 400), np.repeat(np.arange(10), 100)
    card = cards.data_card(train, test[:-1], "CC BY-SA 3.0", "LeCun and others, 1998.", WORDS)
    for fact in (
        "4,999 pictures",
        "4,000 to learn from, 400 of each",
        "999 held out, 99 to 100 of each",
        "CC BY-SA",
        "1998",
    ):
        assert fact in card


def test_a_whole_card_has_no_gaps():
    assert cards.gaps(cards.model_card(RESULTS, BY_DIGIT, WORDS), cards.MODEL_SECTIONS) == []
    labels = np.arange(10)
    card = cards.data_card(labels, labels, "CC0", "Nobody.", WORDS)
    assert cards.gaps(card, cards.DATA_SECTIONS) == []


@pytest.mark.parametrize("text", [None, "", "  ", "Digits.", "one two three four five six seven"])
def test_a_section_without_words_is_a_gap(text):
    card = cards.model_card(RESULTS, BY_DIGIT, WORDS | {"Known limits": text})
    assert cards.gaps(card, cards.MODEL_SECTIONS) == ["Known limits"]


def test_a_section_that_is_not_there_is_a_gap():
    card = cards.model_card(RESULTS, BY_DIGIT, WORDS).replace("## Licence", "## Other")
    assert cards.gaps(card, cards.MODEL_SECTIONS) == ["Licence"]
    assert cards.gaps("", cards.DATA_SECTIONS) == list(cards.DATA_SECTIONS)


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (96.1327, 0.62, "96.1 ± 0.6"),
        (95.0, 0.071, "95.00 ± 0.07"),
        (94.62, 2.4, "95 ± 2"),
        (1234.5, 23, "1234 ± 23"),
    ],
)
def test_a_number_ends_where_its_error_begins(value, error, said):
    assert cards.rounded(value, error) == said


def test_the_error_is_that_of_drawing_digits_and_seeds_again():
    rng = np.random.default_rng(0)
    truth, spread, digits, seeds = 0.95, 0.006, 1000, 5
    # A method's share over all digits in the world, seed by seed; then a thousand digits are drawn.
    means = truth + rng.normal(0, spread, (20_000, seeds)).mean(1)
    drawn = rng.binomial(digits, means.clip(0, 1)) / digits
    assert cards.standard_error(truth, digits, spread, seeds) == pytest.approx(
        drawn.std(), rel=0.03
    )
