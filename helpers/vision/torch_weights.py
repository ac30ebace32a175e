"""Read the tensors of a PyTorch checkpoint with NumPy alone, and without running code from it.

A checkpoint is a pickle, and a pickle may name any function of Python to be called. This reader
knows three names, an ordered dict, a storage's type and a tensor's maker, and refuses every other.
It reads the older layout of `torch.save`, a stream, which EfficientNet-Lite0's checkpoint has.
"""

import collections
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np

STORAGES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


def read(path) -> dict[str, np.ndarray]:
    """Return {name: array} of the state dict that `torch.save` wrote to the file `path`.

    Raises pickle.UnpicklingError for a file that names code.
    """
    with Path(path).open("rb") as file:
        for _ in ("a mark", "the protocol's version", "facts of the system"):
            _Unpickler(file).load()
        unpickler = _Unpickler(file)
        tensors = unpickler.load()
        for key in _Unpickler(file).load():
            storage = unpickler.storages[str(key)]
            size = int.from_bytes(file.read(8), "little") * storage.dtype.itemsize
            storage.data = file.read(size)
    return {name: tensor.array() for name, tensor in tensors.items()}


@dataclass
class _Storage:
    """A flat row of numbers that tensors are cut from; `data` comes after the pickle."""

    dtype: np.dtype
    data: bytes = b""


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> np.ndarray:
        """Cut the tensor out of its storage; NumPy refuses what lies beyond it."""
        dtype = self.storage.dtype
        steps = [step * dtype.itemsize for step in self.strides]
        start = self.offset * dtype.itemsize
        return np.ndarray(self.shape, dtype, self.storage.data, start, steps).copy()


class _Unpickler(pickle.Unpickler):
    """An unpickler that can make dicts and tensors, and calls nothing else."""

    def __init__(self, file):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Tensor(
                storage, offset, shape, strides
            )
        if module == "torch" and name in STORAGES:
            return np.dtype(STORAGES[name])
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not a tensor")

    def persistent_load(self, reference):
        """Make the storage that `reference`, ("storage", type, key, device, count, …), names."""
        _, dtype, key = reference[:3]
        return self.storages.setdefault(str(key), _Storage(dtype))
