"""The lesson's treebanks: sentences of a small grammar, and the English Web Treebank."""

import os
import random
from itertools import islice
from pathlib import Path

from helpers import assets
from helpers.grammar import conllu

PARTS = {"train": 1000, "dev": 300, "test": 500}


def own():
    """Return {"train", "dev", "test"} of the own treebank: 1,000, 300 and 500 `Sentence`s.

    No sentence is in two parts. Each has its tree by birth: rules with weights wrote both at once.
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


def real_or_own(count=4000, unseen=300):
    """Return (a line on where they are from, training sentences, unseen sentences).

    `count` real sentences, drawn from EWT, where WORKSHOP_EWT names its folder or downloads are
    allowed; else, or when that fails, those of the own treebank.
    """
    if os.environ.get("WORKSHOP_EWT") or not assets.offline():
        try:
            train, dev = ewt("train"), ewt("dev")
        except conllu.TreebankError as error:
            print(error)
        else:
            draw = random.Random(0).sample  # noqa: S311
            train, dev = draw(train, min(count, len(train))), draw(dev, min(unseen, len(dev)))
            return f"{len(train):,} real sentences of the English Web Treebank", train, dev
    parts = own()
    train, dev = parts["train"][:count], parts["dev"][:unseen]
    reason = "the English Web Treebank is not on this machine"
    return f"{len(train):,} sentences of our own grammar: {reason}", train, dev
