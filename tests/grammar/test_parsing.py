import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.grammar import parsing, treebank
from helpers.grammar.conllu import Sentence
from helpers.grammar.parsing import LEFT, RIGHT, SHIFT, Oracle, States


def projective_tree(choose, words):
    """Grow a random projective tree over `words` words: heads, counted from 1."""
    heads = [0] * words

    def grow(low, high, head):
        if low >= high:
            return
        root = choose(low, high - 1)
        heads[root] = head
        for left, right in ((low, root), (root + 1, high)):
            while left < right:
                middle = choose(left + 1, right)
                grow(left, middle, root + 1)
                left = middle

    grow(0, words, 0)
    return np.array(heads, np.int32)


@st.composite
def trees(draw, longest=14):
    words = draw(st.integers(1, longest))
    return projective_tree(lambda low, high: draw(st.integers(low, high)), words)


def play(heads, moves):
    states = States([len(heads)])
    for move in moves:
        rows = states.unfinished()
        assert states.allowed(rows)[0, move]
        states.move(rows, np.array([move]), np.array([1]))
    assert len(states.unfinished()) == 0
    return states.heads[0, 1 : len(heads) + 1]


@given(trees())
@settings(max_examples=100, deadline=None)
def test_every_projective_tree_comes_back_from_its_oracle(heads):
    assert parsing.is_tree(heads)
    assert parsing.is_projective(heads)
    moves = parsing.true_moves(heads)
    assert len(moves) == 2 * len(heads)
    assert play(heads, moves).tolist() == heads.tolist()


def test_every_tree_of_the_treebank_comes_back():
    for sentence in treebank.generate(300, seed=5):
        moves = parsing.true_moves(sentence.heads)
        assert play(sentence.heads, moves).tolist() == sentence.heads.tolist()


def reachable(heads, moves):
    """How many true arcs can still be had after `moves`, by trying everything."""
    states = States([len(heads)])
    for move in moves:
        states.move(np.array([0]), np.array([move]), np.array([1]))
    if not len(states.unfinished()):
        return int((states.heads[0, 1 : len(heads) + 1] == heads).sum())
    allowed = states.allowed(np.array([0]))[0]
    return max(reachable(heads, [*moves, move]) for move in range(3) if allowed[move])


@given(trees(longest=5), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_oracle_counts_what_a_move_loses(heads, random):
    states = States([len(heads)])
    oracle, moves = Oracle(states, [heads], [np.ones(len(heads), int)]), []
    while len(rows := states.unfinished()):
        costs = oracle.costs(rows)[0]
        for move in range(3):
            if costs[move] < parsing.IMPOSSIBLE:
                lost = len(heads) - reachable(heads, [*moves, move])
                assert (lost == 0) == (costs[move] == 0)
                assert lost >= costs[move]  # more only where the rule of one root takes its share
        move = random.choice([m for m in range(3) if costs[m] == 0])
        oracle.follow(rows, np.array([move]))
        states.move(rows, np.array([move]), np.array([1]))
        moves.append(move)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_any_scorer_gives_trees_with_one_root(lengths, seed):
    rng = np.random.default_rng(seed)

    def scorer(states, rows, sentences):
        return rng.normal(size=(len(rows), parsing.classes(4))).astype(np.float32)

    states = parsing.greedy(lengths, scorer)
    for row, n in enumerate(lengths):
        heads = states.heads[row, 1 : n + 1]
        assert parsing.is_tree(heads)
        assert parsing.is_projective(heads)
        assert (states.relations[row, 1 : n + 1] > 0).all()
    states, rows, _ = parsing.beam_search(lengths, scorer, 3)
    assert all(
        parsing.is_tree(states.heads[row, 1 : n + 1]) for row, n in zip(rows, lengths, strict=True)
    )


def test_one_root_and_no_cycle_is_a_tree():
    assert parsing.is_tree([2, 0, 2])
    assert parsing.is_tree([])
    assert not parsing.is_tree([0, 0])
    assert not parsing.is_tree([2, 1, 0])
    assert not parsing.is_tree([2, 1])


def test_crossing_arcs_are_not_projective():
    assert parsing.is_projective([2, 0, 2])
    assert not parsing.is_projective([3, 4, 0, 3])


def test_the_moves_do_what_they_say():
    states = States([2])
    rows = np.array([0])
    assert states.allowed(rows).tolist() == [[True, False, False]]
    states.move(rows, np.array([SHIFT]), np.array([0]))
    assert states.allowed(rows).tolist() == [[True, True, False]]  # the root waits for the end
    states.move(rows, np.array([LEFT]), np.array([3]))
    assert states.heads[0, 1] == 2
    assert states.relations[0, 1] == 3
    states.move(rows, np.array([SHIFT]), np.array([0]))
    states.move(rows, np.array([RIGHT]), np.array([1]))
    assert states.heads[0, 1:3].tolist() == [2, 0]
    assert len(states.unfinished()) == 0


def test_children_are_kept_from_the_outside():
    states = States([3])
    rows = np.array([0])
    for move in (SHIFT, SHIFT, LEFT, LEFT):  # words 2 and 1 under word 3
        states.move(rows, np.array([move]), np.array([1]))
    assert states.children[:, 0, 0, 3].tolist() == [1, 2]


def test_decisions_and_their_meaning_are_inverse():
    moves, relations = parsing.meaning(np.arange(parsing.classes(5)), 5)
    assert parsing.decision(moves, relations, 5).tolist() == list(range(9))
    assert moves.tolist() == [0] + [1] * 4 + [2] * 4


def test_a_beam_of_one_is_greedy_and_a_wide_one_finds_the_best():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(50, parsing.classes(3))).astype(np.float32)

    def scorer(states, rows, sentences):
        return table[states.queue[rows] * 7 + states.size[rows]]

    lengths = [4, 3]
    alone = parsing.greedy(lengths, scorer)
    states, rows, one = parsing.beam_search(lengths, scorer, 1)
    assert (states.heads[rows] == alone.heads).all()
    _, _, many = parsing.beam_search(lengths, scorer, 200)
    assert (many >= one - 1e-6).all()


