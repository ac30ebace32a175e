"""What lesson 04 learns from few labels: seven classes of Caltech-101, and cells cut out of smears.

The features of all of them, as GoogLeNet makes them at two cuts, are computed once in the lesson's
full mode and published as `few-labels-features`; the runs that take long as `transfer-study`.
"""

import itertools
import json
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import keras
import numpy as np
from keras import layers

from helpers import assets, images
from helpers.start import forget
from helpers.vision import backbones, transfer

THINGS = ("dolphin", "emu", "kangaroo", "okapi", "rhino")  # ImageNet has no class for them
FLOWERS = ("lotus", "water_lilly")  # the second as the collection spells it
CELLS = ("RBC", "WBC", "Platelets")
CUTS = ("inception_4e_output", "inception_5b_output")
SIDE = 224
WINDOW, OF_EACH = 160, 70  # pixels of a smear around a cell; cells of each kind
SEEDS = range(5)
HEAD, SMALL, LARGE, NOTHING = "head alone", "small steps", "large steps", "from nothing"
PAIRS = ((HEAD, NOTHING), (SMALL, HEAD), (LARGE, HEAD))
STEPS = {SMALL: 1e-4, LARGE: 3e-3}  # learning rates of fine-tuning
COPIES, PLAIN, CHANGED = 4, "as they are", "with four copies"  # for augmentation
TO_CUT = ("googlenet", "inception_v3")  # the networks in which places to cut are compared
RATES = (1e-3, 3e-3, 1e-2)  # of which the rival takes the best of another seed


def files(classes: tuple[str, ...]) -> tuple[list[str], np.ndarray]:
    """Return the names of the pictures of some of Caltech's classes, and their labels."""
    known = sorted(assets.facts("caltech-ten").digests)
    found = [name for one in classes for name in known if name.startswith(f"{one}/")]
    return found, np.array([classes.index(name.partition("/")[0]) for name in found])


def pictures(names: list[str], side: int = SIDE) -> np.ndarray:
    """Return pictures of Caltech: uint8 (n, side, side, 3); all grey where they can't be had."""
    if not assets.available("caltech-ten"):
        return np.full((len(names), side, side, 3), 128, np.uint8)
    folder = assets.path("caltech-ten")
    return np.stack([images.read(folder / name, (side, side)) for name in names])


