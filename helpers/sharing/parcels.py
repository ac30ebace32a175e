"""A result as a parcel: everything that a stranger needs to repeat one number, in one folder.

`draft` lays out the programs and the data, `pack` makes the parcel of them, and `verify` does what
a stranger would: it looks whether all is there and unchanged, and lets a fresh process that sees
nothing but the parcel repeat the number. A parcel that does not keep its word is refused with one
sentence. The programs themselves are real files, in `helpers/sharing/parcel/`.
"""

import io
import json
import math
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers import assets, files
from helpers.sharing import cards

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).resolve().parent / "parcel"
WANTED = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "pillow")  # what the programs import
PATIENCE = 600  # seconds for one program of a parcel
SUMS = "SHA256SUMS"
PIECES = {
    "train.py": "the program that trained it",
    "evaluate.py": "the program that repeats the number",
    "predict.py": "the program that uses it",
    "data/digits.npz": "the data",
    "toy": "a toy set, to try at once",
    "model.keras": "the checkpoint",
    "claims.json": "what is claimed",
    "MODEL_CARD.md": "what the model is, and is not, for",
    "DATA_CARD.md": "where the data come from",
    "requirements.txt": "the environment, version by version",
    "Dockerfile": "the recipe for a container",
    "README.md": "where a stranger begins",
    SUMS: "the fingerprint of every file",
}
# Git must not turn line ends into those of Windows: every fingerprint would be another.
GIT_ATTRIBUTES = "* -text\n"
# What stays behind when a parcel is packed, and is passed over where a stranger's programs left it.
LEFTOVERS = ("__pycache__", "__MACOSX", "Thumbs.db", "desktop.ini")
# Of 1,000 digits: other processors round differently, and an answer that is nearly a tie changes.
TOLERANCE = 3
REASON = "another processor rounds differently, and an answer that is nearly a tie may change"

# What the fresh process runs. Without `site` (-S) it gets the installed packages and nothing that
# a package installed "editable" adds: so it can't see the workshop.
FRESH = """
import importlib.util, runpy, sys
packages, script, *arguments = sys.argv[1:]
sys.path += packages.split("\\n") if packages else []
if importlib.util.find_spec("helpers"):
    sys.exit("the workshop's helpers can be seen from here")
sys.argv = [script, *arguments]
runpy.run_path(script, run_name="__main__")
"""


class ParcelError(ValueError):
    """A parcel can't be made, or is refused: one sentence that says why."""


@dataclass(frozen=True)
class Verified:
    """A number that was repeated: `right` of `digits`, and the number that was `claimed`."""

    right: int
    digits: int
    claimed: int

    def __str__(self) -> str:
        """Return the verdict in a sentence."""
        return (
            f"Verified: {self.right} of {self.digits:,} digits are read, "
            f"as claimed ({self.claimed})."
        )


# -- making --------------------------------------------------------------------------------------


def draft(folder: str | Path) -> Path:
    """Lay out in `folder`, which is made, the programs, the digits and a toy set of ten of them."""
    from PIL import Image

    from helpers.digits import mnist

    folder = Path(folder)
    (folder / "data").mkdir(parents=True)
    (folder / "toy").mkdir()
    for template in [*sorted(TEMPLATES.glob("*.*")), TEMPLATES / "Dockerfile"]:
        shutil.copyfile(template, folder / template.name)
    (x_train, y_train), (x_test, y_test) = mnist.load()
    labels = {"y_train": y_train.astype("uint8"), "y_test": y_test.astype("uint8")}
    np.savez_compressed(folder / "data" / "digits.npz", x_train=x_train, x_test=x_test, **labels)
    for digit in range(10):
        picture = x_test[np.flatnonzero(y_test == digit)[0]]
        Image.fromarray(picture).save(folder / "toy" / f"{digit}.png")
    return folder


