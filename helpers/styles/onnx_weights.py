"""Read the tensors of an ONNX file with NumPy alone, and without running anything from it.

An ONNX file is a message in Google's protocol-buffer encoding: a list of nodes (the network's
operations, by name) and a list of named tensors. This reader takes out the tensors, turns those
that were squeezed into 8 bits back into floats, and tells which node uses which. It knows the few
fields it needs (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) and skips all others.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Field numbers in onnx.proto.
MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_TENSOR = 1, 5
NODE_INPUT, NODE_OUTPUT, NODE_NAME, NODE_KIND, NODE_ATTRIBUTE = 1, 2, 3, 4, 5
ATTRIBUTE_NAME, ATTRIBUTE_INTEGER, ATTRIBUTE_INTEGERS = 1, 3, 8
TENSOR_SHAPE, TENSOR_KIND, TENSOR_FLOATS, TENSOR_INTS, TENSOR_NAME = 1, 2, 4, 5, 8
TENSOR_LONGS, TENSOR_BYTES, TENSOR_ELSEWHERE = 7, 9, 14

KINDS = {1: "<f4", 2: "u1", 3: "i1", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}
FEWEST_BYTES = 4  # a varint is at most ten bytes long, a real file longer than this
LONGEST_VARINT = 10


class WeightsError(ValueError):
    """A file of weights that can't be read; the message says why."""


@dataclass(frozen=True)
class Node:
    """One operation: its kind ("Conv"), its name, the names of what goes in and comes out.

    `integers`: those of its attributes that are whole numbers or rows of them, always as tuples.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    integers: dict[str, tuple[int, ...]]


def read(path) -> tuple[dict[str, np.ndarray], list[Node]]:
    """Return the file's tensors, {name: array}, and its nodes, in the order they run.

    8-bit tensors that a DequantizeLinear node turns into floats are there under that node's output
    name too, as float32: (whole number - zero point) × scale.
    Raises WeightsError, in one sentence, for a file that is damaged or no ONNX file.
    """
    path = Path(path)
    try:
        content = memoryview(path.read_bytes())
        if len(content) < FEWEST_BYTES:
            raise WeightsError("it is empty")
        graph = b"".join(_all(content, MODEL_GRAPH))
        tensors = dict(map(_tensor, _all(memoryview(graph), GRAPH_TENSOR)))
        nodes = [_node(message) for message in _all(memoryview(graph), GRAPH_NODE)]
        if not tensors or not nodes:
            raise WeightsError("it holds no network")
        return tensors | _floats(tensors, nodes), nodes
    except WeightsError as error:
        reason = str(error)
    except OSError as error:
        reason = error.strerror or str(error)
    except (ValueError, KeyError, IndexError) as error:
        reason = f"it is damaged, or no ONNX file ({type(error).__name__})"
    raise WeightsError(
        f"The weights in {path} can't be used: {reason}. Replace the file by the original one."
    )


# -- ONNX ----------------------------------------------------------------------------------------


def _tensor(message: memoryview) -> tuple[str, np.ndarray]:
    """Return a tensor's (name, array). Its numbers stand as raw bytes, or in a typed list."""
    fields = _grouped(message)
    name = _text(fields, TENSOR_NAME)
    if TENSOR_ELSEWHERE in fields and fields[TENSOR_ELSEWHERE][-1]:
        raise WeightsError(f"the numbers of {name} stand in another file")
    shape = _integers(fields, TENSOR_SHAPE)
    kind = fields[TENSOR_KIND][0]
    if kind not in KINDS:
        raise WeightsError(f"{name} holds no plain numbers")
    if TENSOR_BYTES in fields:
        flat = np.frombuffer(fields[TENSOR_BYTES][0], KINDS[kind])
    elif TENSOR_FLOATS in fields:
        flat = np.frombuffer(b"".join(fields[TENSOR_FLOATS]), "<f4")
    else:
        whole = _integers(fields, TENSOR_INTS) or _integers(fields, TENSOR_LONGS)
        flat = np.array(whole, KINDS[kind])
    if min(shape, default=0) < 0 or flat.size != math.prod(shape):
        raise WeightsError(f"{name} has {flat.size:,} numbers, another count than its shape says")
    return name, flat.reshape(shape)


def _node(message: memoryview) -> Node:
    fields = _grouped(message)
    integers = {}
    for attribute in map(_grouped, fields.get(NODE_ATTRIBUTE, [])):
        values = _integers(attribute, ATTRIBUTE_INTEGERS) or _integers(attribute, ATTRIBUTE_INTEGER)
        if values:
            integers[_text(attribute, ATTRIBUTE_NAME)] = values
    inputs, outputs = (
        tuple(str(one, "utf-8") for one in fields.get(number, []))
        for number in (NODE_INPUT, NODE_OUTPUT)
    )
    return Node(_text(fields, NODE_KIND), _text(fields, NODE_NAME), inputs, outputs, integers)


def _floats(tensors: dict[str, np.ndarray], nodes: list[Node]) -> dict[str, np.ndarray]:
    """Undo the 8-bit form of the tensors that the file itself turns back into floats."""
    found = {}
    for node in nodes:
        if node.kind == "DequantizeLinear" and all(name in tensors for name in node.inputs):
            whole, scale, *zero = (tensors[name] for name in node.inputs)
            zero = zero[0] if zero else np.zeros_like(scale)
            if scale.size > 1:  # a scale for each slice along one axis
                around = [1] * whole.ndim
                around[node.integers.get("axis", (1,))[0]] = -1
                scale, zero = scale.reshape(around), zero.reshape(around)
            found[node.outputs[0]] = (whole.astype("f4") - zero.astype("f4")) * scale
    return found


# -- protocol buffers (https://protobuf.dev/programming-guides/encoding/) ------------------------


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (number, value) of each field: a whole number, or the bytes of anything longer."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, form = key >> 3, key & 7
        if form == 0:
            value, position = _varint(message, position)
        elif form in (1, 2, 5):
            size = {1: 8, 5: 4}.get(form)
            if size is None:
                size, position = _varint(message, position)
            if position + size > len(message):
                raise WeightsError("it is cut off")
            value = message[position : position + size]
            position += size
        else:
            raise WeightsError("it is damaged, or no ONNX file")
        yield number, value


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """Read a whole number of seven bits a byte; return it and where it ends."""
    value = 0
    for place in range(LONGEST_VARINT):
        if position + place >= len(message):
            raise WeightsError("it is cut off")
        byte = message[position + place]
        value |= (byte & 127) << (7 * place)
        if byte < 128:
            return value, position + place + 1
    raise WeightsError("it is damaged, or no ONNX file")


def _all(message: memoryview, wanted: int) -> Iterator[memoryview]:
    return (value for number, value in _fields(message) if number == wanted)


def _grouped(message: memoryview) -> dict[int, list]:
    fields = {}
    for number, value in _fields(message):
        fields.setdefault(number, []).append(value)
    return fields


def _text(fields: dict[int, list], number: int) -> str:
    return str(fields.get(number, [b""])[-1], "utf-8")


def _integers(fields: dict[int, list], number: int) -> tuple[int, ...]:
    """Return a row of whole numbers, which may be written one by one or packed together."""
    values = []
    for value in fields.get(number, []):
        if isinstance(value, int):
            values.append(value)
            continue
        position = 0
        while position < len(value):
            one, position = _varint(value, position)
            values.append(one)
    # Negative numbers are written as if they were 64 bits without a sign.
    return tuple(value - (1 << 64) if value >> 63 else value for value in values)
