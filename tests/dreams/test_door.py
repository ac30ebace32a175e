"""A folder of pictures in, a folder of dreams out."""

import numpy as np
import pytest
from PIL import Image

from helpers import __main__ as command
from helpers import images
from helpers.vision import backbones


def test_a_folder_is_dreamt_and_what_is_no_picture_is_named(network, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(backbones, "load", lambda *name, **top: network)
    inside, out = tmp_path / "in", tmp_path / "new" / "out"
    inside.mkdir()
    Image.fromarray(np.full((120, 300, 3), 90, np.uint8)).save(inside / "ä b.png")
    (inside / "notes.txt").write_text("no picture")
    (inside / ".hidden").write_text("no picture")
    (inside / "Thumbs.db").write_text("no picture")
    words = ["dream", str(inside), str(out), "--layer", "third", "--pixels", "200"]
    assert command.main(words) == 1
    said = capsys.readouterr().out
    assert "notes.txt is not a picture" in said and "100%" in said
    assert "hidden" not in said and "Thumbs" not in said
    assert [path.name for path in out.iterdir()] == ["ä b.jpg"]
    assert Image.open(out / "ä b.jpg").size == (200, 80)


def test_where_there_is_nothing_to_do_or_pictures_would_be_lost_it_says_so(tmp_path):
    for folder, out, sentence in [
        (tmp_path, "out", "holds no files"),
        (tmp_path / "xyz", "out", "no folder"),
        (tmp_path, tmp_path / "." / "", "own folder"),
    ]:
        with pytest.raises(images.ImageError, match=sentence):
            images.each(folder, out, 100, iter)
