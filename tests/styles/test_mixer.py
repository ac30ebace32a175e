"""The style mixer: every control repaints, the arithmetic is right, uploads are painted."""

import numpy as np
import pytest
from skimage import data

from helpers import images
from helpers.styles import mixer as mixers
from helpers.styles import patterns, styling
from helpers.styles.mixer import StyleMixer

PHOTOGRAPHS = {"a cat": data.chelsea()[::4, ::4], "a cup": data.coffee()[::4, ::4]}
STYLES = {
    "waves": patterns.waves(64),
    "strokes": patterns.strokes(64),
    "panes": patterns.stained_glass(64),
}


@pytest.fixture
def mixer(magenta, monkeypatch):
    monkeypatch.setattr(mixers, "SIZE", 64)
    return StyleMixer(magenta, PHOTOGRAPHS, STYLES)


def test_every_control_repaints_and_the_words_say_what_is_shown(mixer):
    changes = {"photograph": "a cup", "one": "panes", "other": "waves"}
    seen = [mixer.picture]
    for control, value in (changes | {"share": 0.75, "strength": 0.5, "keep": True}).items():
        mixer.controls[control].value = value
        assert not np.array_equal(seen[-1], mixer.picture), control
        seen.append(mixer.picture)
    assert mixer.alt == (
        "a cup, painted 25% as panes and 75% as waves, strength 0.50, in its own colours."
    )
    assert f'alt="{mixer.alt}"' in mixer._shown.value and 'width="64"' in mixer._shown.value
    expected = styling.keep_colours(seen[-2], images.read(PHOTOGRAPHS["a cup"], 64))
    np.testing.assert_array_equal(mixer.picture, expected)


def test_at_the_ends_it_is_one_style_and_at_strength_nought_the_photographs_own(mixer, magenta):
    photograph = images.read(PHOTOGRAPHS["a cat"], 64)
    for share, name in [(0, "waves"), (1, "strokes")]:
        mixer.controls["share"].value = share
        expected = magenta.paint(photograph, magenta.style(STYLES[name]))
        np.testing.assert_array_equal(mixer.picture, expected)
    mixer.controls["strength"].value = 0
    np.testing.assert_allclose(mixer.style, magenta.style(PHOTOGRAPHS["a cat"]), rtol=1e-5)
    with pytest.raises(styling.StyleError, match="two styles"):
        StyleMixer(magenta, PHOTOGRAPHS, {"waves": STYLES["waves"]})


def test_a_picture_of_ones_own_is_painted_and_one_of_that_name_is_another_style(mixer):
    def upload(control, name, content):
        mixer.controls[control]._uploaded({"new": ({"name": name, "content": content},)})
        return mixer.picture

    rocket = upload("photograph", "mine.png", images.encode(data.rocket()))
    assert mixer.alt.startswith("mine.png, painted") and rocket.shape == (43, 64, 3)
    strokes = upload("one", "mine.png", images.encode(patterns.strokes(64)))
    glass = upload("one", "mine.png", images.encode(patterns.stained_glass(64)))
    assert (rocket != strokes).any() and (strokes != glass).any()
