"""How good sentences about pictures are: like people's (BLEU), and true, where that can be told."""

import itertools
import os
from collections import Counter

import numpy as np

from helpers import assets
from helpers.captions import caption_files, captioning, world
from helpers.captions.captioning import CaptionError
from helpers.captions.speaker import Speaker
from helpers.vision import backbones


def bleu(sentences, references, order: int = 4) -> float:
    """BLEU, 0 to 100, of sentences against a list of references for each (Papineni, 2002).

    order: the longest n-gram that counts.
    """
    from sacrebleu.metrics import BLEU

    streams = list(map(list, zip(*references, strict=True)))
    metric = BLEU(tokenize="none", force=True, max_ngram_order=order)
    return metric.corpus_score(sentences, streams).score


def cider(sentences, references) -> float:
    """CIDEr-D, about 0 to 10 (Vedantam and others, 2015): n-grams that say much count more.

    For n from 1 to 4: the cosine between the n-grams of sentence and reference, each weighted by
    how rare it is among the pictures; clipped, and lowered where the lengths differ.
    """
    grams = [[_ngrams(reference) for reference in some] for some in references]
    pictures = Counter(itertools.chain.from_iterable(set().union(*some) for some in grams))

    def weighted(counts, n):
        weights = {g: np.log(len(references) / max(1, pictures[g])) for g in counts if len(g) == n}
        return {gram: counts[gram] * weight for gram, weight in weights.items()}

    def norm(vector):
        return np.sqrt(sum(weight**2 for weight in vector.values()))

    scores = []
    for sentence, others in zip(sentences, grams, strict=True):
        mine = _ngrams(sentence)
        for n, theirs in itertools.product(range(1, 5), others):
            one, other = weighted(mine, n), weighted(theirs, n)
            shared = sum(min(one[g], other[g]) * other[g] for g in one.keys() & other.keys())
            words = [sum(k for g, k in counts.items() if len(g) == 1) for counts in (mine, theirs)]
            fit = np.exp(-((words[0] - words[1]) ** 2) / 72)
            scores.append(fit * shared / max(norm(one) * norm(other), 1e-9))
    return 10 * float(np.mean(scores))


def _ngrams(sentence):
    words = sentence.split()
    rows = (zip(*(words[i:] for i in range(n)), strict=False) for n in range(1, 5))
    return Counter(itertools.chain(*rows))


def against_others(references, sentences=None) -> float:
    """How far the references agree: the BLEU-4 of each against the others, in the mean.

    sentences: judge these in the place of each reference, so that both have as many to match.
    """
    streams = list(zip(*references, strict=True))
    others = [list(zip(*streams[:n], *streams[n + 1 :], strict=True)) for n in range(len(streams))]
    judged = streams if sentences is None else [sentences] * len(streams)
    return float(np.mean([bleu(*pair) for pair in zip(judged, others, strict=True)]))


def truth(sentences, true_scenes) -> dict[str, float]:
    """Shares of sentences that are grammatical, wholly true, and true in each kind of claim.

    Claims are counted where a sentence makes them: one without a relation can't get it wrong.
    """
    verdicts = [world.judge(s, scene) for s, scene in zip(sentences, true_scenes, strict=True)]
    shares = {}
    for claim in ("grammatical", "true", "things", "counts", "sizes", "relation", "place"):
        made = [getattr(v, claim) for v in verdicts if getattr(v, claim) is not None]
        shares[claim] = float(np.mean(made)) if made else float("nan")
    return shares


def judged(speaker, split: str, count: int = 500, width: int = 1) -> dict[str, float]:
    """Judge a speaker on `count` pictures of a split: BLEU, the references' own, and the truth.

    Both BLEUs are against all references but one, each left out in turn.
    """
    pictures, true_scenes, references = world.load(split, count)
    sentences = speaker.describe(pictures, width)
    figures = {
        "BLEU-4": against_others(references, sentences),
        "agreement": against_others(references),
    }
    return figures | truth(sentences, true_scenes)


def evaluate(options, lesson) -> dict[str, float]:
    """Score the shipped captioners on held-out scenes: `python -m helpers evaluate captioner`.

    lesson: what lesson 05 teaches, as a module; its `trained` builds the networks.
    """
    vocabulary, figures = captioning.toy_vocabulary(), {}
    for name, which in (("captioner", ""), ("captioner-plain", ", without attention")):
        speak = lesson.read if which else lesson.read_and_look
        speaker = lesson.trained(name, vocabulary, speak)
        for split in ("test", "test unseen"):
            found = judged(speaker, split)
            figures |= {f"{split}: {figure}{which}": value for figure, value in found.items()}
    return figures


def evaluate_photos(options, lesson) -> dict[str, float]:
    """Score the captioner of photographs: `python -m helpers evaluate captioner-photos F`.

    folder: captioned photographs as `caption_files.read` takes them; the "test" part is judged, by
    as many sentences for each as all of them have.
    """
    folder = options.get("folder") or os.environ.get("WORKSHOP_FLICKR8K")
    if not folder:
        raise CaptionError("Name the photographs' folder, or set WORKSHOP_FLICKR8K to it.")
    photos = caption_files.split(caption_files.read(folder), folder)["test"]
    backbone = backbones.load("efficientnet_lite0", top=False)
    grids = captioning.photo_grids(backbone, [photo.path for photo in photos], mirrored=True)
    network = captioning.load(assets.path("captioner-photos"), lesson.build_photo_captioner)
    return {"photographs": len(photos)} | of_photos(Speaker(*network), grids, photos)


def of_photos(speaker, grids, photos) -> dict[str, float]:
    """BLEU and CIDEr of what a speaker says of photographs, by greedy search and by a beam."""
    fewest = min(len(photo.sentences) for photo in photos)
    references, figures = [photo.sentences[:fewest] for photo in photos], {}
    for width in (1, 3):
        said = speaker.describe(grids, width)
        for order in range(1, 5):
            figures[f"BLEU-{order}, beam of {width}"] = bleu(said, references, order)
        figures[f"CIDEr, beam of {width}"] = cider(said, references)
    return figures
