"""A result as a parcel: everything that a stranger needs to repeat one number, in one folder.

`draft` lays out the digit reader, `own` any classifier that Keras has saved; `pack` makes the
parcel, in the form of the Hugging Face hub, and `verify` does what a stranger would: it looks
whether all is there and unchanged, and lets a fresh process that sees nothing but the parcel repeat
the number. A parcel that does not keep its word is refused with one sentence. The programs
themselves are real files, in `helpers/sharing/parcel/`.
"""

import io
import json
import math
import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from huggingface_hub import ModelCard
from PIL import Image
from safetensors.numpy import load_file, save_file

from helpers import assets, files
from helpers.digits import mnist
from helpers.sharing import cards

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).resolve().parent / "parcel"
WANTED = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "pillow")  # what the programs import
PATIENCE = 600  # seconds for one program of a parcel
KEPT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "LANG")  # variables that a process needs to start
SUMS = "SHA256SUMS"
PIECES = {
    "train.py": "the program that trained it",
    "evaluate.py": "the program that repeats the number",
    "predict.py": "the program that uses it",
    "data/held_out.npz": "the held-out data",
    "toy": "a toy set, to try at once",
    "labels.json": "what the outputs stand for",
    "model.keras": "the checkpoint",
    "model.safetensors": "its weights, for other libraries",
    "claims.json": "what is claimed",
    "README.md": "the model card: where a stranger begins",
    "DATA_CARD.md": "where the data come from",
    "CITATION.cff": "how to cite it",
    "requirements.txt": "the environment, version by version",
    "Dockerfile": "the recipe for a container",
    SUMS: "the fingerprint of every file",
}
OPTIONAL = {"train.py"}  # a model that was trained in a notebook has none
CARDS = {"README.md": cards.MODEL_SECTIONS, "DATA_CARD.md": cards.DATA_SECTIONS}
NUMBERS = ("right", "examples", "tolerance")  # in claims.json
BLOCK = re.compile(r"^\w\S*==.*\n(?:[ \t].*\n)*", re.MULTILINE)  # one package in a lock
ABOUT = ("title", "what", "licence", "author", "made", "data", "data_licence")  # what `own` asks
NOTES = ("about.json", "results.json")  # what `pack` reads; the cards and claims say it to others
# What stays behind when a parcel is packed, and is passed over where a stranger's programs left it.
LEFTOVERS = ("__pycache__", "__MACOSX", "Thumbs.db", "desktop.ini")
# Of 1,000 answers: other processors round differently, and an answer that is nearly a tie changes.
TOLERANCE = 3

# What the fresh process runs. Without `site` (-S) it gets the installed packages and nothing that
# a package installed "editable" adds: so it can't see the workshop.
FRESH = """
import runpy, sys
packages, script, *arguments = sys.argv[1:]
sys.path += packages.split("\\n")
sys.argv = [script, *arguments]
runpy.run_path(script, run_name="__main__")
"""


class ParcelError(ValueError):
    """A parcel can't be made, or is refused: one sentence that says why."""


class Refused(ParcelError):
    """A parcel does not keep its word."""

    def __str__(self) -> str:
        """Say why."""
        return f"Refused: {self.args[0]}"


class Verified(NamedTuple):
    """A number that was repeated: `right` of `examples`, and the number that was `claimed`."""

    right: int
    examples: int
    claimed: int

    def __str__(self) -> str:
        """Return the verdict in a sentence."""
        found = f"{self.right:,} of {self.examples:,} answers are right"
        return f"Verified: {found}, as claimed ({self.claimed:,})."


# -- making --------------------------------------------------------------------------------------


def draft(folder: str | Path) -> Path:
    """Lay out in `folder`, which is made, the programs, the digits and a toy set of ten of them."""
    asset = assets.facts("mnist-5k")
    about = json.loads((TEMPLATES / "about.json").read_text(encoding="utf-8"))
    about |= {"data": f"{about['data']} {asset.citation}", "data_licence": asset.licence}
    train, test = [{"x": x[..., None], "y": y.astype("int64")} for x, y in mnist.load()]
    folder = _lay_out(Path(folder), test, [*map(str, range(10))], about)
    shutil.copyfile(TEMPLATES / "train.py", folder / "train.py")
    np.savez_compressed(folder / "data" / "train.npz", **train)
    return folder


