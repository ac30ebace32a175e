"""The workshop's parser: one encoder of sentences, two readers of it; `training` teaches it.

Words become vectors, also by their letters, so that a word never seen before is no stranger (Ma and
Hovy 2016). Two layers of bidirectional LSTM read the sentence once. The lower layer
is asked for each word's tag (Søgaard and Goldberg 2016). The upper layer takes the place of the
features of Chen and Manning (2014): each move is decided from its vectors at the top of the stack,
at the front of the queue and around them (Kiperwasser and Goldberg 2016).
"""

import functools
import json
import zipfile
from dataclasses import asdict, dataclass

import keras
import numpy as np
import tensorflow as tf
from keras.layers import LSTM, Conv1D, Dense, Embedding

from helpers import assets, files
from helpers.grammar import parsing, word_vectors
from helpers.grammar.conllu import Sentence
from helpers.grammar.parsing import COLUMNS, LETTERS, SLOTS, SPECIAL, VALUES_OF_SHAPE, Lexicon

LABELLED = 4  # the last of the SLOTS are children: how they were hung there counts too
VECTOR_SCALE = 0.44  # brings GloVe's numbers to the size of those that are learned
PADDED_WORDS = 8192  # in a batch when parsing, padding included: keeps memory near 100 MB
IDS = len(COLUMNS) + LETTERS  # of each word
FACTS = "facts.json"


@dataclass(frozen=True)
class Settings:
    """Sizes of the network (dimensions of its vectors, units of its layers) and its training."""

    word: int = 64
    pieces: tuple = (16, 16, 24, 8)  # prefix, two suffixes, shape
    spelling: int = 48  # what is read off three letters in a row
    units: int = 256  # of each LSTM, in each direction
    hidden: int = 200  # of the layer that decides the moves
    dropout: float = 0.45
    epochs: int = 24
    words_per_batch: int = 1600
    learning_rate: float = 2.5e-3
    explore: float = 0.9  # share of moves that follow the network instead of the oracle
    hide: float = 0.25  # a word seen k times is hidden with probability hide / (hide + k)
    longest: int = 100  # longer training sentences are left out


