"""Image networks that others have trained on a million photographs, behind one small interface.

    backbone = backbones.load("efficientnet_lite0")
    backbone.classify(photograph)              # [("tabby, tabby cat", 0.6), …], best first
    backbone.upto("block10_expand_bn")         # a Keras model: pictures in, feature maps out
    backbones.load(backbones.first_here("inception_v3", "efficientnet_lite0"))

The weights come from `assets`: from an installed package, put in place by hand, or downloaded; each
file has the digest that the manifest names.
"""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import h5py
import keras
import numpy as np
from scipy.special import softmax

from helpers import assets, images
from helpers.vision import googlenet, lite0

Guesses = list[tuple[str, float]]
CROP = 0.875  # of a picture's shorter side a network sees, when it is judged on ImageNet


class BackboneError(ValueError):
    """A network, a layer or a picture that there isn't: one sentence that says what there is."""


@dataclass(frozen=True)
class Backbone:
    """A network and what goes with it; `load` gives one that has its model.

    `asset` names the weights in the manifest. `size`: the (height, width) it was trained on.
    `scale` turns pixels 0-255 (arrays or tensors) into its inputs. `layers`: names worth a look,
    from early to late. `model` takes prepared pictures, float32 (n, height, width, 3), and gives
    logits (n, 1000), or feature maps if it was loaded without its top. `class_names`: what the
    logits stand for, () without the top. `end`: its last maps, where `transfer` cuts.
    """

    name: str
    title: str
    asset: str
    size: tuple[int, int]
    scale: Callable
    layers: tuple[str, ...]
    model: object = field(repr=False, default=None)
    class_names: tuple[str, ...] = field(repr=False, default=())
    end: str = ""
    build: Callable | None = field(repr=False, default=None)  # (file, top) -> Keras model
    has_top: bool = True
    smaller: str = ""  # an asset that will do without the top

    def view(self, picture) -> np.ndarray:
        """Return what the network sees of a picture, uint8 (*size, 3): its middle seven eighths.

        So networks are judged on ImageNet. An array that is no larger than `size` is taken whole.
        `picture`: whatever `images.read` takes. Raises `images.ImageError` for what is no picture.
        """
        height, width = self.size
        if isinstance(picture, np.ndarray) and min(picture.shape[:2]) <= min(self.size):
            return images.read(picture, self.size)
        large = images.read(picture, [round(side / CROP) for side in self.size])
        top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
        return large[top : top + height, left : left + width]

    def prepare(self, pictures) -> np.ndarray:
        """Return the `view` of pictures, float32 (n, *size, 3), scaled as the network wants it.

        `pictures`: one, a list of them, or an array (n, height, width, 3).
        """
        many = isinstance(pictures, list | tuple) or getattr(pictures, "ndim", 0) == 4
        pictures = pictures if many else [pictures]
        if not len(pictures):
            raise BackboneError("There are no pictures to look at: give at least one.")
        return self.scale(np.stack([self.view(one) for one in pictures]).astype("float32"))

    def upto(self, layers):
        """Return the part of the network up to a layer: a Keras model with the same weights.

        Given a list of names, the model returns a list of outputs.
        """
        one = isinstance(layers, str)
        known = {layer.name: layer for layer in self.model.layers}
        for name in [layers] if one else layers:
            if name not in known:
                raise BackboneError(
                    f"{self.title} has no layer '{name}'. Worth a look: {', '.join(self.layers)}; "
                    "all of them: model.summary()."
                )
        outputs = known[layers].output if one else [known[name].output for name in layers]
        return keras.Model(self.model.input, outputs, name=f"{self.name}_part")

    def probabilities(self, pictures, batch_size: int = 32) -> np.ndarray:
        """Return the probability of each class: float32 (n, 1000)."""
        if not self.class_names:
            raise BackboneError(
                f"{self.title} was loaded without its top, so it names no classes: use upto()."
            )
        prepared = self.prepare(pictures)
        return softmax(self.model.predict(prepared, batch_size=batch_size, verbose=0), axis=1)

    def classify(self, picture, top: int = 5) -> Guesses:
        """Return the `top` best guesses for one picture as (class name, probability)."""
        return best(self.probabilities([picture])[0], self.class_names, top)


