"""Downloads: servers that misbehave, many files at once, packages; verified, in place whole."""

import hashlib
import os
import sys
import time

import pytest
from loopback import Loopback, cut_off, drip, endless, redirect, serve, stall, status, zipped
from programs import end, start
from shelf import GOOD, MANY, WRONG, address, left_in, put, refused

from helpers import assets, downloads

# --- one file -----------------------------------------------------------------------------------


def test_a_download_is_verified_kept_and_not_repeated(shelf, server, capfd):
    shelf.offer(server, redirect(server.url("/new")))
    server.pages["/new"] = serve(GOOD)
    assert not assets.available("thing")
    assert "a thing, to be downloaded, 0.1 MB (" in assets.describe("thing")
    file = assets.path("thing")
    assert file == shelf.cache / "thing.bin" and file.read_bytes() == GOOD
    assert file.stat().st_mode & 0o444 == 0o444, "others can read a shared cache"
    assert "thing.bin: 100%" in capfd.readouterr().err  # the progress bar
    assert assets.path("thing") == file and assets.available("thing")
    assert server.asked == ["/thing", "/new"]
    assert left_in(shelf.cache) == ["thing.bin"]


def test_servers_that_recover_are_slow_or_squeeze_what_they_send(shelf, server, monkeypatch):
    waited = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waited.append)
    pages = {
        "busy": [status(503), serve(GOOD)],
        "asked-too-often": [status(429, Retry_After="7"), serve(GOOD)],
        "cut-off": [cut_off(GOOD), serve(GOOD)],
        "stalled": [stall(GOOD), serve(GOOD)],
        "slow": drip(GOOD, seconds=1.0),
        "squeezed": zipped(GOOD),
    }
    for name, page in pages.items():
        shelf.offer(server, page, name)
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
        "endless": (endless(), other, 3),
        "circle": (redirect(server.url("/circle")), "HOST sends from address to address", 6),
    }
    for name, (page, said, times) in bad.items():
        shelf.offer(server, page, name)
        sentence = refused(name)
        assert sentence.startswith(f"a {name} ('{name}') could not be had: ")
        assert said.replace("HOST", server.host).replace("NAME", name) in sentence
        assert f"save {server.url(f'/{name}')} as {shelf.cache / name}.bin (0.1 MB)" in sentence
        assert server.asked.count(f"/{name}") == times, name
        assert not assets.available(name)
    assert left_in(shelf.cache) == []


def test_a_trickle_is_given_up(shelf, server, monkeypatch):
    for name, value in [("GRACE", 0.3), ("SLOWEST", 1_000_000), ("ATTEMPTS", 1)]:
        monkeypatch.setattr(downloads, name, value)
    shelf.offer(server, drip(GOOD, seconds=5.0))
    assert "sent too little for too long" in refused() and left_in(shelf.cache) == []


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
    shelf.offer(server, serve(GOOD), "here")
    assert assets.path("here").read_bytes() == GOOD


def test_words_of_others_get_what_helps_against_them():
    for words, error, helps in [
        ("x", "certificate verify failed: certificate is not yet valid", "clock right"),
        ("pip", "ERROR: HTTP error 403 while getting", "a filter in this network"),
        ("x", "OSError('Tunnel connection failed: 407 Proxy Auth')", "https_proxy=http://NAME"),
        ("Disk quota exceeded", "", "WORKSHOP_CACHE"),
        ("No space left on device", "", "make room"),
    ]:
        assert helps in downloads.with_hint(words, error)
    for words in ("4030 bytes", "host can't be reached with url: /403/407/429.jpg"):
        assert downloads.with_hint(words) == words


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
    shelf.offer(server, [serve(WRONG), serve(GOOD)], md5=digest, sha256=None)
    assert assets.path("thing").read_bytes() == GOOD
    (shelf.cache / "thing.bin").write_bytes(WRONG)
    assert not assets.available("thing")


SCRIPT = "import sys, pathlib; from helpers import assets; \
assets.DATA = pathlib.Path(sys.argv[1]); print(assets.path('thing'), assets.path('many'))"


def test_two_processes_at_once(shelf, server):
    shelf.offer(server, drip(GOOD, seconds=1.0))
    shelf.collect(server)
    both = [start(sys.executable, "-c", SCRIPT, shelf.data) for _ in range(2)]
    for code, said in map(end, both):
        assert code == 0 and f"{shelf.cache / 'thing.bin'} {shelf.cache / 'many'}\n" in said
    assert left_in(shelf.cache) == sorted(["thing.bin", *(f"many/{path}" for path in MANY)])