def pack(work: str | Path, folder: str | Path, words: dict[str, str] | None = None) -> Path:
    """Make the parcel `folder` of the draft `work`, in which train.py has run; return its path.

    words: what only people can say, for the cards (see `cards.QUESTIONS`); what is missing stays a
    gap, and `verify` will refuse the parcel. Hidden files and other leftovers stay behind, and what
    travels is printed. An older parcel in `folder` is replaced, and only when the new one is whole.
    Raises ParcelError when train.py has not run, its results are those of another model, or
    `folder` is there and is not a parcel.
    """
    work, folder = Path(work), Path(folder)
    if not (work / "results.json").is_file():
        raise ParcelError(f"There is no results.json in {work.name}: run train.py there first.")
    if folder.exists() and not (folder / SUMS).is_file():
        raise ParcelError(f"{folder.name} is there and is no parcel: name another folder.")
    results = json.loads((work / "results.json").read_text(encoding="utf-8"))
    if files.sha256(work / "model.keras") != results.get("model"):
        raise ParcelError(
            "model.keras is not the model whose results these are, and its card would be untrue: "
            "run train.py again, or make a draft of your own for your own model."
        )
    asset = assets.facts("mnist-5k")
    with np.load(work / "data" / "digits.npz", allow_pickle=False) as data:
        labels = data["y_train"], data["y_test"]
    right = np.array(list(results["answers"][0]), int) == labels[1]
    by_digit = [float(right[labels[1] == digit].mean()) for digit in range(10)]
    texts = {
        "claims.json": json.dumps(_claims(results), indent=1, ensure_ascii=False) + "\n",
        "MODEL_CARD.md": cards.model_card(results, by_digit, words),
        "DATA_CARD.md": cards.data_card(*labels, asset.licence, asset.citation, words),
        "requirements.txt": lock((ROOT / "requirements.txt").read_text(encoding="utf-8")),
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".packing-") as place:
        fresh = Path(place) / "parcel"
        _copy(work, fresh)
        (fresh / "results.json").unlink()
        for name, text in (texts | {".gitattributes": GIT_ATTRIBUTES}).items():
            files.write(fresh / name, text)
        seal(fresh)
        print("Packed:", *sorted({name.partition("/")[0] for name in _files(fresh)}))
        if folder.exists():
            folder.rename(Path(place) / "previous")
        fresh.rename(folder)
    return folder


def _claims(results: dict) -> dict:
    shares = np.array(results["right"]) / results["digits"]
    return {
        "claim": f"It reads {cards.claim(shares, results['digits'])} of the held-out digits "
        "(± one standard error).",
        "repeat": "python evaluate.py",
        "right": results["right"][0],
        "digits": results["digits"],
        "tolerance": TOLERANCE,
        "why_a_tolerance": REASON,
        "seed": results["seeds"][0],
        "seeds": dict(zip(map(str, results["seeds"]), results["right"], strict=True)),
    }


def _copy(folder: Path, target: Path) -> None:
    """Copy what belongs to a parcel, and none of the leftovers."""
    for name in _files(folder):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, target / name)


def seal(folder: str | Path) -> None:
    """Write SHA256SUMS into `folder`: a line for every other file, as `sha256sum` checks it."""
    folder = Path(folder)
    lines = [f"{files.sha256(folder / name)}  {name}\n" for name in _files(folder) if name != SUMS]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


def lock(whole: str, wanted: tuple[str, ...] = WANTED) -> str:
    """Return of a hashed lock, as `uv pip compile` writes it, what `wanted` and their needs take.

    uv notes below each package which others asked for it: so the lock itself knows what belongs
    together, on every platform that it is for.
    """
    blocks = re.findall(r"^\w\S*==.*\n(?:[ \t].*\n)*", whole, re.MULTILINE)
    named = [re.match(r"[\w.-]+", block)[0] for block in blocks]  # some twice, for two Pythons
    asked_by = [set(re.findall(r"#(?: via)? +([\w.-]+)", block)) for block in blocks]
    kept = set(wanted)
    while kept < (more := kept | {n for n, by in zip(named, asked_by, strict=True) if by & kept}):
        kept = more
    # The notes go: they name packages that are not in this lock.
    return "".join(
        re.sub(r"^ +#.*\n", "", block, flags=re.MULTILINE)
        for name, block in zip(named, blocks, strict=True)
        if name in kept
    )


