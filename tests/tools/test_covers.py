"""`tools.covers`: cards come from the lessons' heads and outputs, whatever lessons there are."""

import base64
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat import v4
from PIL import Image

from tools import covers

ROOT = Path(__file__).resolve().parents[2]
SHEEP = "# 01 · Count sheep\n\nYou count a *whole* flock\nbefore it has left.\n\n- **You will do:**"


def picture(colour):
    buffer = io.BytesIO()
    Image.fromarray(np.full((40, 60, 3), colour, np.uint8)).save(buffer, "PNG")
    data = {"image/png": base64.b64encode(buffer.getvalue()).decode()}
    return v4.new_output("display_data", data=data)


@pytest.fixture
def folder(tmp_path):
    """A function that puts a lesson into a folder; the folder is its attribute."""

    def put(name, head, *cells):
        notebook = v4.new_notebook(cells=[v4.new_markdown_cell(head), *cells])
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")

    put.path = tmp_path
    return put


@pytest.fixture
def displayed(monkeypatch):
    shown = []
    monkeypatch.setattr(
        covers, "display", lambda data, raw, metadata: shown.append((data, metadata))
    )
    return shown


def cell(*outputs, tags=()):
    return v4.new_code_cell("show()", outputs=list(outputs), metadata={"tags": list(tags)})


def test_a_card_has_title_promise_and_the_first_picture(folder):
    said = v4.new_output("stream", text="no picture")
    folder("01_sheep", SHEEP, cell(said), cell(picture(10)), cell(picture(200)))
    (card,) = covers.cards(folder.path)
    assert card.title == "01 · Count sheep"
    assert card.promise == "You count a whole flock before it has left."
    assert card.picture.getpixel((5, 5)) == (10, 10, 10)


def test_a_cell_tagged_cover_gives_the_picture(folder):
    folder("01_sheep", SHEEP, cell(picture(10)), cell(picture(200), tags=["cover"]))
    assert covers.cards(folder.path)[0].picture.getpixel((5, 5)) == (200, 200, 200)


def test_lessons_come_by_number_and_lesson_00_is_none_of_them(folder):
    for name in ("10_last", "00_start", "02_second"):
        folder(name, f"# {name}\n\nA promise.")
    assert [card.title for card in covers.cards(folder.path)] == ["02_second", "10_last"]
    assert covers.cards(folder.path)[0].picture is None


@pytest.mark.parametrize("lessons", [0, 1, 4])
def test_the_gallerys_text_is_the_same_however_many_lessons_there_are(folder, displayed, lessons):
    for number in range(1, lessons + 1):
        folder(f"{number:02}_sheep", f"# Lesson {number}\n\nPromise {number}.", cell(picture(90)))
    covers.show(folder.path)
    ((data, metadata),) = displayed
    (mime,) = (key for key in data if key.startswith("image/"))
    assert data["text/plain"] == "(a picture: the lessons with their titles and promises)"
    assert metadata[mime]["alt"].count("Promise") == lessons
    assert Image.open(io.BytesIO(base64.b64decode(data[mime]))).width == 1440


def test_every_lesson_of_the_workshop_has_a_card():
    names = sorted(path.name[:2] for path in covers.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    titles = [card.title for card in covers.cards()]
    assert [title[:2] for title in titles] == [name for name in names if name != "00"]


def test_a_cover_is_saved_small_and_where_there_is_none_no_file(folder, tmp_path):
    folder("01_sheep", SHEEP, cell(picture(200)))
    folder("02_goats", SHEEP, cell())
    covers.save_covers(tmp_path / "new", sorted(folder.path.glob("*.ipynb")))
    (file,) = (tmp_path / "new").iterdir()
    saved = Image.open(file)
    assert file.name == "01_sheep.jpg" and saved.size == (600, 400)
    assert abs(saved.getpixel((5, 5))[0] - 200) < 4


README = (ROOT / "README.md").read_text(encoding="utf-8")
COVERS = sorted((ROOT / "docs" / "gallery").glob("*.jpg"))


@pytest.mark.parametrize("cover", COVERS, ids=lambda path: path.stem)
def test_the_readme_shows_each_lesson_as_it_is(cover, tmp_path):
    """`python -m helpers run --record` brings them up to date."""
    (card,) = [c for c in covers.cards() if c.title[:2] == cover.stem[:2]]
    assert f"![{card.alt}](docs/gallery/{cover.name})" in README
    covers.save_covers(tmp_path, [covers.NOTEBOOKS / f"{cover.stem}.ipynb"])
    now, then = (np.asarray(Image.open(path)) for path in (tmp_path / cover.name, cover))
    assert now.shape == then.shape
    assert np.abs(now.astype(float) - then).mean() < 4


def test_the_readme_has_a_gallery():
    assert len(COVERS) >= 6
