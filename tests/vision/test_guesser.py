"""The picture guesser without a browser: choices, uploads, and failing functions."""

import numpy as np
import pytest

from helpers import images, widgets
from helpers.vision.guesser import Guesser


def look(picture):
    """Guess by brightness, and look at the upper left."""
    heat = np.zeros((4, 4))
    heat[0, 0] = 1
    bright = float(picture.mean() / 255)
    return sorted([("bright", bright), ("$dark$", 1 - bright)], key=lambda guess: -guess[1]), heat


@pytest.fixture
def guesser():
    pictures = {"a snow field": np.full((60, 80, 3), 240, np.uint8), "night": np.zeros((20, 20, 3))}
    return Guesser(look, pictures)


def upload(guesser, name, content):
    choice = guesser.controls["picture"]
    choice._uploaded({"new": ({"name": name, "content": memoryview(content)},)})
    return choice


def test_the_first_picture_is_looked_at_and_another_when_it_is_chosen(guesser, monkeypatch):
    assert guesser.guesses[0][0] == "bright" and guesser.heat.shape == (4, 4)
    assert "a snow field: the picture" in guesser.alt and "bright 94%, $dark$ 6%." in guesser.alt
    stills = []
    monkeypatch.setattr(widgets, "show", lambda widget, picture, alt: stills.append((picture, alt)))
    guesser.show()
    assert stills == [(guesser.picture, guesser.alt)]
    guesser.controls["picture"].value = "night"
    assert guesser.guesses[0] == ("$dark$", 1.0) and "$dark$ 100%" in guesser._shown.value


def test_an_upload_is_looked_at_and_a_bad_one_leaves_the_picture(guesser):
    upload(guesser, "mine.jpg", images.encode(np.zeros((30, 90, 3), np.uint8), "jpeg"))
    assert guesser.guesses[0][0] == "$dark$" and "mine.jpg" in guesser.alt
    choice = upload(guesser, "letter.jpg", b"Dear reader")
    assert "letter.jpg is not a picture" in choice.said.value and choice.value == "mine.jpg"
    upload(guesser, "<b>.gif", images.encode(np.zeros((1, 1, 3), np.uint8), "gif"))
    assert guesser.guesses and "<b>" not in guesser._shown.value
    assert "letter" not in choice.said.value


def test_a_failing_function_is_said(guesser):
    def fails(picture):
        return look(picture) if picture.mean() > 200 else 1 / 0

    failing = Guesser(fails, guesser.controls["picture"].pictures)
    failing.controls["picture"].value = "night"
    assert "ZeroDivisionError" in failing._shown.value and not failing.guesses
    with pytest.raises(ValueError, match="no picture"):
        Guesser(look, {})