# -- running in a fresh process ------------------------------------------------------------------


def run(script: str | Path, *arguments: str, settings: dict | None = None, python=None) -> str:
    """Run a program in a fresh process that sees the installed packages and no helpers.

    It starts in an empty folder, isolated from PYTHONPATH and the user's own packages, with an
    environment of almost nothing, and `settings` (variables) on top. python: another interpreter,
    which sees what is installed with it. Returns what the program printed. Raises ParcelError when
    it fails or takes longer than PATIENCE.
    """
    script = Path(script).resolve()
    # Another interpreter has packages of its own.
    here = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    flags, packages = (["-I"], "") if python else (["-I", "-S"], "\n".join(sorted(here)))
    command = [str(python or sys.executable), *flags, "-c", FRESH, packages, str(script)]
    with tempfile.TemporaryDirectory() as nowhere:
        try:
            done = subprocess.run(
                [*command, *map(str, arguments)],
                cwd=nowhere,
                env=_environment(nowhere) | (settings or {}),
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ParcelError(
                f"{script.name} took longer than {PATIENCE} s and was stopped."
            ) from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1]
        raise ParcelError(f"{script.name} stopped: {last.rstrip('.')}.")
    return done.stdout


def _environment(home: str) -> dict[str, str]:
    """Return the few variables that a process needs to start, and where it may write."""
    kept = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "LANG")
    own = {"HOME": home, "TMPDIR": home, "TEMP": home, "PYTHONDONTWRITEBYTECODE": "1"}
    return {name: os.environ[name] for name in kept if name in os.environ} | own


def evaluate(folder: str | Path, python=None) -> dict:
    """Let evaluate.py of `folder` repeat the number in a fresh process; return what it found.

    {"digits": how many there are, "right": how many of them it reads}. Raises ParcelError when it
    finds nothing.
    """
    said = run(Path(folder) / "evaluate.py", python=python).strip().splitlines()
    try:
        found = json.loads(said[-1])
        return {"digits": int(found["digits"]), "right": int(found["right"])}
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ParcelError("evaluate.py ran, and printed no result.") from error


def weights(file: str | Path) -> list[np.ndarray]:
    """Read a .keras file's weights, layer by layer, without Keras; the optimiser's state is not."""
    import h5py

    with zipfile.ZipFile(file) as archive:
        stored = io.BytesIO(archive.read("model.weights.h5"))
    found = []
    with h5py.File(stored, "r") as tree:
        tree["layers"].visititems(
            lambda _, node: found.append(node[()]) if isinstance(node, h5py.Dataset) else None
        )
    return [array for array in found if array.dtype == np.float32]


# -- verifying -----------------------------------------------------------------------------------


def verify(folder: str | Path, fresh_environment: bool = False) -> Verified:
    """Do what a stranger would with the parcel `folder`; return the number that was repeated.

    First it is only read: every piece there, every fingerprint right, nothing beside, no gaps in
    the cards, the lock complete. Then evaluate.py of a copy runs in a fresh process (see `run`).
    With `fresh_environment` the lock is installed first, into an environment of its own (uv, and
    its cache or the package index), and the program sees nothing else.

    The parcel's program is run, with your rights: read a stranger's first, or use the container.
    Raises ParcelError, one sentence, at the first thing that is not as it should be.
    """
    folder = Path(folder)
    claims = inspect(folder)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "parcel"
        _copy(folder, copy)
        python = _install(copy / "requirements.txt", Path(place)) if fresh_environment else None
        found = evaluate(copy, python)
    if found["digits"] != claims["digits"]:
        raise ParcelError(
            f"Refused: the claim is about {claims['digits']:,} digits, and evaluate.py looks at "
            f"{found['digits']:,}."
        )
    if abs(found["right"] - claims["right"]) > claims["tolerance"]:
        raise ParcelError(
            f"Refused: the number is not repeated. {claims['right']} right answers are claimed, "
            f"{found['right']} were found; {claims['tolerance']} more or less would be fine."
        )
    return Verified(found["right"], found["digits"], claims["right"])


