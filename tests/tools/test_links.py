"""The check of addresses: which are asked, and what counts as gone."""

from loopback import Loopback, serve, status

from tools import links


def test_addresses_of_all_kinds_of_files_are_found_without_what_encloses_them():
    found = links.addresses()
    assert found["https://docs.astral.sh/uv/getting-started/installation/"] == "README.md"
    assert any(place.startswith("data/") for place in found.values())
    assert len(found) > 30
    assert not [address for address in found if address.endswith((".", ",", ")", "\\n"))]


def test_only_what_is_gone_fails(monkeypatch, capsys):
    with Loopback() as server:
        server.pages |= {"/200": serve(b"x"), "/403": status(403)}
        places = {server.url(f"/{page}"): "README.md" for page in (200, 403)}
        places["http://127.0.0.1:9/"] = "docs/a.md"  # where nobody answers
        monkeypatch.setattr(links, "addresses", lambda root: places)
        monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
        assert links.main() == 0
        assert "3 addresses, none of them asked" in capsys.readouterr().out
        monkeypatch.delenv("WORKSHOP_OFFLINE")
        assert links.main() == 0
        places[server.url("/404")] = "data/manifest.toml"
        assert links.main() == 1
    said = capsys.readouterr().out
    for words in (
        "docs/a.md: http://127.0.0.1:9/ – ConnectionError",
        f"README.md: {server.url('/403')} – 403",
        f"data/manifest.toml: {server.url('/404')} – 404",
    ):
        assert words in said
    assert said.endswith("1 of 4 addresses answer, 1 are gone.\n")
