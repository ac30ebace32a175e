"""A shelf of toy assets for tests: its manifest, its cache, and the collection that it serves."""

import hashlib

import pytest
import tomlkit
from loopback import serve

from helpers import assets

GOOD = bytes(range(256)) * 400  # 102,400 bytes: more than one chunk of a download
WRONG = GOOD[::-1]
MANY = {f"part {n % 3}/{n:02}.bin": b"%d" % n * 99 for n in range(60)}
METADATA = "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n"
WHEEL = {"wheel": "carrier", "version": "1.0", "sha256": "0" * 64, "size": 1000}


class Shelf:
    """`add` writes a table; `offer` that of an asset, `collect` of a collection on the server."""

    def __init__(self, folder):
        self.data, self.cache = folder / "data", folder / "cache"
        put(self.data / "manifest.toml", b"# a comment that must survive\n")

    def add(self, *sources, name="thing", content=GOOD, **changes):
        document = tomlkit.parse((self.data / "manifest.toml").read_text())
        table = {"kind": "dataset", "title": f"a {name}", "version": "1", "licence": "CC0-1.0"}
        table |= {"citation": "Nobody, 2020.", "file": f"{name}.bin", "size": len(content)}
        table |= {"sha256": sha256(content), "sources": list(sources)} | changes
        document[name] = {key: value for key, value in table.items() if value is not None}
        (self.data / "manifest.toml").write_text(tomlkit.dumps(document))

    def offer(self, server, page, name="thing", **changes):
        server.pages[f"/{name}"] = page
        self.add({"url": server.url(f"/{name}")}, name=name, **changes)

    def collect(self, server, *sources, name="many"):
        lines = "".join(f"{sha256(content)}  {path}\n" for path, content in MANY.items())
        put(self.data / "collections" / f"{name}.sha256", lines.encode())
        sources, size = sources or [{"base": server.url(f"/{name}/")}], sum(map(len, MANY.values()))
        self.add(*sources, name=name, sha256=None, file=name, size=size, setup=True)
        pages = zip(map(address, range(1, 61)), MANY.values(), strict=True)
        server.pages |= {page.replace("many", name): serve(content) for page, content in pages}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def address(number):
    """Return the path on the server of the collection's file number 1, 2, …"""
    return "/many/" + list(MANY)[number - 1].replace(" ", "%20")


def left_in(folder):
    """Name every file in a folder, hidden and half-written ones too."""
    return sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file())


def refused(name="thing"):
    """Ask for an asset that can't be had; return the sentence."""
    with pytest.raises(assets.AssetError) as caught:
        assets.path(name)
    return str(caught.value)


def put(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file
