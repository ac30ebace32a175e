"""Image networks that others have trained on a million photographs, behind one small interface.

    backbone = backbones.load("efficientnet_lite0")
    backbone.classify(photograph)              # [("tabby, tabby cat", 0.6), …], best first
    backbone.upto("block10_expand_bn")         # a Keras model: pictures in, feature maps out
    backbones.load(backbones.first_here("inception_v3", "efficientnet_lite0"))

The weights come from `assets`: from an installed package, put in place by hand, or downloaded; each
file has the digest that the manifest names. TensorFlow is imported when a network is loaded.
"""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from helpers import assets, images
from helpers.vision import torch_weights

CLASSES = 1_000


class BackboneError(ValueError):
    """A network, a layer or a picture that there isn't: one sentence that says what there is."""


@dataclass(frozen=True)
class Backbone:
    """A network and what goes with it.

    `model` takes prepared pictures, float32 (n, height, width, 3), and gives logits (n, 1000), or
    feature maps if it was loaded without its top. `size`: the (height, width) it was trained on.
    `scale` turns pixels 0-255 (arrays or tensors) into its inputs. `layers`: names worth a look,
    from early to late. `class_names`: what the logits stand for, () without the top.
    """

    name: str
    title: str
    asset: str
    size: tuple[int, int]
    scale: Callable
    layers: tuple[str, ...]
    model: object = field(repr=False)
    class_names: tuple[str, ...] = field(repr=False, default=())

    @property
    def source(self) -> str:
        """Where the weights are from on this machine, and their licence, in one line."""
        return assets.describe(self.asset)

    @property
    def card(self) -> str:
        """The weights' card, in markdown."""
        return assets.card(self.asset)

    def prepare(self, pictures) -> np.ndarray:
        """Return float32 (n, *size, 3), scaled as the network wants it.

        `pictures`: whatever `images.read` takes (an array, a path, an upload's bytes), a list of
        such, or an array (n, height, width, 3). What sticks out of the network's shape is cut off.
        Raises `images.ImageError` for what is no picture.
        """
        many = isinstance(pictures, list | tuple) or getattr(pictures, "ndim", 0) == 4
        pictures = pictures if many else [pictures]
        if not len(pictures):
            raise BackboneError("There are no pictures to look at: give at least one.")
        pixels = np.stack([images.read(picture, self.size) for picture in pictures])
        return self.scale(pixels.astype("float32"))

    def upto(self, layers):
        """Return the part of the network up to a layer: a Keras model with the same weights.

        Given a list of names, the model returns a list of outputs.
        """
        import keras

        for name in [layers] if isinstance(layers, str) else layers:
            if name not in {layer.name for layer in self.model.layers}:
                raise BackboneError(
                    f"{self.title} has no layer '{name}'. Worth a look: {', '.join(self.layers)}; "
                    "all of them: model.summary()."
                )
        if isinstance(layers, str):
            outputs = self.model.get_layer(layers).output
        else:
            outputs = [self.model.get_layer(name).output for name in layers]
        return keras.Model(self.model.input, outputs, name=f"{self.name}_part")

    def probabilities(self, pictures, batch_size: int = 32) -> np.ndarray:
        """Return the probability of each class: float32 (n, 1000)."""
        self._need_top()
        logits = self.model.predict(self.prepare(pictures), batch_size=batch_size, verbose=0)
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)

    def classify(self, picture, top: int = 5) -> list[tuple[str, float]]:
        """Return the `top` best guesses for one picture as (class name, probability)."""
        probabilities = self.probabilities([picture])[0]
        best = np.argsort(-probabilities, kind="stable")[:top]
        return [(self.class_names[i], float(probabilities[i])) for i in best]

    def _need_top(self) -> None:
        if not self.class_names:
            raise BackboneError(
                f"{self.title} was loaded without its top, so it names no classes: use upto()."
            )


def names() -> list[str]:
    """Return the names that `load` knows."""
    return list(_NETWORKS)


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
    asset = _asset(network, top)
    file = assets.path(asset)
    return Backbone(
        name=name,
        title=network.title,
        asset=asset,
        size=network.size,
        scale=network.scale,
        layers=network.layers,
        model=network.build(file, top),
        class_names=class_names() if top else (),
    )


