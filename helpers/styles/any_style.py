"""Any style at once: one network reads a style, another paints with it (Ghiasi et al., BMVC 2017).

    magenta = any_style.load()
    style = magenta.style(patterns.waves())              # 100 numbers
    magenta.paint("my photograph.jpg", style)            # uint8 (height, width, 3)
    magenta.paint(photograph, 0.7 * style + 0.3 * other)

The weights are Magenta's, from an ONNX file. Both networks are built anew in Keras, so that they
take pictures of any size and need no other runtime. They were stored in 8 bits; here they compute
in floats with the stored weights, so results differ a little from the 8-bit original's.
"""

from dataclasses import dataclass, field

import keras
import numpy as np
from keras import layers

from helpers import assets, images
from helpers.styles import large, onnx_weights, painting_network
from helpers.styles.onnx_weights import attributes
from helpers.styles.styling import StyleError

STYLE_SIZE = (256, 256)  # the reader was trained on pictures of this size
NUMBERS = 100  # in a style
RESIDUALS = 5


@dataclass(frozen=True)
class AnyStyle:
    """The two networks. `reader`: (n, 256, 256, 3) from 0 to 1 -> (n, 100).

    `painter`: [(n, height, width, 3) from 0 to 1, (n, 100)] -> painted pictures; sides in fours.
    """

    reader: object = field(repr=False)
    painter: object = field(repr=False)

    def style(self, picture) -> np.ndarray:
        """Read the style of any picture that `images.read` takes: float32 (100,)."""
        pixels = images.as_floats(images.read(picture, STYLE_SIZE))
        return self.reader(pixels[None], training=False)[0].numpy()

    def paint(self, photograph, style: np.ndarray, size: int = large.WHOLE) -> np.ndarray:
        """Paint a photograph with a style's 100 numbers: uint8, its longer side at most `size`."""
        style = np.asarray(style, "float32")
        if style.shape != (NUMBERS,):
            raise StyleError(
                f"A style is a row of {NUMBERS} numbers, and this has the shape {style.shape}: "
                "get one from a picture with style(picture)."
            )
        picture = images.as_floats(images.read(photograph, size))
        return large.paint_all_of(picture, self.painter, (style[None],))


def load() -> AnyStyle:
    """Return both networks with their weights. AssetError if those can't be had."""
    return AnyStyle(
        reader(*onnx_weights.read(assets.path("style-predict"))),
        painter(*onnx_weights.read(assets.path("style-transform"))),
    )


def reader(tensors: dict, nodes: list):
    """Build the network that reads styles, from the file's tensors and nodes.

    MobileNetV2 (Sandler et al., CVPR 2018) without its classifier; batch normalisation was folded
    into the convolutions before the weights were stored.
    """
    x = inputs = keras.Input((*STYLE_SIZE, 3))
    entrance, stride = x, 1
    for node in _convolutions(nodes):
        if "mobilenet_conv" in node.name:  # the last: from 1,280 channels to a style
            x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        if "/expand/" in node.name or "expanded_conv/depthwise" in node.name:
            entrance, stride = x, 1  # a block begins
        x = _convolution(x, node, tensors, padding="same")
        if "depthwise" in node.name:
            stride = attributes(node)["strides"][0]
        if "Relu6" in node.name:
            x = layers.ReLU(6.0)(x)
        elif "/project/" in node.name and stride == 1 and entrance.shape == x.shape:
            x = layers.Add()([entrance, x])
    return keras.Model(inputs, layers.Flatten()(x), name="style_reader")


def painter(tensors: dict, nodes: list):
    """Build the network that paints. A style sets scale and offset of its normalisation layers."""
    found = {node.name.split("/", 1)[-1]: node for node in _convolutions(nodes)}
    picture = keras.Input((None, None, 3))
    style = keras.Input((NUMBERS,))
    as_map = layers.Reshape((1, 1, NUMBERS))(style)

    def convolution(x, name):
        node = next(node for key, node in found.items() if key.startswith(name))
        x = painting_network.mirrored(x, tensors[node.input[1]].shape[-1] // 2)
        return _convolution(x, node, tensors, padding="valid")

    def styled(x, name):
        """Normalise each channel of each picture, then scale and shift it as the style says."""
        affine = f"transformer/{name}/StyleNorm"
        offset, scale = (
            _convolution(as_map, found[f"{affine}/{part}/BiasAdd_prequant"], tensors, "valid")
            for part in ("Conv", "Conv_1")
        )
        x = layers.GroupNormalization(
            groups=-1, epsilon=painting_network.EPSILON, center=False, scale=False
        )(x)
        return layers.Add()([layers.Multiply()([x, scale]), offset])

    x = picture
    for number in (1, 2, 3):
        x = layers.ReLU()(convolution(x, f"contract/conv{number}/"))
    for number in range(1, RESIDUALS + 1):
        first, second = (f"residual/residual{number}/conv{part}" for part in (1, 2))
        inside = layers.ReLU()(styled(convolution(x, f"{first}/Conv2D"), first))
        x = layers.Add()([x, styled(convolution(inside, f"{second}/Conv2D"), second)])
    for number in (1, 2, 3):
        name = f"expand/conv{number}/conv"
        x = x if number == 3 else layers.UpSampling2D(2)(x)
        x = styled(convolution(x, f"{name}/Conv2D"), name)
        x = layers.Activation("sigmoid" if number == 3 else "relu")(x)
    return keras.Model([picture, style], x, name="style_painter")


def _convolutions(nodes: list) -> list:
    return [node for node in nodes if node.op_type == "Conv"]


def _convolution(x, node, tensors: dict, padding: str):
    """Add a convolution with the file's kernel and bias, axes in Keras's order."""
    kernel, bias = (tensors[name] for name in node.input[1:])
    stride = attributes(node)["strides"][0]
    if attributes(node)["group"] > 1:  # (channels, 1, h, w) -> (h, w, channels, 1)
        layer = layers.DepthwiseConv2D(kernel.shape[-1], stride, padding)
        kernel = kernel.transpose(2, 3, 0, 1)
    else:  # (out, in, h, w) -> (h, w, in, out)
        layer = layers.Conv2D(kernel.shape[0], kernel.shape[-1], stride, padding)
        kernel = kernel.transpose(2, 3, 1, 0)
    x = layer(x)
    layer.set_weights([kernel, bias])
    return x
