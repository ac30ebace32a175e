"""Teaching the parser: it plays the training sentences, and the oracle says what had been best."""

import keras
import numpy as np
import tensorflow as tf
from keras.utils import pad_sequences

from helpers.grammar import conllu, parsing
from helpers.grammar.parser_network import (
    SENTENCES,
    WORDS_AND_LABELS,
    Parser,
    Settings,
    batches,
    ints,
    what_to_look_at,
)
from helpers.grammar.parsing import COLUMNS, SPECIAL, UNKNOWN, Lexicon, Oracle


class Lesson:
    """Training sentences as numbers, and what there is to learn from a batch of them."""

    def __init__(self, parser, sentences, rng):
        """Number everything by the parser's lexicon."""
        lexicon = parser.lexicon
        self.parser, self.sentences, self.rng = parser, sentences, rng
        self.lengths = np.array([len(s) for s in sentences])
        self.heads = [s.heads for s in sentences]
        self.relations = [lexicon.number("relation", s.relations) for s in sentences]
        self.tags = [lexicon.number("tag", s.tags) for s in sentences]
        self.fine_tags = [lexicon.number("fine_tag", s.fine_tags) for s in sentences]
        seen = np.zeros(len(lexicon.tables["word"]))
        np.add.at(seen, lexicon.encode(sentences)[..., 0].ravel(), 1)
        hide = parser.settings.hide
        self.hidden = np.where(np.arange(len(seen)) < len(SPECIAL), 0, hide / (hide + seen))

    def groups(self):
        """Return batches of sentence numbers in random order; similar lengths together."""
        blurred = (self.lengths + self.rng.integers(0, 3, len(self.lengths))).tolist()
        groups = batches(blurred, self.parser.settings.words_per_batch)
        return [groups[i] for i in self.rng.permutation(len(groups))]

    def batch(self, group, explore):
        """Play the sentences with the present network; note for each state which moves are best.

        explore: the share of moves that follow the network's own choice, good or bad, so that it
        learns what to do after a mistake (Goldberg and Nivre 2013). Returns the arrays that the
        training step takes.
        """
        sentences = [self.sentences[i] for i in group]
        numbers, lengths = np.arange(len(group)), self.lengths[group].astype(np.int32)
        ids = self.parser.lexicon.encode(sentences)
        states = parsing.States(lengths)
        oracle = Oracle(states, [self.heads[i] for i in group], [self.relations[i] for i in group])
        score = self.parser.scorer(sentences)[2] if explore else None
        count = self.parser.network.relations
        noted = []
        while len(rows := states.unfinished()):
            costs = oracle.costs(rows)
            best = costs == costs.min(1, keepdims=True)
            truth = oracle.relations[rows, states.top(rows)]
            seen = what_to_look_at(states, rows, numbers[rows], ids.shape)
            wanted = [parsing.decision(move, truth, count) for move in range(3)]
            noted.append((*seen, np.where(best, np.stack(wanted, 1), -1).astype(np.int32)))
            if explore:
                logits = parsing.permitted(score(states, rows, rows), states.allowed(rows))
                chosen = self._choose(logits, best, explore)
                moves, relations = parsing.meaning(chosen, count)
            else:
                moves = (best * self.rng.random(best.shape)).argmax(1)
                relations = np.where(moves == parsing.SHIFT, 0, truth)
            oracle.follow(rows, moves)
            states.move(rows, moves, relations)
        words, labels, targets = (np.concatenate(arrays) for arrays in zip(*noted, strict=True))
        tags = [
            pad_sequences([[-1, *table[i]] for i in group], ids.shape[1], padding="post", value=-1)
            for table in (self.tags, self.fine_tags)  # -1, where there is no word
        ]
        return self._with_hidden_words(ids), lengths + 1, *tags, words, labels, targets

    def _choose(self, logits, best, explore):
        """Draw classes as the network would; a share of 1 - explore among the best moves only."""
        drawn = logits + self.rng.gumbel(size=logits.shape)
        free = self.rng.random(len(logits)) < explore
        drawn = np.where(free[:, None], drawn, parsing.permitted(drawn, best))
        return drawn.argmax(1)

    def _with_hidden_words(self, ids):
        word, vector = COLUMNS.index("word"), COLUMNS.index("vector")
        ids[..., word][self.rng.random(ids.shape[:2]) < self.hidden[ids[..., word]]] = UNKNOWN
        rare = (self.rng.random(ids.shape[:2]) < 0.05) & (ids[..., vector] >= len(SPECIAL))
        ids[..., vector][rare] = UNKNOWN
        return ids


def _training_step(network, optimizer):
    optimizer.build(network.trainable_variables)

    def mean_error(truth, logits):
        known = tf.cast(truth >= 0, tf.float32)
        error = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(truth, 0), logits)
        return tf.reduce_sum(known * error) / tf.reduce_sum(known)

    def mean_move_error(targets, logits):
        chances = tf.gather(tf.nn.log_softmax(logits), tf.maximum(targets, 0), batch_dims=1)
        chances = tf.where(targets >= 0, chances, parsing.NEVER)
        return -tf.reduce_mean(tf.reduce_logsumexp(chances, 1))  # any of the best moves will do

    tags = ints(None, None)

    @tf.function(input_signature=(*SENTENCES, tags, tags, *WORDS_AND_LABELS, ints(None, 3)))
    def step(ids, lengths, tags, fine_tags, words, labels, targets):
        with tf.GradientTape() as tape:
            tag, fine_tag, upper = network.encode(ids, lengths, training=True)
            moves = network.decide(network.table(upper), words, labels, training=True)
            move_error = mean_move_error(targets, moves)
            # two moves a word, hence the 2
            tag_error = mean_error(tags, tag) + mean_error(fine_tags, fine_tag)
            error = 2 * move_error + 0.5 * tag_error
        gradients = tape.gradient(error, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    return step


def learn(sentences, words, vectors, settings=None, seed=0):
    """Train a parser with its tagger on sentences with gold trees; return the `Parser`.

    words, vectors: pretrained word vectors (n strings, float32 (n, d)). EWT's 12,500 sentences
    take about 140 CPU-seconds an epoch.
    """
    conllu.demand_trees(sentences)
    settings = settings or Settings()
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    sentences = [s for s in sentences if 0 < len(s) <= settings.longest]
    parser = Parser(Lexicon.learn(sentences, words), vectors, settings)
    parser.facts = {"sentences": len(sentences), "epochs": settings.epochs, "seed": seed}
    lesson = Lesson(parser, sentences, rng)
    steps = len(lesson.groups()) * settings.epochs
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate / 20,
        decay_steps=max(steps - steps // 20, 1),
        alpha=0.01,
        warmup_target=settings.learning_rate,
        warmup_steps=steps // 20,
    )
    step = _training_step(
        parser.network, keras.optimizers.Adam(rate, beta_2=0.98, global_clipnorm=5.0)
    )
    for epoch in range(settings.epochs):
        explore = settings.explore if epoch else 0  # an untrained network would only play nonsense
        for group in lesson.groups():
            step(*lesson.batch(group, explore))
    return parser
