"""Covers come from what the lessons show, and those that are shown are as the lessons are."""

import base64
import io
from pathlib import Path

import numpy as np
from nbformat import v4
from PIL import Image

from tools import covers, notebooks

ROOT = Path(__file__).resolve().parents[2]


def cell(*greys, tags=()):
    outputs = [v4.new_output("stream", text="no picture")]
    for grey in greys:
        buffer = io.BytesIO()
        Image.fromarray(np.full((480, 720), grey, np.uint8)).save(buffer, "PNG")
        data = {"image/png": base64.b64encode(buffer.getvalue()).decode()}
        how = {"image/png": {"alt": "sheep"}}
        outputs.append(v4.new_output("display_data", data=data, metadata=how))
    return v4.new_code_cell("show()", outputs=outputs, metadata={"tags": list(tags)})


def test_a_cover_is_what_a_tag_says_else_the_first_picture_small_and_none_where_none_is(tmp_path):
    for name, *cells in (
        ("first", cell(), cell(10), cell(200)),
        ("tagged", cell(10), cell(200, tags=["cover"])),
        ("none", cell()),
    ):
        notebooks.write(tmp_path / f"{name}.ipynb", v4.new_notebook(cells=cells))
    covers.save(tmp_path / "new", sorted(tmp_path.glob("*.ipynb")))
    saved = {path.stem: Image.open(path) for path in (tmp_path / "new").iterdir()}
    assert {name: picture.size for name, picture in saved.items()} == {
        "first": (600, 400),
        "tagged": (600, 400),
    }
    found = [saved[name].getpixel((5, 5))[0] for name in ("first", "tagged")]
    assert np.allclose(found, [10, 200], atol=4)


def test_the_readme_shows_the_lessons_as_they_are(tmp_path):
    """`python -m helpers run --save` brings the pictures up to date."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = sorted((ROOT / "docs" / "gallery").glob("*.jpg"))
    lessons = notebooks.lessons()
    assert [cover.stem for cover in shown] == [path.stem for path in lessons]
    covers.save(tmp_path, lessons)
    wrong = []
    for path, then in zip(lessons, shown, strict=True):
        alt = f"![{covers.cover(path)[1]}](docs/gallery/{then.name})"
        now, old = (np.asarray(Image.open(one), float) for one in (tmp_path / then.name, then))
        same = now.shape == old.shape and np.abs(now - old).mean() < 4
        wrong += [] if same and alt in readme else [then.name]
    assert wrong == []