def own(folder: str | Path, model: str | Path, x, y, labels, about: dict) -> Path:
    """Lay out in `folder`, which is made, a model of your own, and let it be evaluated.

    model: its .keras file. x: held-out examples that it never learnt from, as it takes them (a
    list of arrays where it has several inputs). y: for each answer the number of its label in
    `labels`, -1 where there is nothing to say. about: title, what, made, data, licence,
    data_licence, author: a sentence or a name each; task, where it isn't to name pictures: as the
    hub calls it. Raises ParcelError where something lacks.
    """
    lacking = [name for name in ABOUT if not about.get(name)]
    if lacking:
        raise ParcelError(f"`about` has to say more: {', '.join(lacking)}.")
    inputs = x if isinstance(x, list) else [x]
    arrays = {f"x{number}": np.asarray(one) for number, one in enumerate(inputs)}
    folder = _lay_out(Path(folder), arrays | {"y": np.asarray(y)}, list(labels), about)
    shutil.copyfile(model, folder / "model.keras")
    found = runpy.run_path(str(folder / "evaluate.py"))["evaluate"](folder / "model.keras")
    found |= {"right": [found["right"]], "seeds": [None], "made": about["made"]}
    found["model"] = files.sha256(folder / "model.keras")
    files.write(folder / "results.json", json.dumps(found, indent=1))
    return folder


def _lay_out(folder: Path, held_out: dict, labels: list[str], about: dict) -> Path:
    """Make `folder` with the programs for any model, held-out data, and a toy set of them."""
    if folder.exists():
        raise ParcelError(f"{folder} is there already: name another folder.")
    for part in ("data", "toy"):
        (folder / part).mkdir(parents=True)
    for name in ("evaluate.py", "predict.py", "Dockerfile"):
        shutil.copyfile(TEMPLATES / name, folder / name)
    np.savez_compressed(folder / "data" / "held_out.npz", **held_out)
    files.write(folder / "labels.json", json.dumps(labels, ensure_ascii=False) + "\n")
    files.write(folder / "about.json", json.dumps(about, ensure_ascii=False))
    pictures, y = next(iter(held_out.values())), held_out["y"]
    first = zip(*np.unique(y, return_index=True), strict=True) if y.ndim == 1 else [(0, 0)]
    for label, at in first:  # the first picture of each label, or the first of all
        if label >= 0:
            pixels = pictures[at].astype("uint8").squeeze()
            Image.fromarray(pixels).save(folder / "toy" / f"{label}.png")
    return folder


