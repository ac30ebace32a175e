"""Cards: facts are filled in, gaps are found, and numbers get the digits that they deserve."""

import numpy as np
import pytest
from huggingface_hub import ModelCard

from helpers.sharing import cards

RESULTS = {
    "right": [944, 951, 960],
    "examples": 1000,
    "by_label": {"zero": 0.99, "one": 0.96, "eight": 0.87},
    "made": "By a program.",
}
ABOUT = {"title": "A reader: mine", "what": "It reads.", "data": "MNIST.", "author": "A"}
ABOUT |= {"licence": "Apache-2.0", "data_licence": "CC0-1.0"}
WORDS = {name: f"{name}, said in eight words and no fewer." for name in cards.QUESTIONS}


def test_a_model_card_has_the_facts_for_people_and_for_the_hub():
    card = cards.model_card(ABOUT, RESULTS, WORDS)
    for fact in ("95.2 ± 0.8 %", "Best at “zero” (99%), worst at “eight” (87%).", "# A reader"):
        assert fact in card
    facts = ModelCard(card).data
    assert (facts.license, facts.library_name) == ("apache-2.0", "keras")
    (measured,) = facts.eval_results
    assert (measured.metric_type, measured.metric_value) == ("accuracy", 0.944)
    assert cards.gaps(card, cards.MODEL_SECTIONS) == []
    one = cards.claim(RESULTS | {"right": [57], "examples": 60})
    assert one.startswith("57 of 60 held-out answers are right: 0.95, 95 % interval [0.86")


def test_a_data_card_has_the_facts():
    card = cards.data_card(ABOUT, {"a": 100, "b": 99}, WORDS)
    assert "199 held-out examples, 99 to 100 of each of 2 labels" in card
    assert "MNIST." in card and "CC0-1.0" in card
    assert cards.gaps(card, cards.DATA_SECTIONS) == []


@pytest.mark.parametrize("text", [None, "", "  ", "Digits.", "one two three four five six seven"])
def test_a_section_without_words_is_a_gap(text):
    card = cards.model_card(ABOUT, RESULTS, WORDS | {"Known limits": text})
    assert cards.gaps(card, cards.MODEL_SECTIONS) == ["Known limits"]


def test_a_section_that_is_not_there_is_a_gap():
    card = cards.model_card(ABOUT, RESULTS, WORDS).replace("## Licence", "## Other")
    assert cards.gaps(card, cards.MODEL_SECTIONS) == ["Licence"]
    assert cards.gaps("", cards.DATA_SECTIONS) == list(cards.DATA_SECTIONS)


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (96.1327, 0.62, "96.1 ± 0.6"),
        (95.0, 0.071, "95.00 ± 0.07"),
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
