"""The door to captions: a folder of photographs in, a captioner and its card out; and sentences."""

import types

import keras
import numpy as np
import pytest

from helpers import __main__ as command
from helpers import images
from helpers.captions import captioning, scores
from helpers.captions.captioning import CaptionError
from helpers.vision import backbones


@pytest.fixture
def folder(tmp_path, monkeypatch, eagerly):
    """A folder of dark and bright walls, seen by a backbone that only averages, and counts."""
    for n in range(20):
        images.write(tmp_path / f"{n}.png", np.full((40, 40, 3), 40 + 160 * (n % 2), np.uint8))
    network, seen = keras.layers.AveragePooling2D(48), []

    def scale(pixels):
        seen.append(len(pixels))
        return pixels / 255

    backbone = types.SimpleNamespace(upto=lambda _: network, scale=scale, size=(96, 96), seen=seen)
    monkeypatch.setattr(backbones, "load", lambda *_, **__: backbone)
    return tmp_path, backbone


def test_a_folder_becomes_a_captioner_that_describes(folder, lesson, capsys, monkeypatch):
    here, backbone = folder
    rows = [f"{n}.png,a {'bright' if n % 2 else 'dark'} wall" for n in range(20)]
    (here / "captions.txt").write_text("\n".join(rows))
    monkeypatch.setattr(command, "tool", lambda _: types.SimpleNamespace(taught=lambda _: lesson))
    keras.utils.set_random_seed(0)
    assert command.main(["caption", "train", str(here), "--epochs", "6"]) == 0
    paths = [here / f"{n}.png" for n in (1, 11)]
    kept = {"kept": here / "captioner", "mirrored": True}  # as those to test on are looked at
    captioning.photo_grids(backbone, paths, **kept)
    assert sum(backbone.seen) == 18 + 2 * 2  # nothing is computed again
    images.write(paths[0], np.full((40, 50, 3), 200, np.uint8))
    captioning.photo_grids(backbone, paths, **kept)
    assert sum(backbone.seen) == 22 + 2 * 2  # but what has changed is
    card = (here / "captioner" / "captioner.md").read_text()
    assert "16 photographs to train on" in card and "| BLEU-1, beam of 3 | 100 |" in card
    build = lesson.build_photo_captioner
    monkeypatch.setattr(lesson, "build_photo_captioner", lambda known: build(known, (2, 2, 3)))
    file = str(here / "captioner" / "captioner.npz")
    monkeypatch.setattr(scores.assets, "path", lambda _: file)
    figures = scores.evaluate_photos({"folder": here}, lesson)
    assert figures["photographs"] == 2 and round(figures["BLEU-1, beam of 3"]) == 100
    (here / "no.jpg").write_text("nothing")
    words = ["caption", str(here / "1.png"), str(here / "no.jpg"), "--model", file]
    assert command.main(words) == 1
    told = capsys.readouterr().out
    assert "1.png: a bright wall" in told and "no.jpg is not a picture" in told


def test_the_grid_of_the_mirror_image_is_turned_back(folder):
    ramp = np.tile(np.arange(96, dtype=np.uint8)[:, None], (96, 1, 3))
    once, twice = (captioning.photo_grids(folder[1], [ramp], mirrored=m) for m in (False, True))
    np.testing.assert_allclose(twice, once, rtol=1e-6)  # averages are the same from both sides


def test_what_can_t_be_done_is_said(folder, lesson, tmp_path, capsys, monkeypatch):
    assert command.main(["caption", "x.png", "--model", str(tmp_path / "0.png")]) == 1
    assert "0.png is not a captioner that fits here" in capsys.readouterr().err
    assert command.main(["caption", "train", str(tmp_path)]) == 1
    assert "name it captions.txt" in capsys.readouterr().err
    monkeypatch.delenv("WORKSHOP_FLICKR8K", raising=False)
    with pytest.raises(CaptionError, match="Name the photographs' folder"):
        scores.evaluate_photos({}, lesson)
    with pytest.raises(SystemExit, match="Say which folder"):
        command.main(["caption", "train"])
    (tmp_path / "captioner").write_text("in the way")
    with pytest.raises(CaptionError, match="can't be written"):
        captioning.photo_grids(folder[1], [tmp_path / "0.png"], kept=tmp_path / "captioner")
