"""The ONNX reader: small files made here come as they are, damaged ones are refused."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from helpers.styles import onnx_weights
from helpers.styles.onnx_weights import WeightsError

TENSORS = {
    "w": np.arange(6, dtype="f4").reshape(2, 3),
    "q": np.array([[-128, 0], [1, 127]], "i1"),
    "scale": np.array([0.5, 2.0], "f4"),
    "zero": np.array([0, 1], "i1"),
    "one": np.array(0.25, "f4"),
}
NODES = [
    helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["rows"], axis=0),
    helper.make_node("DequantizeLinear", ["q", "one"], ["all"]),
    helper.make_node("Conv", ["x", "rows"], ["y"], "conv", strides=[2, 2], group=1),
]


def content(tensors=None, nodes=NODES):
    if tensors is None:
        tensors = [numpy_helper.from_array(array, name) for name, array in TENSORS.items()]
    return helper.make_model(helper.make_graph(nodes, "g", [], [], tensors)).SerializeToString()


def test_tensors_come_as_they_are_and_eight_bits_as_floats_by_row_or_all_alike(tmp_path):
    (tmp_path / "small.onnx").write_bytes(content())
    tensors, nodes = onnx_weights.read(tmp_path / "small.onnx")
    floats = {"rows": [[-64, 0], [0, 252]], "all": [[-32, 0], [0.25, 31.75]]}
    for name, array in (TENSORS | floats).items():
        np.testing.assert_array_equal(tensors[name], array)
    assert [node.op_type for node in nodes] == ["DequantizeLinear"] * 2 + ["Conv"]
    assert onnx_weights.attributes(nodes[-1]) == {"strides": [2, 2], "group": 1}


def test_what_is_damaged_cut_off_or_no_network_is_refused_and_nothing_outside_is_read(tmp_path):
    file, whole = tmp_path / "x.onnx", content()
    with pytest.raises(WeightsError, match="No such file"):
        onnx_weights.read(file)
    short = TensorProto(name="w", dims=[4], data_type=1, raw_data=bytes(12))
    outside = TensorProto(name="w", dims=[3], data_type=1, raw_data=bytes(12))
    onnx.external_data_helper.set_external_data(outside, "other.bin")
    outside.data_location = TensorProto.EXTERNAL
    words = helper.make_tensor("w", TensorProto.STRING, [1], [b"a"])
    for data, reason in [
        *((whole[:length], "x.onnx can't be used") for length in (1, 5, 20, len(whole) // 2)),
        (b"", "holds no network"),
        (b"no network at all, but text", "no ONNX file"),
        (b"\xff" * 40, "Replace the file"),
        (content(nodes=[]), "holds no network"),
        (content([short]), "damaged"),
        (content([words]), "no plain numbers"),
        (content([outside]), "stand in another file"),
    ]:
        file.write_bytes(data)
        with pytest.raises(WeightsError, match=reason):
            onnx_weights.read(file)
