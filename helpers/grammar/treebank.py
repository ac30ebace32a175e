"""The lesson's treebanks: sentences written for it, and the English Web Treebank."""

import os
from itertools import islice
from pathlib import Path

from helpers import assets
from helpers.grammar import conllu

PARTS = {"train": 300, "dev": 60, "test": 100}


def own():
    """Return {"train", "dev", "test"} of the own treebank: 300, 60 and 100 `Sentence`s.

    Everyday English written for this workshop, its trees corrected by hand. No sentence is in two
    parts.
    """
    sentences = iter(conllu.read(assets.path("workshop-treebank"), trees=True))
    return {part: list(islice(sentences, count)) for part, count in PARTS.items()}


def ewt(part):
    """Return the "train", "dev" or "test" part of UD English EWT (2.16): a list of `Sentence`.

    It is read from the folder that the environment variable WORKSHOP_EWT names, else it is
    downloaded once. CC BY-SA 4.0 (Silveira et al. 2014). Raises TreebankError where neither works.
    """
    file = f"en_ewt-ud-{part}.conllu"
    if folder := os.environ.get("WORKSHOP_EWT"):
        return conllu.read(Path(folder) / file, trees=True)
    try:
        return conllu.read(assets.path(f"ewt-{part}"), trees=True)
    except assets.AssetError as error:
        raise conllu.TreebankError(
            f"{error} Or name a folder with {file} in the environment variable WORKSHOP_EWT."
        ) from error
