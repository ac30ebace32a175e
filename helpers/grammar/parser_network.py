"""The network behind the workshop's parser: one encoder, two readers of it, and its training.

Words become vectors, and two layers of bidirectional LSTM read the sentence once. The lower layer
is asked for each word's tag (Søgaard and Goldberg 2016). The upper layer takes the place of the
features of Chen and Manning (2014): each move is decided from its vectors at the top of the stack,
at the front of the queue and around them (Kiperwasser and Goldberg 2016).
"""

import functools
import io
import json
import os
import tempfile
import time
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from helpers import assets
from helpers.grammar import conllu, parsing, treebank, word_vectors
from helpers.grammar.conllu import Sentence
from helpers.grammar.parsing import (
    COLUMNS,
    SLOTS,
    SPECIAL,
    UNKNOWN,
    VALUES_OF_SHAPE,
    Lexicon,
    Oracle,
)

LABELLED = 4  # the last of the SLOTS are children: how they were hung there counts too
VECTOR_SCALE = 0.44  # brings GloVe's numbers to the size of those that are learned
PADDED_WORDS = 8192  # in a batch when parsing, padding included: keeps memory near 100 MB
FACTS = "facts.json"
STUDY = "parser-vectors"
FEWEST_WORDS = 50  # in a group whose score is worth printing


class ParserFileError(ValueError):
    """A file is not a parser that `load` can read."""


@dataclass(frozen=True)
class Settings:
    """Sizes of the network (dimensions of its vectors, units of its layers) and its training."""

    word: int = 64
    pieces: tuple = (16, 16, 24, 8)  # prefix, two suffixes, shape
    units: int = 128  # of each LSTM, in each direction
    hidden: int = 128  # of the layer that decides the moves
    dropout: float = 0.33
    epochs: int = 24
    words_per_batch: int = 800
    learning_rate: float = 2e-3
    explore: float = 0.9  # share of moves that follow the network instead of the oracle
    hide: float = 0.25  # a word seen k times is hidden with probability hide / (hide + k)
    longest: int = 100  # longer training sentences are left out


# What trains in front of the learner: half a minute or so for 4,000 sentences on two idle cores.
SMALL = Settings(
    word=32, units=64, hidden=64, dropout=0.1, epochs=3, words_per_batch=150, learning_rate=8e-3
)


def full_settings():
    """Return the settings of the shipped parser; the environment variable WORKSHOP_EPOCHS
    shortens its training of 24 epochs: quicker, and worse.
    """
    text = os.environ.get("WORKSHOP_EPOCHS") or str(Settings.epochs)
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"WORKSHOP_EPOCHS is {text!r}: set it to a number from 1 on, or unset it.")
    return Settings(epochs=int(text))


