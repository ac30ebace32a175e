"""`tools.covers`: cards come from the lessons' heads and outputs, whatever lessons there are."""

import base64
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat import v4
from PIL import Image

from tools import covers, notebooks

ROOT = Path(__file__).resolve().parents[2]
SHEEP = "# 01 · Count sheep\n\nYou count a *whole* flock\nbefore it has left.\n\n- **You will do:**"


def cell(*colours, tags=()):
    outputs = [v4.new_output("stream", text="no picture")]
    for colour in colours:
        buffer = io.BytesIO()
        Image.fromarray(np.full((40, 60, 3), colour, np.uint8)).save(buffer, "PNG")
        data = {"image/png": base64.b64encode(buffer.getvalue()).decode()}
        outputs.append(v4.new_output("display_data", data=data))
    return v4.new_code_cell("show()", outputs=outputs, metadata={"tags": list(tags)})


@pytest.fixture
def put(tmp_path):
    """A function that puts a lesson into a workshop; the lessons' folder is its attribute."""

    def put(name, head, *cells):
        notebook = v4.new_notebook(cells=[v4.new_markdown_cell(head), *cells])
        nbformat.write(notebook, put.folder / f"{name}.ipynb")
        with (tmp_path / "README.md").open("a") as table:
            table.write(f"| [{name[:2]} Sheep](notebooks/{name}.ipynb) | joy |\n")

    put.folder = tmp_path / "notebooks"
    put.folder.mkdir()
    (tmp_path / "README.md").touch()
    return put


def test_a_card_has_title_promise_and_a_picture(put):
    """The first that a cell tagged `cover` shows, else the lesson's first, else none."""
    put("00_start", "# 00 · Start\n\nA promise.")
    put("01_sheep", SHEEP, cell(), cell(10), cell(200))
    put("02_goats", SHEEP, cell(10), cell(200, tags=["cover"]))
    put("10_last", "# 10 · Last\n\nA promise.")
    first, tagged, none = covers.cards(put.folder)
    assert first.title == "01 · Count sheep"
    assert first.promise == "You count a whole flock before it has left."
    assert first.picture.getpixel((5, 5)) == (10, 10, 10)
    assert tagged.picture.getpixel((5, 5)) == (200, 200, 200)
    assert (none.title, none.picture) == ("10 · Last", None)


@pytest.mark.parametrize("lessons", [0, 1, 4])
def test_the_gallerys_text_is_the_same_however_many_lessons_there_are(put, monkeypatch, lessons):
    shown = []
    monkeypatch.setattr(
        covers, "display", lambda data, **more: shown.append((data, more["metadata"]))
    )
    for number in range(1, lessons + 1):
        put(f"{number:02}_sheep", f"# Lesson {number}\n\nPromise {number}.", cell(90))
    covers.show(put.folder)
    ((data, metadata),) = shown
    (mime,) = (key for key in data if key.startswith("image/"))
    assert data["text/plain"] == "(a picture: the lessons with their titles and promises)"
    assert metadata[mime]["alt"].count("Promise") == lessons
    assert Image.open(io.BytesIO(base64.b64decode(data[mime]))).width == 1440


def test_every_lesson_of_the_workshop_has_a_card():
    numbers = [path.name[:2] for path in notebooks.lessons()]
    assert [card.title[:2] for card in covers.cards()] == numbers[1:]


def test_a_cover_is_saved_small_and_where_there_is_none_no_file(put, tmp_path):
    put("01_sheep", SHEEP, cell(200))
    put("02_goats", SHEEP, cell())
    covers.save_covers(tmp_path / "new", notebooks.lessons(put.folder))
    (file,) = (tmp_path / "new").iterdir()
    saved = Image.open(file)
    assert file.name == "01_sheep.jpg" and saved.size == (600, 400)
    assert abs(saved.getpixel((5, 5))[0] - 200) < 4


def test_the_readme_shows_the_lessons_as_they_are(tmp_path):
    """`python -m helpers run --record` brings them up to date."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = sorted((ROOT / "docs" / "gallery").glob("*.jpg"))
    assert len(shown) >= 6
    covers.save_covers(tmp_path, [notebooks.NOTEBOOKS / f"{cover.stem}.ipynb" for cover in shown])
    cards = {card.title[:2]: card for card in covers.cards()}
    for cover in shown:
        assert f"![{cards[cover.stem[:2]].alt}](docs/gallery/{cover.name})" in readme
        now, then = (np.asarray(Image.open(path)) for path in (tmp_path / cover.name, cover))
        assert now.shape == then.shape
        assert np.abs(now.astype(float) - then).mean() < 4, cover.name
