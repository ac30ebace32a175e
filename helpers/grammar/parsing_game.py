"""Two widgets on trees: play the three moves by hand; type a sentence, step through its moves."""

from html import escape

import ipywidgets
import numpy as np

from helpers import widgets
from helpers.grammar import parsing, reading, trees
from helpers.grammar.conllu import Sentence
from helpers.grammar.parsing import IMPOSSIBLE, MOVES, Oracle, States

TOOLTIPS = {
    "shift": "Put the next word on the stack.",
    "left-arc": "Hang the top of the stack under the next word.",
    "right-arc": "Hang the top of the stack under the word beneath it.",
    "back": "Take the last move back.",
    "hint": "Ask the oracle.",
}


class Game:
    """One sentence, its true tree, and the moves made so far: what the widget shows.

    sentence: a `Sentence` with a projective tree. Relations come by themselves: the game is about
    which word hangs where. moves: what was played; lost: the true arcs that each of them cost.
    """

    def __init__(self, sentence, moves=()):
        """Start with all words in the queue, and make the `moves`."""
        self.sentence, self._row = sentence, np.array([0])
        self._play(moves)

    def _play(self, moves):
        n = len(self.sentence)
        self.moves, self.lost, self._states = [], [], States([n])
        self._oracle = Oracle(self._states, [self.sentence.heads], [np.ones(n, np.int32)])
        for move in moves:
            self.move(move)

    def costs(self):
        """Return how many true arcs each move would lose (IMPOSSIBLE where it is not allowed)."""
        return self._oracle.costs(self._row)[0].tolist()

    def allowed(self):
        """Return which of the three moves are allowed now: a list of 3 booleans."""
        return [cost < IMPOSSIBLE for cost in self.costs()]

    def move(self, move):
        """Make a move (0, 1 or 2). ValueError if it is not allowed."""
        if not self.allowed()[move]:
            raise ValueError(f"A {MOVES[move]} is not possible here.")
        self.lost.append(self.costs()[move])
        self.moves.append(move)
        self._oracle.follow(self._row, np.array([move]))
        self._states.move(self._row, np.array([move]), np.ones(1, np.int32))

    def back(self):
        """Take the last move back, if there is one."""
        self._play(self.moves[:-1])

    def stack(self):
        """Return the words on the stack, the root first."""
        words = ["ROOT", *self.sentence.words]
        return [words[i] for i in self._states.stack[0, 2 : self._states.size[0]]]

    def queue(self):
        """Return the words that wait."""
        return self.sentence.words[int(self._states.queue[0]) - 1 :]

    def tree(self):
        """Return the tree as far as it has grown: a `Sentence`, heads -1 where there is no arc."""
        heads = self._states.heads[0, 1 : len(self.sentence) + 1].copy()
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

    def html(self):
        """Draw stack, queue and tree."""

        def tokens(words):
            style = "border:1px solid #666;border-radius:4px;padding:2px 6px;margin:2px"
            boxed = (f"<span style='{style}'>{escape(word)}</span>" for word in words)
            return "".join(boxed) or "<i>empty</i>"

        return (
            "<div style='line-height:2.2'>"
            f"<b>Stack</b> (top at the right): {tokens(self.stack())}<br>"
            f"<b>Queue</b> (next at the left): {tokens(self.queue())}</div>"
            f"{_framed(self.tree())}"
        )


def _framed(sentence):
    return f"<div style='overflow-x:auto'>{trees.svg(sentence)}</div>"


def play(sentence):
    """Show the game on `sentence`; return it and its buttons: the moves', "back", "hint"."""
    game = Game(sentence)
    board, news = ipywidgets.HTML(), ipywidgets.HTML()
    buttons = {n: ipywidgets.Button(description=n, tooltip=t) for n, t in TOOLTIPS.items()}

    def refresh(said=None):
        board.value = game.html()
        news.value = f"<p aria-live='polite'>{escape(said or game.news())}</p>"
        for name, allowed in zip(MOVES, game.allowed(), strict=True):
            buttons[name].disabled = not allowed
        buttons["back"].disabled, buttons["hint"].disabled = not game.moves, game.finished()

    def press(button):
        said = None
        if button.description == "hint":
            costs = game.costs()
            best = [name for name, cost in zip(MOVES, costs, strict=True) if cost == min(costs)]
            said = f"The oracle would make this move: {' or '.join(best)}."
        elif button.description == "back":
            game.back()
        else:
            game.move(MOVES.index(button.description))
        refresh(said)

    for button in buttons.values():
        button.on_click(press)
    refresh()
    alt = f"The game of three moves, before the first one. To reach: {trees.describe(sentence)}"
    box = ipywidgets.VBox([board, ipywidgets.HBox(list(buttons.values())), news])
    widgets.show(box, trees.Drawing(sentence, alt=alt))
    return game, buttons


def explore(text):
    """Show a text box and the tree of what stands in it; a slider steps through the moves."""
    box = ipywidgets.Text(value=text, description="Sentence", layout={"width": "95%"})
    step = ipywidgets.IntSlider(description="Moves")
    page = ipywidgets.HTML()
    sentences = []

    def draw(_=None):
        parts = []
        for sentence in sentences:
            moves = parsing.true_moves(sentence.heads)[: step.value]
            parts.append(_framed(sentence) if parts else Game(sentence, moves).html())
            if said := reading.doubt(sentence):
                parts.append(f"<p>{escape(said)}</p>")
        page.value = "".join(parts) or "<p>Type a sentence: there is no word yet.</p>"

    def read(_=None):
        sentences[:] = reading.read(box.value)
        step.max = step.value = 2 * len(sentences[0]) if sentences else 0
        draw()

    box.observe(read, "value")
    step.observe(draw, "value")
    read()
    widgets.show(ipywidgets.VBox([box, step, page]), trees.Drawing(sentences[0]))
    return box, step, page
