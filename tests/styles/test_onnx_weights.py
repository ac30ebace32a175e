"""The ONNX reader: the real files whole, small ones written here, damaged ones refused."""

import struct

import numpy as np
import pytest

from helpers import assets
from helpers.styles import onnx_weights
from helpers.styles.onnx_weights import WeightsError


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number, value):
    """Encode a field: a whole number, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name, array, kind, how="raw"):
    data = b"".join(field(1, side) for side in array.shape) + field(2, kind) + field(8, name)
    if how == "raw":
        return data + field(9, array.tobytes())
    if how == "floats":
        return data + field(4, array.astype("<f4").tobytes())
    return data + field(5, b"".join(varint(int(x)) for x in array.ravel()))


def node(kind, inputs, outputs, name="", attributes=()):
    data = b"".join(field(1, x) for x in inputs) + b"".join(field(2, x) for x in outputs)
    data += field(3, name) + field(4, kind)
    for key, values in attributes:
        data += field(5, field(1, key) + b"".join(field(8, value) for value in values))
    return data


def write(path, tensors, nodes):
    graph = b"".join(field(1, x) for x in nodes) + b"".join(field(5, x) for x in tensors)
    path.write_bytes(field(1, 8) + field(2, "a test") + field(7, graph))
    return path


@pytest.fixture
def file(tmp_path):
    tensors = [
        tensor("w", np.arange(6, dtype="<f4").reshape(2, 3), 1),
        tensor("f", np.array([0.5, -2.0]), 1, "floats"),
        tensor("n", np.array([3, -4]), 6, "ints"),
        tensor("q", np.array([[-128, 0], [1, 127]], "i1"), 3),
        tensor("scale", np.array([0.5, 2.0], "<f4"), 1),
        tensor("zero", np.array([0, 1], "i1"), 3),
        tensor("one", np.array(0.25, "<f4"), 1),
    ]
    nodes = [
        node("DequantizeLinear", ["q", "scale", "zero"], ["rows"], "d", [("axis", (0,))]),
        node("DequantizeLinear", ["q", "one"], ["all"]),
        node("Conv", ["x", "rows"], ["y"], "conv", [("strides", (2, -1)), ("group", (1,))]),
    ]
    return write(tmp_path / "small.onnx", tensors, nodes)


def test_tensors_of_every_form(file):
    tensors, _ = onnx_weights.read(file)
    np.testing.assert_array_equal(tensors["w"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(tensors["f"], [0.5, -2])
    np.testing.assert_array_equal(tensors["n"], [3, -4])
    assert tensors["q"].dtype == np.int8 and tensors["one"].shape == ()


def test_eight_bits_become_floats_by_row_or_all_alike(file):
    tensors, _ = onnx_weights.read(file)
    np.testing.assert_array_equal(tensors["rows"], [[-64, 0], [0, 252]])
    np.testing.assert_array_equal(tensors["all"], [[-32, 0], [0.25, 31.75]])


def test_nodes_in_their_order_with_their_numbers(file):
    _, nodes = onnx_weights.read(file)
    assert [node.kind for node in nodes] == ["DequantizeLinear"] * 2 + ["Conv"]
    assert nodes[-1].name == "conv" and nodes[-1].inputs == ("x", "rows")
    assert nodes[-1].integers == {"strides": (2, -1), "group": (1,)}


@pytest.mark.parametrize("name", ["style-predict", "style-transform", "style-26"])
def test_the_real_files_have_finite_weights_for_every_convolution(name):
    tensors, nodes = onnx_weights.read(assets.path(name))
    convolutions = [node for node in nodes if node.kind == "Conv"]
    assert len(convolutions) > 15
    assert all(np.isfinite(array).all() for array in tensors.values() if array.dtype.kind == "f")
    if name != "style-26":  # there padding and reshaping stand between a weight and its use
        for one in convolutions:
            kernel = tensors[one.inputs[1]]
            assert kernel.dtype == np.float32 and kernel.ndim == 4 and kernel.std() > 0


def test_a_file_cut_off_anywhere_is_refused(file):
    content = file.read_bytes()
    for length in [0, 1, 5, 20, len(content) // 2, len(content) - 1]:
        file.write_bytes(content[:length])
        with pytest.raises(WeightsError, match=r"small\.onnx can't be used"):
            onnx_weights.read(file)


@pytest.mark.parametrize(
    "content",
    [b"no network at all, but text", b"\xff" * 40, bytes(40), struct.pack("<40f", *range(40))],
)
def test_what_is_no_onnx_file_is_refused(tmp_path, content):
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(WeightsError, match="Replace the file"):
        onnx_weights.read(tmp_path / "x.onnx")
    with pytest.raises(WeightsError, match="No such file"):
        onnx_weights.read(tmp_path / "missing.onnx")


def test_impossible_tensors_are_refused(tmp_path):
    conv = [node("Conv", ["x", "w"], ["y"])]
    short = tensor("w", np.zeros(3, "<f4"), 1).replace(field(1, 3), field(1, 4))
    words = tensor("w", np.zeros(3, "<f4"), 8)  # 8 stands for strings
    outside = tensor("w", np.zeros(3, "<f4"), 1) + field(14, 1)
    for wrong, reason in [(short, "another count"), (words, "plain"), (outside, "another file")]:
        with pytest.raises(WeightsError, match=reason):
            onnx_weights.read(write(tmp_path / "x.onnx", [wrong], conv))
