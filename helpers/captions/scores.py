"""How good sentences about pictures are: like people's (BLEU), and true, where that can be told."""

import time

import numpy as np

from helpers.captions import captioning, world


def bleu(sentences, references) -> float:
    """BLEU-4, 0 to 100, of sentences against a list of references for each (Papineni, 2002)."""
    import sacrebleu

    streams = list(map(list, zip(*references, strict=True)))
    return sacrebleu.corpus_bleu(sentences, streams, tokenize="none", force=True).score


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


def attention_on_things(speaker, pictures, true_scenes, sentences) -> dict[str, float]:
    """How much of the attention lies on the thing named, over true sentences that name two.

    share: mean share of it on the named thing while its noun is chosen; area: the share of the
    picture that the thing fills; on the right one: how often it gets more than the other thing.
    """
    shares, areas, right = [], [], []
    for picture, scene, sentence in zip(pictures, true_scenes, sentences, strict=True):
        if len(scene.things) != 2 or not world.judge(sentence, scene).true:
            continue
        maps = speaker.attention(picture, sentence)
        for word, where in zip(sentence.split(), maps, strict=True):
            named = [t for t in scene.things if word in world.SAY_NOUN[t.noun]]
            if len(named) != 1:
                continue
            masks = {t: covered(t, where.shape) for t in scene.things}
            on = {t: float((where * mask).sum()) for t, mask in masks.items()}
            shares.append(on[named[0]])
            areas.append(float(masks[named[0]].mean()))
            right.append(on[named[0]] == max(on.values()))
    figures = {"share": shares, "area": areas, "on the right one": right}
    return {name: float(np.mean(values)) for name, values in figures.items()}


def covered(thing, shape):
    """How much of each grid cell a thing's square covers, from 0 to 1: float (rows, columns)."""
    half = world.SIZES[thing.size][1] / 2

    def along(centre, cells):
        edges = np.linspace(0, world.SIDE, cells + 1)
        return np.diff(np.clip(edges, centre - half, centre + half)) * cells / world.SIDE

    return np.outer(along(thing.y, shape[0]), along(thing.x, shape[1]))


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
    vocabulary = captioning.toy_vocabulary()
    speaker = lesson.trained("captioner", vocabulary)
    plain = lesson.trained("captioner-plain", vocabulary, attention=False)
    pictures, true_scenes, _ = world.load("test", 500)
    began = time.perf_counter()
    sentences = speaker.describe(pictures)
    figures = {"pictures per second": len(pictures) / (time.perf_counter() - began)}
    for split in ("test", "test unseen"):
        figures |= {f"{split}: {name}": value for name, value in judged(speaker, split).items()}
    figures["test: BLEU-4, beam of 3"] = judged(speaker, "test", 200, width=3)["BLEU-4"]
    for split in ("test", "test unseen"):
        figures[f"{split}: true, without attention"] = judged(plain, split)["true"]
    looked = attention_on_things(speaker, pictures[:200], true_scenes[:200], sentences[:200])
    return figures | {f"attention: {name}": value for name, value in looked.items()}
