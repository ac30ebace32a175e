"""How the painters were made, as far as that needs no PyTorch: what is packed, and who judges."""

import numpy as np
from PIL import Image

from helpers import assets, images
from helpers.styles import styling
from helpers.vision import photos
from tools import teach_painters


def test_the_judge_that_is_packed_sees_what_lesson_08_sees(tmp_path, monkeypatch):
    cat, path = photos.load("cat", 64), assets.path
    for name in ("scream", "tubingen"):
        (tmp_path / "paintings").mkdir(exist_ok=True)
        images.write(tmp_path / "paintings" / f"{name}.jpg", cat)
    place = {"paintings": tmp_path / "paintings"}
    monkeypatch.setattr(assets, "path", lambda name: place.get(name) or path(name))
    teach_painters.pack([tmp_path / "paintings"], tmp_path / "out", size=40)
    packed = {file.name: file for file in (tmp_path / "out").rglob("*.*")}
    assert {*packed} == {
        *("judge.npz", "scream.jpg"),  # the tutorial's own picture is no painting
        *("paintings-scream.webp", "paintings-tubingen.webp"),
    }
    with Image.open(packed["paintings-scream.webp"]) as photograph:
        assert photograph.width == 60 and teach_painters.middle(photograph, 8).shape == (8, 8, 3)
    with np.load(packed["judge.npz"]) as file:
        see = teach_painters.judge([file[name].astype("float32") for name in file.files])
    picture = images.as_floats(cat)[None]
    seen, wanted = see(picture), styling.eye(teach_painters.LAYERS)(picture)
    for name in teach_painters.LAYERS:
        apart = teach_painters.gap(np.asarray(seen[name]), np.asarray(wanted[name]))
        assert apart.shape == (1,) and apart[0] < 1e-4, name