def first_here(*wanted: str) -> str:
    """Return the first of these networks whose weights are on this machine, else the last.

    So a lesson uses the large network where somebody has put it in place, and no download starts
    that nobody asked for.
    """
    for name in wanted:
        network = _network(name)
        if assets.available(_asset(network, network.has_top)):
            return name
    return wanted[-1]


@functools.cache
def class_names() -> tuple[str, ...]:
    """Return the names of ImageNet's 1,000 classes, synonyms after commas, in the usual order."""
    table = json.loads(assets.path("imagenet-classes").read_text(encoding="utf-8"))
    return tuple(table[str(number)] for number in range(CLASSES))


def short(class_name: str) -> str:
    """Return the first of a class's names: "tabby" of "tabby, tabby cat"."""
    return class_name.partition(",")[0]


# -- the networks --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Network:
    title: str
    assets: dict[bool, tuple[str, ...]]  # with the top or not -> weights that fit, best first
    size: tuple[int, int]
    scale: Callable
    layers: tuple[str, ...]
    build: Callable  # (file, top) -> Keras model

    @property
    def has_top(self) -> bool:
        return True in self.assets


def _network(name: str) -> _Network:
    if name not in _NETWORKS:
        raise BackboneError(f"There is no network '{name}'. There are: {', '.join(_NETWORKS)}.")
    return _NETWORKS[name]


def _asset(network: _Network, top: bool) -> str:
    """Choose among the files of weights that fit: one that is here, else the first."""
    fitting = network.assets[top]
    return next((asset for asset in fitting if assets.available(asset)), fitting[0])


def _scale_inception(pixels):
    return pixels / 127.5 - 1.0


def _scale_lite(pixels):
    return (pixels - 127.0) / 128.0


def _scale_vgg(pixels):
    # Blue-green-red, less ImageNet's mean: the convention of Caffe, in which VGG was trained.
    return pixels[..., ::-1] - np.array([103.939, 116.779, 123.68], "float32")


def _inception_v3(file, top: bool):
    """Build InceptionV3 as Keras Applications does (Szegedy et al. 2016, arXiv 1512.00567)."""
    import keras

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
    import keras

    model = keras.applications.VGG19(include_top=False, weights=None)
    model.load_weights(file)
    return model


def _vgg16_of_hed(file, top: bool):
    """Build VGG16's 13 convolutions and fill them from an edge detector that was built on them."""
    import h5py
    import keras

    model = keras.applications.VGG16(include_top=False, weights=None)
    with h5py.File(file) as weights:
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv2D):
                block, number = layer.name.split("_conv")  # block3_conv2
                name = "conv2d" if number == "1" else f"conv2d_{int(number) - 1}"
                variables = weights[f"{block}/layers/{name}/vars"]
                layer.set_weights([variables["0"][()], variables["1"][()]])
    return model


# -- EfficientNet-Lite0 --------------------------------------------------------------------------

# Kernel, stride of the first block, expansion, channels, blocks: Tan, Le 2019 (arXiv 1905.11946),
# table 1, in the 'Lite' form: ReLU6, no squeeze-and-excitation.
LITE0_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
LITE0_EPSILON = 1e-3  # of batch normalisation, as TensorFlow trained it; PyTorch's default is 1e-5