def pack(work: str | Path, folder: str | Path, words: dict[str, str] | None = None) -> Path:
    """Make the parcel `folder` of the draft `work`, whose model has results; return its path.

    words: what only people can say, for the cards (see `cards.QUESTIONS`); what is missing stays a
    gap, and `verify` will refuse the parcel. Hidden files and other leftovers stay behind, and what
    travels is printed. An older parcel in `folder` is replaced, and only when the new one is whole.
    Raises ParcelError when there are no results, they are those of another model, or `folder` is
    there and is not a parcel.
    """
    work, folder = Path(work), Path(folder)
    if not (work / "results.json").is_file():
        raise ParcelError(f"There is no results.json in {work.name}: run train.py there first.")
    if folder.exists() and not (folder / SUMS).is_file():
        raise ParcelError(f"{folder.name} is there and is no parcel: name another folder.")
    about, results = (json.loads((work / name).read_text(encoding="utf-8")) for name in NOTES)
    if files.sha256(work / "model.keras") != results.get("model"):
        why = "model.keras is not the model whose results these are, and its card would be untrue"
        raise ParcelError(f"{why}: run train.py again, or lay out your own model (`own`).")
    labels = json.loads((work / "labels.json").read_text(encoding="utf-8"))
    with np.load(work / "data" / "held_out.npz", allow_pickle=False) as data:
        counts = dict(zip(labels, np.bincount(data["y"][data["y"] >= 0]).tolist(), strict=False))
    claims = {
        "claim": cards.claim(results),
        "repeat": "python evaluate.py",
        "right": results["right"][0],
        "examples": results["examples"],
        "tolerance": min(TOLERANCE, max(1, results["examples"] // 100)),
        "why_a_tolerance": "another processor rounds differently, which may tip near ties",
        "seeds": dict(zip(map(str, results["seeds"]), results["right"], strict=True)),
    }
    texts = {
        "claims.json": json.dumps(claims, indent=1, ensure_ascii=False) + "\n",
        "README.md": cards.model_card(about, results, words),
        "DATA_CARD.md": cards.data_card(about, counts, words),
        "CITATION.cff": cards.citation(about),
        "requirements.txt": lock((ROOT / "requirements.txt").read_text(encoding="utf-8")),
        # Git must not turn line ends into those of Windows: every fingerprint would be another.
        ".gitattributes": "* -text\n",
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".packing-") as place:
        fresh = Path(place) / "parcel"
        _copy(work, fresh)
        for name in NOTES:
            (fresh / name).unlink()
        for name, text in texts.items():
            files.write(fresh / name, text)
        save_file(weights(fresh / "model.keras"), fresh / "model.safetensors")
        seal(fresh)
        print("Packed:", *sorted({name.partition("/")[0] for name in _files(fresh)}))
        if folder.exists():
            folder.rename(Path(place) / "previous")
        fresh.rename(folder)
    return folder


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
    blocks = BLOCK.findall(whole)
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


def run(script: str | Path, *arguments: str, settings: dict | None = None, packages=()) -> str:
    """Run a program in a fresh process that sees the installed packages and no helpers.

    It starts in an empty folder, isolated from PYTHONPATH and the user's own packages, with an
    environment of almost nothing, and `settings` (variables) on top. packages: folders in place of
    those in which packages are installed here. Returns what the program printed. Raises ParcelError
    when it fails or takes longer than PATIENCE.
    """
    script = Path(script).resolve()
    packages = packages or sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    seen = "\n".join(map(str, packages))
    command = [sys.executable, "-I", "-S", "-c", FRESH, seen, str(script)]
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    with tempfile.TemporaryDirectory() as nowhere:
        own = {"HOME": nowhere, "TMPDIR": nowhere, "TEMP": nowhere, "PYTHONDONTWRITEBYTECODE": "1"}
        how = {"cwd": nowhere, "env": kept | own | (settings or {}), "timeout": PATIENCE}
        how |= {"capture_output": True, "encoding": "utf-8", "errors": "replace"}
        try:
            done = subprocess.run([*command, *map(str, arguments)], check=True, **how)
        except subprocess.TimeoutExpired as error:
            sentence = f"{script.name} took longer than {PATIENCE} s and was stopped."
            raise ParcelError(sentence) from error
        except subprocess.CalledProcessError as error:
            last = (error.stderr.strip().splitlines() or [f"code {error.returncode}"])[-1]
            raise ParcelError(f"{script.name} stopped: {last.rstrip('.')}.") from error
    return done.stdout


def evaluate(folder: str | Path, packages=()) -> dict:
    """Let evaluate.py of `folder` repeat the number in a fresh process; return what it found.

    {"examples": how many there are, "right": how many answers are, "by_label": the share for each}.
    Raises ParcelError when it finds nothing.
    """
    said = run(Path(folder) / "evaluate.py", packages=packages).strip().splitlines()
    try:
        found = json.loads(said[-1])
        return found | {name: int(found[name]) for name in ("examples", "right")}
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ParcelError("evaluate.py ran, and printed no result.") from error


def weights(file: str | Path) -> dict[str, np.ndarray]:
    """Read a .keras file's weights by their names, without Keras; the optimiser's state is not."""
    found = {}

    def keep(name, node):
        if isinstance(node, h5py.Dataset) and node.dtype == np.float32:
            found[name] = np.asarray(node[()])  # a single number, too

    with zipfile.ZipFile(file) as archive:
        stored = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(stored, "r") as tree:
        tree["layers"].visititems(keep)
    return found


# -- verifying -----------------------------------------------------------------------------------


def verify(folder: str | Path, fresh_environment: bool = False) -> Verified:
    """Do what a stranger would with the parcel `folder`; return the number that was repeated.

    First it is only read: every piece there, every fingerprint right, nothing beside, no gaps in
    the cards, the lock complete. Then evaluate.py of a copy runs in a fresh process (see `run`).
    With `fresh_environment` the lock is installed first, into a folder of its own (uv, and its
    cache or the package index), and the program sees no other packages.

    The parcel's program is run, with your rights: read a stranger's first, or use the container.
    Raises ParcelError, one sentence, at the first thing that is not as it should be.
    """
    folder = Path(folder)
    claims = inspect(folder)
    right, examples, tolerance = (claims[name] for name in NUMBERS)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "parcel"
        _copy(folder, copy)
        alone = copy / "requirements.txt", Path(place) / "packages"
        found = evaluate(copy, [_install(*alone)] if fresh_environment else [])
    if found["examples"] != examples:
        said = f"the claim is about {examples:,} examples, and evaluate.py looks at"
        raise Refused(f"{said} {found['examples']:,}.")
    if abs(found["right"] - right) > tolerance:
        raise Refused(
            f"the number is not repeated. {right} right answers are claimed, {found['right']} "
            f"were found; {tolerance} more or less would be fine."
        )
    if abs(_measured(folder) * examples - right) > tolerance:
        raise Refused("README.md and claims.json claim different numbers.")
    return Verified(found["right"], examples, right)


def inspect(folder: str | Path) -> dict:
    """Read a parcel, run nothing; return its claims. Raises ParcelError: see `verify`."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ParcelError(f"There is no folder {folder}: name the parcel's.")
    for name, purpose in PIECES.items():
        there = (folder / name).is_file() or any((folder / name).glob("*"))
        if not there and name not in OPTIONAL:
            raise Refused(f"{name} is missing, {purpose}.")
    _check_sums(folder)
    for name, sections in CARDS.items():
        if open_ones := cards.gaps(_text(folder / name), sections):
            raise Refused(f"{name} has gaps: {', '.join(open_ones)}.")
    pins = _text(folder / "requirements.txt")
    whole = all("--hash=sha256:" in pin for pin in BLOCK.findall(pins))
    if not pins.strip() or BLOCK.sub("", pins).strip() or not whole:
        raise Refused("requirements.txt does not fix every version and its hash.")
    _measured(folder)
    _check_weights(folder)
    return _read_claims(folder / "claims.json")


def _measured(folder: Path) -> float:
    """Return the accuracy in the model card's facts, as the hub reads them."""
    text = _text(folder / "README.md")
    try:
        facts = ModelCard(text).data
        (measured,) = facts.eval_results
        if facts.license and math.isfinite(measured.metric_value):
            return measured.metric_value
        raise ValueError
    except Exception as error:  # YAML and the hub have errors of their own
        why = "README.md does not begin with a licence and an accuracy, as the hub reads."
        raise Refused(why) from error


def _check_weights(folder: Path) -> None:
    """Raise ParcelError unless model.safetensors holds model.keras's weights."""
    try:
        kept, stored = load_file(folder / "model.safetensors"), weights(folder / "model.keras")
    except Exception as error:  # zipfile, h5py and safetensors each have errors of their own
        raise Refused("the files of the model can't be read.") from error
    if set(kept) != set(stored) or any(not np.array_equal(kept[n], stored[n]) for n in stored):
        raise Refused("model.safetensors holds other weights than model.keras.")


def _check_sums(folder: Path) -> None:
    """Raise ParcelError unless exactly the files that SHA256SUMS names are there, unchanged."""
    lines = [line.partition("  ") for line in _text(folder / SUMS).splitlines()]
    listed, there = {name: digest for digest, _, name in lines}, set(_files(folder)) - {SUMS}
    for name in sorted(there ^ set(listed)):
        here = ("the parcel", SUMS) if name in there else (SUMS, "the parcel")
        raise Refused(f"{name} is in {here[0]} and not in {here[1]}.")
    for name in sorted(there):
        if files.sha256(folder / name) != listed[name]:
            raise Refused(f"{name} is not the file that was packed (its SHA-256).")


def _read_claims(file: Path) -> dict:
    """Return what a parcel claims, or raise ParcelError where that can't be judged."""
    text = _text(file)
    try:
        claims = json.loads(text)
        _, examples, tolerance = numbers = [claims[name] for name in NUMBERS]
        if not all(map(math.isfinite, numbers)):
            raise ValueError
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        needs = "how many are right, of how many, and how far off a repetition may be"
        raise Refused(f"claims.json does not say in numbers {needs}.") from error
    if not 0 <= tolerance <= max(1, 0.01 * examples):
        raise Refused(f"a tolerance of {tolerance} would let more than one answer in 100 differ.")
    return claims


def _install(requirements: Path, target: Path) -> Path:
    """Install a lock, hash by hash, into the folder `target`, for this Python; return it."""
    uv = [Path(sys.executable).with_name("uv"), *["--offline"] * assets.offline(), "--quiet"]
    how = ["--require-hashes", "--python", sys.executable, "--target", target]
    try:
        command = [*uv, "pip", "install", *how, "-r", requirements]
        subprocess.run(command, capture_output=True, text=True, check=True)
    except OSError as error:
        sentence = "A fresh environment needs uv, which is not there: set-up brings it."
        raise ParcelError(sentence) from error
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or ["it said nothing"])[0]
        raise ParcelError(f"The lock could not be installed: {said.rstrip('. ')}.") from error
    return target


def _text(file: Path) -> str:
    """Return what stands in a file of a parcel, or raise ParcelError where that is no text."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{file.name} is no text that can be read.") from error


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
            raise Refused(f"{name} is a link, and a parcel must hold its files.")
        if path.is_file():
            names.append(name)
    return names
