"""PyTorch's files: whatever is no tensor is refused. That tensors are read is test_backbones'."""

import os
import pickle

import pytest

from helpers.vision import torch_weights


class Evil:
    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_a_file_that_names_code_is_refused_and_runs_nothing(tmp_path):
    Evil.folder = str(tmp_path / "made")
    with (tmp_path / "x.pth").open("wb") as file:
        for part in (119, 1001, {"little_endian": True}, {"weight": Evil()}):
            pickle.dump(part, file, 2)
    with pytest.raises(pickle.UnpicklingError, match="mkdir"):
        torch_weights.read(tmp_path / "x.pth")
    assert not (tmp_path / "made").exists()