def efficientnet_lite0(size: tuple[int, int] | None = None, top: bool = True):
    """Return EfficientNet-Lite0 as a Keras model with random weights.

    `size`: (height, width) of the pictures, None for any.
    """
    import keras
    from keras import layers

    def normalised(x, name, relu=True):
        x = layers.BatchNormalization(epsilon=LITE0_EPSILON, name=f"{name}_bn")(x)
        return layers.ReLU(6.0, name=f"{name}_relu")(x) if relu else x

    def convolution(x, channels, kernel, stride, name, relu=True):
        x = layers.Conv2D(channels, kernel, stride, "same", use_bias=False, name=f"{name}_conv")(x)
        return normalised(x, name, relu)

    def block(x, kernel, stride, expansion, channels, name):
        """Widen, filter each channel on its own, narrow; add the input where shapes allow."""
        inside = x
        if expansion > 1:
            wide = expansion * x.shape[-1]
            inside = convolution(x, wide, 1, 1, f"{name}_expand")
        inside = layers.DepthwiseConv2D(
            kernel, stride, "same", use_bias=False, name=f"{name}_depthwise_conv"
        )(inside)
        inside = normalised(inside, f"{name}_depthwise")
        inside = convolution(inside, channels, 1, 1, f"{name}_project", relu=False)
        if stride == 1 and channels == x.shape[-1]:
            inside = layers.Add(name=f"{name}_add")([x, inside])
        return inside

    inputs = keras.Input((*(size or (None, None)), 3))
    x = convolution(inputs, 32, 3, 2, "stem")
    number = 0
    for kernel, first_stride, expansion, channels, blocks in LITE0_STAGES:
        for stride in (first_stride, *[1] * (blocks - 1)):
            x = block(x, kernel, stride, expansion, channels, f"block{number}")
            number += 1
    x = convolution(x, 1280, 1, 1, "head")
    if top:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        x = layers.Dense(CLASSES, name="logits")(x)
    return keras.Model(inputs, x, name="efficientnet_lite0")


def _lite0(file, top: bool):
    model = efficientnet_lite0(LITE0_SIZE if top else None, top)
    weights = torch_weights.read(file)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_lite0_weights(layer, weights))
    return model


def _lite0_weights(layer, weights: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return what the checkpoint has for a layer, with its axes in Keras's order."""
    from keras import layers

    key = _lite0_key(layer.name)
    kernel = weights[f"{key}.weight"]
    if isinstance(layer, layers.BatchNormalization):
        return [kernel, *(weights[f"{key}.{x}"] for x in ("bias", "running_mean", "running_var"))]
    if isinstance(layer, layers.Dense):
        return [kernel.T, weights[f"{key}.bias"]]
    if isinstance(layer, layers.DepthwiseConv2D):  # (channels, 1, h, w) -> (h, w, channels, 1)
        return [kernel.transpose(2, 3, 0, 1)]
    return [kernel.transpose(2, 3, 1, 0)]  # (out, in, h, w) -> (h, w, in, out)


def _lite0_key(name: str) -> str:
    """Translate a layer's name: "block3_expand_bn" -> "_blocks.3._bn0"."""
    outside = {
        "stem_conv": "_conv_stem",
        "stem_bn": "_bn0",
        "head_conv": "_conv_head",
        "head_bn": "_bn1",
        "logits": "_fc",
    }
    if name in outside:
        return outside[name]
    block, part, kind = name.removeprefix("block").split("_")
    if kind == "bn":
        # Block 0 expands nothing; its other two keep their numbers all the same.
        return f"_blocks.{block}._bn{('expand', 'depthwise', 'project').index(part)}"
    return f"_blocks.{block}._{part}_conv"


LITE0_SIZE = (224, 224)

_NETWORKS = {
    "inception_v3": _Network(
        title="InceptionV3",
        assets={True: ("inception-v3",), False: ("inception-v3-notop", "inception-v3")},
        size=(299, 299),
        scale=_scale_inception,
        layers=tuple(f"mixed{number}" for number in range(11)),
        build=_inception_v3,
    ),
    "efficientnet_lite0": _Network(
        title="EfficientNet-Lite0",
        assets={True: ("efficientnet-lite0",), False: ("efficientnet-lite0",)},
        size=LITE0_SIZE,
        scale=_scale_lite,
        layers=(
            "block2_expand_bn",
            "block4_expand_bn",
            "block6_expand_bn",
            "block9_expand_bn",
            "block11_expand_bn",
            "block13_expand_bn",
            "head_bn",
        ),
        build=_lite0,
    ),
    "vgg19": _Network(
        title="VGG19's convolutions",
        assets={False: ("vgg19-notop",)},
        size=(224, 224),
        scale=_scale_vgg,
        layers=tuple(f"block{number}_conv1" for number in range(1, 6)),
        build=_vgg19,
    ),
    "vgg16": _Network(
        title="VGG16's convolutions, tuned to find edges",
        assets={False: ("hed",)},
        size=(224, 224),
        scale=_scale_vgg,
        layers=tuple(f"block{number}_conv1" for number in range(1, 6)),
        build=_vgg16_of_hed,
    ),
}