def best(probabilities: np.ndarray, names, top: int = 5) -> Guesses:
    """Return the `top` most probable of `names` as (name, probability), best first."""
    order = np.argsort(-probabilities, kind="stable")[:top]
    return [(names[i], float(probabilities[i])) for i in order]


def load(name: str, top: bool | None = None) -> Backbone:
    """Return a network with its pretrained weights.

    `top`: with the layer that names the classes (the default where there is one), for pictures of
    the network's size; without it, `model` ends in feature maps and takes pictures of any size.
    Raises BackboneError for an unknown name, `assets.AssetError` if the weights can't be had.
    """
    network = _network(name)
    top = network.has_top if top is None else top
    if top and not network.has_top:
        raise BackboneError(f"{network.title} comes without a top: load it with top=False.")
    asset = network.asset
    if (
        network.smaller
        and not top
        and (assets.available(network.smaller) or not assets.available(asset))
    ):
        asset = network.smaller
    model = network.build(assets.path(asset), top)
    return replace(network, asset=asset, model=model, class_names=class_names() if top else ())


def of(model, scale: Callable = lambda pixels: pixels) -> Backbone:
    """Return any Keras network for colour pictures as a `Backbone`: to look into, to dream with.

    `model`: the network, its `.keras` file, or a Backbone, which stays as it is. `scale` turns
    pixels 0-255 into its inputs, unless a layer of its own does. Of a network with another inside,
    as transfer learning makes it, the inner one is taken. BackboneError for what has no such maps.
    """
    if isinstance(model, Backbone):
        return model
    if isinstance(model, str | Path):
        model = keras.models.load_model(model, compile=False)
    maps = [layer for layer in getattr(model, "layers", ()) if _gives_maps(layer)]
    inner = [layer for layer in maps if len(getattr(layer, "layers", ())) > 1]
    if inner:
        return of(inner[-1], scale)
    takes = getattr(model, "input_shape", None)
    if not maps or len(takes) != 4 or takes[3] != 3:
        raise BackboneError(
            f"A network that takes {takes and takes[1:]} can't be looked into: it should take "
            "pictures, (height, width, 3), and have layers that give maps, as convolutions do."
        )
    part = keras.Model(model.inputs[0], maps[-1].output)
    opened = keras.models.clone_model(part, keras.Input((None, None, 3)))  # for any size
    opened.set_weights(part.get_weights())
    names = [layer.name for layer in maps]
    shown = tuple(dict.fromkeys(names[round(i)] for i in np.linspace(0, len(names) - 1, 12)))
    size = (takes[1] or 224, takes[2] or 224)
    return Backbone(model.name, model.name, "", size, scale, shown, opened)


def _gives_maps(layer) -> bool:
    """Is what comes out (n, height, width, channels), of more channels than a picture has?"""
    try:
        shape = layer.output.shape
    except (AttributeError, ValueError):  # it was never called, or isn't one tensor
        return False
    return len(shape) == 4 and shape[3] > 3


def around(model, name: str) -> Backbone:
    """Return the network `name` with a Keras model of one's own in its place, top and all."""
    return replace(_network(name), model=model, class_names=class_names())


def first_here(*wanted: str) -> str:
    """Return the first of these networks whose weights are on this machine, else the last.

    So a lesson uses the large network where somebody has put it in place, and no download starts
    that nobody asked for.
    """
    for name in wanted:
        if assets.available(_network(name).asset):
            return name
    return wanted[-1]


@functools.cache
def class_names() -> tuple[str, ...]:
    """Return the names of ImageNet's 1,000 classes, synonyms after commas, in the usual order."""
    table = json.loads(assets.path("imagenet-classes").read_text(encoding="utf-8"))
    return tuple(table[str(number)] for number in range(lite0.CLASSES))


