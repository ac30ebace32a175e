"""Two widgets on trees: play the three moves by hand; type a sentence, step through its moves."""

from html import escape

import ipywidgets
import numpy as np

from helpers import widgets
from helpers.grammar import parsing, reading, trees
from helpers.grammar.conllu import Sentence
from helpers.grammar.parsing import MOVES, Oracle, States

KEYS = {
    "shift": "Put the next word on the stack.",
    "left-arc": "Hang the top of the stack under the next word.",
    "right-arc": "Hang the top of the stack under the word beneath it.",
}


class Game:
    """One sentence, its true tree, and the moves made so far: what the widget shows.

    sentence: a `Sentence` with a projective tree. Relations come by themselves: the game is about
    which word hangs where.
    """

    def __init__(self, sentence):
        """Start with all words in the queue."""
        self.sentence, self.moves, self.lost = sentence, [], []

    def _replayed(self):
        states = States([len(self.sentence)])
        oracle = Oracle(states, [self.sentence.heads], [np.ones(len(self.sentence), np.int32)])
        row = np.array([0])
        for move in self.moves:
            oracle.follow(row, np.array([move]))
            states.move(row, np.array([move]), np.ones(1, np.int32))
        return states, oracle

    def allowed(self):
        """Return which of the three moves are allowed now: a list of 3 booleans."""
        return self._replayed()[0].allowed(np.array([0]))[0].tolist()

    def costs(self):
        """Return how many true arcs each move would lose (IMPOSSIBLE where it is not allowed)."""
        return self._replayed()[1].costs(np.array([0]))[0].tolist()

    def move(self, move):
        """Make a move (0, 1 or 2). ValueError if it is not allowed."""
        if not self.allowed()[move]:
            raise ValueError(f"A {MOVES[move]} is not possible here.")
        self.lost.append(self.costs()[move])
        self.moves.append(move)

    def back(self):
        """Take the last move back, if there is one."""
        if self.moves:
            self.moves.pop()
            self.lost.pop()

    def stack(self):
        """Return the words on the stack, the root first."""
        states, _ = self._replayed()
        return [self._word(i) for i in states.stack[0, 2 : states.size[0]]]

    def queue(self):
        """Return the words that wait."""
        return self.sentence.words[int(self._replayed()[0].queue[0]) - 1 :]

    def tree(self):
        """Return the tree as far as it has grown: a `Sentence`, heads -1 where there is no arc."""
        heads = self._replayed()[0].heads[0, 1 : len(self.sentence) + 1].copy()
        right = heads == self.sentence.heads
        names = zip(self.sentence.relations, heads, right, strict=True)
        relations = [r if ok else "?" if head >= 0 else "_" for r, head, ok in names]
        return Sentence(self.sentence.words, self.sentence.tags, heads=heads, relations=relations)

    def finished(self):
        """Whether every word has its head."""
        return len(self.moves) == 2 * len(self.sentence)

    def news(self):
        """Say how it stands, in a sentence."""
        if self.finished():
            lost = sum(self.lost)
            return "The tree is right." if not lost else f"Finished, with {lost} arc(s) wrong."
        if self.lost and self.lost[-1]:
            return f"That move made {self.lost[-1]} true arc(s) impossible. Take it back?"
        return f"{len(self.moves)} of {2 * len(self.sentence)} moves made."

    def _word(self, position):
        return "ROOT" if position == 0 else self.sentence.words[position - 1]


def play(sentence):
    """Show the game on `sentence` with buttons for the three moves, back, and a hint."""
    game = Game(sentence)
    board, news = ipywidgets.HTML(), ipywidgets.HTML()
    buttons = {name: ipywidgets.Button(description=name, tooltip=KEYS[name]) for name in MOVES}
    back = ipywidgets.Button(description="back", tooltip="Take the last move back.")
    hint = ipywidgets.Button(description="hint", tooltip="Ask the oracle.")

    def refresh(said=None):
        board.value = _board(game)
        news.value = f"<p aria-live='polite'>{escape(said or game.news())}</p>"
        for button, ok in zip(buttons.values(), game.allowed(), strict=True):
            button.disabled = not ok
        back.disabled, hint.disabled = not game.moves, game.finished()

    def make(move):
        game.move(move)
        refresh()

    def undo(_):
        game.back()
        refresh()

    def ask(_):
        costs = game.costs()
        best = [MOVES[m] for m in range(3) if costs[m] == min(costs)]
        refresh(f"The oracle would make this move: {' or '.join(best)}.")

    for number, button in enumerate(buttons.values()):
        button.on_click(lambda _, number=number: make(number))
    back.on_click(undo)
    hint.on_click(ask)
    refresh()
    row = ipywidgets.HBox([*buttons.values(), back, hint])
    box = ipywidgets.VBox([board, row, news])
    alt = "The game of three moves, before the first one: " + " ".join(sentence.words)
    widgets.show(
        box, trees.picture(sentence), f"{alt}. The tree to reach: {trees.describe(sentence)}"
    )
    return game, {**buttons, "back": back, "hint": hint}


def _board(game):
    def tokens(words):
        boxed = "".join(
            f"<span style='border:1px solid #666;border-radius:4px;padding:2px 6px;"
            f"margin:2px'>{escape(word)}</span>"
            for word in words
        )
        return boxed or "<i>empty</i>"

    return (
        f"<div style='line-height:2.2'><b>Stack</b> (top at the right): {tokens(game.stack())}"
        f"<br><b>Queue</b> (next at the left): {tokens(game.queue())}</div>"
        f"<div style='overflow-x:auto'>{trees.svg(game.tree())}</div>"
    )


def explore(text, parser=None):
    """Show a text box and the tree of what stands in it; a slider steps through the moves."""
    box = ipywidgets.Text(value=text, description="Sentence", layout={"width": "95%"})
    step = ipywidgets.IntSlider(description="Moves", continuous_update=True)
    page = ipywidgets.HTML()
    games = []

    def draw(_=None):
        parts = []
        for number, game in enumerate(games):
            if number == 0:
                game.moves = parsing.true_moves(game.sentence.heads)[: step.value]
                parts.append(_board(game))
            else:
                parts.append(f"<div style='overflow-x:auto'>{trees.svg(game.sentence)}</div>")
            if said := reading.doubt(game.sentence, parser):
                parts.append(f"<p>{escape(said)}</p>")
        page.value = "".join(parts) or "<p>Type a sentence: there is no word yet.</p>"

    def read(_=None):
        games[:] = [Game(sentence) for sentence in reading.read(box.value, parser)]
        moves = 2 * len(games[0].sentence) if games else 0
        step.max, step.value = moves, moves
        draw()

    box.observe(read, "value")
    step.observe(draw, "value")
    read()
    first = games[0].sentence
    widgets.show(ipywidgets.VBox([box, step, page]), trees.picture(first), trees.describe(first))
    return box, step, page
