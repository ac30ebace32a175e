"""The picture guesser of lesson 04 in JupyterLab: choosing, uploading, and bad uploads."""

import pytest
from lab import upload

from helpers import images
from helpers.vision import photos

CELL = """\
from helpers.vision import backbones, photos
from helpers.vision.guesser import Guesser
from tools.notebooks import taught

network, lesson = backbones.load("efficientnet_lite0"), taught("04")
front, rest = lesson.halves(network.model)


def look(picture):
    guesses = [(backbones.short(name), share) for name, share in network.classify(picture)]
    return guesses, lesson.grad_cam(front, rest, network.prepare(picture))


pictures = {name: photos.load(name) for name in ("cat", "coffee", "photographer")}
guesser = Guesser(look, pictures, network.view)
guesser.show()
"""
BEST = "guesser.guesses and guesser.guesses[0][0]"


@pytest.fixture
def guesser(lab, page):
    """Run a notebook that has nothing but the guesser; return (notebook, its cell on the page)."""
    opened = lab.run_new(page, CELL)
    return opened, opened.cell("guesser.show")


def test_pictures_are_chosen_by_keyboard_and_guessed(guesser):
    notebook, cell = guesser
    cell.get_by_role("img", name="Egyptian cat").wait_for()
    cells = len(notebook.sources())
    for name, guess in (("coffee", "espresso"), ("photographer", "tripod")):
        choice = cell.get_by_role("button", name=name, exact=True)
        choice.focus()
        choice.press(" ")
        notebook.wait_for(BEST, guess, seconds=30)
        cell.get_by_role("img", name=f"its guesses: {guess}").wait_for()
    assert len(notebook.sources()) == cells


def test_an_upload_is_guessed_and_bad_ones_get_their_sentence(guesser, tmp_path):
    notebook, cell = guesser
    letter, cut, coffee = (tmp_path / name for name in ("letter.jpg", "cut.png", "mine.jpg"))
    letter.write_text("Dear reader, this is not a picture.")
    images.write(coffee, photos.load("coffee"))
    cut.write_bytes(images.encode(photos.load("coffee"))[:5_000])
    for file, sentence in (
        (letter, "letter.jpg is not a picture that can be read"),
        (cut, "cut.png is cut off or damaged"),
    ):
        upload(cell, file)
        cell.get_by_text(sentence).wait_for()
    upload(cell, coffee)
    notebook.wait_for(BEST, "espresso", seconds=30)
    cell.get_by_role("img", name="mine.jpg").wait_for()
    assert notebook.flaws() == []
