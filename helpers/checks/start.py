"""Lesson 00, start here: is the neuron's border where it belongs?"""

from helpers.exercises import Wrong, exercise

MOST_WRONG = 3  # digits on the map that may be on the wrong side


@exercise(
    "Set the knobs",
    hints=[
        "A seven has its bar on top. Should ink in the upper half speak for a seven (a weight "
        "above zero) or against it? And ink in the lower half?",
        "Give the two weights opposite signs and about the same size. Then move the border with "
        "the bias until it passes between the sixes and the sevens.",
    ],
)
def knobs(setting, inputs, is_seven):
    """`setting`: (upper weight, lower weight, bias), for `inputs` (n, 2) and `is_seven` (n,)."""
    try:
        upper_weight, lower_weight, bias = map(float, setting)
    except (TypeError, ValueError):
        raise Wrong("three numbers are needed: (upper weight, lower weight, bias)") from None
    says_seven = upper_weight * inputs[:, 0] + lower_weight * inputs[:, 1] + bias > 0
    right = int((says_seven == is_seven).sum())
    if says_seven.all() or not says_seven.any():
        raise Wrong(f"the neuron says “{7 if says_seven.all() else 6}” to every digit")
    if right < len(is_seven) / 2:
        raise Wrong(f"{right} of {len(is_seven)} are right, fewer than by guessing")
    if right < len(is_seven) - MOST_WRONG:
        raise Wrong(f"{right} of {len(is_seven)} are right; at most {MOST_WRONG} may be wrong")
    return (
        f"{right} of {len(is_seven)}. You looked at the mistakes and turned knobs until there were "
        "few: that is what training is."
    )
