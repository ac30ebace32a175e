"""The zoom: its frames, an interrupt, and what can't become a film."""

import io

import numpy as np
import pytest
from PIL import Image
from small import interrupted_after, small_network

from helpers.dreams import film
from helpers.dreams.dreaming import Dreamer, DreamError
from helpers.vision import photos


def test_a_zoom_has_its_frames_goes_nearer_and_an_interrupt_keeps_them(monkeypatch):
    dreamer, picture = Dreamer(small_network(), "third"), photos.load("coffee", 100)
    shots = film.zoom(dreamer, picture, frames=3, steps=1)
    assert [shot.shape for shot in shots] == [picture.shape] * 3
    assert len(film.zoom(dreamer, picture, 9, 1, watch=interrupted_after(2))) == 2
    count, step = interrupted_after(3), dreamer.step
    monkeypatch.setattr(dreamer, "step", lambda *at: (count(), step(*at))[1])
    assert len(film.zoom(dreamer, picture, 9, 1)) == 2  # interrupted within the third frame
    spot = np.zeros((40, 60, 3), np.uint8)
    spot[15:25, 20:40] = 255
    near = film._nearer(spot, 1.5)
    assert near.shape == spot.shape and near.mean() == pytest.approx(2.25 * spot.mean(), rel=0.05)
    np.testing.assert_allclose(near, near[::-1, ::-1], atol=1)


def test_an_animation_runs_to_and_fro_and_what_cannot_be_gets_its_sentence():
    shots = [np.full((20, 30, 3), value, np.uint8) for value in (0, 80, 160, 240)]
    for format in ("webp", "gif"):
        with Image.open(io.BytesIO(film.animation(shots, format))) as moving:
            assert moving.format == format.upper() and moving.size == (30, 20)
            assert moving.n_frames == 6 and moving.info["loop"] == 0
            moving.seek(3)
            assert np.asarray(moving.convert("RGB")).mean() == pytest.approx(240, abs=4)
    assert Image.open(io.BytesIO(film.animation(shots[:1]))).size == (30, 20)
    for frames, format, reason in [(shots, "mp4", "'webp' or 'gif'"), ([], "gif", "no frames")]:
        with pytest.raises(DreamError, match=reason):
            film.animation(frames, format)
    with pytest.raises(DreamError, match="1 or more"):
        film.zoom(None, shots[0], scale=0.9)
