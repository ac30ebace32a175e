"""PyTorch's files: both layouts read, tensors only; whatever else is in them is refused."""

import collections
import os
import pickle
import sys
import types
import zipfile

import numpy as np
import pytest

from helpers import assets
from helpers.vision import torch_weights
from helpers.vision.torch_weights import WeightsError

PROTOCOL = 2
NUMBERS = np.arange(24, dtype="<f4")


class Storage:
    """What the pickle refers to instead of holding it."""

    def __init__(self, data, kind="FloatStorage", key="0", count=None):
        self.data, self.kind, self.key = data, kind, key
        self.count = len(data) if count is None else count


class Tensor:
    def __init__(self, storage, shape, strides, offset=0):
        self.arguments = (storage, offset, shape, strides, False, collections.OrderedDict())

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.arguments


class Pickler(pickle.Pickler):
    def persistent_id(self, thing):
        if isinstance(thing, Storage):
            kind = getattr(sys.modules["torch"], thing.kind)
            return ("storage", kind, thing.key, "cpu", thing.count)
        return None


@pytest.fixture(autouse=True)
def torch(monkeypatch):
    """Stand in for the names that PyTorch's pickles mention, so that we can write such pickles."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in [*torch_weights.STORAGES, "BFloat16Storage"]:
        setattr(torch, kind, type(kind, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2():
        raise AssertionError("reading must not call this")

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    torch._utils = utils
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def write_zip(path, thing, storages=(), compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        with archive.open("archive/data.pkl", "w") as file:
            Pickler(file, PROTOCOL).dump(thing)
        for storage in storages:
            archive.writestr(f"archive/data/{storage.key}", storage.data.tobytes())
    return path


def write_stream(path, thing, storages=(), magic=torch_weights.LEGACY_MAGIC):
    with path.open("wb") as file:
        for head in (magic, 1001, {"little_endian": True}):
            pickle.dump(head, file, PROTOCOL)
        Pickler(file, PROTOCOL).dump(thing)
        pickle.dump([storage.key for storage in storages], file, PROTOCOL)
        for storage in storages:
            file.write(len(storage.data).to_bytes(8, "little") + storage.data.tobytes())
    return path


def refused(path):
    with pytest.raises(WeightsError) as caught:
        torch_weights.read(path)
    message = str(caught.value)
    assert path.name in message and "\n" not in message
    return message


@pytest.mark.parametrize("write", [write_zip, write_stream])
def test_both_layouts_give_the_tensors(tmp_path, write):
    floats, counts = Storage(NUMBERS), Storage(np.array([7], "<i8"), "LongStorage", "1")
    state = collections.OrderedDict(
        whole=Tensor(floats, (4, 6), (6, 1)),
        turned=Tensor(floats, (6, 4), (1, 6)),
        part=Tensor(floats, (2, 3), (6, 1), offset=9),
        scalar=Tensor(counts, (), ()),
        nothing=Tensor(floats, (0, 3), (3, 1)),
    )
    found = torch_weights.read(write(tmp_path / "x.pth", state, [floats, counts]))
    table = NUMBERS.reshape(4, 6)
    np.testing.assert_array_equal(found["whole"], table)
    np.testing.assert_array_equal(found["turned"], table.T)
    np.testing.assert_array_equal(found["part"], table[1:3, 3:6])
    assert found["scalar"] == 7 and found["scalar"].dtype == np.int64
    assert found["nothing"].shape == (0, 3)
    assert list(found) == list(state)


class Evil:
    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize("write", [write_zip, write_stream])
def test_a_file_that_names_code_is_refused_and_runs_nothing(tmp_path, write):
    Evil.folder = str(tmp_path / "made")
    path = write(tmp_path / "evil.pth", {"weight": Evil()})
    assert "mkdir" in refused(path)
    assert not (tmp_path / "made").exists()


def test_what_the_reader_does_not_know_is_refused(tmp_path):
    half = Storage(NUMBERS, "BFloat16Storage")
    thing = {"x": Tensor(half, (4,), (1,))}
    assert "BFloat16Storage" in refused(write_zip(tmp_path / "a.pth", thing, [half]))
    assert "other things" in refused(write_zip(tmp_path / "b.pth", {"epoch": 3}))
    assert "no table" in refused(write_zip(tmp_path / "c.pth", [1, 2]))
    assert "no name" in refused(write_zip(tmp_path / "d.pth", {1: 2}))
    path = write_zip(tmp_path / "e.pth", {"epoch": 3}, compression=zipfile.ZIP_DEFLATED)
    assert "compressed" in refused(path)


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [((25,), (1,), 0), ((4,), (1,), 21), ((2, 2), (23, 1), 1), ((2,), (-1,), 3), ((2, 2), (1,), 0)],
)
def test_a_tensor_that_reaches_beyond_its_data_is_refused(tmp_path, shape, strides, offset):
    storage = Storage(NUMBERS)
    state = {"x": Tensor(storage, shape, strides, offset)}
    refused(write_zip(tmp_path / "x.pth", state, [storage]))


def test_files_that_are_damaged_or_something_else_are_refused(tmp_path):
    storage = Storage(NUMBERS)
    whole = write_stream(tmp_path / "x.pth", {"x": Tensor(storage, (24,), (1,))}, [storage])
    content = whole.read_bytes()
    for length in (0, 5, 40, len(content) // 2, len(content) - 1):
        (tmp_path / "cut.pth").write_bytes(content[:length])
        refused(tmp_path / "cut.pth")
    (tmp_path / "text.pth").write_text("These are no weights.")
    refused(tmp_path / "text.pth")
    refused(write_stream(tmp_path / "y.pth", {}, magic=42))
    refused(tmp_path / "nowhere.pth")
    refused(tmp_path)
    storage.count = 30
    refused(write_stream(tmp_path / "z.pth", {"x": Tensor(storage, (24,), (1,))}, [storage]))


def test_the_real_checkpoint():
    weights = torch_weights.read(assets.path("efficientnet-lite0"))
    assert weights["_fc.weight"].shape == (1000, 1280)
    assert all(np.isfinite(tensor).all() for tensor in weights.values())
