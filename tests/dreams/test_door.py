"""The door to dreams: a folder of pictures in, a folder of dreams out."""

import numpy as np
import pytest
from PIL import Image

from helpers import __main__ as command
from helpers.dreams import door
from helpers.dreams.dreaming import DreamError
from helpers.vision import backbones


def test_a_folder_is_dreamt_and_what_is_no_picture_is_named(network, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(backbones, "load", lambda *name, **top: network)
    inside, out = tmp_path / "in", tmp_path / "new" / "out"
    inside.mkdir()
    Image.fromarray(np.full((120, 300, 3), 90, np.uint8)).save(inside / "ä b.png")
    (inside / "notes.txt").write_text("no picture")
    (inside / ".hidden").write_text("no picture")
    words = ["dream", str(inside), str(out), "--layer", "third", "--pixels", "200"]
    assert command.main(words) == 1
    said = capsys.readouterr().out
    assert "notes.txt is not a picture" in said and "100%" in said and "hidden" not in said
    assert [path.name for path in out.iterdir()] == ["ä b.jpg"]
    assert Image.open(out / "ä b.jpg").size == (200, 80)


def test_without_pictures_there_is_nothing_to_dream_of(tmp_path):
    with pytest.raises(DreamError, match="holds no files"):
        door.dream(tmp_path, tmp_path)
    with pytest.raises(DreamError, match="no folder"):
        door.dream(tmp_path / "xyz", tmp_path)
