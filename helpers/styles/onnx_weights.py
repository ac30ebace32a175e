"""Read the tensors of an ONNX file, without running anything from it.

Tensors that were squeezed into 8 bits become floats again; the file's nodes, the network's
operations by name, tell which of them uses which tensor. The files are the workshop's assets, known
by their digests: whether they are whole has been looked at before.
"""

import numpy as np
import onnx
from onnx import helper, numpy_helper


def read(path) -> tuple[dict[str, np.ndarray], list]:
    """Return the file's tensors, {name: array}, and its nodes, in the order they run.

    8-bit tensors that a DequantizeLinear node turns into floats are there under that node's output
    name too, as float32: (whole number - zero point) × scale.
    """
    graph = onnx.load(path, load_external_data=False).graph
    tensors = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    return tensors | _floats(tensors, graph.node), list(graph.node)


def attributes(node) -> dict[str, object]:
    """Return a node's attributes, {name: a number, a text or a list of them}."""
    return {one.name: helper.get_attribute_value(one) for one in node.attribute}


def _floats(tensors: dict[str, np.ndarray], nodes: list) -> dict[str, np.ndarray]:
    """Undo the 8-bit form of the tensors that the file itself turns back into floats."""
    found = {}
    for node in nodes:
        if node.op_type == "DequantizeLinear" and all(name in tensors for name in node.input):
            whole, scale, *zero = (tensors[name] for name in node.input)
            zero = zero[0] if zero else np.zeros_like(scale)
            if scale.size > 1:  # a scale for each slice along one axis
                around = [1] * whole.ndim
                around[attributes(node).get("axis", 1)] = -1
                scale, zero = scale.reshape(around), zero.reshape(around)
            found[node.output[0]] = (whole.astype("f4") - zero.astype("f4")) * scale
    return found
