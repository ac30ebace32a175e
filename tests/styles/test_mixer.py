"""The style mixer: every control repaints, the arithmetic is right, uploads taken or refused."""

import datetime

import numpy as np
import pytest
from skimage import data

from helpers import images
from helpers.styles import any_style, patterns, styling
from helpers.styles.mixer import OWN, StyleMixer

PHOTOGRAPHS = {"a cat": data.chelsea(), "a cup": data.coffee()}


@pytest.fixture(scope="module")
def magenta():
    return any_style.load()


@pytest.fixture
def mixer(magenta):
    styles = {
        "waves": patterns.waves(),
        "blocks": patterns.blocks(),
        "dots": patterns.pointillism(),
    }
    return StyleMixer(magenta, PHOTOGRAPHS, styles, size=64)


def upload(name, content):
    file = {"name": name, "type": "image/png", "size": len(content), "content": content}
    return (file | {"last_modified": datetime.datetime.now(datetime.UTC)},)


def test_every_control_repaints(mixer):
    seen = [mixer.painted]
    for control, value in [
        (mixer.photograph, "a cup"),
        (mixer.one, "dots"),
        (mixer.other, "waves"),
        (mixer.share, 1.0),
        (mixer.strength, 0.5),
        (mixer.keep, True),
    ]:
        control.value = value
        assert seen[-1].shape != mixer.painted.shape or (seen[-1] != mixer.painted).any()
        seen.append(mixer.painted)


def test_at_the_ends_it_is_one_style(mixer, magenta):
    photograph = images.read(PHOTOGRAPHS["a cat"], 64)
    for share, pattern in [(0, patterns.waves()), (1, patterns.blocks())]:
        mixer.share.value = share
        expected = magenta.paint(photograph, magenta.style(pattern))
        np.testing.assert_array_equal(mixer.painted, expected)


def test_strength_nought_is_the_photographs_own_style(mixer, magenta):
    mixer.strength.value = 0
    np.testing.assert_allclose(mixer.style, magenta.style(PHOTOGRAPHS["a cat"]), rtol=1e-5)


def test_kept_colours(mixer):
    painted = mixer.painted
    mixer.keep.value = True
    expected = styling.keep_colours(painted, images.read(PHOTOGRAPHS["a cat"], 64))
    np.testing.assert_array_equal(mixer.painted, expected)
    assert "in its own colours" in mixer.alt


def test_the_words_say_what_is_shown(mixer):
    mixer.share.value, mixer.strength.value = 0.25, 0.8
    assert mixer.alt == "a cat, painted 75% as waves and 25% as blocks, strength 0.80."
    assert mixer.alt in mixer._picture.value


def test_own_pictures_are_chosen_and_bad_ones_told(mixer):
    mixer.upload.value = upload("mine.png", images.encode(data.rocket()))
    assert mixer.photograph.value == OWN and mixer.painted.shape == (43, 64, 3)
    before = mixer.painted
    mixer.upload_style.value = upload("art.png", images.encode(patterns.strokes(64)))
    assert mixer.one.value == OWN and (mixer.painted != before).any()
    before = mixer.painted
    mixer.upload_style.value = upload("art.png", images.encode(patterns.stained_glass(64)))
    assert (mixer.painted != before).any()
    before = mixer.painted
    mixer.upload.value = upload("bad.png", b"no picture")
    assert "bad.png is not a picture" in mixer.news.value
    np.testing.assert_array_equal(mixer.painted, before)


def test_it_needs_something_to_mix(magenta):
    with pytest.raises(styling.StyleError, match="two styles"):
        StyleMixer(magenta, PHOTOGRAPHS, {"waves": patterns.waves()})
