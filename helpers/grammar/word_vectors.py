"""GloVe word vectors: the 40,000 most frequent English words ship with the workshop.

Pennington, Socher and Manning (2014), trained on Wikipedia and news, public domain (PDDL). All
400,000 words are in `glove.6B.50d.txt` of https://nlp.stanford.edu/projects/glove/: `read_text`.
"""

from itertools import islice
from pathlib import Path

import numpy as np

from helpers import assets

SHIPPED = "glove-50d-40k"


def load():
    """Return (words, vectors): a list of 40,000 strings, most frequent first; float32 (n, 50)."""
    with np.load(assets.path(SHIPPED), allow_pickle=False) as file:
        words = file["words"].tobytes().decode("utf-8").split("\n")
        return words, file["codes"] * file["scale"]


def read_text(path, limit=None):
    """Read GloVe's own text format (a word and its numbers a line): what `load` returns."""
    words, rows = [], []
    with Path(path).open(encoding="utf-8") as lines:
        for line in islice(lines, limit):
            word, *numbers = line.rstrip("\n").split(" ")
            words.append(word)
            rows.append(np.array(numbers, np.float32))
    return words, np.stack(rows)


def pack(path, words, vectors):
    """Write the file that `load` reads: each number as one of 255 steps between ± its largest."""
    scale = np.abs(vectors).max(0).astype(np.float32) / 127
    codes = np.round(vectors / scale).astype(np.int8)
    letters = np.frombuffer("\n".join(words).encode("utf-8"), np.uint8)
    np.savez_compressed(path, words=letters, codes=codes, scale=scale)


class WordVectors:
    """Words as points: who is near whom, and which way leads from one to another.

    words: n strings. vectors: float32 (n, d); kept at length 1, so that a product is a cosine.
    """

    def __init__(self, words, vectors):
        """Normalise the vectors."""
        self.words, self.number = words, {word: i for i, word in enumerate(words)}
        self.vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def __contains__(self, word):
        """Whether the word has a vector."""
        return word.lower() in self.number

    def __getitem__(self, word):
        """Return the word's vector, float32 (d,). KeyError, in a sentence, if it has none."""
        if word not in self:
            raise KeyError(f"There is no vector for {word!r}: try a more frequent word.")
        return self.vectors[self.number[word.lower()]]

    def nearest(self, vector, count=8, without=()):
        """Return the words nearest to a vector: [(word, cosine), …], best first."""
        cosines = self.vectors @ (vector / np.linalg.norm(vector))
        hidden = [self.number[w.lower()] for w in without if w in self]
        cosines[hidden] = -1
        return [(self.words[i], float(cosines[i])) for i in np.argsort(-cosines)[:count]]

    def analogy(self, a, b, c, count=5):
        """Return what is to `c` as `b` is to `a`: nearest to b - a + c, these three left out."""
        return self.nearest(self[b] - self[a] + self[c], count, without=(a, b, c))
