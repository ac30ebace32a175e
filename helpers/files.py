"""Files that are written whole or not at all, and the digest by which a file is known."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(target: str | Path) -> Iterator[Path]:
    """Give a new path to fill; when all went well, that file takes the place of `target`.

    It happens in one step: whoever reads `target` meanwhile sees the old file or the new one,
    never half of one, and an error or an interrupt leaves the old one as it was.
    """
    target = Path(target)
    fresh = target.with_name(f".{os.getpid()}.{target.name}")  # some writers look at the suffix
    try:
        yield fresh
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def write(target: str | Path, content: str | bytes) -> None:
    """Write bytes, or text as UTF-8 with \\n at the line ends, whole or not at all."""
    with replacing(target) as fresh:
        fresh.write_bytes(content.encode() if isinstance(content, str) else content)


def sha256(path: str | Path) -> str:
    """Return the file's SHA-256, as 64 hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
