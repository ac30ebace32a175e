"""EfficientNet-Lite0 in Keras, and the weights of its PyTorch checkpoint in it.

Tan, Le 2019 (arXiv 1905.11946), in the 'Lite' form: ReLU6, no squeeze-and-excitation.
"""

import keras
from keras import layers

from helpers.vision import torch_weights

SIZE = (224, 224)
CLASSES = 1_000
# Kernel, stride of the first block, expansion, channels, blocks: the paper's table 1.
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
EPSILON = 1e-3  # of batch normalisation, as TensorFlow trained it; PyTorch's default is 1e-5
KEYS = {  # a layer of ours outside the blocks -> the checkpoint's
    "stem_conv": "_conv_stem",
    "stem_bn": "_bn0",
    "head_conv": "_conv_head",
    "head_bn": "_bn1",
    "logits": "_fc",
}


def network(size: tuple[int, int] | None = None, top: bool = True):
    """Return the Keras model with random weights; `size`: the pictures', None for any."""

    def normalised(x, name, relu=True):
        x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
        return layers.ReLU(6.0, name=f"{name}_relu")(x) if relu else x

    def convolution(x, channels, kernel, stride, name, relu=True):
        x = layers.Conv2D(channels, kernel, stride, "same", use_bias=False, name=f"{name}_conv")(x)
        return normalised(x, name, relu)

    def block(x, kernel, stride, expansion, channels, name):
        """Widen, filter each channel on its own, narrow; add the input where shapes allow."""
        inside = x
        if expansion > 1:
            inside = convolution(x, expansion * x.shape[-1], 1, 1, f"{name}_expand")
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
    for kernel, first_stride, expansion, channels, blocks in STAGES:
        for stride in (first_stride, *[1] * (blocks - 1)):
            x = block(x, kernel, stride, expansion, channels, f"block{number}")
            number += 1
    x = convolution(x, 1280, 1, 1, "head")
    if top:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        x = layers.Dense(CLASSES, name="logits")(x)
    return keras.Model(inputs, x, name="efficientnet_lite0")


def load(file, top: bool):
    """Return the model with the weights in `file`; for pictures of any size without its top."""
    model = network(SIZE if top else None, top)
    weights = torch_weights.read(file)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_weights(layer, weights))
    return model


def key(name: str) -> str:
    """Translate a layer's name into the checkpoint's: "block3_expand_bn" -> "_blocks.3._bn0"."""
    if name in KEYS:
        return KEYS[name]
    block, part, kind = name.removeprefix("block").split("_")
    if kind == "bn":
        # Block 0 expands nothing; its other two keep their numbers all the same.
        return f"_blocks.{block}._bn{('expand', 'depthwise', 'project').index(part)}"
    return f"_blocks.{block}._{part}_conv"


def _weights(layer, weights):
    """Return what the checkpoint has for a layer, with its axes in Keras's order."""
    name = key(layer.name)
    kernel = weights[f"{name}.weight"]
    if isinstance(layer, layers.BatchNormalization):
        return [kernel, *(weights[f"{name}.{x}"] for x in ("bias", "running_mean", "running_var"))]
    if isinstance(layer, layers.Dense):
        return [kernel.T, weights[f"{name}.bias"]]
    if isinstance(layer, layers.DepthwiseConv2D):  # (channels, 1, h, w) -> (h, w, channels, 1)
        return [kernel.transpose(2, 3, 0, 1)]
    return [kernel.transpose(2, 3, 1, 0)]  # (out, in, h, w) -> (h, w, in, out)
