"""The picture guesser of lesson 04 in JupyterLab: choosing, uploading, and bad uploads."""

import nbformat
import numpy as np
import pytest

from helpers import images
from tools import notebooks

CELL = """\
from helpers import backbones, transfer
from helpers.datasets import photos
from helpers.vision.guesser import Guesser

network = backbones.load("efficientnet_lite0")


def look(picture):
    guesses = [(backbones.short(name), share) for name, share in network.classify(picture)]
    return guesses, transfer.grad_cam(network.model, network.prepare(picture))


guesser = Guesser(look, {name: photos.load(name) for name in ("cat", "coffee", "photographer")})
guesser.show()
"""
BEST = "guesser.guesses[0][0] if guesser.guesses else guesser.message"


@pytest.fixture
def guesser(lab, page):
    """Run a notebook that has nothing but the guesser; return (notebook, its cell on the page)."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    notebooks.write(lab.root / "guesser.ipynb", notebooks.normalise(notebook))
    opened = lab.open(page, "guesser.ipynb")
    opened.run_all()
    return opened, opened.cell("guesser.show")


def test_pictures_are_chosen_by_keyboard_and_guessed(guesser):
    notebook, cell = guesser
    cell.get_by_text("Egyptian cat").wait_for()
    cells = len(notebook.sources())
    for name, guess in (("coffee", "espresso"), ("photographer", "tripod")):
        choice = cell.get_by_role("button", name=name, exact=True)
        choice.focus()
        choice.press(" ")
        notebook.wait_for(BEST, guess, seconds=30)
        cell.get_by_text(guess, exact=True).wait_for()
    seen = cell.get_by_role("img", name="Where it looked for tripod")
    seen.wait_for()
    assert seen.evaluate("image => image.naturalWidth") == 224
    assert len(notebook.sources()) == cells


def test_an_upload_is_guessed_and_bad_ones_get_their_sentence(guesser, tmp_path):
    notebook, cell = guesser
    letter, cut, dot, coffee = (
        tmp_path / name for name in ("letter.jpg", "cut.png", "dot.gif", "mine.jpg")
    )
    from helpers.vision import photos

    letter.write_text("Dear reader, this is not a picture.")
    images.write(coffee, photos.load("coffee"))
    cut.write_bytes(images.encode(photos.load("coffee"))[:5_000])
    images.write(dot, np.zeros((1, 1, 3), np.uint8))
    button = cell.get_by_role("button", name="Upload your own")

    def upload(file):
        with cell.page.expect_file_chooser() as chooser:
            button.click()
        chooser.value.set_files(file)

    for file, sentence in (
        (letter, "letter.jpg is not a picture that can be read"),
        (cut, "cut.png is cut off or damaged"),
        (dot, "dot.gif has fewer than 16 pixels"),
    ):
        upload(file)
        cell.get_by_text(sentence).wait_for()
    upload(coffee)
    notebook.wait_for(BEST, "espresso", seconds=30)
    cell.get_by_role("img", name="mine.jpg").wait_for()
