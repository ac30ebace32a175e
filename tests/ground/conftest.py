"""What the tests of assets and downloads stand on: a server, a shelf, a package index."""

import os
from types import SimpleNamespace

import pytest
from loopback import serve
from packages import Index, wheel
from shelf import METADATA, WHEEL, Shelf, sha256

from helpers import assets, downloads


@pytest.fixture
def server():
    with Index() as server:
        yield server


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Give an empty manifest, an empty cache, and no patience."""
    made = Shelf(tmp_path)
    monkeypatch.setattr(assets, "DATA", made.data)
    monkeypatch.setattr(downloads, "PAUSE", 0.01)
    monkeypatch.setattr(downloads, "PATIENCE", 1.5)
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setenv("WORKSHOP_CACHE", str(made.cache))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("WORKSHOP_OFFLINE", "WORKSHOP_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.fixture
def index(server, monkeypatch):
    """Publish a wheel, `carrier`, whose metadata asks for what isn't there."""

    def offer(members, content=None):
        asks = {"carrier-1.0.dist-info/METADATA": METADATA + "Requires-Dist: missing\n"}
        server.publish("carrier", members | asks)
        name, whole, _ = wheel("carrier", members | asks)
        server.pages[f"/carrier/{name}"] = serve(content or whole)
        return WHEEL | {"sha256": sha256(whole), "size": len(whole)}

    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", server.url("/"))
    return offer
