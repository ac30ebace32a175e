"""Files are written whole or not at all."""

import hashlib

import pytest

from helpers import files


def test_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "ärger 1.txt"
    files.write(path, "old\n")
    for stop in (OSError(28, "No space left on device"), KeyboardInterrupt()):
        with pytest.raises(type(stop)), files.replacing(path) as fresh:
            fresh.write_bytes(b"half of the n")
            assert fresh.suffix == ".txt" and fresh.parent == tmp_path
            assert path.read_bytes() == b"old\n"  # whoever reads meanwhile
            raise stop
        assert [one.name for one in tmp_path.iterdir()] == [path.name]
        assert path.read_bytes() == b"old\n"
    old = path.stat().st_ino
    files.write(str(path), "ä\nb\n")
    assert path.stat().st_ino != old  # it took its place in one step
    assert path.read_bytes() == "ä\nb\n".encode()  # on every machine
    assert files.sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(FileNotFoundError), files.replacing(tmp_path / "not filled in"):
        pass
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