def cells(side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Return cells, cut out of smears around the middle of their box, and their labels.

    uint8 (n, side, side, 3): as many of each of `CELLS`, at most one of a kind from a smear. All
    grey where the smears can't be had.
    """
    if not assets.available("blood-smears"):
        grey = np.full((len(CELLS) * OF_EACH, side, side, 3), 128, np.uint8)
        return grey, np.repeat(range(len(CELLS)), OF_EACH)
    folder, found = assets.path("blood-smears"), {kind: [] for kind in CELLS}
    for file in sorted((folder / "Annotations").glob("*.xml")):
        # The file is the verified one, so its XML can be trusted.
        smear, boxes = None, ElementTree.parse(file).iter("object")  # noqa: S314
        middles = {box.findtext("name"): _middle(box.find("bndbox")) for box in boxes}
        for kind in found.keys() & middles.keys():
            row, column = middles[kind]
            near = WINDOW // 2
            if len(found[kind]) == OF_EACH or not (
                near <= row <= 480 - near and near <= column <= 640 - near
            ):
                continue
            if smear is None:
                smear = images.read(folder / "JPEGImages" / f"{file.stem}.jpg")
            square = smear[row - near : row + near, column - near : column + near]
            found[kind].append(images.resize(square, (side, side)))
    return np.concatenate([found[kind] for kind in CELLS]), np.repeat(range(3), OF_EACH)


def _middle(box) -> tuple[int, int]:
    low, high = ([int(box.findtext(f"{axis}{end}")) for axis in "yx"] for end in ("min", "max"))
    return (low[0] + high[0]) // 2, (low[1] + high[1]) // 2


def features(backbone, pixels: np.ndarray, cuts=CUTS) -> dict[str, np.ndarray]:
    """Return what the network says of pictures at each of `cuts`: float32 (n, channels)."""
    part = backbone.upto(list(cuts))
    means = [layers.GlobalAveragePooling2D()(maps) for maps in part.outputs]
    found = list(_said(keras.Model(part.input, means), pixels, scale=backbone.scale))
    return dict(zip(cuts, map(np.concatenate, zip(*found, strict=True)), strict=True))


def _said(model, x, places=None, scale=np.asarray):
    """Yield what a model says of `x`, or of some places in it: `predict` would copy all of it."""
    places, size = np.arange(len(x)) if places is None else places, transfer.BATCH_FEATURES
    batches = np.split(places, range(size, len(places), size))
    for some in batches:
        yield model.predict_on_batch(scale(x[some].astype("float32")))


def write_features(file) -> None:
    """Compute the features of all pictures of the lesson, and keep them as float16."""
    backbone, kept = backbones.load("googlenet", top=False), {}
    x_cells, _ = cells()
    for name, pixels in {"things": None, "flowers": None, "cells": x_cells}.items():
        if pixels is None:
            pixels = pictures(files(THINGS if name == "things" else FLOWERS)[0])
        for cut, values in features(backbone, pixels).items():
            kept[f"{name} {cut}"] = values.astype(np.float16)
    with Path(file).open("wb") as stream:
        np.savez(stream, **kept)


def load_features(name: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the published features of "things", "flowers" or "cells" by cut, and the labels."""
    with np.load(assets.path("few-labels-features")) as kept:
        found = {cut: kept[f"{name} {cut}"].astype("float32") for cut in CUTS}
    if name == "cells":
        return found, np.repeat(range(3), OF_EACH)
    return found, files(THINGS if name == "things" else FLOWERS)[1]


def split(labels: np.ndarray, of_each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose `of_each` pictures of each class by chance: their places, and those of the others."""
    draw = np.random.default_rng(seed)
    chosen = [draw.permutation(np.flatnonzero(labels == k))[:of_each] for k in np.unique(labels)]
    learn = np.concatenate(chosen)
    return learn, np.setdiff1d(np.arange(len(labels)), learn)


def solved_head(features: np.ndarray, labels: np.ndarray, copies: int = 0):
    """Return a head for standardised features, solved by scikit-learn: it has `predict`.

    A picture counts as one, together with its changed `copies`.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.01 / (1 + copies), max_iter=300))
    return head.fit(features, labels)


def learning_curve(
    features, labels, counts=(1, 2, 5, 10, 20), seeds=SEEDS, copies=()
) -> dict[int, list[float]]:
    """Return {pictures of each class: [held-out accuracy of each seed]}, all classes alike.

    copies: features of changed copies, in the same order; those of learnt pictures are learnt too.
    """
    from sklearn.metrics import balanced_accuracy_score

    found = {}
    for count in counts:
        found[count] = []
        for seed in seeds:
            learn, held = split(labels, count, seed)
            x = np.concatenate([one[learn] for one in (features, *copies)])
            head = solved_head(x, np.tile(labels[learn], 1 + len(copies)), len(copies))
            answers = head.predict(features[held])
            found[count].append(float(balanced_accuracy_score(labels[held], answers)))
    return found


def where_to_cut(backbone) -> dict[str, dict[str, list[float]]]:
    """Return {"things" or "cells": {layer: accuracy of each seed}}, with ten of each class."""
    found = {}
    for task, (x, y) in _tasks(backbone.size[0]):
        at = features(backbone, x, backbone.layers)
        found[task] = {cut: learning_curve(values, y, [10])[10] for cut, values in at.items()}
    return found


def with_copies(backbone) -> dict[str, dict[str, dict[int, list[float]]]]:
    """Return {"things" or "cells": {PLAIN or CHANGED: learning curve}}, of the network's end."""
    found, end = {}, CUTS[1]
    for task, (x, y) in _tasks(backbone.size[0]):
        copies = (transfer.augmented(x, seed) for seed in range(COPIES))
        here, *copies = (features(backbone, one)[end] for one in itertools.chain([x], copies))
        found[task] = {PLAIN: learning_curve(here, y)}
        found[task][CHANGED] = learning_curve(here, y, copies=copies)
    return found