def inspect(folder: str | Path) -> dict:
    """Read a parcel, run nothing; return its claims. Raises ParcelError: see `verify`."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ParcelError(f"There is no folder {folder}: name the parcel's.")
    for name, purpose in PIECES.items():
        piece = folder / name
        if not piece.exists() or (piece.is_dir() and not any(piece.iterdir())):
            raise ParcelError(f"Refused: {name} is missing, {purpose}.")
    _check_sums(folder)
    for name, sections in (
        ("MODEL_CARD.md", cards.MODEL_SECTIONS),
        ("DATA_CARD.md", cards.DATA_SECTIONS),
    ):
        if open_ones := cards.gaps(_text(folder / name), sections):
            raise ParcelError(f"Refused: {name} has gaps: {', '.join(open_ones)}.")
    pins = re.findall(r"^\w.*\n(?:[ \t].*\n)*", _text(folder / "requirements.txt"), re.M)
    if not pins or not all("==" in pin and "--hash=sha256:" in pin for pin in pins):
        raise ParcelError("Refused: requirements.txt does not fix every version and its hash.")
    return _read_claims(folder / "claims.json")


def _check_sums(folder: Path) -> None:
    """Raise ParcelError unless exactly the files that SHA256SUMS names are there, unchanged."""
    listed = {}
    for line in _text(folder / SUMS).splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    there = set(_files(folder)) - {SUMS}
    if lost := sorted(set(listed) - there):
        raise ParcelError(f"Refused: {lost[0]} is in {SUMS} and not in the parcel.")
    if extra := sorted(there - set(listed)):
        raise ParcelError(f"Refused: {extra[0]} is in the parcel and not in {SUMS}.")
    for name in sorted(there):
        if files.sha256(folder / name) != listed[name]:
            raise ParcelError(f"Refused: {name} is not the file that was packed (its SHA-256).")


def _read_claims(file: Path) -> dict:
    """Return what a parcel claims, or raise ParcelError where that can't be judged."""
    try:
        claims = json.loads(_text(file))
        numbers = [claims[name] for name in ("right", "digits", "tolerance")]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ParcelError(
            "Refused: claims.json does not say how many are right, of how many, and how far off "
            "a repetition may be."
        ) from error
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
        raise ParcelError("Refused: claims.json has something else than numbers for its numbers.")
    if not 0 <= claims["tolerance"] <= 0.01 * claims["digits"]:
        raise ParcelError(
            f"Refused: a tolerance of {claims['tolerance']} would let more than one answer in a "
            "hundred differ."
        )
    return claims


def _install(requirements: Path, place: Path) -> Path:
    """Install a lock, hash by hash, into an environment in `place`; return its interpreter."""
    uv = Path(sys.executable).with_name("uv")
    environment = place / "environment"
    where = ["--offline"] if assets.offline() else []
    into = ["--python", str(environment)]
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(environment)],
        ["pip", "install", "--quiet", *where, *into, "--require-hashes", "-r", str(requirements)],
    ):
        try:
            done = subprocess.run([str(uv), *command], capture_output=True, text=True, check=False)
        except OSError as error:
            raise ParcelError(
                "A fresh environment needs uv, which is not there: make setup."
            ) from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
            raise ParcelError(f"The lock could not be installed: {last.strip().rstrip('.')}.")
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _text(file: Path) -> str:
    """Return what stands in a file of a parcel, or raise ParcelError where that is no text."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParcelError(f"Refused: {file.name} is no text that can be read.") from error


def _files(folder: Path) -> list[str]:
    """Return the files in `folder` as relative names with '/', no leftovers. ParcelError: a link.

    Hidden files and folders are leftovers, too: .DS_Store, .git, .env, .ipynb_checkpoints.
    """
    names = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") or part in LEFTOVERS for part in parts):
            continue
        name = "/".join(parts)
        if path.is_symlink():
            raise ParcelError(f"Refused: {name} is a link, and a parcel must hold its files.")
        if path.is_file():
            names.append(name)
    return names