class Network(keras.Model):
    """Encoder, tagger and the classifier of moves."""

    def __init__(self, lexicon, vectors, settings):
        """Make it with random weights, apart from the lexicon's `vectors`, float32 (entries, d)."""
        super().__init__()
        sizes = {name: len(entries) for name, entries in lexicon.tables.items()}
        sizes["shape"] = VALUES_OF_SHAPE
        self.dropout, self.hidden = settings.dropout, settings.hidden
        self.relations = sizes["relation"]
        widths = zip(COLUMNS, (settings.word, vectors.shape[1], *settings.pieces), strict=True)
        self.embeddings = [_embedding(sizes[name], width, name) for name, width in widths]
        self.letter = _embedding(sizes["letter"], 24, "letter")
        self.spell = Conv1D(settings.spelling, 3, padding="same", activation="relu", name="spell")
        self.forward, self.backward = (
            [LSTM(settings.units, return_sequences=True, name=f"{way}{i}") for i in (1, 2)]
            for way in ("forward", "backward")
        )
        self.tag, self.fine_tag = (Dense(sizes[name], name=name) for name in ("tag", "fine_tag"))
        self.project = Dense(SLOTS * self.hidden, name="project")
        self.label = _embedding(LABELLED * self.relations, self.hidden, "label", spread=0.05)
        self.score = Dense(parsing.classes(self.relations), name="score")
        # The first call of each layer makes its weights.
        _, _, upper = self.encode(tf.zeros((1, 1, IDS), tf.int32), [1])
        slots = tf.zeros((1, SLOTS), tf.int32)
        self.decide(self.table(upper), slots, slots[:, :LABELLED])
        self.embeddings[COLUMNS.index("vector")].set_weights([vectors])
        self.built = True

    def encode(self, ids, lengths, training=False):
        """Read a batch of sentences: int32 ids (B, L, IDS), lengths (B,), root included.

        Returns tag logits (B, L, tags), fine tag logits, and the upper layer (B, L, 2 · units).
        """
        x = [layer(ids[..., i]) for i, layer in enumerate(self.embeddings)]
        letters = self.letter(tf.reshape(ids[..., len(COLUMNS) :], (-1, LETTERS)))
        spelt = tf.reduce_max(self.spell(letters), 1)
        x.append(tf.reshape(spelt, (*tf.unstack(tf.shape(ids)[:2]), self.spell.filters)))
        x = tf.concat(x, -1)
        outputs = []
        for forward, backward in zip(self.forward, self.backward, strict=True):
            if training:  # the same units for all words of a sentence
                x *= tf.nn.dropout(tf.ones((tf.shape(x)[0], 1, x.shape[-1])), self.dropout)
            turned = backward(tf.reverse_sequence(x, lengths, seq_axis=1))
            x = tf.concat([forward(x), tf.reverse_sequence(turned, lengths, seq_axis=1)], -1)
            outputs.append(x)
        lower, upper = (self._drop(x, training) for x in outputs)
        return self.tag(lower), self.fine_tag(lower), upper

    def table(self, upper):
        """Prepare what each word adds to the hidden layer in each slot: (words · slots, hidden).

        So the classifier's largest product is computed once a word, not once a move. The last rows
        stand for an empty slot.
        """
        words = tf.reshape(upper, (-1, upper.shape[-1]))
        words = tf.concat([words, tf.zeros((1, words.shape[-1]))], 0)
        return tf.reshape(self.project(words), (-1, self.hidden))

    def decide(self, table, words, labels, training=False):
        """Score the moves in M states: logits (M, classes).

        words (M, slots): which word is in each slot, counted through the batch; labels (M,
        LABELLED): the relations of those that are children.
        """
        x = tf.reduce_sum(tf.gather(table, words * SLOTS + tf.range(SLOTS)), 1)
        x += tf.reduce_sum(self.label(labels + tf.range(LABELLED) * self.relations), 1)
        return self.score(self._drop(tf.nn.relu(x), training))

    def _drop(self, x, training):
        return tf.nn.dropout(x, self.dropout) if training else x


def _embedding(entries, width, name, spread=0.2):
    start = keras.initializers.RandomNormal(stddev=spread)
    return Embedding(entries, width, start, trainable=name != "vector", name=name)


def ints(*shape):
    """Return the type of an int32 tensor; None for what varies."""
    return tf.TensorSpec(shape, tf.int32)


# What the network's graphs take: what `what_to_look_at` returns; a lexicon's ids, and lengths.
WORDS_AND_LABELS = (ints(None, SLOTS), ints(None, LABELLED))
SENTENCES = (ints(None, None, IDS), ints(None))


