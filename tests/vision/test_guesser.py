"""The picture guesser without a browser: choices, uploads, and failing functions."""

import keras
import numpy as np
import pytest

from helpers import images, widgets
from helpers.vision import transfer
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


def test_it_takes_a_classifier_its_file_and_a_folder(tmp_path):
    for name, shade in (("dark/a.png", 20), ("light/b.png", 230), ("light/c.png", 210)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        images.write(tmp_path / name, np.full((40, 50, 3), shade, np.uint8))
    (tmp_path / "letter.txt").write_text("Dear reader")
    brightness = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.GlobalAveragePooling2D()])
    brightness.add(keras.layers.Dense(2))
    brightness.set_weights([np.array([[-1, 1]] * 3), np.array([384, -384])])
    own = transfer.Classifier(brightness, ("dark", "light"))  # logits
    own.save(tmp_path / "own.keras")
    for given in (own, tmp_path / "own.keras"):
        guesser = Guesser(given, tmp_path)
        assert [*guesser.controls["picture"].pictures] == [
            "dark/a.png",
            "light/b.png",
            "light/c.png",
        ]
        assert guesser.guesses[0] == ("dark", 1.0)
        assert guesser.alt.startswith("dark/a.png: the picture, and its guesses: dark 100%")
    with pytest.raises(transfer.TransferError, match="no classifier of one: it should take"):
        transfer.Classifier(brightness, ("one",))
    with pytest.raises(images.ImageError, match="no picture that can be read"):
        (tmp_path / "empty").mkdir()
        (tmp_path / "empty" / "letter.txt").write_text("Dear reader")
        Guesser(own, tmp_path / "empty")
