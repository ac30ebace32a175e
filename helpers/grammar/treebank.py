"""The lesson's treebanks: sentences written for it, and the English Web Treebank."""

from itertools import islice

from helpers import assets
from helpers.grammar import conllu

PARTS = {"train": 300, "dev": 60, "test": 100}


def own():
    """Return {"train", "dev", "test"}: everyday English, its trees corrected by hand."""
    sentences = iter(conllu.read(assets.path("workshop-treebank"), trees=True))
    return {part: list(islice(sentences, count)) for part, count in PARTS.items()}


def ewt(part):
    """Return the "train", "dev" or "test" part of UD English EWT (2.16): a list of `Sentence`.

    CC BY-SA 4.0 (Silveira et al. 2014). Raises AssetError where it isn't here and can't be fetched.
    """
    return conllu.read(assets.path(f"ewt-{part}"), trees=True)
