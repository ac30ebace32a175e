"""Numbers say how far another machine's may lie from them, and a tie has one rule."""

import numpy as np
import pytest
from scipy import stats

from helpers import numbers


def test_a_number_is_printed_with_its_tolerance_and_no_digit_more(capsys):
    for value, within, unit, wanted in [
        (0.94321, 0.02, "", "0.943 (± 0.02"),
        (94.321, 2, "%", "94.3 % (± 2"),
        (94.321, 12, "", "94 (± 12"),
        (12345, 20, "", "12,345 (± 20"),
        (np.int64(7), 0.5, "sheep", "7 sheep (± 0.5"),
        ([0.5, -0.25], 0.1, "", "0.50, -0.25 (± 0.1"),
        (np.float32(1e-5), 1e-6, "", "0.0000100 (± 1e-06"),
    ]:
        numbers.show("accuracy", value, within, unit)
        assert capsys.readouterr().out == f"accuracy: {wanted} on other machines)\n"


def test_a_table_stands_in_columns_below_its_heading(capsys):
    rows = {"relu": [0.9432, 10.5, 7], "tanh, wide": [0.92, 9.25, 12]}
    numbers.table("accuracy", rows, 0.1, ["mean", "longest", "n"])
    numbers.table("loss", {"a": [0.5], "b": [-0.5]}, 0.1)
    assert capsys.readouterr().out.splitlines() == [
        "accuracy (± 0.1 on other machines)",
        "                 mean  longest        n",
        "  relu           0.94    10.50        7",
        "  tanh, wide     0.92     9.25       12",
        "loss (± 0.1 on other machines)",
        "  a   0.50",
        "  b  -0.50",
    ]


def test_an_interval_over_seeds_is_students():
    values = [0.90, 0.92, 0.95, 0.93, 0.91]
    found = numbers.interval(values)
    wanted = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(wanted))
    assert (found.mean, found.n) == (pytest.approx(np.mean(values)), 5)
    assert found.text() == "0.922, 95 % interval [0.898, 0.946]"
    assert found.text(0.1) == "0.92, 95 % interval [0.90, 0.95] (± 0.1 on other machines)"
    with pytest.raises(ValueError, match="two values or more, and here are 1"):
        numbers.interval([1])


def test_what_a_test_set_leaves_open_is_wilsons():
    assert numbers.share(94, 100).text() == "0.940, 95 % interval [0.875, 0.972]"
    assert (numbers.share(20, 20).high, numbers.share(0, 20).low) == (1, 0)  # as it can't be more
    assert numbers.share(20, 20).low == pytest.approx(0.839, abs=1e-3)


def test_a_tie_is_a_tie_by_one_rule():
    # Seeds that differ more than the settings do: paired, the difference is seen all the same.
    luck = np.array([0.0, 0.3, -0.2, 0.1, -0.1])
    relu, tanh = luck + np.array([0.52, 0.51, 0.53, 0.52, 0.51]), luck + 0.5
    found = numbers.compare({"relu": relu, "tanh": tanh})
    assert not found.tie
    assert found.text(0.01) == (
        "relu minus tanh, paired over 5 seeds: 0.018, 95 % interval [0.008, 0.028] "
        "(± 0.01 on other machines): a difference."
    )
    back = numbers.compare({"tanh": tanh, "relu": relu})
    assert not back.tie and back.difference.mean == -found.difference.mean
    shuffled = numbers.compare({"relu": relu, "tanh": tanh[::-1]})
    assert shuffled.tie and shuffled.text().endswith(": a tie.")
    for same in (True, False):
        assert numbers.compare({"a": [2 - same] * 2, "b": [1, 1]}).tie == same
    with pytest.raises(ValueError, match="a and b have 2 and 3 values"):
        numbers.compare({"a": [1, 2], "b": [1, 2, 3]})