class Network(keras.Model):
    """Encoder, tagger and the classifier of moves.

    vectors: float32 (entries, d), pretrained vectors for the lexicon's "vector" table; they stay
    as they are.
    """

    def __init__(self, lexicon, vectors, settings):
        """Make the network with random weights, apart from the given vectors."""
        super().__init__()
        sizes = {name: len(entries) for name, entries in lexicon.tables.items()}
        sizes["shape"] = VALUES_OF_SHAPE
        self.dropout, self.hidden = settings.dropout, settings.hidden
        self.relations = sizes["relation"]
        widths = dict(
            zip(COLUMNS, (settings.word, vectors.shape[1], *settings.pieces), strict=True)
        )
        self.embeddings = [_embedding(sizes[c], widths[c], c, c != "vector") for c in COLUMNS]
        self.embeddings[COLUMNS.index("vector")].set_weights([vectors])
        both = 2 * settings.units
        inputs = {1: sum(widths.values()), 2: both}
        self.forward = [_lstm(settings.units, inputs[i], f"forward{i}") for i in inputs]
        self.backward = [_lstm(settings.units, inputs[i], f"backward{i}") for i in inputs]
        self.tag = _dense(sizes["tag"], both, "tag")
        self.fine_tag = _dense(sizes["fine_tag"], both, "fine_tag")
        self.project = _dense(len(SLOTS) * self.hidden, both, "project")
        self.label = _embedding(LABELLED * self.relations, self.hidden, "label", spread=0.05)
        self.score = _dense(parsing.classes(self.relations), self.hidden, "score")
        self.built = True

    def encode(self, ids, lengths, training=False):
        """Read a batch of sentences: int32 ids (B, L, columns), lengths (B,), root included.

        Returns tag logits (B, L, tags), fine tag logits, and the upper layer (B, L, 2 · units).
        """
        x = tf.concat([layer(ids[..., i]) for i, layer in enumerate(self.embeddings)], -1)
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

        The largest product of the classifier is so computed once a word, not once a move. The last
        rows stand for an empty slot.
        """
        words = tf.reshape(upper, (-1, upper.shape[-1]))
        words = tf.concat([words, tf.zeros((1, words.shape[-1]))], 0)
        return tf.reshape(self.project(words), (-1, self.hidden))

    def decide(self, table, words, labels, training=False):
        """Score the moves in M states: logits (M, classes).

        words (M, slots): which word is in each slot, counted through the batch; labels (M,
        LABELLED): the relations of those that are children.
        """
        x = tf.reduce_sum(tf.gather(table, words * len(SLOTS) + tf.range(len(SLOTS))), 1)
        x += tf.reduce_sum(self.label(labels + tf.range(LABELLED) * self.relations), 1)
        return self.score(self._drop(tf.nn.relu(x), training))

    def _drop(self, x, training):
        return tf.nn.dropout(x, self.dropout) if training else x


def _embedding(entries, width, name, trainable=True, spread=0.2):
    start = keras.initializers.RandomNormal(stddev=spread)
    layer = keras.layers.Embedding(entries, width, start, trainable=trainable, name=name)
    layer.build((None,))
    return layer


def _lstm(units, inputs, name):
    layer = keras.layers.LSTM(units, return_sequences=True, name=name)
    layer.build((None, None, inputs))
    return layer


def _dense(units, inputs, name):
    layer = keras.layers.Dense(units, name=name)
    layer.build((None, inputs))
    return layer


def _ints(*shape):
    return tf.TensorSpec(shape, tf.int32)


WORDS_AND_LABELS = (_ints(None, len(SLOTS)), _ints(None, LABELLED))
SENTENCES = (_ints(None, None, len(COLUMNS)), _ints(None))


class Parser:
    """Tags and parses sentences; see `learn`, `load` and `Parser.parse`.

    facts: what is known about its making and its scores (plain JSON data).
    """

    def __init__(self, lexicon, vectors, settings=None, facts=None):
        """Make an untrained parser; `vectors`: float32 (vector words, d), see `word_vectors`."""
        self.lexicon, self.settings = lexicon, settings or Settings()
        self.facts = facts or {}
        special = np.zeros((len(SPECIAL), vectors.shape[1]), np.float32)
        vectors = np.concatenate([special, vectors * VECTOR_SCALE])
        self.network = Network(lexicon, vectors, self.settings)
        table = tf.TensorSpec((None, self.settings.hidden))
        self._read = tf.function(self._read_batch, input_signature=SENTENCES)
        self._score = tf.function(self._score_batch, input_signature=(table, *WORDS_AND_LABELS))

    def parse(self, sentences, beam=1):
        """Return new `Sentence`s with tags, heads and relations, in the order given.

        Sentences of similar length share a batch; the network is called once for the batch, then
        once for each move in all its sentences. beam: how many histories are kept.
        """
        parsed = [None] * len(sentences)
        for group in batches([len(s) for s in sentences], PADDED_WORDS // beam):
            batch = [sentences[i] for i in group]
            for i, tree in zip(group, self._parse_batch(batch, beam), strict=True):
                parsed[i] = tree
        return parsed

    def scorer(self, sentences):
        """Read a batch with the encoder; return (tags, fine tags, scorer for `parsing.greedy`).

        Tags are int (B, L), the root at 0.
        """
        lengths = np.array([len(s) for s in sentences], np.int32)
        ids = self.lexicon.encode(sentences)
        tags, fine_tags, table = self._read(ids, lengths + 1)

        def score(states, rows, numbers):
            words, labels = _what_to_look_at(states, rows, numbers, ids.shape)
            return self._score(table, words, labels).numpy()

        return tags.numpy(), fine_tags.numpy(), score

    def log_probability(self, sentence):
        """Return how probable the parser finds the tree of one sentence: a natural logarithm.

        The tree must be projective; its relations don't count (the probability of a move is that
        of all its relations together). One of the orders that lead to the tree is priced.
        """
        score = self.scorer([sentence])[2]
        states, row, total = parsing.States([len(sentence)]), np.array([0]), 0.0
        relations = self.lexicon.number("relation", sentence.relations)
        for move in parsing.true_moves(sentence.heads):
            logits = parsing.permitted(score(states, row, row), states.allowed(row))[0]
            same = parsing.meaning(np.arange(len(logits)), self.network.relations)[0] == move
            total += np.logaddexp.reduce(logits[same]) - np.logaddexp.reduce(logits)
            moved = states.queue[row] if move == parsing.SHIFT else states.top(row)
            states.move(row, np.array([move]), relations[moved - 1])
        return float(total)

    def _parse_batch(self, sentences, beam):
        lengths = [len(s) for s in sentences]
        tags, fine_tags, score = self.scorer(sentences)
        if beam == 1:
            states, rows = parsing.greedy(lengths, score), range(len(lengths))
        else:
            states, rows, _ = parsing.beam_search(lengths, score, beam)
        names = self.lexicon.tables
        for number, (row, sentence) in enumerate(zip(rows, sentences, strict=True)):
            words = slice(1, len(sentence) + 1)
            yield Sentence(
                words=sentence.words,
                tags=[names["tag"][t] for t in tags[number, words]],
                fine_tags=[names["fine_tag"][t] for t in fine_tags[number, words]],
                heads=states.heads[row, words].copy(),
                relations=[names["relation"][r] for r in states.relations[row, words]],
                lines=sentence.lines,
            )

    def _read_batch(self, ids, lengths):
        tag, fine_tag, upper = self.network.encode(ids, lengths)
        return tf.argmax(tag, -1), tf.argmax(fine_tag, -1), self.network.table(upper)

    def _score_batch(self, table, words, labels):
        return self.network.decide(table, words, labels)

    def save(self, path):
        """Write the parser to a .npz file (float16 weights, without the pretrained vectors)."""
        tables = {k: v for k, v in self.lexicon.tables.items() if k != "vector"}
        facts = {"settings": asdict(self.settings), "facts": self.facts, "tables": tables}
        arrays = {w.path: w.numpy().astype(np.float16) for w in self.network.trainable_variables}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(FACTS, json.dumps(facts, ensure_ascii=False))
        Path(path).write_bytes(buffer.getvalue())


def load(path, words, vectors):
    """Read a parser that `Parser.save` wrote; give it the same pretrained vectors.

    Raises ParserFileError when the file holds something else. No code in the file is run.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            facts = json.loads(archive.read(FACTS))
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if name != FACTS}
        settings = facts["settings"] | {"pieces": tuple(facts["settings"]["pieces"])}
        lexicon = Lexicon(facts["tables"] | {"vector": [*SPECIAL, *words]})
        parser = Parser(lexicon, vectors, Settings(**settings), facts["facts"])
        for weight in parser.network.trainable_variables:
            weight.assign(arrays[weight.path].astype(np.float32))
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise ParserFileError(f"{Path(path).name} is not a parser of this workshop.") from error
    return parser


