"""Make a network that others trained yours: the tested twin of lesson 04.

    extractor = transfer.extractor(backbones.load("efficientnet_lite0", top=False))
    features = transfer.cached_features(extractor, pictures)    # once, then from the disk
    head = transfer.train_head(features, labels, classes=2)     # in seconds
    mine = transfer.Classifier(transfer.join(extractor, head), ("healthy", "sick"))
    mine.save("cells.keras")
    transfer.load("cells.keras").classify("picture.jpg")        # a stranger, elsewhere

`teach` does it all for a folder of pictures for each class; `grad_cam` shows where a network
looked. TensorFlow is imported when it is needed.
"""

import contextlib
import hashlib
import json
import math
import os
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from helpers import assets, images

# Where to cut a network off. The middle knows textures and small shapes, which tell cells apart;
# the end knows things, which tell photographs apart. The middle and the size were chosen by
# measurement on the drawn cells, for EfficientNet-Lite0; InceptionV3's are at the same depth.
CUTS = {
    "efficientnet_lite0": {"middle": "block10_expand_relu", "end": "head_relu"},
    "inception_v3": {"middle": "mixed6", "end": "mixed10"},
}
SIZE = 144  # height and width at which pictures are looked at, in pixels
BATCH = 32  # of a head's training
BATCH_FEATURES = (
    16  # pictures at once through the frozen part: more is no quicker, and takes memory
)
EPOCHS = 30  # of a head
HEAD_RATE = 3e-3  # learning rate of a head, trained from nothing
FINE_RATE = 1e-4  # learning rate of layers that know something already
SMALLEST = 16  # pixels: a picture in a folder that is less high or wide shows nothing
FEWEST = 5  # pictures of a class, of which four fifths learn and one fifth examines, in turn
FOLDS = 5
LABELS = "labels.json"  # the member of a .keras archive that names the classes


class TransferError(ValueError):
    """Pictures, or a file, that nothing can be learnt from: one sentence with the remedy."""


# -- bottleneck features -------------------------------------------------------------------------


def extractor(backbone, cut: str = "middle", size: int = SIZE):
    """Return the frozen front part of a network: pictures in, bottleneck features out.

    `backbone`: from `backbones.load`, with top=False for any `size`. `cut`: "middle", "end", or a
    layer's name. The Keras model takes pixels 0-255, (n, height, width, 3) of any size, and gives
    float32 (n, channels): each channel's mean over the picture. Resizing and scaling are in it.
    """
    import keras
    from keras import layers

    part = backbone.upto(CUTS.get(backbone.name, {}).get(cut, cut))
    part.trainable = False
    # A network's scaling is a line, so two points tell it.
    offset = float(backbone.scale(np.zeros((1, 1, 1, 3), "float32")).ravel()[0])
    slope = float(backbone.scale(np.ones((1, 1, 1, 3), "float32")).ravel()[0]) - offset
    inputs = keras.Input((None, None, 3), name="pixels")
    x = layers.Resizing(size, size, crop_to_aspect_ratio=True, antialias=True, name="resize")(
        inputs
    )
    x = layers.Rescaling(slope, offset, name="scale")(x)
    maps = part(x, training=False)  # batch normalisation keeps what it learnt from photographs
    return keras.Model(inputs, layers.GlobalAveragePooling2D(name="pool")(maps), name="extractor")


def features(extractor, pictures: np.ndarray, batch_size: int = BATCH_FEATURES) -> np.ndarray:
    """Return the bottleneck features, float32 (n, channels), of pictures (n, height, width, 3)."""
    return extractor.predict(np.asarray(pictures), batch_size=batch_size, verbose=0)


def cached_features(extractor, pictures: np.ndarray, folder=None) -> np.ndarray:
    """Return `features(extractor, pictures)`, from the cache if they were computed before.

    The file's name is a hash of the pictures' pixels, the network's structure and its weights: so
    whatever changes is computed anew, and a wrong answer can't be found. A damaged file is said
    and replaced; a folder (default: `features` in the workshop's cache) that can't be written to
    is done without.
    """
    folder = Path(folder) if folder else assets.cache() / "features"
    pictures = np.ascontiguousarray(pictures)
    file = folder / f"{_fingerprint(extractor, pictures)}.npz"
    found = _stored(file, (len(pictures), extractor.output_shape[-1]))
    if found is None:
        found = features(extractor, pictures)
        _store(file, found)
    return found


