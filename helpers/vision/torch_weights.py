"""Read the tensors of a PyTorch checkpoint with NumPy alone, and without running code from it.

A checkpoint is a pickle, and a pickle may name any function of Python to be called. This reader
knows three names, an ordered dict, a storage's type and a tensor's maker, and refuses every other.
It reads both layouts of `torch.save`: the zip file (since PyTorch 1.6) and the older stream.
"""

import collections
import io
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C  # the first thing in the older layout
STORAGES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


class WeightsError(ValueError):
    """A file of weights that can't be read or isn't trusted; the message says why."""


def read(path) -> dict[str, np.ndarray]:
    """Return {name: array} of the state dict that `torch.save` wrote to the file `path`.

    Raises WeightsError, in one sentence, for a file that holds anything but tensors, that names
    code, or that is cut off.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            read_layout = _read_zip if zipfile.is_zipfile(file) else _read_stream
            file.seek(0)  # is_zipfile leaves it at the end
            tensors = read_layout(file)
        if not isinstance(tensors, dict):
            raise WeightsError("it holds no table of named tensors")
        return {_name(name): _array(tensor) for name, tensor in tensors.items()}
    except WeightsError as error:
        reason = str(error)
    except OSError as error:
        reason = error.strerror or str(error)
    except Exception as error:
        # A damaged pickle can make the unpickler raise nearly anything.
        reason = f"it is damaged, or no PyTorch file ({type(error).__name__})"
    raise WeightsError(
        f"The weights in {path} can't be used: {reason}. Replace the file by the original one."
    )


@dataclass
class _Storage:
    """A flat row of numbers that tensors are cut from; `data` comes after the pickle."""

    dtype: str
    count: int
    data: np.ndarray | None = None


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _make_tensor(storage, offset, shape, strides, *_) -> _Tensor:
    """Stand in for `torch._utils._rebuild_tensor_v2`."""
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _Unpickler(pickle.Unpickler):
    """An unpickler that can make dicts and tensors, and calls nothing else."""

    def __init__(self, file):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _make_tensor
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise WeightsError(f"it asks for {module}.{name}, which is not a tensor")

    def persistent_load(self, reference):
        """Make the storage that `reference`, ("storage", type, key, device, count, …), names."""
        _, dtype, key, _, count = reference[:5]
        if not isinstance(dtype, str) or not isinstance(count, int):
            raise WeightsError("a tensor in it has no known type or size")
        return self.storages.setdefault(str(key), _Storage(dtype, count))


def _read_zip(file):
    with zipfile.ZipFile(file) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise WeightsError("it is compressed, which PyTorch's files never are")
        pickled = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        unpickler = _Unpickler(io.BytesIO(archive.read(pickled)))
        tensors = unpickler.load()
        folder = pickled.removesuffix("data.pkl")
        for key, storage in unpickler.storages.items():
            storage.data = np.frombuffer(archive.read(f"{folder}data/{key}"), storage.dtype)
    return tensors


def _read_stream(file):
    if _Unpickler(file).load() != LEGACY_MAGIC:
        raise WeightsError("it is no PyTorch file")
    for _ in ("the protocol's version", "facts of the system"):
        _Unpickler(file).load()
    unpickler = _Unpickler(file)
    tensors = unpickler.load()
    for key in _Unpickler(file).load():
        storage = unpickler.storages[str(key)]
        size = np.dtype(storage.dtype).itemsize * storage.count
        if int.from_bytes(file.read(8), "little") != storage.count:
            raise WeightsError("a tensor in it has another size than it says")
        storage.data = np.frombuffer(file.read(size), storage.dtype)
    return tensors


def _name(name) -> str:
    if not isinstance(name, str):
        raise WeightsError("a tensor in it has no name")
    return name


def _array(tensor) -> np.ndarray:
    """Cut the tensor out of its storage, never from beyond it."""
    if not isinstance(tensor, _Tensor) or not isinstance(tensor.storage, _Storage):
        raise WeightsError("it holds other things than tensors")
    data, shape, strides = tensor.storage.data, tensor.shape, tensor.strides
    numbers = (tensor.offset, *shape, *strides)
    if len(shape) != len(strides) or any(not isinstance(n, int) or n < 0 for n in numbers):
        raise WeightsError("a tensor in it has an impossible shape")
    last = tensor.offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if 0 not in shape and (data is None or last >= len(data)):
        raise WeightsError("a tensor in it reaches beyond its data")
    if 0 in shape:
        return np.zeros(shape, tensor.storage.dtype)
    steps = [step * data.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(data[tensor.offset :], shape, steps).copy()
