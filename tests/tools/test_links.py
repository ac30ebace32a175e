"""The check of addresses: which are asked, and what counts as gone."""

from tools import links


def test_addresses_of_all_kinds_of_files_are_found_without_what_encloses_them():
    found = links.addresses()
    assert found["https://mybinder.org"] == "README.md"
    assert any(place.startswith("data/") for place in found.values())
    assert len(found) > 30
    assert not [address for address in found if address.endswith((".", ",", ")", "\\n"))]


def test_only_what_is_gone_fails(monkeypatch, capsys):
    places = {f"https://a.org/{status}": "README.md" for status in (200, 403, 404)}
    monkeypatch.setattr(links, "addresses", lambda root: places | {"https://down": "docs/a.md"})
    monkeypatch.setattr(
        links,
        "answer",
        lambda address: int(address[-3:]) if "a.org" in address else "ConnectionError",
    )
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    assert links.main() == 0
    assert "4 addresses, none of them asked" in capsys.readouterr().out
    monkeypatch.delenv("WORKSHOP_OFFLINE")
    assert links.main() == 1
    said = capsys.readouterr().out
    assert "docs/a.md: https://down – ConnectionError" in said
    assert "README.md: https://a.org/403 – 403" in said
    assert said.endswith("1 of 4 addresses answer, 1 are gone.\n")
    del places["https://a.org/404"]
    assert links.main() == 0
