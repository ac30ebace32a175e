"""Nine numbers slid over a picture: the sums are right, and the bench shows what they do."""

import numpy as np

from helpers import figures
from helpers.cells.filters import FILTERS, OWN, NineNumbers, before_and_after, in_words

PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)


def test_the_known_filters_do_what_they_say():
    wall = np.full((6, 6), 90, np.uint8)
    for known in FILTERS.values():
        brightness = 0 if known.ignore_sign else 90
        assert (known.applied(wall) == brightness).all()
    upright = np.repeat([[0, 0, 0, 255, 255, 255]], 6, axis=0)
    sees, blind = FILTERS["Vertical edges (Sobel)"], FILTERS["Horizontal edges (Sobel)"]
    for picture, one, other in [(upright, sees, blind), (upright.T, blind, sees)]:
        assert one.applied(picture).max() == 255 and not other.applied(picture).any()


def test_a_known_filter_fills_the_fields_and_is_applied():
    bench = NineNumbers()
    for name, known in FILTERS.items():
        bench.known.value = name
        assert (bench.value, bench.known.value) == (known, name)
    assert figures.render(before_and_after(PICTURE, bench.value)).shape[2] == 3
    names = [field.description for field in bench.fields]
    assert len(set(names)) == 9 and names[1] == "above"


def test_a_changed_number_changes_the_filter_and_its_name():
    bench, seen = NineNumbers(), []
    bench.observe(lambda change: seen.append(change.new), names="value")
    bench.fields[4].value = 7.0
    assert seen == [bench.value] and bench.value.numbers[1][1] == 7
    assert bench.known.value == OWN and "-2 7 2" in in_words(bench.value)
    bench.fields[4].value = 0.0
    assert bench.known.value == "Vertical edges (Sobel)"
    bench.known.value = "Identity"
    bench.divisor.value = 2
    assert bench.value.applied(PICTURE).max() in (127, 128)
    bench.divisor.value = 0  # which divides by nothing
    np.testing.assert_array_equal(bench.value.applied(PICTURE), PICTURE[1:-1, 1:-1])
