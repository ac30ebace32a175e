"""Do all addresses in manifest, docs and lessons still answer? `make check-links` asks them."""

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from helpers import assets
from tools import packing

ROOT = Path(__file__).resolve().parents[1]
TEXTS = (".cff", ".ipynb", ".md", ".toml")
# An address ends before what encloses it. Places of one's own, and examples, are no addresses.
ADDRESS = re.compile(r"https://[^\s\"'<>)\]}`\\|…]+")
OWN = re.compile(r"https://(HUB|localhost|127\.|[^/]*example\.|NAME|YOUR|.*\bYOUR_NAME)")


def addresses(root=ROOT):
    """Return {address: the first file that names it}."""
    found = {}
    for place, path in packing.workshop(root):
        for address in ADDRESS.findall(path.read_text("utf-8")) if path.suffix in TEXTS else ():
            address = address.partition("#")[0].rstrip(".,;:*_")
            if not OWN.match(address) and "{" not in address:
                found.setdefault(address, place)
    for asset in map(assets.facts, assets.names()):
        for source in asset.sources:  # of a folder of files one is asked for: folders don't answer
            if place := found.pop(source.get("base"), None):
                found[source["base"] + quote(next(iter(source.get("only", asset.digests))))] = place
    return found


def answer(address):
    """Return the status with which an address answers, or why it doesn't."""
    import requests

    try:
        status = requests.head(address, timeout=20, allow_redirects=True).status_code
        if status >= 400:  # some servers know no HEAD
            with requests.get(address, timeout=20, stream=True) as reply:
                status = reply.status_code
        return status
    except requests.RequestException as error:
        return type(error).__name__


def main(root=ROOT):
    """Print the addresses that don't answer; return 1 if one is gone, else 0.

    One that can't be reached, or that refuses programs, is named and is nobody's fault.
    """
    found = addresses(root)
    if assets.offline():
        print(f"{len(found)} addresses, none of them asked: WORKSHOP_OFFLINE forbids it.")
        return 0
    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(found, pool.map(answer, found), strict=True))
    for address, status in answers.items():
        if status != 200:
            print(f"{found[address]}: {address} – {status}")
    gone, fine = (sum(one in known for one in answers.values()) for known in ([404, 410], [200]))
    print(f"{fine} of {len(found)} addresses answer, {gone} are gone.")
    return 1 if gone else 0


if __name__ == "__main__":
    sys.exit(main())
