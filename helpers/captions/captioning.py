"""A network that describes pictures, after Show and Tell and Show, Attend and Tell.

A convolutional encoder turns a picture into a grid of features. A decoder, an LSTM, reads the words
said so far and offers the next one; at every word, attention looks at the grid anew. The parts:

`Vocabulary` (words and numbers), `build` (the network), `masked_loss`, `train`, `greedy` and
`beam_search`, `Speaker` (a trained network that talks), `bleu` and `truth` (judging), `evaluate`
(the shipped checkpoint).

Vinyals et al.: Show and Tell, CVPR 2015. Xu et al.: Show, Attend and Tell, ICML 2015. The heads of
attention: Vaswani et al., 2017. Coordinates as input: Liu et al.: CoordConv, NeurIPS 2018.
"""

import tempfile
import time
from functools import cache
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from helpers import assets, images
from helpers.captions import world

PAD, START, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<start>", "<end>", "<unknown>")
BATCH = 64
EPOCHS = 40  # of training
FRESH = 4096  # scenes drawn for one epoch; the next epoch draws new ones


class CaptionError(ValueError):
    """Words, captions or pictures that can't be used: one sentence that says what to do."""


# --- words and numbers --------------------------------------------------------------------------


class Vocabulary:
    """The words a network knows. `words[number]` is the word; the first four are `SPECIAL`."""

    def __init__(self, words, length):
        """Keep the words; sentences become rows of `length` numbers, start and end included."""
        self.words = [*SPECIAL, *(word for word in words if word not in SPECIAL)]
        self.length = length
        self._numbers = {word: number for number, word in enumerate(self.words)}

    @classmethod
    def of(cls, sentences, at_least=1):
        """Collect the words that the sentences use at least so often. CaptionError if none do."""
        split = [sentence.lower().split() for sentence in sentences]
        counts = {}
        for words in split:
            for word in words:
                counts[word] = counts.get(word, 0) + 1
        kept = sorted(word for word, count in counts.items() if count >= at_least)
        if not kept:
            raise CaptionError("There are no words in these captions: give it some sentences.")
        return cls(kept, max(map(len, split)) + 2)

    def encode(self, sentences) -> np.ndarray:
        """Sentences to numbers: int32 (n, length), START … END PAD PAD; longer ones are cut."""
        rows = np.full((len(sentences), self.length), PAD, np.int32)
        for row, sentence in zip(rows, sentences, strict=True):
            words = sentence.lower().split()[: self.length - 2]
            numbers = [self._numbers.get(word, UNKNOWN) for word in words]
            row[: len(words) + 2] = [START, *numbers, END]
        return rows

    def decode(self, numbers) -> str:
        """Numbers to a sentence: what stands between START and END."""
        words = []
        for number in numbers:
            if number == END:
                break
            if number not in (PAD, START):
                words.append(self.words[number])
        return " ".join(words)


# --- the network --------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("workshop")
class Coordinates(keras.layers.Layer):
    """Append two channels to (n, height, width, c): how far right and how far down, -1 to 1."""

    def call(self, grid):
        """Return the grid with the two channels behind its own."""
        shape = keras.ops.shape(grid)
        down = keras.ops.linspace(-1.0, 1.0, shape[1])[None, :, None, None]
        right = keras.ops.linspace(-1.0, 1.0, shape[2])[None, None, :, None]
        spread = keras.ops.zeros_like(grid[..., :1])
        return keras.ops.concatenate([grid, spread + right, spread + down], axis=-1)


def encoder(side: int = world.SIDE, name="encoder") -> keras.Model:
    """Pictures, uint8 or float (n, side, side, 3), to a grid (n, side / 8, side / 8, 130).

    Two streams that never meet: one sees shapes and no colour, one sees colour and no shape. So
    neither can learn "a red cat" as one thing, and a blue one is no surprise. The last two channels
    are coordinates: relations between things need to know where they are.
    """
    layers = keras.layers
    picture = keras.Input((side, side, 3), name="picture")
    pixels = layers.Rescaling(1 / 127.5, offset=-1)(picture)
    shape = layers.Conv2D(1, 1, use_bias=False, kernel_initializer="ones", trainable=False)(pixels)
    for filters, size, stride in ((24, 5, 2), (48, 3, 2), (48, 3, 1), (96, 3, 2), (96, 3, 1)):
        shape = _convolution(shape, filters, size, stride)
    colour = layers.AveragePooling2D(2)(pixels)
    for filters in (16, 32):
        colour = _convolution(colour, filters, 1, 1)
    colour = layers.MaxPooling2D(4)(colour)
    grid = Coordinates()(layers.Concatenate()([shape, colour]))
    return keras.Model(picture, grid, name=name)


