"""Grammar as a game of three moves: the rules, the teacher, words as numbers, greedy play.

The moves are those of the arc-hybrid system (Kuhlmann, Gómez-Rodríguez and Satta 2011), a close
relative of the arc-standard one in Chen and Manning (2014) and SyntaxNet (Andor et al. 2016); the
oracle that prices each move is that of Goldberg and Nivre (2013). No network is in here: whoever
can score moves can play, see `greedy`.
"""

import functools
from collections import Counter

import numpy as np

SHIFT, LEFT, RIGHT = 0, 1, 2
MOVES = ("shift", "left-arc", "right-arc")
NO_HEAD = -1
IMPOSSIBLE = 1 << 20
NEVER = np.float32(-1e9)  # the score of a move that is not allowed
SLOTS = 8  # words that a decision looks at: see `States.window`


# -- the game --------------------------------------------------------------------------------------


class States:
    """The state of the game for a whole batch of sentences: stacks, queues and the trees so far.

    lengths: words a sentence (B,). Position 0 of a sentence is the root, 1…n are its words, and
    `nothing` (= width - 1) stands for an empty slot. Every method takes `rows`, the numbers of the
    sentences it is about, and works on all of them at once.

    stack (B, width + 2): positions, the top of row r at stack[r, size[r] - 1]; two empty slots lie
    below the root. queue (B,): the next word. heads, relations (B, width). children (2, B, width):
    each word's outermost child to the left and to the right.
    """

    def __init__(self, lengths):
        """Set all games to their start: the root on the stack, all words in the queue."""
        lengths = np.asarray(lengths)
        batch, width = len(lengths), int(lengths.max(initial=0)) + 2
        self.nothing, self.end = width - 1, lengths + 1
        self.stack = np.full((batch, width + 2), self.nothing, np.int32)
        self.stack[:, 2] = 0
        self.size = np.full(batch, 3)
        self.queue = np.ones(batch, np.int64)
        self.heads = np.full((batch, width), NO_HEAD, np.int32)
        self.heads[:, self.nothing] = 0
        self.relations = np.zeros((batch, width), np.int32)
        self.children = np.full((2, batch, width), self.nothing, np.int32)

    def copy_rows(self, rows, sources):
        """Overwrite the states in `rows` by those in `sources`, for the same sentences."""
        for array in (self.stack, self.size, self.queue, self.heads, self.relations):
            array[rows] = array[sources]
        self.children[:, rows] = self.children[:, sources]

    def unfinished(self):
        """Return the rows whose tree is not complete."""
        return np.flatnonzero((self.queue < self.end) | (self.size > 3))

    def top(self, rows, depth=0):
        """Return the positions on the stack, `depth` words below the top."""
        return self.stack[rows, self.size[rows] - 1 - depth]

    def front(self, rows, ahead=0):
        """Return the positions in the queue, `ahead` words behind the next one."""
        position = self.queue[rows] + ahead
        return np.where(position < self.end[rows], position, self.nothing)

    def allowed(self, rows):
        """Return which moves are allowed: bool (rows, 3).

        The root takes a child only when no word waits: so every tree has one root.
        """
        waiting = self.queue[rows] < self.end[rows]
        words = self.size[rows] - 3
        return np.stack(
            [waiting, waiting & (words > 0), (words > 1) | ((words == 1) & ~waiting)], 1
        )

    def move(self, rows, moves, relations):
        """Make one move in each row, as lesson 06 plays them."""
        chosen = rows[moves == SHIFT]
        self.stack[chosen, self.size[chosen]] = self.queue[chosen]
        self.size[chosen] += 1
        self.queue[chosen] += 1
        arcs = moves != SHIFT
        chosen, left = rows[arcs], moves[arcs] == LEFT
        child = self.top(chosen)
        head = np.where(left, self.queue[chosen], self.top(chosen, 1))
        self.size[chosen] -= 1
        self.heads[chosen, child] = head
        self.relations[chosen, child] = relations[arcs]
        # children arrive from the inside out: the newest is the outermost
        self.children[np.where(left, 0, 1), chosen, head] = child

    def window(self, rows):
        """Return the positions that a decision looks at: int (rows, SLOTS).

        The top of the stack, the two beneath it, the front of the queue; then the outermost
        children: left and right ones of the top, the right one below it, the left one in front.
        """
        top, below, third = (self.top(rows, depth) for depth in range(3))
        front = self.front(rows)
        left, right = self.children
        children = left[rows, top], right[rows, top], right[rows, below], left[rows, front]
        return np.stack([top, below, third, front, *children], 1)


