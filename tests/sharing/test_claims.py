"""The widget of claims: more pictures and more seeds, less error, and it says which helps."""

import pytest

from helpers.sharing.claims import SIZES, Claim


@pytest.fixture
def claim():
    return Claim(0.95, 0.006)


def test_it_starts_with_what_the_lesson_has(claim):
    assert (claim.digits.value, claim.seeds.value) == (1000, 5)
    assert (
        claim.verdict == "You may claim 95.0 ± 0.7 %. What would help most: more held-out pictures."
    )
    assert claim.verdict in claim.children[2].value


def test_more_of_either_makes_its_part_smaller(claim):
    before = dict(claim.parts)
    claim.digits.value = 100_000
    assert claim.parts["from the pictures"] == pytest.approx(before["from the pictures"] / 10)
    assert claim.parts["from the seeds"] == before["from the seeds"]
    assert "more seeds" in claim.verdict
    assert claim.verdict in claim.children[2].value
    claim.seeds.value = 20
    assert claim.parts["from the seeds"] == pytest.approx(before["from the seeds"] / 2)
    assert claim.parts["together"] < before["together"]


def test_every_setting_can_be_drawn(claim):
    for size in SIZES:
        for seeds in (1, 50):
            claim.digits.value, claim.seeds.value = size, seeds
            (axes,) = claim.figure().axes
            assert [round(bar.get_width(), 9) for bar in axes.patches] == [
                round(part, 9) for part in claim.parts.values()
            ]
            assert max(claim.parts.values()) < axes.get_xlim()[1]
