"""Make a network that others trained yours.

    extractor = transfer.extractor(backbones.load("efficientnet_lite0", top=False))
    features = transfer.features(extractor, pictures)           # once
    head = transfer.train_head(features, labels, classes=2)     # in seconds
    mine = transfer.Classifier(transfer.join(extractor, head), ("healthy", "sick"))
    mine.save("cells.keras")
    transfer.load("cells.keras").classify("picture.jpg")        # a stranger, elsewhere

`teach` does it all for a folder of pictures for each class.
"""

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
from keras import layers
from packaging.version import InvalidVersion, Version

from helpers import files, images, numbers
from helpers.vision import backbones, folders

SIZE = folders.SIZE
BATCH = 32  # of a head's training
BATCH_FEATURES = 8  # pictures at once through the frozen part: more is no quicker
EPOCHS = 30  # of a head
HEAD_RATE = 3e-3  # learning rate of a head, trained from nothing
FOLDS = 5
LABELS = "labels.json"  # the member of a .keras archive that names the classes


class TransferError(ValueError):
    """A file that nothing can be done with: one sentence with the remedy."""


# -- bottleneck features -------------------------------------------------------------------------


def extractor(backbone, cut: str = "", size: int = SIZE):
    """Return the frozen front part of a network: pictures in, bottleneck features out.

    `backbone`: from `backbones.load`, with top=False for any `size`. `cut`: a layer's name, or the
    network's end. The Keras model takes pixels 0-255, (n, height, width, 3) of any size, and gives
    float32 (n, channels): each channel's mean over the picture. Resizing and scaling are in it.
    """
    part = backbone.upto(cut or backbone.end)
    part.trainable = False
    # A network's scaling is a line for each colour, so two points tell it.
    zero, one = backbone.scale(np.array([[0] * 3, [1] * 3], "float32").reshape(2, 1, 1, 3))[:, 0, 0]
    inputs = keras.Input((None, None, 3), name="pixels")
    resize = layers.Resizing(size, size, crop_to_aspect_ratio=True, antialias=True, name="resize")
    x = layers.Rescaling((one - zero).tolist(), zero.tolist(), name="scale")(resize(inputs))
    maps = part(x, training=False)  # batch normalisation keeps what it learnt from photographs
    return keras.Model(inputs, layers.GlobalAveragePooling2D(name="pool")(maps), name="extractor")


def features(extractor, pictures: np.ndarray, batch_size: int = BATCH_FEATURES) -> np.ndarray:
    """Return the bottleneck features, float32 (n, channels), of pictures (n, height, width, 3)."""
    return extractor.predict(np.asarray(pictures), batch_size=batch_size, verbose=0)