def short(class_name: str) -> str:
    """Return the first of a class's names: "tabby" of "tabby, tabby cat"."""
    return class_name.partition(",")[0]


# -- the networks --------------------------------------------------------------------------------


def _network(name: str) -> Backbone:
    if name not in _NETWORKS:
        raise BackboneError(f"There is no network '{name}'. There are: {', '.join(_NETWORKS)}.")
    return _NETWORKS[name]


def _inception_v3(file, top: bool):
    """Build InceptionV3 as Keras Applications does (Szegedy et al. 2016, arXiv 1512.00567)."""
    full = top or not file.stem.endswith("_notop")
    model = keras.applications.InceptionV3(
        include_top=full, weights=None, classifier_activation=None
    )
    model.load_weights(file)
    if full and not top:
        whole, model = model, keras.applications.InceptionV3(include_top=False, weights=None)
        model.set_weights(whole.get_weights()[:-2])  # all but the last layer's kernel and bias
    return model


def _vgg19(file, top: bool):
    """Build VGG19's convolutions (Simonyan, Zisserman 2015, arXiv 1409.1556)."""
    model = keras.applications.VGG19(include_top=False, weights=None)
    model.load_weights(file)
    return model


def _vgg16_of_hed(file, top: bool):
    """Build VGG16's 13 convolutions and fill them from an edge detector that was built on them."""
    model = keras.applications.VGG16(include_top=False, weights=None)
    with h5py.File(file) as weights:
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv2D):
                block, number = layer.name.split("_conv")  # block3_conv2
                name = "conv2d" if number == "1" else f"conv2d_{int(number) - 1}"
                variables = weights[f"{block}/layers/{name}/vars"]
                layer.set_weights([variables["0"][()], variables["1"][()]])
    return model


_GOOGLENET = {
    "scale": lambda pixels: pixels - np.array(googlenet.MEAN, "float32"),
    "layers": tuple(f"inception_{name}_output" for name in googlenet.MODULES),
    "end": "inception_5b_output",
    "build": googlenet.load,
}
_VGG = {
    "size": (224, 224),
    # Blue-green-red, less ImageNet's mean: the convention of Caffe, in which VGG was trained.
    "scale": lambda pixels: pixels[..., ::-1] - np.array([103.939, 116.779, 123.68], "float32"),
    "layers": tuple(f"block{number}_conv1" for number in range(1, 6)),
    "has_top": False,
}
_NETWORKS = {
    network.name: network
    for network in (
        Backbone(
            name="inception_v3",
            title="InceptionV3",
            asset="inception-v3",
            smaller="inception-v3-notop",
            size=(299, 299),
            scale=lambda pixels: pixels / 127.5 - 1.0,
            layers=tuple(f"mixed{number}" for number in range(11)),
            end="mixed10",
            build=_inception_v3,
        ),
        Backbone(
            name="googlenet",
            title="GoogLeNet",
            asset="googlenet",
            size=googlenet.SIZE,
            **_GOOGLENET,
        ),
        Backbone(
            name="inception_small",
            title="a small Inception",
            asset="inception-small",
            size=googlenet.PLANS["inception_small"].size,
            **_GOOGLENET,
        ),
        Backbone(
            name="efficientnet_lite0",
            title="EfficientNet-Lite0",
            asset="efficientnet-lite0",
            size=lite0.SIZE,
            scale=lambda pixels: (pixels - 127.0) / 128.0,
            layers=(
                *(f"block{number}_expand_bn" for number in (2, 4, 6, 9, 11, 13)),
                "head_bn",
            ),
            end="head_relu",
            build=lite0.load,
        ),
        Backbone("vgg19", "VGG19's convolutions", "vgg19-notop", build=_vgg19, **_VGG),
        Backbone(
            "vgg16",
            "VGG16's convolutions, tuned to find edges",
            "hed",
            build=_vgg16_of_hed,
            **_VGG,
        ),
    )
}
