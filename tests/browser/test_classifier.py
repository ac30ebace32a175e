"""The picture guesser of lesson 04 in JupyterLab: choosing by keyboard, and uploading."""

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


def test_pictures_are_chosen_by_keyboard_or_uploaded_and_guessed(lab, page, tmp_path):
    notebook = lab.run_new(page, CELL)
    cell = notebook.cell("guesser.show")
    cell.get_by_role("img", name="Egyptian cat").wait_for()
    cells = len(notebook.sources())
    for name, guess in (("coffee", "espresso"), ("photographer", "tripod")):
        choice = cell.get_by_role("button", name=name, exact=True)
        choice.focus()
        choice.press(" ")
        notebook.wait_for(BEST, guess, seconds=30)
        cell.get_by_role("img", name=f"its guesses: {guess}").wait_for()
    (tmp_path / "letter.jpg").write_text("Dear reader, this is not a picture.")
    upload(cell, tmp_path / "letter.jpg")
    cell.get_by_text("letter.jpg is not a picture that can be read").wait_for()
    images.write(tmp_path / "mine.jpg", photos.load("coffee"))
    upload(cell, tmp_path / "mine.jpg")
    notebook.wait_for(BEST, "espresso", seconds=30)
    cell.get_by_role("img", name="mine.jpg").wait_for()
    assert len(notebook.sources()) == cells
    assert notebook.flaws() == []