def _fingerprint(model, pictures) -> str:
    digest = hashlib.sha256(f"{pictures.shape} {pictures.dtype}".encode())
    digest.update(pictures)
    for layer in model.layers:
        inner = getattr(layer, "layers", [layer])
        digest.update(json.dumps([type(layer).__name__, layer.get_config()], default=str).encode())
        for weight in (weight for part in inner for weight in part.get_weights()):
            digest.update(np.ascontiguousarray(weight))
    return digest.hexdigest()[:32]


def _stored(file: Path, shape) -> np.ndarray | None:
    """Read features of that shape; None if there are none, or none that can be used."""
    if not file.is_file():
        return None
    try:
        with np.load(file) as archive:  # without pickle: nothing in the file can run
            found = archive["features"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        found = None
    if found is None or found.shape != shape or not np.isfinite(found).all():
        _say(f"{file} is damaged, so its features are computed anew.")
        return None
    return found


def _store(file: Path, found: np.ndarray) -> None:
    fresh = file.with_name(f".{file.stem}.{os.getpid()}.npz")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(fresh, features=found)
        fresh.replace(file)
    except OSError as error:
        _say(f"{file.parent} can't keep features ({error.strerror}): they are computed each time.")
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


# -- a head, and the whole -----------------------------------------------------------------------


def train_head(features: np.ndarray, labels: np.ndarray, classes: int, epochs=EPOCHS, seed=0):
    """Train a new last layer on bottleneck features; return it: features in, logits out.

    `features`: (n, channels). `labels`: (n,), from 0 to `classes` - 1. Each channel is brought to
    mean 0 and variance 1 first, so that none shouts the others down; the layer starts from zeros.
    """
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    variance = features.var(0)
    # A channel that is silent in these few pictures must not become deafening in others.
    variance = np.maximum(variance, 0.05 * variance.mean() + 1e-8)
    head = keras.Sequential(
        [
            keras.Input((features.shape[1],)),
            layers.Normalization(mean=features.mean(0), variance=variance, name="standardise"),
            layers.Dense(classes, kernel_initializer="zeros", name="logits"),
        ],
        name="head",
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    head.compile(keras.optimizers.Adam(HEAD_RATE), loss)
    head.fit(features, labels, batch_size=BATCH, epochs=epochs, verbose=0)
    return head


def join(extractor, head):
    """Put a head on an extractor: a Keras model from pixels 0-255 to probabilities."""
    import keras
    from keras import layers

    logits = head(extractor.output)
    probabilities = layers.Softmax(name="probabilities")(logits)
    return keras.Model(extractor.input, probabilities, name="classifier")


def fine_tune(model, pictures, labels, first: str, epochs=5, learning_rate=FINE_RATE, seed=0):
    """Train the network's upper layers further, from layer `first` on, with small steps.

    `model`: from `join`; it stays as it is, a copy is trained and returned. Batch normalisation
    stays in inference mode: its statistics come from a million photographs, and the few pictures
    here would only spoil them.
    """
    import keras

    keras.utils.set_random_seed(seed)
    tuned = keras.models.clone_model(model)
    tuned.set_weights(model.get_weights())
    unfreeze(_backbone(tuned), first)
    tuned.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy")
    tuned.fit(np.asarray(pictures), labels, batch_size=16, epochs=epochs, verbose=0)
    return tuned


def unfreeze(part, first: str) -> None:
    """Let the layers of `part` from `first` on learn, but for batch normalisation's.

    TransferError if there is no such layer.
    """
    from keras import layers

    names = [layer.name for layer in part.layers]
    if first not in names:
        raise TransferError(f"There is no layer '{first}'; the last ones: {', '.join(names[-5:])}.")
    part.trainable = True
    for number, layer in enumerate(part.layers):
        late = number >= names.index(first)
        layer.trainable = late and not isinstance(layer, layers.BatchNormalization)


def _backbone(model):
    """Return the pretrained network inside a model made by `join`."""
    return next(layer for layer in model.layers if len(getattr(layer, "layers", ())) > 4)


def augmented(pictures: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return each picture once more, changed by chance: mirrored, shifted, lighter or darker.

    uint8 (n, height, width, 3) in and out. Features are computed of the copies as of the pictures.
    """
    draw = np.random.default_rng(seed)
    changed = np.empty_like(pictures)
    height, width = pictures.shape[1:3]
    for number, picture in enumerate(pictures):
        if draw.random() < 0.5:
            picture = picture[:, ::-1]
        down, right = (round(draw.uniform(-0.08, 0.08) * side) for side in (height, width))
        margins = ((abs(down), abs(down)), (abs(right), abs(right)), (0, 0))
        wide = np.pad(picture, margins, mode="reflect")
        top, left = abs(down) + down, abs(right) + right
        shifted = wide[top : top + height, left : left + width].astype("float32")
        changed[number] = np.clip(shifted * draw.uniform(0.8, 1.2), 0, 255)
    return changed


# -- a classifier to keep ------------------------------------------------------------------------


@dataclass(frozen=True)
class Classifier:
    """A trained model and what its outputs stand for.

    `model` takes pixels 0-255, (n, height, width, 3) of any size, and gives probabilities, one for
    each of `labels`; `size` is the side, in pixels, at which it looks at a picture.
    """

    model: object = field(repr=False)
    labels: tuple[str, ...]

    @property
    def size(self) -> int:
        """Height and width at which it looks at pictures, in pixels."""
        return self.model.get_layer("resize").height

    def probabilities(self, pictures) -> np.ndarray:
        """Return float32 (n, classes) for a list of whatever `images.read` takes."""
        pixels = np.stack([images.read(one, (self.size, self.size)) for one in pictures])
        return self.model.predict(pixels, batch_size=BATCH_FEATURES, verbose=0)

    def classify(self, picture, top: int = 5) -> list[tuple[str, float]]:
        """Return the `top` best guesses for one picture as (label, probability), best first.

        Raises `images.ImageError` for what is no picture.
        """
        found = self.probabilities([picture])[0]
        best = np.argsort(-found, kind="stable")[:top]
        return [(self.labels[i], float(found[i])) for i in best]

    def save(self, file) -> Path:
        """Write one .keras file: network, weights, preprocessing and labels; no code in it.

        `load` reads it, and so does `keras.models.load_model` without this workshop: the labels
        are a member of their own in the archive, labels.json. The file appears whole or not at all.
        """
        file = Path(file)
        if file.suffix != ".keras":
            raise TransferError(f"{file} should end in .keras: that is the format it is saved in.")
        fresh = file.with_name(f".{os.getpid()}.{file.name}")
        try:
            self.model.save(fresh)
            with zipfile.ZipFile(fresh, "a") as archive:
                archive.writestr(LABELS, json.dumps(self.labels, ensure_ascii=False))
            fresh.replace(file)
        except OSError as error:
            raise TransferError(
                f"{file} can't be written ({error.strerror}): choose another folder."
            ) from None
        finally:
            fresh.unlink(missing_ok=True)
        return file


def load(file) -> Classifier:
    """Read a classifier that `Classifier.save` wrote. TransferError if it is none, or damaged."""
    import keras

    file = Path(file)
    if not file.is_file():
        raise TransferError(f"There is no file {file}: check its name and folder.")
    try:
        with zipfile.ZipFile(file) as archive:
            labels = tuple(json.loads(archive.read(LABELS)))
        # Safe mode: a file that asks for code of its own to be run is refused.
        model = keras.models.load_model(file, compile=False, safe_mode=True)
    except KeyError:
        raise TransferError(
            f"{file} names no classes ({LABELS} is missing): save it with Classifier.save."
        ) from None
    except Exception:  # zipfile, json, h5py and Keras each have errors of their own
        raise TransferError(
            f"{file} is not a saved classifier, or is damaged: save or copy it again."
        ) from None
    return Classifier(model, labels)


# -- a folder of pictures for each class ---------------------------------------------------------


@dataclass(frozen=True)
class Collection:
    """Pictures in folders: uint8 (n, size, size, 3), labels (n,), and the folders' names.

    `skipped`: a sentence for each file that was left out, which names it.
    """

    pictures: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    names: tuple[str, ...]
    skipped: tuple[str, ...] = ()


def read_folder(folder, size: int = SIZE) -> Collection:
    """Read `folder`, which has a folder of pictures for each class, named as the class.

    Files that can't be read, that show nothing or that are there twice are left out and named in
    `skipped`. Raises TransferError where there is nothing to learn from: fewer than two classes,
    or fewer than five pictures of one.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TransferError(f"There is no folder {folder}: check its name and where it is.")
    classes = sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    if len(classes) < 2:
        found = f"only {classes[0].name}" if classes else "none"
        raise TransferError(
            f"{folder} should have a folder of pictures for each class, at least two, and has "
            f"{found}: to choose, there must be something to choose from."
        )
    pictures, labels, skipped, seen = [], [], [], {}
    for number, one in enumerate(classes):
        for file in sorted(path for path in one.iterdir() if not path.name.startswith(".")):
            try:
                pictures.append(_picture(file, size, seen))
                labels.append(number)
            except images.ImageError as error:
                inside = str(error).replace(f"{folder}{os.sep}", "")
                skipped.append(f"{inside} It was left out.")
    counts = np.bincount(np.array(labels, int), minlength=len(classes))
    if counts.min() < FEWEST:
        few = classes[int(counts.argmin())].name
        left_out = f" ({len(skipped)} more could not be used)" if skipped else ""
        raise TransferError(
            f"{folder} has {counts.min()} usable pictures of {few}{left_out}: add some, at least "
            f"{FEWEST} of each class are needed, and 20 are better."
        )
    return Collection(
        np.stack(pictures), np.array(labels), tuple(one.name for one in classes), tuple(skipped)
    )


def _picture(file: Path, size: int, seen: dict) -> np.ndarray:
    """Read one file; ImageError for one that can't be used. `seen`: pixels' hash -> file."""
    pixels = images.read(file, (size, size))
    with Image.open(file) as picture:  # it can be opened: it has just been read
        width, height = picture.size
    if min(width, height) < SMALLEST:
        raise images.ImageError(
            f"{file} has {height} × {width} pixels, too few to show anything: at least "
            f"{SMALLEST} × {SMALLEST} are needed."
        )
    key = hashlib.sha256(pixels).hexdigest()
    if key in seen:
        raise images.ImageError(
            f"{file} is the same picture as {seen[key]}: the exam must not repeat the lesson."
        )
    seen[key] = file
    return pixels


# -- how good it is ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Estimate:
    """How many of `total` held-out pictures were read `right`; `share`, and its 95 % interval."""

    right: int
    total: int

    @property
    def share(self) -> float:
        """Right of all."""
        return self.right / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, 19 times of 20: Wilson 1927, from a count of right answers."""
        z, n = 1.96, self.total
        middle = (self.share + z * z / (2 * n)) / (1 + z * z / n)
        spread = (
            z / (1 + z * z / n) * math.sqrt(self.share * (1 - self.share) / n + (z / n / 2) ** 2)
        )
        return max(0.0, middle - spread), min(1.0, middle + spread)

    def __str__(self) -> str:
        """Say it in a line."""
        low, high = self.interval
        return (
            f"{self.right} of {self.total} held-out pictures right: {self.share:.0%}; "
            f"with so few pictures that means somewhere between {low:.0%} and {high:.0%}"
        )


def folds(labels: np.ndarray, count: int = FOLDS, seed: int = 0) -> np.ndarray:
    """Deal the pictures into `count` folds, each class as evenly as it goes: int (n,)."""
    labels = np.asarray(labels)
    draw = np.random.default_rng(seed)
    dealt = np.empty(len(labels), int)
    start = 0
    for label in np.unique(labels):
        places = draw.permutation(np.flatnonzero(labels == label))
        dealt[places] = (start + np.arange(len(places))) % count
        start += len(places)
    return dealt


def cross_validate(features, labels, classes: int, copies=(), seed: int = 0) -> Estimate:
    """Estimate how well a head reads pictures that it has not seen: each fold is held out once.

    `features`: (n, channels). `copies`: features of changed copies, each (n, channels) in the same
    order; those of pictures that are held out are held out too.
    """
    labels = np.asarray(labels)
    dealt, right = folds(labels, seed=seed), 0
    for fold in np.unique(dealt):
        learn = dealt != fold
        x = np.concatenate([one[learn] for one in (features, *copies)])
        y = np.tile(labels[learn], 1 + len(copies))
        head = train_head(x, y, classes, seed=seed)
        answers = np.asarray(head(features[~learn])).argmax(1)
        right += int((answers == labels[~learn]).sum())
    return Estimate(right, len(labels))


@dataclass(frozen=True)
class Taught:
    """What `teach` made: the classifier, its estimate, and a sentence for each file left out."""

    classifier: Classifier
    estimate: Estimate
    skipped: tuple[str, ...]


def teach(folder, backbone, cut: str = "end", size: int = SIZE, copies: int = 1) -> Taught:
    """Make a classifier of a folder that has a folder of pictures for each class.

    The estimate is by cross-validation; the classifier itself learns from all pictures, so it is
    a little better than that. `copies`: how many changed copies of each picture are learnt from.
    """
    collection = read_folder(folder, size)
    front, classes = extractor(backbone, cut, size), len(collection.names)
    here = cached_features(front, collection.pictures)
    changed = [
        cached_features(front, augmented(collection.pictures, seed)) for seed in range(copies)
    ]
    estimate = cross_validate(here, collection.labels, classes, changed)
    labels = np.tile(collection.labels, 1 + copies)
    head = train_head(np.concatenate([here, *changed]), labels, classes)
    return Taught(Classifier(join(front, head), collection.names), estimate, collection.skipped)


# -- where it looked -----------------------------------------------------------------------------


def grad_cam(model, inputs, target: int | None = None) -> np.ndarray:
    """Show which places spoke for a class: float32 (height, width) of the last maps, 0 to 1.

    `model`: any with a global pooling layer before its scores, such as a backbone's with its top or
    a classifier's. `inputs`: one picture as the model takes it, (1, height, width, 3). `target`:
    the class's number (default: the model's best guess). Selvaraju et al. 2017, arXiv 1610.02391.
    """
    import keras
    import tensorflow as tf
    from keras import layers

    pools = (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)
    pool = next((layer for layer in model.layers[::-1] if isinstance(layer, pools)), None)
    if pool is None:
        raise TransferError(f"'{model.name}' has no global pooling layer: no maps to look at.")
    last = model.layers[-1]
    scores = last.input if isinstance(last, layers.Softmax) else model.output
    front, rest = keras.Model(model.input, pool.input), keras.Model(pool.input, scores)
    # In a graph, which forgets each layer's answer when the next has it: a tape would keep all.
    maps = tf.constant(front.predict(np.asarray(inputs, "float32"), verbose=0))
    with tf.GradientTape() as tape:
        tape.watch(maps)
        found = rest(maps, training=False)
        score = found[0, int(tf.argmax(found[0])) if target is None else target]
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2))  # a channel's worth
    heat = np.maximum((maps[0] @ tf.transpose(weights)).numpy()[..., 0], 0)
    return heat / max(float(heat.max()), 1e-12)


def overlay(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay a heat map over a picture, uint8 (height, width, 3): where it is 0, the picture dims."""
    height, width = picture.shape[:2]
    coarse = images.resize(np.round(heat * 255).astype(np.uint8), (height, width))
    light = (0.25 + 0.75 * coarse / 255)[..., None]
    return np.round(picture * light).astype(np.uint8)
