"""The game of three moves and the sentence box of lesson 06, in JupyterLab."""

from lab import slide

CELLS = [
    "from helpers.grammar import parsing_game, reading",
    "(sentence,) = reading.read('The dog chased a cat.')\n"
    "game, buttons = parsing_game.play(sentence)",
    "box, step, page = parsing_game.explore('Birds sing.')",
]


def test_moves_are_played_and_sentences_typed(lab, page):
    opened = lab.run_new(page, *CELLS)
    played = opened.cell("parsing_game.play")
    left = played.get_by_role("button", name="left-arc")
    assert left.is_disabled()
    played.get_by_role("button", name="shift").press("Enter")
    opened.wait_for("game.moves", [0])
    left.press("Enter")
    opened.wait_for("game.moves", [0, 1])
    played.get_by_role("button", name="hint").press(" ")
    played.get_by_text("The oracle would make this move: shift.").wait_for()
    played.get_by_role("button", name="back").press("Enter")
    opened.wait_for("game.moves", [0])

    explored = opened.cell("parsing_game.explore")
    field = explored.get_by_role("textbox", name="Sentence")
    field.fill("The old house stands here.")
    field.press("Enter")
    opened.wait_for("step.max", 12)
    explored.get_by_role("img", name="Tree of “The old house stands here .”").first.wait_for()
    slide(explored, "Moves", presses=2, key="ArrowLeft")
    opened.wait_for("step.value", 10)
    assert opened.flaws() == []
