"""PyTorch's files: tensors only; whatever else is in them is refused."""

import collections
import os
import pickle
import sys
import types

import numpy as np
import pytest

from helpers.vision import torch_weights
from helpers.vision.torch_weights import MAGIC, WeightsError

NUMBERS = np.arange(24, dtype="<f4")


class Storage:
    """What the pickle refers to instead of holding it."""

    def __init__(self, data, kind="FloatStorage", key="0"):
        self.data, self.kind, self.key = data, kind, key


class Tensor:
    def __init__(self, storage, shape, strides, offset=0):
        self.arguments = (storage, offset, shape, strides, False, collections.OrderedDict())

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.arguments


class Pickler(pickle.Pickler):
    def persistent_id(self, thing):
        if isinstance(thing, Storage):
            kind = getattr(sys.modules["torch"], thing.kind)
            return ("storage", kind, thing.key, "cpu", len(thing.data))
        return None


@pytest.fixture(autouse=True)
def torch(monkeypatch):
    """Stand in for the names that PyTorch's pickles mention, so that we can write such pickles."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in [*torch_weights.STORAGES, "BFloat16Storage"]:
        setattr(torch, kind, type(kind, (), {"__module__": "torch"}))
    maker = type("_rebuild_tensor_v2", (), {"__module__": "torch._utils"})
    utils._rebuild_tensor_v2 = maker
    torch._utils = utils
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


@pytest.fixture
def write(tmp_path):
    def write(thing, *storages, magic=MAGIC):
        path = tmp_path / "x.pth"
        with path.open("wb") as file:
            for head in (magic, 1001, {"little_endian": True}):
                pickle.dump(head, file, 2)
            Pickler(file, 2).dump(thing)
            pickle.dump([storage.key for storage in storages], file, 2)
            for storage in storages:
                file.write(len(storage.data).to_bytes(8, "little") + storage.data.tobytes())
        return path

    return write


def refused(path):
    with pytest.raises(WeightsError) as caught:
        torch_weights.read(path)
    message = str(caught.value)
    assert path.name in message and "\n" not in message
    return message


def test_it_gives_the_tensors(write):
    floats, counts = Storage(NUMBERS), Storage(np.array([7], "<i8"), "LongStorage", "1")
    state = collections.OrderedDict(
        whole=Tensor(floats, (4, 6), (6, 1)),
        turned=Tensor(floats, (6, 4), (1, 6)),
        part=Tensor(floats, (2, 3), (6, 1), offset=9),
        scalar=Tensor(counts, (), ()),
        nothing=Tensor(floats, (0, 3), (3, 1)),
    )
    found = torch_weights.read(write(state, floats, counts))
    table = NUMBERS.reshape(4, 6)
    np.testing.assert_array_equal(found["whole"], table)
    np.testing.assert_array_equal(found["turned"], table.T)
    np.testing.assert_array_equal(found["part"], table[1:3, 3:6])
    assert found["scalar"] == 7 and found["scalar"].dtype == np.int64
    assert found["nothing"].shape == (0, 3) and list(found) == list(state)


class Evil:
    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_a_file_that_names_code_is_refused_and_runs_nothing(write, tmp_path):
    Evil.folder = str(tmp_path / "made")
    assert "mkdir" in refused(write({"weight": Evil()}))
    assert not (tmp_path / "made").exists()


def test_what_the_reader_does_not_know_is_refused(write, tmp_path):
    half, whole = Storage(NUMBERS, "BFloat16Storage"), Storage(NUMBERS)
    assert "BFloat16Storage" in refused(write({"x": Tensor(half, (4,), (1,))}, half))
    assert "other things" in refused(write({"epoch": 3}))
    assert "older layout" in refused(write({}, magic=42))
    refused(write([1, 2]))
    for shape, strides, offset in (
        ((25,), (1,), 0),
        ((4,), (1,), 21),
        ((2, 2), (23, 1), 1),
        ((2,), (-1,), 0),
        ((2, 2), (1,), 0),
        ((-1,), (1,), 0),
    ):
        refused(write({"x": Tensor(whole, shape, strides, offset)}, whole))
    content = write({"x": Tensor(whole, (24,), (1,))}, whole).read_bytes()
    for length in (0, 5, 40, len(content) // 2, len(content) - 1):
        (tmp_path / "cut.pth").write_bytes(content[:length])
        refused(tmp_path / "cut.pth")
    assert "No such file" in refused(tmp_path / "nowhere.pth")