class Parser:
    """Tags and parses sentences. facts: its making and its scores (plain JSON data)."""

    def __init__(self, lexicon, vectors, settings=None, facts=None):
        """Make an untrained parser; `vectors`: float32 (vector words, d), see `word_vectors`."""
        self.lexicon, self.settings = lexicon, settings or Settings()
        self.facts = facts or {}
        special = np.zeros((len(SPECIAL), vectors.shape[1]), np.float32)
        vectors = np.concatenate([special, vectors * VECTOR_SCALE])
        self.network = Network(lexicon, vectors, self.settings)
        table = tf.TensorSpec((None, self.settings.hidden))
        self._read = tf.function(self._read_batch, input_signature=SENTENCES)
        decide = self.network.decide
        self._score = tf.function(decide, input_signature=(table, *WORDS_AND_LABELS))

    def parse(self, sentences):
        """Return new `Sentence`s with tags, heads and relations, in the order given."""
        parsed = {}
        for group in batches([len(s) for s in sentences], PADDED_WORDS):
            parsed |= zip(group, self._parse_batch([sentences[i] for i in group]), strict=True)
        return [parsed[i] for i in range(len(sentences))]

    def scorer(self, sentences):
        """Read a batch: (tags, fine tags: int (B, L), root first; scorer for `parsing.greedy`)."""
        lengths = np.array([len(s) for s in sentences], np.int32)
        ids = self.lexicon.encode(sentences)
        tags, fine_tags, table = self._read(ids, lengths + 1)

        def score(states, rows, numbers):
            words, labels = what_to_look_at(states, rows, numbers, ids.shape)
            return self._score(table, words, labels).numpy()

        return tags.numpy(), fine_tags.numpy(), score

    def log_probability(self, sentence, moves=None):
        """Return how probable the parser finds a row of moves to a tree: a natural logarithm.

        sentence: one with a projective tree, whose relations don't count (a move has the
        probability of all its relations together). moves: an order, by default the oracle's.
        """
        score = self.scorer([sentence])[2]
        states, row, total = parsing.States([len(sentence)]), np.array([0]), 0.0
        relations = self.lexicon.number("relation", sentence.relations)
        for move in parsing.true_moves(sentence.heads) if moves is None else moves:
            logits = parsing.permitted(score(states, row, row), states.allowed(row))[0]
            same = parsing.meaning(np.arange(len(logits)), self.network.relations)[0] == move
            total += np.logaddexp.reduce(logits[same]) - np.logaddexp.reduce(logits)
            moved = states.queue[row] if move == parsing.SHIFT else states.top(row)
            states.move(row, np.array([move]), relations[moved - 1])
        return float(total)

    def _parse_batch(self, sentences):
        tags, fine_tags, score = self.scorer(sentences)
        states = parsing.greedy([len(s) for s in sentences], score)
        names = self.lexicon.tables
        for number, sentence in enumerate(sentences):
            words = slice(1, len(sentence) + 1)
            yield Sentence(
                words=sentence.words,
                tags=[names["tag"][t] for t in tags[number, words]],
                fine_tags=[names["fine_tag"][t] for t in fine_tags[number, words]],
                heads=states.heads[number, words].copy(),
                relations=[names["relation"][r] for r in states.relations[number, words]],
            )

    def _read_batch(self, ids, lengths):
        tag, fine_tag, upper = self.network.encode(ids, lengths)
        return tf.argmax(tag, -1), tf.argmax(fine_tag, -1), self.network.table(upper)

    def save(self, path):
        """Write the parser to a .npz file (float16 weights, without the pretrained vectors)."""
        tables = {k: v for k, v in self.lexicon.tables.items() if k != "vector"}
        facts = {"settings": asdict(self.settings), "facts": self.facts, "tables": tables}
        arrays = {w.path: w.numpy().astype(np.float16) for w in self.network.trainable_variables}
        with files.replacing(path) as fresh:
            with fresh.open("wb") as stream:
                np.savez_compressed(stream, **arrays)
            with zipfile.ZipFile(fresh, "a", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(FACTS, json.dumps(facts, ensure_ascii=False))


def load(path, words, vectors):
    """Read a parser that `Parser.save` wrote; give it the same pretrained vectors."""
    with np.load(path, allow_pickle=False) as file:
        facts = json.loads(file[FACTS])
        settings = facts["settings"] | {"pieces": tuple(facts["settings"]["pieces"])}
        lexicon = Lexicon(facts["tables"] | {"vector": [*SPECIAL, *words]})
        parser = Parser(lexicon, vectors, Settings(**settings), facts["facts"])
        for weight in parser.network.trainable_variables:
            weight.assign(file[weight.path].astype(np.float32))
    return parser


@functools.cache
def shipped():
    """Return the parser that ships with the workshop, trained on the English Web Treebank."""
    return load(assets.path("parser-ewt"), *word_vectors.load_glove())


def batches(lengths, padded_words):
    """Group sentence numbers by length: at most `padded_words` a group, or one sentence."""
    groups, group = [], []
    for i in np.argsort(lengths, kind="stable").tolist():
        if group and (len(group) + 1) * (lengths[i] + 1) > padded_words:
            groups.append(group)
            group = []
        group.append(i)
    return [*groups, group] if group else groups


def what_to_look_at(states, rows, sentences, shape):
    """Return (words (M, slots), labels (M, LABELLED)) for `Network.decide`; shape of the ids."""
    window = states.window(rows)
    words = sentences[:, None] * shape[1] + window
    words[window == states.nothing] = shape[0] * shape[1]
    labels = states.relations[rows[:, None], window[:, -LABELLED:]]
    return words.astype(np.int32), labels