class Oracle:
    """The teacher: knows the true trees and counts what each move would make impossible."""

    def __init__(self, states, heads, relations):
        """Watch the games in `states` from their start; heads, relations: lists of arrays (n,)."""
        self.states = states
        shape, nothing = states.heads.shape, states.nothing
        self.heads = np.full(shape, nothing, np.int32)
        self.relations = np.zeros(shape, np.int32)
        self.in_queue = np.zeros(shape, np.int32)  # true children that wait in the queue
        self.on_stack = np.zeros(shape, np.int32)  # true children that lie on the stack
        for row, (head, relation) in enumerate(zip(heads, relations, strict=True)):
            self.heads[row, 1 : len(head) + 1] = head
            self.relations[row, 1 : len(head) + 1] = relation
            np.add.at(self.in_queue[row], head, 1)

    def costs(self, rows):
        """Count the true arcs that each move puts out of reach: int (rows, 3).

        Moves that are not allowed cost IMPOSSIBLE. In every state at least one move is free of new
        losses (arc decomposability), unless the root's rule forbids it.
        """
        states = self.states
        top, below, front = states.top(rows), states.top(rows, 1), states.front(rows)
        head_of_top, head_of_front = self.heads[rows, top], self.heads[rows, front]
        to_come = head_of_top != states.nothing  # the root has no head
        orphans = self.in_queue[rows, top]  # children of the top that would come too late
        within_reach = states.heads[rows, head_of_front] == NO_HEAD
        head_buried = within_reach & (head_of_front < front) & (head_of_front != top)
        shift = self.on_stack[rows, front] + head_buried
        left = orphans + (head_of_top == below) + (to_come & (head_of_top > front))
        right = orphans + (to_come & (head_of_top >= front))
        return np.where(states.allowed(rows), np.stack([shift, left, right], 1), IMPOSSIBLE)

    def follow(self, rows, moves):
        """Take note of the moves that are about to be made."""
        chosen = rows[moves == SHIFT]
        head = self.heads[chosen, self.states.queue[chosen]]
        self.in_queue[chosen, head] -= 1
        self.on_stack[chosen, head] += 1
        chosen = rows[moves != SHIFT]
        self.on_stack[chosen, self.heads[chosen, self.states.top(chosen)]] -= 1


def true_moves(heads):
    """Return the moves (2n,) that rebuild the tree `heads` (n,), found by the oracle."""
    states = States([len(heads)])
    oracle = Oracle(states, [heads], [np.ones(len(heads), np.int32)])
    moves = []
    while len(rows := states.unfinished()):
        move = oracle.costs(rows).argmin(1)
        oracle.follow(rows, move)
        states.move(rows, move, np.ones(1, np.int32))
        moves.append(int(move[0]))
    return moves


def is_projective(heads):
    """Whether no two arcs of a tree cross when drawn above the sentence; heads: int (n,)."""
    arcs = [sorted((head, word)) for word, head in enumerate(heads, 1)]
    return not any(a < c < b < d for a, b in arcs for c, d in arcs)


# -- words as numbers ------------------------------------------------------------------------------


PAD, UNKNOWN, ROOT = 0, 1, 2
SPECIAL = ("<pad>", "<unknown>", "<root>")
COLUMNS = ("word", "vector", "prefix", "suffix2", "suffix3", "shape")
VALUES_OF_SHAPE = 64
LETTERS = 12  # of a longer word its first six and its last six


def spellings(word):
    """Return what the network sees of a word: one string (or number) for each of COLUMNS."""
    low = word.lower()
    is_number = any(c.isdigit() for c in low) and not any(c.isalpha() for c in low)
    return "<number>" if is_number else low, low, low[:3], low[-2:], low[-3:], shape(word)


def shape(word):
    """Return a number below 32 for how a word is written: capitals, digits, signs."""
    facts = (
        word[:1].isupper(),
        any(c.isdigit() for c in word),
        "-" in word,
        len(word) > 1 and word.isupper(),
        not any(c.isalnum() for c in word),
    )
    return sum(1 << bit for bit, fact in enumerate(facts) if fact)


