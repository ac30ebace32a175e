import xml.etree.ElementTree as ET

import numpy as np
import pytest

from helpers import widgets
from helpers.grammar import parsing, parsing_game, trees
from helpers.grammar.conllu import Sentence
from helpers.grammar.parsing_game import Game

SENTENCE = Sentence(
    ["The", "dog", "chased", "<a>", "&", "."],
    ["DET", "NOUN", "VERB", "PRON", "SYM", "PUNCT"],
    heads=np.array([2, 3, 0, 3, 3, 3]),
    relations=["det", "nsubj", "root", "obj", "dep", "punct"],
)


def test_the_drawing_is_well_formed_and_names_everything():
    drawing = ET.fromstring(trees.svg(SENTENCE, marked=(2,)))  # noqa: S314
    texts = [node.text for node in drawing.iter() if node.tag.endswith("text")]
    assert set(SENTENCE.words) | set(SENTENCE.tags) | set(SENTENCE.relations) <= set(texts)
    for words in ([], ["Go"], ["word"] * 300):
        heads = np.arange(len(words))
        ET.fromstring(trees.svg(Sentence(words, heads=heads)))  # noqa: S314
    said = trees.describe(SENTENCE)
    assert "chased is the root" in said and "dog is nsubj of chased" in said
    data, details = trees.Drawing(SENTENCE)._repr_mimebundle_()
    alt = details["image/svg+xml"]["alt"]
    assert data["text/plain"] == alt == drawing.attrib["aria-label"] == said
    assert "no arc yet" in trees.describe(Sentence(["Go"]))


def test_an_arc_lies_above_those_that_it_spans():
    centres, arcs, width, _ = trees.layout(SENTENCE)
    level = {word: height for _, word, _, height in arcs}
    assert level[6] > level[5] > level[4]
    assert (np.diff([0, *centres, width]) > 0).all()


def test_the_game_tells_what_a_move_loses_and_takes_it_back():
    game = Game(SENTENCE)
    game.back()
    assert game.allowed() == [True, False, False]
    with pytest.raises(ValueError, match="left-arc"):
        game.move(parsing.LEFT)
    game = Game(SENTENCE, [parsing.SHIFT] * 2)  # "The" is buried: its head can't reach it
    assert "impossible" in game.news()
    assert game.stack() == ["ROOT", "The", "dog"]
    game.back()
    assert game.stack() == ["ROOT", "The"]
    game = Game(SENTENCE, parsing.true_moves(SENTENCE.heads))
    assert game.finished() and game.news() == "The tree is right."
    assert game.tree().heads.tolist() == SENTENCE.heads.tolist()
    wrong = Game(SENTENCE, [0, 1, 0, 0, 2])  # a wrong arc is drawn without its relation
    assert (wrong.tree().relations[0], wrong.tree().relations[2]) == ("det", "?")
    while not wrong.finished():
        wrong.move(wrong.allowed().index(True))
    assert wrong.news() == f"Finished, with {sum(wrong.lost)} arc(s) wrong."


def test_buttons_play_the_game_and_its_still_is_the_tree(monkeypatch):
    shown = []
    monkeypatch.setattr(widgets, "display", lambda data, **more: shown.append((data, more)))
    game, buttons = parsing_game.play(SENTENCE)
    ((data, more),) = shown
    assert data["image/svg+xml"] == trees.svg(SENTENCE)
    assert more["metadata"]["image/svg+xml"]["alt"].startswith("The game of three moves, before")
    assert buttons["left-arc"].disabled and buttons["back"].disabled
    buttons["shift"].click()
    assert not buttons["left-arc"].disabled
    buttons["hint"].click()
    buttons["left-arc"].click()
    assert game.queue()[0] == "dog"
    buttons["back"].click()
    assert game.stack() == ["ROOT", "The"]


def test_typing_and_sliding():
    box, step, page = parsing_game.explore("The dog sleeps here.")
    assert step.max == step.value == 10
    whole = page.value
    step.value = 0
    assert page.value != whole
    step.value = 10
    assert page.value == whole
    for text in ("<b>one</b> & two", "", "😀", "One. Two.", "これは", "word " * 200):
        box.value = text
        assert page.value and "<b>one" not in page.value
