"""What goes into a captioner: words as numbers, and photographs as grids of features.

The networks and their training are what lesson 05 teaches, so they stand there.
"""

import hashlib
import zipfile
from collections import Counter
from itertools import takewhile
from pathlib import Path

import numpy as np
import PIL.Image
import tensorflow as tf
from tqdm.auto import tqdm

from helpers import files, images
from helpers.captions import world

PAD, START, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<start>", "<end>", "<unknown>")
BATCH = 64
PHOTOS = 4  # at a time
PHOTO_LAYER = "block15_project_bn"  # of EfficientNet-Lite0: 7 × 7 cells of 320 numbers
COVERED = 0.95  # share of all that is said whose words a vocabulary should know


class CaptionError(ValueError):
    """Words, captions or pictures that can't be used: one sentence that says what to do."""


class Vocabulary:
    """The words a network knows. `words[number]` is the word; the first four are `SPECIAL`."""

    def __init__(self, words, length):
        """Keep the words; sentences become rows of `length` numbers, start and end included."""
        self.words = [*SPECIAL, *(word for word in words if word not in SPECIAL)]
        self.length = length
        self._numbers = {word: number for number, word in enumerate(self.words)}

    @classmethod
    def of(cls, sentences, at_least=1, longest=None):
        """Collect the words that the sentences use at least so often. CaptionError without any.

        longest: how many words of a sentence are kept; as many as the longest has, by default.

        In a small collection nearly every word is rare. As long as more than one in twenty words
        of the sentences would be unknown, fewer uses are enough.
        """
        split = [sentence.lower().split() for sentence in sentences]
        counts = Counter(word for words in split for word in words)
        if not counts:
            raise CaptionError(
                f"There are no words in these {len(split)} captions: give it some sentences."
            )
        while sum(n for n in counts.values() if n >= at_least) < COVERED * counts.total():
            at_least -= 1
        kept = sorted(word for word, count in counts.items() if count >= at_least)
        return cls(kept, (longest or max(map(len, split))) + 2)

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
        said = takewhile(lambda number: number != END, numbers)
        return " ".join(self.words[number] for number in said if number not in (PAD, START))


def toy_vocabulary() -> Vocabulary:
    """Every word of the toy world's grammar."""
    _, _, sentences = world.load("train", 2000)
    return Vocabulary.of([sentence for five in sentences for sentence in five])


def photo_grids(backbone, pictures, kept=None, mirrored=False) -> np.ndarray:
    """Features of photographs from a pretrained network: float32 (n, rows, columns, channels).

    backbone: from `backbones.load(..., top=False)`, cut after its last block, before channels are
    widened for a thousand classes. pictures: paths, or whatever `images.read` takes; each is
    squeezed into the network's square, so that nothing at its edges is lost.

    kept: a folder; the grids of these files are computed once, with a bar, and kept there. After an
    interrupt only what is missing is computed. Raises CaptionError if nothing can be written there.

    mirrored: the mean of two grids, of the photograph and of its mirror image, turned back
    (test-time augmentation): what only one of them sees counts less.
    """

    def squeezed(picture):
        return PIL.Image.fromarray(images.read(picture)).resize(backbone.size[::-1])

    # As a graph, a layer's maps go when the next has read them; few pictures at a time are enough.
    part = tf.function(backbone.upto(PHOTO_LAYER), reduce_retracing=True)

    def look(pixels):
        return part(backbone.scale(pixels)).numpy()

    grids = []
    for start in tqdm(range(0, len(pictures), PHOTOS), "photographs", disable=kept is None):
        some = pictures[start : start + PHOTOS]
        file = kept and _place(Path(kept), some, mirrored)
        if not (file and file.is_file()):
            pixels = np.stack([squeezed(picture) for picture in some]).astype("float32")
            grid = look(pixels)
            grids.append((grid + look(pixels[:, :, ::-1])[:, :, ::-1]) / 2 if mirrored else grid)
            if file:
                with files.replacing(file) as fresh:
                    np.save(fresh, grids[-1])
        else:
            grids.append(np.load(file))
    return np.concatenate(grids)


def _place(folder, paths, mirrored):
    """The file in a folder for the grids of these pictures as they are now."""
    state = mirrored, [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise CaptionError(f"{folder} can't be written ({error.strerror}).") from None
    return folder / f"{hashlib.sha256(repr(state).encode()).hexdigest()[:16]}.npy"


def pairs_of(grids, photos, vocabulary):
    """All pairs of a photograph and one of its sentences, in batches, for `fit`."""
    pairs = [(n, said) for n, photo in enumerate(photos) for said in photo.sentences]
    pairs = [(n, said) for n, said in pairs if len(said.split()) <= vocabulary.length - 2]
    which, sentences = zip(*pairs, strict=True)
    rows, cells = vocabulary.encode(sentences), tf.constant(grids)
    data = tf.data.Dataset.from_tensor_slices((list(which), rows)).shuffle(len(rows), seed=0)
    return data.batch(BATCH).map(lambda n, row: ((tf.gather(cells, n), row[:, :-1]), row[:, 1:]))


def save(path, network, vocabulary):
    """Write a captioner's words and its weights, in half precision, to a .npz file."""
    arrays = {f"weight {n}": w.astype(np.float16) for n, w in enumerate(network.get_weights())}
    with files.replacing(path) as fresh, fresh.open("wb") as stream:
        np.savez_compressed(stream, words=vocabulary.words, length=vocabulary.length, **arrays)


def load(path, build):
    """Return (network, vocabulary) from a file of `save`; `build(vocabulary)` makes the network.

    Raises CaptionError when the file holds something else. No code in the file is run.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            vocabulary = Vocabulary(file["words"].tolist(), int(file["length"]))
            network = build(vocabulary)
            weights = [file[f"weight {n}"] for n in range(len(network.get_weights()))]
            network.set_weights([weight.astype(np.float32) for weight in weights])
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise CaptionError(f"{Path(path).name} is not a captioner that fits here.") from error
    return network, vocabulary
