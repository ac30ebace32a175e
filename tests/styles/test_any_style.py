"""Any style at once: the rebuilt networks against their file, run node by node, and arithmetic."""

import numpy as np
import pytest
import tensorflow as tf
from skimage import data

from helpers import assets, images
from helpers.styles import any_style, onnx_weights, patterns
from helpers.styles.onnx_weights import attributes
from helpers.styles.styling import StyleError


def run(tensors, nodes, inputs):
    """Compute what the file's graph says, operation by operation, in floats.

    An independent reading of the file: activations are not rounded to 8 bits on the way, all else
    is as the nodes order it. Arrays are (n, channels, height, width), as ONNX has them.
    """
    values = dict(tensors) | inputs
    for node in nodes:
        x, *others = (values[name] if name else None for name in node.input)
        values[node.output[0]] = OPERATIONS[node.op_type](attributes(node), x, *others)
    return values[nodes[-1].output[0]]


def convolve(integers, x, kernel, bias):
    top, left, bottom, right = integers.get("pads", (0, 0, 0, 0))
    x = tf.pad(tf.transpose(x, (0, 2, 3, 1)), ((0, 0), (top, bottom), (left, right), (0, 0)))
    kernel = np.transpose(kernel, (2, 3, 1, 0))
    stride = integers["strides"][0]
    if integers["group"] > 1:
        kernel = kernel.transpose(0, 1, 3, 2)
        y = tf.nn.depthwise_conv2d(x, kernel, (1, stride, stride, 1), "VALID")
    else:
        y = tf.nn.conv2d(x, kernel, stride, "VALID")
    return np.transpose(y + bias, (0, 3, 1, 2))


def pad(_, x, around, *__):
    return np.pad(x, np.reshape(around, (2, -1)).T, "reflect")


def resize(_, x, __, scales, *sizes):
    for axis in (2, 3):
        x = np.repeat(x, int(scales[axis]), axis)
    return x


OPERATIONS = {
    "Conv": convolve,
    "Pad": pad,
    "Resize": resize,
    "QuantizeLinear": lambda _, x, *__: x,
    "DequantizeLinear": lambda _, x, *quantised: (
        x if x.dtype == np.float32 else dequantise(x, *quantised)
    ),
    "Clip": lambda _, x, low=None, high=None: np.clip(x, low, high),
    "Transpose": lambda integers, x: np.transpose(x, integers["perm"]),
    "Reshape": lambda _, x, shape: np.reshape(x, shape),
    "GlobalAveragePool": lambda _, x: x.mean((2, 3), keepdims=True),
    "Relu": lambda _, x: np.maximum(x, 0),
    "Sigmoid": lambda _, x: 1 / (1 + np.exp(-x)),
    "Sqrt": lambda _, x: np.sqrt(x),
    "Reciprocal": lambda _, x: 1 / x,
    "Add": lambda _, x, y: x + y,
    "Sub": lambda _, x, y: x - y,
    "Mul": lambda _, x, y: x * y,
}


def dequantise(whole, scale, zero=0):
    """Turn whole numbers into floats, with a scale for each slice along their first axis."""
    around = (-1,) + (1,) * (whole.ndim - 1) if np.size(scale) > 1 else ()
    scale, zero = np.reshape(scale, around), np.reshape(zero, around).astype("float32")
    return ((whole.astype("float32") - zero) * scale).astype("float32")


def inputs_of(tensors, nodes):
    made = {name for node in nodes for name in node.output}
    used = dict.fromkeys(name for node in nodes for name in node.input if name)
    return [name for name in used if name not in made and name not in tensors]


def test_the_reader_agrees_with_its_file_run_node_by_node(magenta):
    tensors, nodes = onnx_weights.read(assets.path("style-predict"))
    (name,) = inputs_of(tensors, nodes)
    for picture in (patterns.waves(256), images.read(data.coffee(), (256, 256))):
        pixels = picture[None].astype("float32") / 255
        expected = run(tensors, nodes, {name: pixels}).ravel()
        np.testing.assert_allclose(magenta.style(picture), expected, atol=2e-3)


def test_the_painter_agrees_with_its_file_run_node_by_node(magenta):
    tensors, nodes = onnx_weights.read(assets.path("style-transform"))
    photograph = images.read(data.chelsea(), (64, 80))
    style = magenta.style(patterns.stained_glass())
    given = {}
    for name in inputs_of(tensors, nodes):
        is_picture = "content" in name
        given[name] = (
            photograph[None].astype("float32") / 255 if is_picture else style[None, None, None]
        )
    assert len(given) == 2
    expected = run(tensors, nodes, given)[0]
    painted = magenta.painter([photograph[None] / np.float32(255), style[None]])[0].numpy()
    np.testing.assert_allclose(painted, expected, atol=2e-3)


def test_the_style_takes_over_and_the_photograph_stays_recognisable(magenta):
    photograph = images.read(data.chelsea(), 128)
    blue, red = (
        magenta.paint(photograph, magenta.style(patterns.waves(256, palette=palette)))
        for palette in (patterns.SEA, ("#300000", "#a01010", "#f0a080"))
    )
    assert blue.shape == photograph.shape and blue.dtype == np.uint8
    warmth = [(one[..., 0].mean() - one[..., 2].mean()) for one in (red, blue)]
    assert warmth[0] - warmth[1] > 60
    assert np.abs(blue.astype(float) - photograph).mean() > 15
    assert np.corrcoef(photograph.mean(2).ravel(), blue.mean(2).ravel())[0, 1] > 0.4
    one, other = np.ones(100), np.arange(100)
    for share in (0, 0.25, 1):
        np.testing.assert_allclose(any_style.mix(one, other, share), 1 + share * (other - 1))


def test_pictures_of_any_kind_and_a_style_of_another_shape(magenta):
    for picture, shape in [
        (np.full((1, 1, 3), 9, np.uint8), (1, 1)),
        (data.camera()[:51, :67], (51, 67)),
        (np.dstack([data.coffee()[:33, :34], np.zeros((33, 34), np.uint8)]), (33, 34)),
        (np.zeros((3000, 1500, 3), np.uint8), (96, 48)),
    ]:
        assert magenta.paint(picture, magenta.style(picture), size=96).shape == (*shape, 3)
    with pytest.raises(StyleError, match="row of 100 numbers"):
        magenta.paint(data.coffee(), np.zeros((1, 100)))
