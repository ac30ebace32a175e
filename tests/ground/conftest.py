"""What the tests of assets and downloads stand on: a server, a shelf, a package index."""

import os
import zipfile
from types import SimpleNamespace

import pytest
from loopback import Loopback, serve
from shelf import METADATA, WHEEL, Shelf, sha256

from helpers import assets, downloads


@pytest.fixture
def server():
    with Loopback() as loopback:
        yield loopback


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Give an empty manifest, an empty cache, and no patience."""
    made = Shelf(tmp_path)
    monkeypatch.setattr(assets, "DATA", made.data)
    monkeypatch.setattr(assets, "_spare", None)
    monkeypatch.setattr(downloads, "PAUSE", 0.01)
    monkeypatch.setattr(downloads, "PATIENCE", 0.5)
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setenv("WORKSHOP_CACHE", str(made.cache))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("WORKSHOP_OFFLINE", "WORKSHOP_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.fixture
def index(server, monkeypatch, tmp_path):
    """Serve a package index with one wheel, `carrier`, whose metadata asks for what isn't there."""

    def offer(members, content=None):
        file, info = tmp_path / "carrier-1.0-py3-none-any.whl", "carrier-1.0.dist-info"
        with zipfile.ZipFile(file, "w") as wheel:
            wheel.writestr(f"{info}/METADATA", METADATA + "Requires-Dist: missing\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            for name, member in members.items():
                wheel.writestr(name, member)
        page = f'<a href="/{file.name}">{file.name}</a>'.encode()
        server.pages["/simple/carrier/"] = serve(page, "text/html")
        server.pages[f"/{file.name}"] = serve(content or file.read_bytes())
        size = file.stat().st_size
        return WHEEL | {"sha256": sha256(file.read_bytes()), "size": size}

    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", server.url("/simple/"))
    return offer