def _convolution(x, filters, size, stride):
    layers = keras.layers
    x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def decoder(
    vocabulary: Vocabulary, grid, units: int = 192, attention: bool = True, name="decoder"
) -> keras.Model:
    """A grid of features (n, rows, columns, c) and words (n, t) to the logits of each next word.

    Outputs: "logits" (n, t, words) and, with attention, "weights" (n, heads, t, rows × columns).
    Without, the picture's features are all handed over at the start, as in Show and Tell.

    What the words so far ask for and what the picture shows meet only in a sum: no layer in between
    can learn that "purple" and a cat exclude each other because they never came together. Where
    things are is looked up on its own, in the two coordinates that the grid's last channels hold,
    and goes through a hidden layer: "left of" is no sum.
    """
    layers = keras.layers
    seen = keras.Input(grid, name="grid")
    words = keras.Input((None,), dtype="int32", name="words")
    average, strongest = layers.GlobalAveragePooling2D()(seen), layers.GlobalMaxPooling2D()(seen)
    picture = layers.Dense(units, activation="relu")(layers.Concatenate()([average, strongest]))
    memory = [layers.Dense(units, activation="tanh")(picture), layers.Dense(units)(picture)]
    said = layers.Embedding(len(vocabulary.words), 64)(words)
    said = layers.LSTM(units, return_sequences=True)(said, initial_state=memory)
    known, outputs = said, {}
    if attention:
        cells = layers.Reshape((grid[0] * grid[1], grid[2]))(seen)
        look = layers.MultiHeadAttention(4, units // 4, name="what")
        what, outputs["weights"] = look(said, cells, return_attention_scores=True)
        look = layers.MultiHeadAttention(4, units // 4, value_dim=4, output_shape=32, name="where")
        where = layers.Dense(64, activation="relu")(look(said, cells[..., -2:], key=cells))
        known = layers.Concatenate()([said, what, where])
    known = layers.Dropout(0.2)(known)
    outputs["logits"] = layers.Dense(len(vocabulary.words), name="logits")(known)
    return keras.Model([seen, words], outputs, name=name)


def computed_already(grid) -> keras.Model:
    """An encoder for features of photographs that were computed once: it adds the coordinates."""
    return keras.Sequential([keras.Input(grid), Coordinates()], name="encoder")


def build(vocabulary: Vocabulary, look: keras.Model | None = None, attention: bool = True):
    """The whole captioner: what `look` takes (n, …), and words (n, t), to logits (n, t, words).

    look: the `encoder` of the toy world unless another is given; its name must be "encoder".
    """
    look = look or encoder()
    speak = decoder(vocabulary, look.output_shape[1:], attention=attention)
    picture = keras.Input(look.input_shape[1:], name="picture")
    words = keras.Input((None,), dtype="int32", name="words")
    return keras.Model([picture, words], speak([look(picture), words])["logits"], name="captioner")


def masked_loss(words, logits):
    """Mean cross-entropy of the words (n, t) that are no padding, under logits (n, t, words)."""
    each = keras.ops.sparse_categorical_crossentropy(words, logits, from_logits=True)
    counts = keras.ops.cast(words != PAD, each.dtype)
    return keras.ops.sum(each * counts) / keras.ops.sum(counts)


# --- training -----------------------------------------------------------------------------------


def toy_vocabulary() -> Vocabulary:
    """Every word of the toy world's grammar."""
    _, _, sentences = world.load("train", 2000)
    return Vocabulary.of([sentence for five in sentences for sentence in five])


def train(
    model, vocabulary, epochs: int = EPOCHS, seed: int = 0, rate: float = 2e-3, on_epoch=None
):
    """Fit a captioner to the toy world: every epoch draws `FRESH` scenes, never seen before.

    on_epoch(epoch, loss, seconds) is called after each. Each scene is seen once, with one of its
    five sentences: where data cost nothing, there is no over-fitting.
    """
    steps = epochs * FRESH // BATCH
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(keras.optimizers.Adam(schedule, clipnorm=5.0), loss=masked_loss)
    began = time.monotonic()
    for epoch in range(epochs):
        pictures, _, sentences = world.load("train", FRESH, seed=1 + seed * 100_000 + epoch)
        words = vocabulary.encode([five[0] for five in sentences])
        said, following = words[:, :-1], words[:, 1:]
        history = model.fit([pictures, said], following, batch_size=BATCH, epochs=1, verbose=0)
        if on_epoch:
            on_epoch(epoch, history.history["loss"][0], time.monotonic() - began)


def train_on(model, vocabulary, pictures, sentences, epochs, seed=0, rate=1e-3):
    """Fit a captioner to pictures, or their features, (n, …) with a list of sentences for each.

    Every epoch shows each picture once, with one of its sentences. Returns the loss of each epoch.
    """
    model.compile(keras.optimizers.Adam(rate, clipnorm=5.0), loss=masked_loss)
    generator, losses = np.random.default_rng(seed), []
    for _ in range(epochs):
        chosen = [some[generator.integers(len(some))] for some in sentences]
        words = vocabulary.encode(chosen)
        said, following = words[:, :-1], words[:, 1:]
        history = model.fit([pictures, said], following, batch_size=BATCH, epochs=1, verbose=0)
        losses.append(history.history["loss"][0])
    return losses


def photo_grids(backbone, pictures, layer: str, size: int = 160) -> np.ndarray:
    """Features of photographs from a pretrained network: float32 (n, rows, columns, channels).

    backbone: from `backbones.load(..., top=False)`; layer: where to cut it. pictures: paths, or
    whatever `images.read` takes. Compute them once and keep them: the network does not change.
    """
    part = backbone.upto(layer)
    grids = []
    for start in range(0, len(pictures), BATCH):
        some = [images.read(picture, (size, size)) for picture in pictures[start : start + BATCH]]
        grids.append(part(backbone.scale(np.stack(some).astype("float32"))).numpy())
    return np.concatenate(grids)


# --- speaking -----------------------------------------------------------------------------------


def greedy(next_words, count: int, length: int) -> np.ndarray:
    """Always take the likeliest next word: int32 (count, length), START … END PAD PAD.

    next_words: words so far, int32 (count, 1, t), to log-probabilities (count, 1, words).
    """
    words = np.full((count, 1, 1), START, np.int32)
    ended = np.zeros((count, 1), bool)
    while words.shape[2] < length and not ended.all():
        best = _sayable(next_words(words)).argmax(-1).astype(np.int32)
        best[ended] = PAD
        ended |= best == END
        words = np.concatenate([words, best[..., None]], axis=2)
    return _padded(words[:, 0], length)


def beam_search(next_words, count: int, length: int, width: int = 3, alpha: float = 0.7):
    """Keep the `width` likeliest beginnings at every word; return the best: int32 (count, length).

    next_words: words so far, int32 (count, width, t), to log-probabilities (count, width, words).
    alpha: sentences compete by log-probability / length ** alpha; with 0 the short ones win.
    """
    words = np.full((count, width, 1), START, np.int32)
    scores = np.where(np.arange(width) == 0, 0.0, -np.inf) * np.ones((count, 1))
    ended = np.zeros((count, width), bool)
    while words.shape[2] < length and not ended.all():
        steps = _sayable(next_words(words)).astype(np.float64)
        steps[ended] = -np.inf
        steps[ended, PAD] = 0.0  # a sentence that has ended stays as it is
        totals = (scores[..., None] + steps).reshape(count, -1)
        best = np.argsort(-totals, axis=1, kind="stable")[:, :width]
        scores = np.take_along_axis(totals, best, axis=1)
        parents, last = best // steps.shape[2], (best % steps.shape[2]).astype(np.int32)
        words = np.take_along_axis(words, parents[..., None], axis=1)
        words = np.concatenate([words, last[..., None]], axis=2)
        ended = np.take_along_axis(ended, parents, axis=1) | (last == END)
    lengths = (words[..., 1:] != PAD).sum(-1)
    winner = (scores / lengths**alpha).argmax(1)
    return _padded(words[np.arange(count), winner], length)


def _sayable(log_probabilities):
    """Return a copy in which padding, the start and the unknown word can't be said."""
    allowed = np.array(log_probabilities)
    allowed[..., [PAD, START, UNKNOWN]] = -np.inf
    return allowed


def _padded(words, length):
    return np.pad(words, ((0, 0), (0, length - words.shape[1])), constant_values=PAD)


class Speaker:
    """A trained captioner that talks: sentences for pictures, and where it looked."""

    def __init__(self, model: keras.Model, vocabulary: Vocabulary):
        """Take the network apart into what looks and what speaks."""
        self.vocabulary = vocabulary
        self._encoder = model.get_layer("encoder")
        self._decoder = model.get_layer("decoder")
        self._see = tf.function(
            lambda pictures: self._encoder(pictures, training=False), reduce_retracing=True
        )
        self._speak = tf.function(
            lambda grid, words: self._decoder([grid, words], training=False), reduce_retracing=True
        )

    def look(self, pictures):
        """Return the grid of features of pictures: float32 (n, rows, columns, channels)."""
        return self._see(self._checked(pictures))

    def describe(self, pictures, width: int = 1, alpha: float = 0.7) -> list[str]:
        """One sentence for each picture, (n, 64, 64, 3); width above 1 searches with a beam."""
        pictures = self._checked(pictures)
        sentences = []
        for start in range(0, len(pictures), BATCH):
            grid = self.look(pictures[start : start + BATCH])
            next_words = self.next_words(grid, width)
            if width == 1:
                rows = greedy(next_words, len(grid), self.vocabulary.length)
            else:
                rows = beam_search(next_words, len(grid), self.vocabulary.length, width, alpha)
            sentences += [self.vocabulary.decode(row) for row in rows]
        return sentences

    def next_words(self, grid, width: int = 1):
        """Return the function that searches ask: words (n, width, t) to log-probabilities."""
        grid = tf.repeat(grid, width, axis=0)
        longest = self.vocabulary.length - 1

        def ask(words):
            count, beams, said = words.shape
            rows = _padded(words.reshape(count * beams, said), longest)  # one shape: traced once
            logits = self._speak(grid, rows)["logits"][:, said - 1]
            return tf.nn.log_softmax(logits).numpy().reshape(count, beams, -1)

        return ask

    def attention(self, picture, sentence: str) -> np.ndarray:
        """Where it looked at each word: float32 (words, rows, columns); each map sums to one.

        The mean over the heads. The map of a word is the one from which that word was chosen.
        """
        grid = self.look(picture[None])
        rows = self.vocabulary.encode([sentence])
        outputs = self._speak(grid, rows[:, :-1])
        if "weights" not in outputs:
            raise CaptionError("This captioner has no attention: it looks once, before it speaks.")
        weights = outputs["weights"].numpy()[0].mean(0)[: len(sentence.split())]
        return weights.reshape(-1, *grid.shape[1:3])

    def _checked(self, pictures):
        pictures = np.asarray(pictures)
        wanted = self._encoder.input_shape[1:]
        if pictures.ndim != 4 or not len(pictures):
            raise CaptionError("There is no picture: hand over an array (n, height, width, 3).")
        if pictures.shape[1:] != wanted:
            raise CaptionError(
                f"This captioner knows drawn scenes of {wanted[0]} × {wanted[1]} pixels and got "
                f"{pictures.shape[1]} × {pictures.shape[2]}: a photograph needs a captioner that "
                "was trained on photographs."
            )
        return pictures


def publish(model, name: str = "captioner") -> None:
    """Put a trained captioner, without its optimiser, where the workshop keeps its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.keras"
        keras.Model(model.input, model.output, name=model.name).save(file)
        assets.publish(name, file)


@cache
def shipped(name: str = "captioner") -> Speaker:
    """Return a captioner that the workshop ships; "captioner-plain" has no attention."""
    model = keras.models.load_model(assets.path(name), compile=False)
    return Speaker(model, toy_vocabulary())


# --- judging ------------------------------------------------------------------------------------


def bleu(sentences, references) -> float:
    """BLEU-4, 0 to 100, of sentences against a list of references for each (Papineni, 2002)."""
    import sacrebleu

    streams = list(map(list, zip(*references, strict=True)))
    return sacrebleu.corpus_bleu(sentences, streams, tokenize="none", force=True).score


def ceiling(references) -> float:
    """What people reach: the BLEU-4 of every reference against the others, in the mean."""
    count = len(references[0])
    scores = []
    for one in range(count):
        others = [[five[n] for n in range(count) if n != one] for five in references]
        scores.append(bleu([five[one] for five in references], others))
    return float(np.mean(scores))


def truth(sentences, true_scenes) -> dict[str, float]:
    """Shares of sentences that are grammatical, wholly true, and true in each kind of claim.

    Claims are counted where a sentence makes them: one without a relation can't get it wrong.
    """
    verdicts = [world.judge(s, scene) for s, scene in zip(sentences, true_scenes, strict=True)]
    shares = {
        "grammatical": np.mean([verdict.grammatical for verdict in verdicts]),
        "true": np.mean([verdict.true for verdict in verdicts]),
    }
    for claim in ("things", "counts", "sizes", "relation", "place"):
        made = [getattr(v, claim) for v in verdicts if getattr(v, claim) is not None]
        shares[claim] = np.mean(made) if made else float("nan")
    return {name: float(share) for name, share in shares.items()}


def attention_on_things(speaker: Speaker, pictures, true_scenes, sentences) -> dict[str, float]:
    """How much of the attention lies on the thing named, over true sentences that name two.

    share: mean share of it on the named thing while its noun is chosen; area: the share of the
    picture that the thing fills; on the right one: how often it gets more than the other thing.
    """
    shares, areas, right = [], [], []
    for picture, scene, sentence in zip(pictures, true_scenes, sentences, strict=True):
        if len(scene.things) != 2 or not world.judge(sentence, scene).true:
            continue
        maps = speaker.attention(picture, sentence)
        for word, where in zip(sentence.split(), maps, strict=True):
            named = [t for t in scene.things if word in world.SAY_NOUN.get(t.noun, (t.noun,))]
            if len(named) != 1:
                continue
            masks = {t: _cells(t, where.shape) for t in scene.things}
            on = {t: float((where * mask).sum()) for t, mask in masks.items()}
            shares.append(on[named[0]])
            areas.append(float(masks[named[0]].mean()))
            right.append(on[named[0]] == max(on.values()))
    return {
        "share": float(np.mean(shares)),
        "area": float(np.mean(areas)),
        "on the right one": float(np.mean(right)),
    }


def _cells(thing, shape):
    """How much of each grid cell a thing's square covers, from 0 to 1: float (rows, columns)."""
    half = world.SIZES[thing.size][1] / 2

    def covered(centre, cells):
        cell = world.SIDE / cells
        edges = np.arange(cells) * cell
        low, high = np.maximum(edges, centre - half), np.minimum(edges + cell, centre + half)
        return np.maximum(high - low, 0) / cell

    return np.outer(covered(thing.y, shape[0]), covered(thing.x, shape[1]))


def scores(speaker: Speaker, split: str, count: int = 500, width: int = 1) -> dict[str, float]:
    """Judge a speaker on `count` pictures of a split: BLEU, the references' own, and the truth."""
    pictures, true_scenes, references = world.load(split, count)
    sentences = speaker.describe(pictures, width)
    judged = {"BLEU-4": bleu(sentences, references), "references' BLEU-4": ceiling(references)}
    return judged | truth(sentences, true_scenes)


def evaluate(options=None) -> dict[str, float]:
    """Score the shipped captioner on held-out scenes: `python -m helpers evaluate captioner`."""
    speaker = shipped()
    pictures, true_scenes, _ = world.load("test", 500)
    began = time.perf_counter()
    sentences = speaker.describe(pictures)
    figures = {"pictures per second": len(pictures) / (time.perf_counter() - began)}
    for split in ("test", "test unseen"):
        for name, value in scores(speaker, split).items():
            figures[f"{split}: {name}"] = value
    figures["test: BLEU-4, beam of 3"] = scores(speaker, "test", 200, width=3)["BLEU-4"]
    for split in ("test", "test unseen"):
        true = scores(shipped("captioner-plain"), split)["true"]
        figures[f"{split}: true, without attention"] = true
    looked = attention_on_things(speaker, pictures[:200], true_scenes[:200], sentences[:200])
    return figures | {f"attention: {name}": value for name, value in looked.items()}
