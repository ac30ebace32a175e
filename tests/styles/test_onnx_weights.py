"""The ONNX reader: small files made here come as they are, and 8 bits as floats."""

import numpy as np
from onnx import helper, numpy_helper

from helpers.styles import onnx_weights

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


def test_tensors_come_as_they_are_and_eight_bits_as_floats_by_row_or_all_alike(tmp_path):
    tensors = [numpy_helper.from_array(array, name) for name, array in TENSORS.items()]
    model = helper.make_model(helper.make_graph(NODES, "g", [], [], tensors))
    (tmp_path / "small.onnx").write_bytes(model.SerializeToString())
    tensors, nodes = onnx_weights.read(tmp_path / "small.onnx")
    floats = {"rows": [[-64, 0], [0, 252]], "all": [[-32, 0], [0.25, 31.75]]}
    for name, array in (TENSORS | floats).items():
        np.testing.assert_array_equal(tensors[name], array)
    assert [node.op_type for node in nodes] == ["DequantizeLinear"] * 2 + ["Conv"]
    assert onnx_weights.attributes(nodes[-1]) == {"strides": [2, 2], "group": 1}