def batches(lengths, padded_words):
    """Group sentence numbers by length: at most `padded_words` a group, or one sentence."""
    groups, group = [], []
    for i in np.argsort(lengths, kind="stable").tolist():
        if group and (len(group) + 1) * (lengths[i] + 1) > padded_words:
            groups.append(group)
            group = []
        group.append(i)
    return [*groups, group] if group else groups


def _what_to_look_at(states, rows, sentences, shape):
    """Return (words (M, slots), labels (M, LABELLED)) for `Network.decide`; shape of the ids."""
    window = states.window(rows)
    words = sentences[:, None] * shape[1] + window
    words[window == states.nothing] = shape[0] * shape[1]
    labels = states.relations[rows[:, None], window[:, -LABELLED:]]
    return words.astype(np.int32), labels


# --------------------------------------------------------------------------------------- training


class Lesson:
    """Training sentences as numbers, and what there is to learn from a batch of them."""

    def __init__(self, parser, sentences, rng):
        """Number everything; words, relations and tags come from the parser's lexicon."""
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
        noted = []
        while len(rows := states.unfinished()):
            costs = oracle.costs(rows)
            best = costs == costs.min(1, keepdims=True)
            truth = oracle.relations[rows, states.top(rows)]
            noted.append(
                (
                    *_what_to_look_at(states, rows, numbers[rows], ids.shape),
                    self._targets(best, truth),
                )
            )
            if explore:
                logits = parsing.permitted(score(states, rows, rows), states.allowed(rows))
                moves, relations = self._choose(logits, best, explore)
            else:
                moves = (best * self.rng.random(best.shape)).argmax(1)
                relations = np.where(moves == parsing.SHIFT, 0, truth)
            oracle.follow(rows, moves)
            states.move(rows, moves, relations)
        words, labels, targets = (np.concatenate(arrays) for arrays in zip(*noted, strict=True))
        tags = [_padded([table[i] for i in group], ids) for table in (self.tags, self.fine_tags)]
        return self._with_hidden_words(ids), lengths + 1, *tags, words, labels, targets

    def _targets(self, best, truth):
        """Return int32 (M, 3): the class of each best move, -1 for the others."""
        count = self.parser.network.relations
        wanted = [parsing.decision(move, truth, count) for move in range(3)]
        return np.where(best, np.stack(wanted, 1), -1).astype(np.int32)

    def _choose(self, logits, best, explore):
        """Draw moves as the network would; a share of 1 - explore among the best moves only."""
        drawn = logits + self.rng.gumbel(size=logits.shape)
        free = self.rng.random(len(logits)) < explore
        drawn = np.where(free[:, None], drawn, parsing.permitted(drawn, best))
        return parsing.meaning(drawn.argmax(1), self.parser.network.relations)

    def _with_hidden_words(self, ids):
        word, vector = COLUMNS.index("word"), COLUMNS.index("vector")
        ids[..., word][self.rng.random(ids.shape[:2]) < self.hidden[ids[..., word]]] = UNKNOWN
        rare = (self.rng.random(ids.shape[:2]) < 0.05) & (ids[..., vector] >= len(SPECIAL))
        ids[..., vector][rare] = UNKNOWN
        return ids