def _tasks(side: int):
    names, labels = files(THINGS)
    yield "things", (pictures(names, side), labels)
    yield "cells", cells(side)


def best_rate(train_from_nothing) -> float:
    """Return which of `RATES` suits the rival best, on a seed that the study doesn't use."""
    names, labels = files(THINGS)
    small, (learn, held) = pictures(names, SIDE // 2), split(labels, 10, len(SEEDS))
    tried = [
        _right(train_from_nothing(small[learn], labels[learn], rate), small, labels, held)
        for rate in RATES
    ]
    return RATES[int(np.argmax(tried))]


def study(train_from_nothing, train_head, fine_tune, rate: float, seeds=SEEDS) -> dict:
    """Run what takes long with the lesson's functions: ten photographs of each animal.

    Returns {"network": name, "rate": the rival's, "things": {way: [accuracy of each seed]},
    "seconds": {what: [the processor's seconds in each seed]}}.
    """
    names, labels = files(THINGS)
    large, small = pictures(names), pictures(names, SIDE // 2)
    bare, (kept, _) = backbones.load("googlenet", top=False), load_features("things")
    said = _said(bare.upto(CUTS[0]), large, scale=bare.scale)
    maps = np.concatenate([one.astype(np.float16) for one in said])  # all of them: half the memory
    upper = keras.Model(bare.model.get_layer(CUTS[0]).output, bare.model.output)
    found = {way: [] for way in (HEAD, *STEPS, NOTHING)}
    seconds = {what: [] for what in ("features", HEAD, NOTHING)}

    def timed(what, function, *arguments):
        start = time.process_time()
        result = function(*arguments)
        seconds[what].append(round(time.process_time() - start, 1))
        return result

    for seed in seeds:
        learn, held = split(labels, 10, seed)
        y, end = labels[learn], kept[CUTS[1]]
        timed("features", features, bare, large[learn])
        head = timed(HEAD, train_head, end[learn], y, len(THINGS), seed)
        found[HEAD].append(_right(head, end, labels, held))
        for way, step in STEPS.items():
            tuned = fine_tune(upper, maps[learn].astype("float32"), y, step, seed=seed)
            found[way].append(_right(tuned, maps, labels, held))
        rival = timed(NOTHING, train_from_nothing, small[learn], y, rate, seed)
        found[NOTHING].append(_right(rival, small, labels, held))
        del head, tuned, rival  # gives the memory of this seed's networks back
        keras.utils.clear_session()
        forget()
    return {"network": bare.name, "rate": rate, "things": found, "seconds": seconds}


def _right(model, x, labels, held) -> float:
    scores = np.concatenate(list(_said(model, x, held)))
    return float((scores.argmax(1) == labels[held]).mean())


def publish(train_from_nothing, train_head, fine_tune) -> None:
    """Compute the features and the study anew, and put both into `data/`.

    A network whose weights aren't on this machine keeps the places to cut that are known.
    """
    for needed in ("googlenet", "caltech-ten", "blood-smears"):
        assets.path(needed)
    cuts = load()["cuts"]
    for name in reversed(TO_CUT):  # InceptionV3 needs most memory, so it comes first
        if assets.available(name.replace("_", "-")):
            forget()
            cuts[name] = where_to_cut(backbones.load(name, top=False))
    forget()
    assets.publish("few-labels-features", write_features)
    forget()
    rate = best_rate(train_from_nothing)
    forget()
    found = study(train_from_nothing, train_head, fine_tune, rate)
    forget()
    found["copies"] = with_copies(backbones.load("googlenet", top=False))
    found["cuts"] = {name: cuts[name] for name in TO_CUT}
    text = json.dumps(found, indent=1) + "\n"
    assets.publish("transfer-study", lambda file: file.write_text(text, encoding="utf-8"))


def load() -> dict:
    """Return the published figures of the lesson's long runs."""
    return json.loads(assets.path("transfer-study").read_text(encoding="utf-8"))