class Lexicon:
    """Numbers for words, pieces of words, tags and relations, learned from training sentences."""

    def __init__(self, tables):
        """Give each entry its place in its table ({name: list of strings}) as its number."""
        self.tables = tables
        self.numbers = {
            name: {entry: number for number, entry in enumerate(entries)}
            for name, entries in tables.items()
        }
        self._look_up = functools.lru_cache(maxsize=200_000)(self._row)

    @classmethod
    def learn(cls, sentences, vector_words=()):
        """Collect what was seen often enough: a word twice, a piece 3 times, a letter 5 times."""
        columns = list(zip(*(spellings(w) for s in sentences for w in s.words), strict=True))
        tables = {
            name: [*SPECIAL, *_frequent(values, 2 if name == "word" else 3)]
            for name, values in zip(COLUMNS, columns, strict=True)
            if name not in ("vector", "shape")
        }
        letters = [letter for s in sentences for word in s.words for letter in word]
        tables["letter"] = [*SPECIAL, *_frequent(letters, 5)]
        for name in ("tag", "fine_tag", "relation"):
            tables[name] = _frequent([v for s in sentences for v in getattr(s, f"{name}s")], 1)
        tables["relation"].insert(0, "<none>")
        return cls(tables | {"vector": [*SPECIAL, *vector_words]})

    def _row(self, word):
        *pieces, written = spellings(word)
        known = (self.numbers[name] for name in COLUMNS[:-1])
        looked_up = [n.get(piece, UNKNOWN) for n, piece in zip(known, pieces, strict=True)]
        ends = word if len(word) <= LETTERS else word[: LETTERS // 2] + word[-LETTERS // 2 :]
        letters = [self.numbers["letter"].get(letter, UNKNOWN) for letter in ends]
        return *looked_up, len(SPECIAL) + written, *letters, *[PAD] * (LETTERS - len(letters))

    def encode(self, sentences):
        """Return int32 (B, 1 + longest, COLUMNS and LETTERS); first the root, last the padding."""
        longest = max((len(s) for s in sentences), default=0)
        ids = np.zeros((len(sentences), longest + 1, len(COLUMNS) + LETTERS), np.int32)
        ids[:, 0, : len(COLUMNS) + 1] = ROOT
        for row, sentence in enumerate(sentences):
            if sentence.words:
                ids[row, 1 : len(sentence) + 1] = [self._look_up(w) for w in sentence.words]
        return ids

    def number(self, table, values):
        """Return int32 (n,): the numbers of the values; 0 for one that was never seen."""
        return np.array([self.numbers[table].get(value, 0) for value in values], np.int32)


def _frequent(values, least):
    counts = Counter(values)
    return sorted((v for v, c in counts.items() if c >= least), key=lambda v: (-counts[v], v))


# -- decoding --------------------------------------------------------------------------------------


def classes(relations):
    """Count the decisions: shift, and each of the other moves with each relation but <none>."""
    return 2 * relations - 1


def decision(moves, relations, count):
    """Return the class of a move with its relation (numbers; `count` relations in all)."""
    return np.where(moves == SHIFT, 0, relations + (moves == RIGHT) * (count - 1))


def meaning(classes, count):
    """Return (moves, relations) of classes: the inverse of `decision`."""
    moves = np.where(classes == 0, SHIFT, np.where(classes < count, LEFT, RIGHT))
    return moves, np.where(classes == 0, 0, (classes - 1) % (count - 1) + 1)


def permitted(scores, allowed):
    """Return scores (rows, classes) with NEVER for the moves that are not allowed (rows, 3)."""
    count = (scores.shape[1] + 1) // 2
    which = np.repeat([SHIFT, LEFT, RIGHT], [1, count - 1, count - 1])
    return np.where(allowed[:, which], scores, NEVER)


def greedy(lengths, scorer):
    """Parse a batch, each time making the move that scores best; return the final `States`.

    scorer(states, rows, sentences) -> float (rows, classes); `sentences` are the numbers of the
    sentences that the rows are about (here the rows themselves). It is asked once a move.
    """
    states = States(lengths)
    while len(rows := states.unfinished()):
        scores = permitted(scorer(states, rows, rows), states.allowed(rows))
        states.move(rows, *meaning(scores.argmax(1), (scores.shape[1] + 1) // 2))
    return states
