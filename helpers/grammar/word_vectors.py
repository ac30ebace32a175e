"""GloVe word vectors: the 40,000 most frequent English words ship with the workshop.

Pennington, Socher and Manning (2014), trained on Wikipedia and news, public domain (PDDL). All
400,000 words are in `glove.6B.50d.txt` of https://nlp.stanford.edu/projects/glove/.
"""

import numpy as np

from helpers import assets


def load_glove():
    """Return (words, vectors): a list of 40,000 strings, most frequent first; float32 (n, 50)."""
    with np.load(assets.path("glove-50d-40k"), allow_pickle=False) as file:
        words = file["words"].tobytes().decode("utf-8").split("\n")
        return words, file["codes"] * file["scale"]


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
        cosines[[self.number[w.lower()] for w in without if w in self]] = -1
        return [(self.words[i], float(cosines[i])) for i in np.argsort(-cosines)[:count]]

    def analogy(self, a, b, c, count=5):
        """Return what is to `c` as `b` is to `a`: nearest to b - a + c, these three left out."""
        return self.nearest(self[b] - self[a] + self[c], count, without=(a, b, c))
