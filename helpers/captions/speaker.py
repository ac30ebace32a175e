"""A trained captioner that talks: the search for a sentence, and where it looked at each word."""

import numpy as np
import tensorflow as tf

from helpers.captions.captioning import BATCH, END, PAD, START, UNKNOWN, CaptionError


def beam_search(next_words, count: int, length: int, width: int = 3, alpha: float = 0.7):
    """Keep the `width` likeliest beginnings at every word; return the best: int32 (count, length).

    next_words: words so far, int32 (count, width, t), to log-probabilities (count, width, words).
    A beam of one is greedy search: always the likeliest next word. alpha: sentences compete by
    log-probability / length ** alpha; with 0 the short ones win.
    """
    words = np.full((count, width, 1), START, np.int32)
    scores = np.where(np.arange(width) == 0, 0.0, -np.inf) * np.ones((count, 1))
    ended = np.zeros((count, width), bool)
    while words.shape[2] < length and not ended.all():
        steps = np.array(next_words(words), np.float64)
        steps[..., [PAD, START, UNKNOWN]] = -np.inf  # these can't be said
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


def _padded(words, length):
    return np.pad(words, ((0, 0), (0, length - words.shape[1])), constant_values=PAD)


class Speaker:
    """A trained captioner that talks: sentences for pictures, and where it looked."""

    def __init__(self, model, vocabulary):
        """Take the network apart into its layers "encoder", which looks, and "decoder".

        The encoder turns pictures into a grid (n, rows, columns, channels); the decoder takes that
        and words (n, t), and gives {"logits": (n, t, words)} and, with attention, "weights" (n,
        heads, t, rows × columns).
        """
        self.vocabulary = vocabulary
        encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
        self._shape = encoder.input_shape[1:]
        self._see = tf.function(encoder, reduce_retracing=True)
        self._speak = tf.function(decoder, reduce_retracing=True)

    def look(self, pictures):
        """Return the grid of features of pictures: float32 (n, rows, columns, channels)."""
        return self._see(self._checked(pictures))

    def describe(self, pictures, width: int = 1, alpha: float = 0.7) -> list[str]:
        """One sentence for each picture, (n, 64, 64, 3); width above 1 searches with a beam."""
        pictures = self._checked(pictures)
        sentences = []
        for start in range(0, len(pictures), BATCH):
            grid = self.look(pictures[start : start + BATCH])
            ask = self.next_words(grid, width)
            rows = beam_search(ask, len(grid), self.vocabulary.length, width, alpha)
            sentences += [self.vocabulary.decode(row) for row in rows]
        return sentences

    def next_words(self, grid, width: int = 1):
        """Return the function that searches ask: words (n, width, t) to log-probabilities."""
        grid = tf.repeat(grid, width, axis=0)
        longest = self.vocabulary.length - 1

        def ask(words):
            count, beams, said = words.shape
            rows = _padded(words.reshape(count * beams, said), longest)  # one shape: traced once
            logits = self._speak([grid, tf.constant(rows)])["logits"][:, said - 1]
            return tf.nn.log_softmax(logits).numpy().reshape(count, beams, -1)

        return ask

    def attention(self, picture, sentence: str) -> np.ndarray:
        """Where it looked at each word: float32 (words, rows, columns); each map sums to one.

        The mean over the heads. The map of a word is the one from which that word was chosen.
        """
        grid = self.look(picture[None])
        rows = self.vocabulary.encode([sentence])
        outputs = self._speak([grid, rows[:, :-1]])
        if "weights" not in outputs:
            raise CaptionError("This captioner has no attention: it looks once, before it speaks.")
        weights = outputs["weights"].numpy()[0].mean(0)[: len(sentence.split())]
        return weights.reshape(-1, *grid.shape[1:3])

    def _checked(self, pictures):
        pictures = np.asarray(pictures)
        if pictures.ndim != 4 or not len(pictures):
            raise CaptionError("There is no picture: hand over an array (n, height, width, 3).")
        if pictures.shape[1:] != self._shape:
            wanted, found = (" × ".join(map(str, s)) for s in (self._shape, pictures.shape[1:]))
            raise CaptionError(
                f"This captioner takes {wanted} numbers a picture and got {found}: a photograph "
                "needs a captioner that was trained on photographs."
            )
        return pictures
