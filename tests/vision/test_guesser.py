"""The picture guesser without a browser: choices, uploads of every kind, and failing functions."""

import datetime
import io

import numpy as np
import pytest
from PIL import Image

from helpers import images, widgets
from helpers.vision.guesser import Guesser


def look(picture):
    """Guess by brightness, and look at the upper left."""
    heat = np.zeros((4, 4))
    heat[0, 0] = 1
    bright = float(picture.mean() / 255)
    return sorted([("bright", bright), ("dark", 1 - bright)], key=lambda guess: -guess[1]), heat


@pytest.fixture
def guesser():
    pictures = {"a snow field": np.full((60, 80, 3), 240, np.uint8), "night": np.zeros((9, 9, 3))}
    return Guesser(look, pictures, side=64)


def upload(guesser, name, content):
    guesser._upload.value = (
        {
            "name": name,
            "type": "",
            "size": len(content),
            "content": memoryview(content),
            "last_modified": datetime.datetime(2026, 1, 1),
        },
    )


def encoded(picture, format):
    buffer = io.BytesIO()
    picture.save(buffer, format)
    return buffer.getvalue()


def test_the_first_picture_is_looked_at_and_another_when_it_is_chosen(guesser):
    assert guesser.guesses[0][0] == "bright" and guesser.heat.shape == (4, 4)
    assert "a snow field" in guesser.alt and "bright" in guesser.alt
    before = guesser._answer.value
    guesser._choice.value = "night"
    assert guesser.guesses[0] == ("dark", 1.0)
    assert guesser._answer.value != before and "100%" in guesser._answer.value
    assert guesser._answer.value.count("<img") == guesser._answer.value.count('alt="') == 2


def test_an_upload_is_looked_at(guesser):
    upload(guesser, "mine.jpg", images.encode(np.zeros((30, 90, 3), np.uint8), "jpeg"))
    assert guesser.guesses[0][0] == "dark" and not guesser.message
    assert "mine.jpg" in guesser.alt


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("letter.jpg", b"Dear reader", "letter.jpg is not a picture that can be read"),
        ("empty.png", b"", "empty.png is empty"),
        ("cut.png", images.encode(np.zeros((50, 50, 3), np.uint8))[:60], "cut.png is cut off"),
    ],
)
def test_a_bad_upload_gets_its_sentence_and_the_next_one_works(guesser, name, content, sentence):
    upload(guesser, name, content)
    assert guesser.message.startswith(sentence) and not guesser.guesses
    assert sentence in guesser._answer.value and sentence in guesser.alt
    upload(guesser, "mine.jpg", images.encode(np.zeros((30, 90, 3), np.uint8), "jpeg"))
    assert guesser.guesses and not guesser.message


def test_a_dot_and_a_panorama(guesser):
    upload(guesser, "dot.gif", encoded(Image.new("P", (1, 1)), "GIF"))
    assert guesser.guesses and guesser.message.startswith("dot.gif has fewer than 16 pixels")
    upload(guesser, "panorama.jpg", encoded(Image.new("L", (12_500, 4_000), 255), "JPEG"))
    assert guesser.guesses[0][0] == "bright" and not guesser.message


def test_names_cannot_become_markup(guesser):
    upload(guesser, "<b>x</b>.jpg", b"no picture")
    assert "<b>" not in guesser._answer.value


def test_a_failing_function_is_said(guesser):
    failing = Guesser(lambda picture: 1 / 0, {"one": np.zeros((9, 9, 3))})
    assert "ZeroDivisionError" in failing.message and "ZeroDivisionError" in failing.alt
    with pytest.raises(ValueError, match="no picture"):
        Guesser(look, {})


def test_where_no_kernel_runs_a_picture_stands(guesser, monkeypatch):
    shown = []
    monkeypatch.setattr(widgets, "display", lambda data, **more: shown.append((data, more)))
    guesser.show()
    data, more = shown[0]
    assert data["text/plain"] == widgets.PLACEHOLDER
    kind = next(kind for kind in data if kind.startswith("image/"))
    assert "bright" in more["metadata"][kind]["alt"]
