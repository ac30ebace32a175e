import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.grammar import conllu, parsing
from helpers.grammar.parsing import LEFT, RIGHT, SHIFT, Oracle, States

ROW = np.array([0])


@st.composite
def trees(draw, longest=14):
    """A random projective tree: heads (n,), counted from 1."""
    heads = np.zeros(draw(st.integers(1, longest)), np.int32)

    def grow(low, high, head):
        if low < high:
            root = draw(st.integers(low, high - 1))
            heads[root] = head
            for left, right in ((low, root), (root + 1, high)):
                while left < right:
                    middle = draw(st.integers(left + 1, right))
                    grow(left, middle, root + 1)
                    left = middle

    grow(0, len(heads), 0)
    return heads


def play(heads, moves):
    states = States([len(heads)])
    for move in moves:
        assert states.allowed(ROW)[0, move]
        states.move(ROW, np.array([move]), np.array([1]))
    return states


def right(states, heads):
    return int((states.heads[0, 1 : len(heads) + 1] == heads).sum())


@given(trees())
@settings(max_examples=60, deadline=None)
def test_every_projective_tree_comes_back_from_its_oracle(heads):
    assert conllu.flaw(heads) == "" and parsing.is_projective(heads)
    moves = parsing.true_moves(heads)
    assert len(moves) == 2 * len(heads)
    states = play(heads, moves)
    assert len(states.unfinished()) == 0 and right(states, heads) == len(heads)


def reachable(heads, moves):
    """How many true arcs can still be had after `moves`, by trying everything."""
    states = play(heads, moves)
    if not len(states.unfinished()):
        return right(states, heads)
    allowed = states.allowed(ROW)[0]
    return max(reachable(heads, [*moves, move]) for move in range(3) if allowed[move])


@given(trees(longest=4), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_oracle_counts_what_a_move_loses(heads, random):
    states = States([len(heads)])
    oracle, moves = Oracle(states, [heads], [np.ones(len(heads), int)]), []
    while len(rows := states.unfinished()):
        costs = oracle.costs(rows)[0]
        for move in np.flatnonzero(costs < parsing.IMPOSSIBLE):
            lost = len(heads) - reachable(heads, [*moves, move])
            assert (lost == 0) == (costs[move] == 0)
            assert lost >= costs[move]  # more only where the rule of one root takes its share
        moves.append(random.choice([m for m in range(3) if costs[m] == 0]))
        oracle.follow(rows, np.array(moves[-1:]))
        states.move(rows, np.array(moves[-1:]), np.array([1]))


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_any_scorer_gives_trees_with_one_root(lengths, seed):
    rng = np.random.default_rng(seed)

    def scorer(states, rows, sentences):
        return rng.normal(size=(len(rows), parsing.classes(4))).astype(np.float32)

    found = parsing.greedy(lengths, scorer)
    for row, n in enumerate(lengths):
        heads = found.heads[row, 1 : n + 1]
        assert conllu.flaw(heads) == "" and parsing.is_projective(heads)
        assert (found.relations[row, 1 : n + 1] > 0).all()


def test_the_moves_do_what_they_say():
    states = play([2, 0], [])
    for move, relation, allowed in (
        (SHIFT, 0, [True, False, False]),
        (LEFT, 3, [True, True, False]),  # the root waits for the end
        (SHIFT, 0, [True, False, False]),
        (RIGHT, 1, [False, False, True]),
    ):
        assert states.allowed(ROW).tolist() == [allowed]
        states.move(ROW, np.array([move]), np.array([relation]))
    assert states.heads[0, 1:3].tolist() == [2, 0]
    assert states.relations[0, 1:3].tolist() == [3, 1]
    states = play([3, 3, 0], (SHIFT, SHIFT, LEFT, LEFT))
    assert states.children[:, 0, 3].tolist() == [1, states.nothing]  # the outermost on each side
    assert not parsing.is_projective([3, 4, 0, 3])


def test_a_word_is_also_known_by_its_letters():
    word = "unforgettable"  # a letter longer than what is read
    lexicon = parsing.Lexicon.learn([conllu.Sentence([word] * 5)])
    (_, long, strange), *_ = lexicon.encode([conllu.Sentence([word, "forget?"])])
    ids, table = long[len(parsing.COLUMNS) :], lexicon.tables["letter"]
    assert "".join(table[i] for i in ids) == "unforgttable"
    seen = [table[i] for i in strange[len(parsing.COLUMNS) :]]
    assert seen == [*"forget", "<unknown>", *["<pad>"] * 5]
