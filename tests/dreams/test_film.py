"""The zoom: its frames, an interrupt, and what can't become a film."""

import io

import numpy as np
import pytest
from PIL import Image
from small import interrupted_after

from helpers.dreams import film
from helpers.dreams.dreaming import DreamError
from helpers.vision import photos


def test_a_zoom_has_its_frames_goes_nearer_and_an_interrupt_keeps_them(dreamer, monkeypatch):
    picture, count, step = photos.load("coffee", 100), interrupted_after(3), dreamer.step
    shots = film.zoom(dreamer, picture, frames=3, steps=1)
    assert [shot.shape for shot in shots] == [picture.shape] * 3
    monkeypatch.setattr(dreamer, "step", lambda *at: (count(), step(*at))[1])
    assert len(film.zoom(dreamer, picture, 9, 1)) == 2  # interrupted within the third frame


def test_an_animation_has_its_frames_and_needs_a_frame():
    shots = [np.full((20, 30, 3), value, np.uint8) for value in (0, 80, 160, 240)]
    with Image.open(io.BytesIO(film.animation(shots))) as moving:
        assert (moving.format, moving.size, moving.n_frames) == ("WEBP", (30, 20), 4)
        assert moving.info["loop"] == 0
        moving.seek(3)
        assert np.asarray(moving.convert("RGB")).mean() == pytest.approx(240, abs=4)
    assert Image.open(io.BytesIO(film.animation(shots[:1]))).size == (30, 20)
    with pytest.raises(DreamError, match="no frames"):
        film.animation([])
