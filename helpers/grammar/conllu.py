"""Sentences with their grammar, and the CoNLL-U files that carry them.

CoNLL-U is the file format of Universal Dependencies: ten columns a word, an empty line after each
sentence (https://universaldependencies.org/format.html). Comments, multi-word tokens ("2-3  don't")
and empty nodes ("8.1") take no part in the tree, which is what the official scorer does too. Any
line that is no word is refused by its number.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

import numpy as np

COLUMNS = 10
APART = re.compile("[0-9]+[-.][0-9]+")  # the first column of a multi-word token, an empty node


class TreebankError(ValueError):
    """A file is not CoNLL-U, or holds no trees where trees are needed."""


@dataclass
class Sentence:
    """One sentence: its words and, where known, their grammar.

    words: list of n strings. tags, fine_tags: n universal and n language-specific parts of speech
    ("_" where unknown). heads: int32 array (n,), the position of each word's head counted from 1;
    0 is the root, -1 unknown. relations: n strings.
    """

    words: list
    tags: list = None
    fine_tags: list = None
    heads: np.ndarray = None
    relations: list = None

    def __post_init__(self):
        """Fill in what is not known."""
        n = len(self.words)
        for column in ("tags", "fine_tags", "relations"):
            if getattr(self, column) is None:
                setattr(self, column, ["_"] * n)
        self.heads = np.full(n, -1, np.int32) if self.heads is None else self.heads

    def __len__(self):
        """Count the words."""
        return len(self.words)


def read(path, trees=False):
    """Read a CoNLL-U file (UTF-8) and return a list of `Sentence`; `trees` as in `parse`."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TreebankError(f"{path.name} is not UTF-8 text, so it can't be CoNLL-U.") from error
    except OSError as error:
        raise TreebankError(f"{path} can't be read: {error.strerror}.") from error
    return parse(text, path.name, trees)


def parse(text, name="the text", trees=False):
    """Read CoNLL-U text: a list of `Sentence`; TreebankError, which names the line, for other text.

    trees: every sentence must have a tree with named relations, and there must be one.
    """
    sentences, block = [], []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line := line.removesuffix("\r"):
            block.append((number, line))
        elif block:
            sentences.append((number, _sentence(block, name)))
            block = []
    if trees:
        if not any((s.heads >= 0).any() for _, s in sentences):
            raise TreebankError(f"There are no trees in {name}: no word in it has a head.")
        for number, sentence in sentences:
            demand_trees([sentence], f"Above line {number} of {name}: ")
    return [sentence for _, sentence in sentences]


def flaw(heads):
    """Return why `heads` (n,) are not one tree, in which every word hangs; "" if they are."""
    heads = np.asarray(heads).tolist()
    for word, head in enumerate(heads, 1):
        if not 0 <= head <= len(heads):
            return f"word {word} has no head"
    if heads and heads.count(0) != 1:
        return f"{heads.count(0)} words hang under the root, and one must"
    for word in range(1, len(heads) + 1):
        above = word
        for _ in heads:
            if not (above := heads[above - 1]):
                break
        else:
            return f"word {word} hangs in a circle"
    return ""


def demand_trees(sentences, where=""):
    """Raise TreebankError, which shows the sentence, where one has no whole tree with relations."""
    for sentence in sentences:
        reason = flaw(sentence.heads)
        if not reason and "_" in sentence.relations:
            reason = f"word {sentence.relations.index('_') + 1} has no relation"
        if reason:
            words = shorten(" ".join(sentence.words), 60, placeholder=" …")
            raise TreebankError(f"{where}“{words}” has no whole tree: {reason}.")


def _sentence(block, name):
    def refuse(number, reason):
        raise TreebankError(f"Line {number} of {name} is not CoNLL-U: {reason}.")

    rows = []
    for number, line in block:
        row = line.split("\t")
        if line.startswith("#") or APART.fullmatch(row[0]):
            continue
        if len(row) != COLUMNS or "" in row:
            refuse(number, f"{COLUMNS} columns are needed, separated by tabs, none of them empty")
        if row[0] != str(len(rows) + 1):
            refuse(number, f"{row[0]!r} stands where word {len(rows) + 1} is due")
        rows.append((number, row))
    known = {"_": -1} | {str(place): place for place in range(len(rows) + 1)}
    for number, row in rows:
        if row[6] not in known:
            refuse(number, f"the head {row[6]!r} is not a word's number, 0 or _")
    return Sentence(
        words=[row[1] for _, row in rows],
        tags=[row[3] for _, row in rows],
        fine_tags=[row[4] for _, row in rows],
        heads=np.array([known[row[6]] for _, row in rows], np.int32),
        relations=[row[7] for _, row in rows],
    )