def _padded(rows, ids):
    out = np.full(ids.shape[:2], -1, np.int32)
    for number, row in enumerate(rows):
        out[number, 1 : len(row) + 1] = row
    return out


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

    signature = (
        *SENTENCES,
        _ints(None, None),
        _ints(None, None),
        *WORDS_AND_LABELS,
        _ints(None, 3),
    )

    @tf.function(input_signature=signature)
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
        return move_error

    return step


def learn(sentences, words, vectors, settings=None, seed=0, after_epoch=None):
    """Train a parser with its tagger on sentences with gold trees; return the `Parser`.

    words, vectors: pretrained word vectors (n strings, float32 (n, d)); with n = 0 the network has
    only those that it learns itself. after_epoch(parser, epoch, mean move error) is called after
    each epoch. EWT's 12,500 sentences take about 80 CPU-seconds an epoch.
    """
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
        errors = [float(step(*lesson.batch(g, explore))) for g in lesson.groups()]
        if after_epoch:
            after_epoch(parser, epoch, float(np.mean(errors)))
    return parser


# --------------------------------------------------------------------------------------- figures


def tables(gold, parsed):
    """Return {"by relation": {name: [LAS in %, words]}, "by length": the same}.

    Relations by frequency; lengths are those of the sentence, in tens.
    """

    def length(sentence, _=0):
        low = (len(sentence) - 1) // 10 * 10 + 1
        return f"{low}–{low + 9}" if low < 50 else "over 50"

    def rounded(scores):
        return {name: [round(las, 1), words] for name, (las, words) in scores.items()}

    by_length = rounded(parsing.score_by(gold, parsed, length))
    ordered = dict.fromkeys(length(s) for s in sorted(gold, key=len) if len(s))
    return {
        "by relation": rounded(
            parsing.score_by(gold, parsed, lambda s, i: parsing.universal(s.relations[i]))
        ),
        "by length": {name: by_length[name] for name in ordered},
    }


