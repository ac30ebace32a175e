"""Training with the beam that will be used: scores of whole histories instead of single moves.

A network that was taught each move by itself must share out a probability of 1 at every move,
however lost it is. Andor et al. (2016), SyntaxNet, let it score whole histories instead: the loss
compares the true history with all those in the beam, up to the move at which the true one falls out
of it (early update, Collins and Roark 2004).
"""

import numpy as np
import tensorflow as tf

from helpers.grammar import parsing
from helpers.grammar.parsing import Oracle, States


def histories(heads, relations, features, score, width):
    """Search a batch with a beam until the true history falls out of it, or to the end.

    heads, relations: lists of int arrays (n,). features(states, rows, sentences) -> int (rows, f);
    score(features) -> float (rows, classes). Returns the features (B, 1 + width, T, f) and classes
    (B, 1 + width, T) of the true history (first) and those in the beam; a class of -1 stands behind
    a history's end. A history that is the true one, or can't happen, is -1 throughout.
    """
    lengths = [len(h) for h in heads]
    batch, steps = len(lengths), 2 * max(lengths)
    sentences = np.repeat(np.arange(batch), 1 + width)  # row 0 of each sentence follows the oracle
    states = States(np.array(lengths)[sentences])
    first = np.arange(batch) * (1 + width)
    oracle = Oracle(states, [heads[s] for s in sentences], [relations[s] for s in sentences])
    start = np.tile([0.0, 0.0] + [-np.inf] * (width - 1), batch)
    totals, is_true = start.copy(), np.ones(len(sentences), bool)
    noted = np.full((len(sentences), steps), -1, np.int32)
    seen, open_ = None, np.ones(batch, bool)
    for step in range(steps):
        alive = first[open_ & np.isin(first, states.unfinished())]
        if not len(alive):
            break
        rows = (alive[:, None] + np.arange(1 + width)).ravel()
        found = features(states, rows, sentences[rows])
        if seen is None:
            seen = np.zeros((len(sentences), steps, found.shape[1]), np.int32)
        seen[rows, step] = found
        scores = parsing.permitted(score(found), states.allowed(rows))
        count = scores.shape[1]
        truth = _true_classes(states, oracle, alive, count)
        parents, classes, sums = _best(scores, totals[rows], truth, width)
        parents = rows.reshape(-1, 1 + width)[np.arange(len(alive))[:, None], parents].ravel()
        is_true[rows] = is_true[parents] & (classes == truth[:, None]).ravel()
        totals[rows], noted[rows], seen[rows] = sums.ravel(), noted[parents], seen[parents]
        noted[rows, step] = classes.ravel()
        moves, labels = parsing.meaning(classes.ravel(), (count + 1) // 2)
        oracle.follow(alive, moves.reshape(-1, 1 + width)[:, 0])
        states.copy_rows(rows, parents)
        states.move(rows, moves, labels)
        lost = ~is_true[rows].reshape(-1, 1 + width)[:, 1:].any(1)
        open_[sentences[alive[lost]]] = False
    useless = np.isneginf(totals) | is_true
    useless[first] = False
    noted[useless] = -1
    shape = (batch, 1 + width, steps)
    return seen.reshape(*shape, -1), noted.reshape(shape)


def _true_classes(states, oracle, rows, count):
    moves = oracle.costs(rows).argmin(1)
    labels = oracle.relations[rows, states.top(rows)]
    return parsing.decision(moves, labels, (count + 1) // 2)


def _best(scores, totals, truth, width):
    """Return (parents, classes, sums), each (B, 1 + width): the true history, then the beam's."""
    batch, count = len(truth), scores.shape[1]
    scores = scores.reshape(batch, 1 + width, count)
    totals = totals.reshape(batch, 1 + width)
    sums = totals[:, 1:, None] + np.where(scores > parsing.NEVER / 2, scores, -np.inf)[:, 1:]
    sums = sums.reshape(batch, -1)
    best = np.argsort(-sums, 1, kind="stable")[:, :width]
    kept = np.take_along_axis(sums, best, 1)
    best = np.where(np.isneginf(kept), best[:, :1], best)  # too few: repeat the best, to lose
    true_sum = totals[:, 0] + scores[np.arange(batch), 0, truth]
    return (
        np.c_[np.zeros(batch, int), 1 + best // count],
        np.c_[truth, best % count],
        np.c_[true_sum, kept],
    )


def step(model, optimizer, seen, noted):
    """Make one step of training on what `histories` returned; return the mean loss.

    model: (m, f) features -> (m, classes) logits, which are summed along each history.
    """
    real = noted >= 0
    where = np.argwhere(real)
    with tf.GradientTape() as tape:
        logits = model(seen[real], training=True)
        single = tf.gather(logits, noted[real], batch_dims=1)
        sums = tf.scatter_nd(where[:, :2].astype(np.int32), single, noted.shape[:2])
        sums = tf.where(real.any(2), sums, parsing.NEVER)
        loss = tf.reduce_mean(tf.reduce_logsumexp(sums, 1) - sums[:, 0])
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return float(loss)