def test_scores_agree_with_a_count_by_hand():
    gold = Sentence(
        ["a", "b", "c", "."],
        ["DET", "NOUN", "VERB", "PUNCT"],
        heads=np.array([2, 3, 0, 3]),
        relations=["det", "nsubj", "root", "punct"],
    )
    parsed = Sentence(
        gold.words,
        ["DET", "NOUN", "NOUN", "PUNCT"],
        heads=np.array([2, 3, 0, 2]),
        relations=["det", "nsubj:pass", "dep", "punct"],
    )
    found = parsing.score([gold], [parsed])
    assert found == {"UAS": 75.0, "LAS": 50.0, "UPOS": 75.0, "words": 4}
    with pytest.raises(ValueError, match="same words"):
        parsing.score([gold], [Sentence(["x"])])


def test_a_lexicon_numbers_what_it_saw_and_knows_the_rest_as_unknown():
    sentences = [Sentence(["The", "cats", "The"]), Sentence(["cats", "12"])]
    lexicon = parsing.Lexicon.learn(sentences, ["the"], rare=2, rare_pieces=1)
    ids = lexicon.encode([*sentences, Sentence([]), Sentence(["日本", "😀"])])
    assert ids.shape == (4, 4, len(parsing.COLUMNS))
    assert (ids[:, 0] == parsing.ROOT).all()
    assert ids[0, 1, 0] == ids[0, 3, 0] >= 3
    assert ids[0, 1, 1] == 3  # "the" has a vector
    assert ids[1, 2, 0] == parsing.UNKNOWN  # seen once
    assert (ids[2, 1:] == parsing.PAD).all()


def test_shapes_tell_ways_of_writing_apart():
    shapes = {parsing.shape(w) for w in ("word", "Word", "WORD", "w0rd", "a-b", "!")}
    assert len(shapes) == 6
    assert max(shapes) + len(parsing.SPECIAL) < parsing.VALUES_OF_SHAPE


def test_scores_by_group():
    gold = Sentence(["a", "b"], heads=np.array([2, 0]), relations=["det", "root"])
    parsed = Sentence(["a", "b"], heads=np.array([2, 0]), relations=["det:x", "dep"])
    by_relation = parsing.score_by([gold], [parsed], lambda s, i: s.relations[i])
    assert by_relation == {"det": (100.0, 1), "root": (0.0, 1)}
