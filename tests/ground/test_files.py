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
    files.write(str(path), b"\0new")
    assert path.stat().st_ino != old  # it took its place in one step
    assert path.read_bytes() == b"\0new"
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_nothing_is_made_where_nothing_was_filled_in(tmp_path):
    with pytest.raises(FileNotFoundError), files.replacing(tmp_path / "new"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_text_is_the_same_on_every_machine(tmp_path):
    files.write(tmp_path / "a", "ä\nb\n")
    assert (tmp_path / "a").read_bytes() == "ä\nb\n".encode()
    assert files.sha256(tmp_path / "a") == hashlib.sha256("ä\nb\n".encode()).hexdigest()
