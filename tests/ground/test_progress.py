"""The progress bar: it counts, shows pictures now and then, and leaves only its label behind."""

import numpy as np

from helpers import widgets
from helpers.widgets import Progress


def test_it_counts_to_the_end_and_not_beyond():
    bar = Progress("painting", 3)
    for expected in (1, 2, 3, 3):
        bar()
        assert bar.bar.value == expected
    assert bar.bar.bar_style == "success"


def test_a_picture_is_shown_at_its_width_and_not_at_every_step(monkeypatch):
    clock = iter([10.0, 10.0, 10.1, 10.9, 10.9])
    monkeypatch.setattr(widgets.time, "monotonic", lambda: next(clock))
    bar, shown = Progress("painting", 9), []
    for grey in (0.1, 0.5, 0.9):
        bar(np.full((8, 12, 3), grey, "float32"))
        shown.append(bar.preview.value)
    assert shown[0] and shown[1] == shown[0] and shown[2] != shown[0]
    assert bar.preview.width == "12"


def test_numbers_are_no_pictures():
    bar = Progress("training", 2)
    bar(0.5)
    assert bar.bar.value == 1 and not bar.preview.value


def test_without_a_kernel_the_label_stands(monkeypatch):
    shown = []
    monkeypatch.setattr(widgets, "display", lambda data, raw, metadata: shown.append(data))
    Progress("painting", 2)
    assert shown[0]["text/plain"] == "(painting: a progress bar)" and widgets.VIEW in shown[0]
