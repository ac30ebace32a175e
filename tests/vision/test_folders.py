"""Folders of pictures as learners have them: what can be used is, what can't is named."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.vision import folders
from helpers.vision.folders import FolderError

SIDE = 32


def refused(folder):
    with pytest.raises(FolderError) as caught:
        folders.read(folder, SIDE)
    message = str(caught.value)
    message.encode()  # it can be printed
    assert "\n" not in message
    return message


def test_a_folder_is_read_and_what_is_hidden_is_passed_over(folder):
    for hidden in (".hidden", ".ipynb_checkpoints", "bright/.ipynb_checkpoints"):
        (folder / hidden).mkdir()
    (folder / "bright" / ".DS_Store").write_text("x")
    (folder / "loose.jpg").write_text("x")
    Image.new("RGB", (6_000, 2_000), (230, 240, 250)).save(folder / "bright" / "panorama ä.jpg")
    found = folders.read(folder, SIDE)
    assert found.names == ("bright", "dark")
    assert found.skipped == ("loose.jpg lies beside the classes. It was left out.",)
    assert found.pictures.shape == (11, SIDE, SIDE, 3) and found.pictures.dtype == np.uint8
    assert found.labels.tolist() == [0] * 6 + [1] * 5


def test_what_cannot_be_used_is_left_out_and_named(folder):
    bright = folder / "bright"
    (bright / "letter.jpg").write_text("Dear reader")
    Image.new("P", (40, 1)).save(bright / "line.gif")
    (bright / "cut.png").write_bytes((bright / "0.png").read_bytes()[:200])
    (bright / "more").mkdir()
    shutil.copy(bright / "1.png", folder / "dark" / "twin.png")
    shutil.copy(bright / "cut.png", Path(os.fsdecode(os.fsencode(bright) + b"/K\x84tzchen.png")))
    for name in ("__MACOSX", "__pycache__", "@eaDir", "$RECYCLE.BIN", "dark/@eaDir"):
        (folder / name).mkdir()
    found = folders.read(folder, SIDE)
    assert len(found.pictures) == 10 and found.names == ("bright", "dark")
    reasons = {
        "cut.png is cut off or damaged",
        "line.gif has 1 × 40 pixels, too few",
        "letter.jpg is not a picture",
        "more is a folder",
        "twin.png is the same picture as",
        "K\\x84tzchen.png is cut off",
        "__MACOSX is a folder of the system's",
        "__pycache__ is",
        "@eaDir is a folder of",
        "$RECYCLE.BIN is",
        "@eaDir is a folder:",
    }
    missing = [one for one in reasons if not any(one in said for said in found.skipped)]
    assert not missing and len(found.skipped) == len(reasons)
    for sentence in found.skipped:
        assert sentence.endswith("It was left out.") and str(folder) not in sentence
        sentence.encode()


def test_folders_that_nothing_can_be_learnt_from(folder, tmp_path, monkeypatch):
    assert "no folder" in refused(tmp_path / "none")
    assert "no folder" in refused(folder / "dark" / "0.png")
    assert "at least two, and has none" in refused(folder / "dark")
    for nested in ("train", "test"):
        shutil.copytree(folder, tmp_path / "split" / nested)
    assert "holds folders and no pictures: name the folder" in refused(tmp_path / "split")
    shutil.copytree(folder, tmp_path / "zip" / "ours")
    assert f"{Path('zip') / 'ours'} holds folders" in refused(tmp_path / "zip")
    (folder / "dark" / "0.png").write_text("no picture")
    assert "of dark: 4 (1 more could not be used). Add some: at least 5" in refused(folder)
    listed = Path.iterdir

    def closed(path):
        if path.name == "dark":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", closed)
        assert "dark can't be read (Permission denied)" in refused(folder)
    (folder / "dark").rename(os.fsdecode(os.fsencode(folder) + b"/K\x84tzchen"))
    assert "K\\x84tzchen has a name that is not in UTF-8" in refused(folder)
    shutil.rmtree(os.fsdecode(os.fsencode(folder) + b"/K\x84tzchen"))
    assert "only bright: to choose" in refused(folder)