def vectors_study(anew=False):
    """Return what GloVe brings: {"with GloVe": LAS for each of three seeds, "without": the same}.

    Training as in front of the learner (SMALL, but 500 sentences of EWT), LAS in % on 300
    sentences of its development part. anew: train all six and publish the figures, which needs EWT;
    else the published ones are read.
    """
    if anew:
        _, sentences, unseen = treebank.real_or_own(count=500)
        words, vectors = word_vectors.load()
        sources = {"with GloVe": (words, vectors), "without": ([], vectors[:0])}
        found = {name: [] for name in sources}
        for seed in range(3):
            for name, source in sources.items():
                parser = learn(sentences, *source, SMALL, seed)
                found[name].append(round(parsing.score(unseen, parser.parse(unseen))["LAS"], 2))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "study.json"
            file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            assets.publish(STUDY, file)
    return json.loads(assets.path(STUDY).read_text(encoding="utf-8"))


def note_ewt_scores(parser):
    """Score the parser on EWT's development and test part, greedily; note it in its facts."""
    parser.facts["trained_on"] = "UD English EWT 2.16, training part"
    for part in ("dev", "test"):
        gold = treebank.ewt(part)
        parsed = parser.parse(gold)
        figures = parsing.score(gold, parsed)
        parser.facts[part] = {name: round(value, 2) for name, value in figures.items()}
        if part == "dev":
            parser.facts |= {f"dev {name}": table for name, table in tables(gold, parsed).items()}


def publish(parser, name):
    """Make the parser the workshop's own asset `name`, unless the present one is better.

    What counts is LAS on EWT's development part, as `note_ewt_scores` notes it. Returns whether it
    was published.
    """
    if assets.available(name):
        present = load(assets.path(name), *word_vectors.load())
        if present.facts["dev"]["LAS"] > parser.facts["dev"]["LAS"]:
            return False
    with tempfile.TemporaryDirectory() as folder:
        parser.save(Path(folder) / "parser.npz")
        assets.publish(name, Path(folder) / "parser.npz")
    return True


@functools.cache
def shipped():
    """Return the parser that ships with the workshop, trained on the English Web Treebank."""
    return load(assets.path("parser-ewt"), *word_vectors.load())


def evaluate(options=None):
    """Score the shipped parser: `python -m helpers evaluate parser [--treebank FILE.conllu]`.

    options: {"treebank": file with gold trees, "beam": how many histories to keep}, as strings;
    without a file, the test part of UD English EWT. Words and sentences are given, tags are our
    tagger's. Returns {"uas", "las", "upos", "words", "words_per_second", "words_per_cpu_second",
    and LAS by length of the sentence ("las_1-10_words") and by relation ("las_nsubj"), where there
    are 50 words or more}.
    """
    options = options or {}
    file, beam = options.get("treebank"), int(options.get("beam", 1))
    gold = conllu.read(file) if file else treebank.ewt("test")
    parser = shipped()
    parser.parse(gold[:1], beam)  # builds the graphs, outside of the measured time
    started, cpu = time.perf_counter(), time.process_time()
    parsed = parser.parse(gold, beam)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    figures = parsing.score(gold, parsed)
    return (
        {name.lower(): figures[name] for name in ("UAS", "LAS", "UPOS", "words")}
        | {
            "words_per_second": figures["words"] / seconds,
            "words_per_cpu_second": figures["words"] / cpu_seconds,
        }
        | _groups(tables(gold, parsed))
    )


def _groups(tables):
    """Return the tables as flat figures: {"las_1-10_words": …, "las_nsubj": …}."""
    named = {
        "by length": lambda name: f"las_{name.replace('–', '-').replace(' ', '_')}_words",
        "by relation": lambda name: f"las_{name}",
    }
    return {
        rename(name): las
        for table, rename in named.items()
        for name, (las, words) in tables[table].items()
        if words >= FEWEST_WORDS
    }
