"""Sentences with their grammar, and the CoNLL-U files that carry them, passed through unchanged.

CoNLL-U is the file format of Universal Dependencies: ten columns a word, an empty line after each
sentence (https://universaldependencies.org/format.html). A file may also hold comments, multi-word
tokens ("2-3  don't") and empty nodes ("8.1"): they are kept as they stand and take no part in the
tree, which is what the official scorer does too.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers import files

WORD_LINE = re.compile(r"[1-9][0-9]*\t")
COLUMNS = 10


class TreebankError(ValueError):
    """A file is not CoNLL-U, or holds a tree that is none."""


@dataclass
class Sentence:
    """One sentence: its words and, where known, their grammar.

    words: list of n strings. tags, fine_tags: n universal and n language-specific parts of speech
    ("_" where unknown). heads: int32 array (n,), the position of each word's head counted from 1;
    0 is the root, -1 unknown. relations: n strings. lines: the lines of the file it came from.
    """

    words: list
    tags: list = None
    fine_tags: list = None
    heads: np.ndarray = None
    relations: list = None
    lines: list = field(default=None, repr=False)

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


def parse(text, name="the text"):
    """Read CoNLL-U text and return a list of `Sentence`.

    Raises TreebankError, which names the line, when the text is something else.
    """
    sentences, block = [], []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        line = line.removesuffix("\r")
        if line.strip():
            if not line.startswith("#") and line.count("\t") != COLUMNS - 1:
                raise TreebankError(
                    f"Line {number} of {name} is not CoNLL-U: it has {line.count(chr(9)) + 1} "
                    f"columns, and {COLUMNS} separated by tabs are needed."
                )
            block.append(line)
        elif block:
            sentences.append(_sentence(block, f"{name}, above line {number}"))
            block = []
    return sentences


def read(path):
    """Read a CoNLL-U file (UTF-8) and return a list of `Sentence`."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TreebankError(f"{path.name} is not UTF-8 text, so it can't be CoNLL-U.") from error
    except OSError as error:
        raise TreebankError(f"{path} can't be read: {error.strerror}.") from error
    return parse(text, path.name)


def _sentence(lines, where):
    rows = [line.split("\t") for line in lines if WORD_LINE.match(line)]
    if [row[0] for row in rows] != [str(i) for i in range(1, len(rows) + 1)]:
        raise TreebankError(f"The words in {where} are not numbered 1, 2, 3 …")
    try:
        heads = np.array([-1 if row[6] == "_" else int(row[6]) for row in rows], np.int32)
    except ValueError as error:
        raise TreebankError(f"A head in {where} is not a number.") from error
    if len(rows) and (heads.max() > len(rows) or heads.min() < -1):
        raise TreebankError(f"A head in {where} is outside the sentence.")
    return Sentence(
        words=[row[1] for row in rows],
        tags=[row[3] for row in rows],
        fine_tags=[row[4] for row in rows],
        heads=heads,
        relations=[row[7] for row in rows],
        lines=lines,
    )


def text(sentences):
    """Return CoNLL-U text: `parse(text(s))` is `s`; lines of a file that was read stay as they are.

    Only the columns of tag, head and relation are written anew, from the sentence. When heads or
    relations changed, the column of enhanced dependencies no longer fits and becomes "_".
    """
    return "".join("".join(f"{line}\n" for line in _lines(s)) + "\n" for s in sentences)


def write(path, sentences):
    """Write sentences to a CoNLL-U file, all or nothing."""
    files.write(path, text(sentences))


def _lines(sentence):
    if sentence.lines is None:
        lines = [f"# text = {' '.join(sentence.words)}"]
        lines += [f"{i}\t{word}" + "\t_" * 8 for i, word in enumerate(sentence.words, 1)]
    else:
        lines = sentence.lines
    position, out = 0, []
    for line in lines:
        if WORD_LINE.match(line):
            line = _filled(line, sentence, position)
            position += 1
        out.append(line)
    return out


def _filled(line, sentence, position):
    row = line.split("\t")
    head = sentence.heads[position]
    new = ["_" if head < 0 else str(head), sentence.relations[position]]
    if row[6:8] != new:
        row[6:9] = [*new, "_"]
    row[3], row[4] = sentence.tags[position], sentence.fine_tags[position]
    return "\t".join(row)