def augmented(pictures: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return each picture once more, changed by chance: mirrored, shifted, lighter or darker.

    uint8 (n, height, width, 3) in and out. Features are computed of the copies as of the pictures.
    """
    change = keras.Sequential(
        [
            layers.RandomFlip("horizontal", seed=seed),
            layers.RandomTranslation(0.08, 0.08, fill_mode="reflect", seed=seed),
            layers.RandomBrightness(0.15, seed=seed),
        ]
    )
    batches = np.array_split(pictures, -(-len(pictures) // BATCH))
    changed = (change(batch.astype("float32"), training=True) for batch in batches)
    return np.concatenate([np.round(batch).astype(np.uint8) for batch in changed])


# -- a head, and the whole -----------------------------------------------------------------------


def train_head(features: np.ndarray, labels: np.ndarray, classes: int, epochs=EPOCHS, seed=0):
    """Train a new last layer on bottleneck features; return it: features in, logits out.

    `features`: (n, channels). `labels`: (n,), from 0 to `classes` - 1. Each channel is brought to
    mean 0 and variance 1 first; the layer starts from zeros.
    """
    keras.utils.set_random_seed(seed)
    variance = features.var(0)
    # A channel that hardly varies in these few pictures must not outweigh all others elsewhere.
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
    probabilities = layers.Softmax(name="probabilities")(head(extractor.output))
    return keras.Model(extractor.input, probabilities, name="classifier")


# -- a classifier to keep ------------------------------------------------------------------------


@dataclass(frozen=True)
class Classifier:
    """A trained model and what its outputs stand for.

    `model` is any Keras model that takes pixels 0-255, (n, height, width, 3), and gives a
    probability, or a logit, for each of `labels`: TransferError otherwise.
    """

    model: object = field(repr=False)
    labels: tuple[str, ...]

    def __post_init__(self):
        """Does the model fit?"""
        takes, gives = self.model.input_shape, self.model.output_shape
        if len(takes) != 4 or takes[3] != 3 or gives != (None, len(self.labels)):
            raise TransferError(
                f"A model that takes {takes[1:]} and gives {gives[1:]} is no classifier of "
                f"{', '.join(self.labels)}: it should take (height, width, 3) and give "
                f"{len(self.labels)} numbers, one for each."
            )

    @property
    def size(self) -> int:
        """Height and width at which it looks at pictures, in pixels."""
        resize = [layer for layer in self.model.layers if layer.name == "resize"]
        return resize[0].height if resize else self.model.input_shape[1] or SIZE

    def probabilities(self, pictures) -> np.ndarray:
        """Return float32 (n, classes) for a list of whatever `images.read` takes."""
        pixels = np.stack([images.read(one, (self.size, self.size)) for one in pictures])
        outputs = self.model.predict(pixels, batch_size=BATCH_FEATURES, verbose=0)
        return numbers.probabilities(outputs).astype("float32")

    def classify(self, picture, top: int = 5) -> backbones.Guesses:
        """Return the `top` best guesses for one picture as (label, probability), best first.

        Raises `images.ImageError` for what is no picture.
        """
        return backbones.best(self.probabilities([picture])[0], self.labels, top)

    def save(self, file) -> Path:
        """Write one .keras file: network, weights, preprocessing and labels; no code in it.

        `load` reads it, and so does `keras.models.load_model` without this workshop: the labels
        are a member of their own in the archive, labels.json. The file appears whole or not at all.
        """
        file = Path(file)
        if file.suffix != ".keras":
            raise TransferError(f"{file} should end in .keras: that is the format it is saved in.")
        try:
            with files.replacing(file) as fresh:
                self.model.save(fresh)
                with zipfile.ZipFile(fresh, "a") as archive:
                    archive.writestr(LABELS, json.dumps(self.labels))
        except OSError as error:
            raise TransferError(
                f"{file} can't be written ({error.strerror}): choose another folder."
            ) from None
        return file


def load(file) -> Classifier:
    """Read a classifier that `Classifier.save` wrote. TransferError if it is none, or damaged."""
    file = Path(file)
    if not file.is_file():
        raise TransferError(f"There is no file {file}: check its name and folder.")
    if file.suffix != ".keras":
        raise TransferError(f"{file} should end in .keras, as every saved classifier does.")
    saved_by = ""
    try:
        with zipfile.ZipFile(file) as archive:
            saved_by = str(json.loads(archive.read("metadata.json"))["keras_version"])
            labels = tuple(json.loads(archive.read(LABELS))) if LABELS in archive.namelist() else ()
        # Safe mode: a file that asks for code of its own to be run is refused.
        model = keras.models.load_model(file, compile=False, safe_mode=True)
    except Exception:  # zipfile, json, h5py and Keras each have errors of their own
        raise TransferError(f"{file} {_cause(saved_by)}.") from None
    if not labels:
        raise TransferError(
            f"{file} names no classes ({LABELS} is missing): save it with Classifier.save."
        )
    return Classifier(model, labels)


def _cause(saved_by: str) -> str:
    """Say why a file could not be loaded. `saved_by`: the Keras version that it names, if any."""
    try:
        newer = Version(saved_by) > Version(keras.__version__)
    except InvalidVersion:
        newer = False
    if newer:
        return (
            f"was saved by Keras {saved_by}, which is newer than this one ({keras.__version__}): "
            "update Keras, or have the file saved by an older one"
        )
    return "is not a saved classifier, or is damaged: save or copy it again"


# -- how good it is ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Estimate:
    """How many of `total` held-out pictures were read `right`.

    `largest`: how many the largest class has; who always names it is right on those, unseen.
    """

    right: int
    total: int
    largest: int = 0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, 19 times of 20 (Wilson 1927)."""
        found = numbers.share(self.right, self.total)
        return found.low, found.high

    def __str__(self) -> str:
        """Say it in a line."""
        low, high = self.interval
        largest = f" (always the largest class: {self.largest / self.total:.0%})"
        return (
            f"{self.right} of {self.total} held-out pictures right: {self.right / self.total:.0%}"
            f"{largest if self.largest else ''}; "
            f"with so few pictures that means somewhere between {low:.0%} and {high:.0%}"
        )


def cross_validate(features, labels, classes: int, copies=(), seed: int = 0) -> Estimate:
    """Estimate how well a head reads pictures that it has not seen: each fold is held out once.

    `features`: (n, channels). `copies`: features of changed copies, each (n, channels) in the same
    order; those of pictures that are held out are held out too.
    """
    from sklearn.model_selection import StratifiedKFold

    labels, right = np.asarray(labels), 0
    for learn, held_out in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(
        features, labels
    ):
        x = np.concatenate([one[learn] for one in (features, *copies)])
        head = train_head(x, np.tile(labels[learn], 1 + len(copies)), classes, seed=seed)
        answers = np.asarray(head(features[held_out])).argmax(1)
        right += int((answers == labels[held_out]).sum())
    return Estimate(right, len(labels), int(np.bincount(labels).max()))


@dataclass(frozen=True)
class Taught:
    """What `teach` made: the classifier, its estimate, and a sentence for each file left out."""

    classifier: Classifier
    estimate: Estimate
    skipped: tuple[str, ...]


def teach(folder, backbone, cut: str = "", size: int = SIZE, copies: int = 1) -> Taught:
    """Make a classifier of a folder that has a folder of pictures for each class.

    The estimate is by cross-validation; the classifier itself learns from all pictures, so it is
    a little better than that. `copies`: how many changed copies of each picture are learnt from.
    Raises `folders.FolderError` for a folder that nothing can be learnt from.
    """
    collection = folders.read(folder, size)
    front, classes = extractor(backbone, cut, size), len(collection.names)
    here = features(front, collection.pictures)
    changed = [features(front, augmented(collection.pictures, seed)) for seed in range(copies)]
    estimate = cross_validate(here, collection.labels, classes, changed)
    labels = np.tile(collection.labels, 1 + copies)
    head = train_head(np.concatenate([here, *changed]), labels, classes)
    return Taught(Classifier(join(front, head), collection.names), estimate, collection.skipped)