def test_an_interrupt_leaves_nothing_half_written(shelf, server):
    def interrupted(request):
        cut_off(GOOD)(request)
        os.kill(os.getpid(), 2)  # what Ctrl-C and a notebook's stop button send

    shelf.offer(server, interrupted)
    with pytest.raises(KeyboardInterrupt):
        assets.path("thing")
    assert left_in(shelf.cache) == []
    shelf.collect(server)
    server.pages[address(5)] = [interrupted, server.pages[address(5)]]
    with pytest.raises(KeyboardInterrupt):
        assets.path("many")
    assert not assets.available("many")
    many, end = assets.path("many"), time.monotonic() + 10
    while left_in(many) != sorted(MANY) and time.monotonic() < end:
        time.sleep(0.05)  # a download that was on its way when the interrupt came ends by itself
    assert left_in(many) == sorted(MANY)


# --- collections --------------------------------------------------------------------------------


def test_a_collection_comes_whole_under_one_bar_and_stays(shelf, server, capfd):
    paths = list(MANY)  # which may lie in two places
    here = {"base": server.url("/many/"), "only": paths[:20]}
    shelf.collect(server, here, {"base": server.url("/other/"), "only": paths[20:]})
    server.pages |= {page.replace("/many", "/other"): p for page, p in server.pages.items()}
    folder = assets.path("many")
    assert folder == shelf.cache / "many"
    assert {path: (folder / path).read_bytes() for path in MANY} == MANY
    assert left_in(shelf.cache) == sorted(f"many/{path}" for path in MANY)
    err = capfd.readouterr().err
    assert "many: 100%" in err and ".bin" not in err
    assert assets.path("many") == folder and len(server.asked) == len(MANY)
    assert sorted(server.asked)[:20] == sorted(map(address, range(1, 21)))


def test_a_collection_that_stops_half_way_is_not_there_and_goes_on_later(shelf, server, capfd):
    half = [address(number) for number in range(1, 61, 2)]
    for bad, said, failing in [
        ({address(57): cut_off(MANY["part 2/56.bin"])}, "broke off at part 2/56.bin", 1),
        (dict.fromkeys(half, status(404)), "answered 404 Not Found (and 29 more files failed)", 30),
    ]:
        shelf.collect(server)
        server.pages |= bad
        sentence = refused("many")
        assert said in sentence and "what has come already is kept" in sentence
        assert f"(WORKSHOP_MIRROR) that has {server.host}/many/" in sentence
        assert not assets.available("many")
        kept = left_in(shelf.cache)
        assert len(kept) == len(MANY) - failing and not [f for f in kept if "tmp" in f]
        shelf.collect(server)
        server.asked.clear()
        assert left_in(assets.path("many")) == sorted(MANY)
        assert set(server.asked) == set(bad)
        (shelf.cache / "many").rename(shelf.cache.parent / said[:3])


def test_a_collection_that_was_changed_by_hand_is_told_and_repaired(shelf, server, capfd):
    shelf.collect(server)
    folder = assets.path("many")
    (folder / "part 0/00.bin").write_bytes(b"changed")
    (folder / "part 1/01.bin").unlink()
    put(folder / "mine.txt", b"kept")
    server.asked.clear()
    assert assets.path("many") == folder and left_in(folder) == sorted([*MANY, "mine.txt"])
    assert "2 of its 60 files are missing or others, such as part 0/00" in capfd.readouterr().err
    assert sorted(server.asked) == [address(1), address(2)]


# --- packages on the index ----------------------------------------------------------------------


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
    shelf.add(index({"carrier/a.bin": WRONG}) | {"member": "carrier/a.bin"})
    assert "its carrier/a.bin is another: its SHA256 is another" in refused()
    shelf.add(index({"carrier/b.bin": GOOD}) | {"member": "carrier/a.bin"})
    assert 'carrier==1.0 is not as it should be: "There is no item named' in refused()
    monkeypatch.setenv("PIP_INDEX_URL", os.environ["PIP_INDEX_URL"] + "nothing/")
    assert "pip could not download carrier==1.0: No matching distribution found" in refused()
    assert left_in(shelf.cache) == []
