"""Parcels: whole when packed; refused, each time with the reason, when they break their word."""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from safetensors.numpy import save

from helpers import assets, files
from helpers.captions import captioning, world
from helpers.captions.speaker import Speaker
from helpers.sharing import cards, parcels
from tools import notebooks

LEFTOVERS = (".env", ".ipynb_checkpoints/train.py", "toy/.DS_Store", "__pycache__/a.pyc")
WORDS = {name: f"{name}: eight words that a stranger can use well" for name in cards.QUESTIONS}
ABOUT = {"title": "My: “digits”", "what": "A reader.", "licence": "MIT", "author": "Ada: L."}
ABOUT |= {"made": "In a lesson.", "data": "Some.", "data_licence": "CC BY-SA 3.0"}
# In place of the real evaluate.py: no TensorFlow, and the checkpoint says what is to be found.
EVALUATE = """
import json, pathlib, zipfile
file = pathlib.Path(__file__).parent / "model.keras"
print(json.dumps({"examples": 1000, "right": int(zipfile.ZipFile(file).read("right"))}))
"""


def save_model(file, right, weight=0.5):
    """What looks like a .keras file, with one weight, and says how much is right."""
    stored = io.BytesIO()
    with h5py.File(stored, "w") as tree:
        tree["layers/dense/vars/0"] = np.full((2, 3), weight, "float32")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model.weights.h5", stored.getvalue())
        archive.writestr("right", str(right))


@pytest.fixture(scope="module")
def draft(tmp_path_factory):
    """A draft in which train.py seems to have run, and what strangers' programs leave behind."""
    work = parcels.draft(tmp_path_factory.mktemp("share") / "work")
    (work / "evaluate.py").write_text(EVALUATE)
    save_model(work / "model.keras", 944)
    results = {
        "model": files.sha256(work / "model.keras"),
        "seeds": [0, 1],
        "right": [944, 951],
        "examples": 1000,
        "by_label": {str(digit): 0.99 - digit / 100 for digit in range(10)},
        "made": "By a test.",
    }
    (work / "results.json").write_text(json.dumps(results))
    for name in LEFTOVERS:
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text("TOKEN=secret")
    (work / "notes.txt").write_text("read me, too")
    return work


@pytest.fixture(scope="module")
def whole(draft, tmp_path_factory):
    return parcels.pack(draft, tmp_path_factory.mktemp("packed") / "parcel", WORDS)


@pytest.fixture
def parcel(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "parcel"))


def refused(parcel):
    with pytest.raises(parcels.ParcelError) as caught:
        parcels.verify(parcel)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def sealed(parcel, name, content):
    (parcel / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    parcels.seal(parcel)


def claims(parcel, **changes):
    return json.dumps(json.loads((parcel / "claims.json").read_text()) | changes)


# -- packing -------------------------------------------------------------------------------------


def test_a_parcel_has_every_piece_and_is_verified(parcel):
    assert all((parcel / name).exists() for name in parcels.PIECES)
    assert len(list((parcel / "toy").glob("*.png"))) == 10
    verified = parcels.verify(parcel)
    assert (verified.right, verified.examples, verified.claimed) == (944, 1000, 944)
    assert "944 of 1,000" in str(verified)


def test_what_was_not_meant_to_travel_stays_behind_and_the_rest_is_listed(draft, tmp_path, capsys):
    parcel = parcels.pack(draft, tmp_path / "parcel", WORDS)
    assert "notes.txt" in capsys.readouterr().out
    assert (parcel / "notes.txt").exists() and (
        parcel / ".gitattributes"
    ).read_text() == "* -text\n"
    assert not any((parcel / name).exists() for name in (*LEFTOVERS, *parcels.NOTES))


def test_a_parcel_that_a_stranger_has_looked_at_is_still_one(parcel):
    for name in (*LEFTOVERS, ".git/config", "Thumbs.db", "__MACOSX/x"):
        (parcel / name).parent.mkdir(parents=True, exist_ok=True)
        (parcel / name).write_text("left here")
    assert parcels.verify(parcel).right == 944


def test_the_fingerprints_are_as_sha256sum_wants_them(whole):
    tool = shutil.which("sha256sum")
    if not tool:
        pytest.skip("there is no sha256sum here")
    subprocess.run([tool, "--check", "--quiet", parcels.SUMS], cwd=whole, check=True)


def test_what_can_t_be_packed_is_refused_and_nothing_is_written(draft, tmp_path):
    (tmp_path / "empty").mkdir()
    other = shutil.copytree(draft, tmp_path / "other")
    save_model(other / "model.keras", 990)
    for work, target, reason in [
        (tmp_path / "empty", "parcel", "run train"),
        (draft, "empty", "is no parcel"),
        (other, "parcel", "not the model whose results these are"),
    ]:
        with pytest.raises(parcels.ParcelError, match=reason):
            parcels.pack(work, tmp_path / target, WORDS)
    assert not (tmp_path / "parcel").exists() and not list((tmp_path / "empty").iterdir())


def test_packing_again_replaces_the_parcel_and_leaves_nothing_beside(draft, parcel):
    (parcel / "old").write_text("of before")
    parcels.pack(draft, parcel, WORDS)
    assert not (parcel / "old").exists()
    assert [path.name for path in parcel.parent.iterdir()] == ["parcel"]


# -- the lock ------------------------------------------------------------------------------------


def test_the_lock_has_what_the_programs_need_and_no_more(whole):
    lines = (whole / "requirements.txt").read_text().splitlines()
    names = {line.partition("==")[0] for line in lines if line[0] != " "}
    assert {*parcels.WANTED, "h5py", "ml-dtypes", "absl-py", "rich"} <= names  # what those need
    assert not {"jupyterlab", "matplotlib", "pytest", "mlxtend"} & names


def test_the_lock_follows_who_asked_for_what():
    lock = (
        "a==1 \\\n    --hash=sha256:1\n    # via project (pyproject.toml)\n"
        "b==2 ; python_version < '3.12' \\\n    --hash=sha256:2\n    # via\n    #   a\n    #   z\n"
        "b==3 ; python_version >= '3.12' \\\n    --hash=sha256:3\n    # via a\n"
        "c==4 \\\n    --hash=sha256:4\n    # via b\n"
        "z==5 \\\n    --hash=sha256:5\n    # via project (pyproject.toml)\n"
    )
    kept = [line.split()[0] for line in parcels.lock(lock, ("a",)).splitlines() if line[0] != " "]
    assert kept == ["a==1", "b==2", "b==3", "c==4"]


# -- refusing ------------------------------------------------------------------------------------


def test_a_missing_piece_is_named(parcel):
    (parcel / "train.py").unlink()
    parcels.seal(parcel)
    assert parcels.verify(parcel).right == 944  # of a model that a notebook trained there is none
    for piece in set(parcels.PIECES) - parcels.OPTIONAL:
        hidden = (parcel / piece).rename(parcel.parent / "hidden")
        assert f"{piece} is missing" in refused(parcel)
        hidden.rename(parcel / piece)
    for picture in (parcel / "toy").iterdir():
        picture.unlink()
    assert "toy is missing" in refused(parcel)


def test_what_is_not_as_it_was_packed_is_named_before_anything_runs(parcel):
    (parcel / "more.py").write_text("")
    assert "more.py is in the parcel and not in SHA256SUMS" in refused(parcel)
    (parcel / "more.py").unlink()
    (parcel / "evaluate.py").write_text("raise SystemExit('it ran')")
    assert "evaluate.py is not the file that was packed" in refused(parcel)
    (parcel / "toy" / "3.png").unlink()
    assert "toy/3.png is in SHA256SUMS and not in the parcel" in refused(parcel)
    (parcel / "toy" / "3.png").symlink_to(__file__)
    assert "toy/3.png is a link" in refused(parcel)


def test_pieces_that_are_not_what_they_should_be_are_refused_with_the_reason(whole, tmp_path):
    """Every fingerprint is right: each is refused for what it is."""
    card, readme = ((whole / name).read_text() for name in ("DATA_CARD.md", "README.md"))
    card = card.replace(WORDS["Known limits"], cards.GAP)
    bare, greedy = readme.partition("---\n\n")[2], readme.replace("value: 0.944", "value: 0.99")
    code = readme.replace("license: apache-2.0", "license: !!python/object/apply:os.getcwd []")
    not_read = b"\xff\xfe\x00"
    cases = [
        (parcels.SUMS, not_read, "SHA256SUMS is no text"),
        ("README.md", not_read, "README.md is no text"),
        *[("README.md", text, "does not begin with a licence") for text in (bare, code)],
        ("README.md", greedy, "README.md and claims.json claim different numbers"),
        ("model.keras", not_read, "the files of the model can't be read"),
        ("model.safetensors", not_read, "the files of the model can't be read"),
        ("model.safetensors", save({"dense/vars/0": np.zeros((2, 3), "float32")}), "other weights"),
        ("claims.json", not_read, "claims.json is no text"),
        ("DATA_CARD.md", card, "DATA_CARD.md has gaps: Known limits"),
        *[
            ("requirements.txt", lock, "does not fix every version")
            for lock in ("", "a\n", "a==1\n", "a==1 --hash=sha256:1\nb\n", "-r other.txt\n")
        ],
        *[
            ("claims.json", text, "does not say in numbers how many")
            for text in ("", "[]", "3", '{"right": 9}')
        ],
        *[
            ("claims.json", claims(whole, right=odd), "does not say in numbers")
            for odd in ("many", float("nan"), 10**400)
        ],
        ("claims.json", claims(whole, right=956), "956 right answers are claimed, 944 were found"),
        ("claims.json", claims(whole, right=940), "the number is not repeated"),
        (
            "claims.json",
            claims(whole, examples=2000),
            "2,000 examples, and evaluate.py looks at 1,000",
        ),
        ("claims.json", claims(whole, tolerance=500), "a tolerance of 500 would let"),
        ("claims.json", claims(whole, tolerance=-1), "a tolerance of -1"),
        ("evaluate.py", "raise ValueError('no digits')", "stopped: ValueError: no digits."),
        ("evaluate.py", "print('fine')", "printed no result"),
        ("evaluate.py", 'print(\'{"examples": "some", "right": 3}\')', "printed no result"),
        ("evaluate.py", "import helpers", "No module named 'helpers'"),
        ("evaluate.py", "open('data/held_out.npz')", "No such file"),  # it starts somewhere else
    ]
    for number, (name, content, reason) in enumerate(cases):
        parcel = Path(shutil.copytree(whole, tmp_path / str(number)))
        if name == parcels.SUMS:
            (parcel / name).write_bytes(content)
        else:
            sealed(parcel, name, content)
        assert reason in refused(parcel), (name, content)


def test_within_the_tolerance_is_near_enough(parcel):
    sealed(parcel, "claims.json", claims(parcel, right=944 + parcels.TOLERANCE))
    assert parcels.verify(parcel).claimed == 947


def test_verifying_leaves_the_parcel_as_it_was(parcel):
    program = "import pathlib; pathlib.Path(__file__).with_name('mine').write_text('x')\n"
    sealed(parcel, "evaluate.py", program + EVALUATE)
    parcels.verify(parcel)
    assert not (parcel / "mine").exists()


# -- the fresh process ---------------------------------------------------------------------------


def test_a_fresh_process_sees_packages_but_neither_helpers_nor_our_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    monkeypatch.setenv("PYTHONPATH", str(parcels.ROOT))
    program = tmp_path / "look.py"
    program.write_text(
        "import importlib.util, json, os, sys, numpy\n"
        "seen = importlib.util.find_spec('helpers') is not None\n"
        "print(json.dumps([seen, os.listdir(), 'SECRET' in os.environ, sys.argv[1:]]))\n"
        "print(os.environ['COLOUR'])"
    )
    said, colour = parcels.run(program, "--x", settings={"COLOUR": "blue"}).splitlines()
    assert json.loads(said) == [False, [], False, ["--x"]]
    assert colour == "blue"


def test_a_program_that_never_ends_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(parcels, "PATIENCE", 1)
    (tmp_path / "slow.py").write_text("import time; time.sleep(60)")
    with pytest.raises(parcels.ParcelError, match=r"slow\.py took longer than 1 s"):
        parcels.run(tmp_path / "slow.py")


def test_an_environment_made_of_the_lock_holds_that_and_nothing_else(parcel):
    whole = (parcels.ROOT / "requirements.txt").read_text()
    sealed(parcel, "requirements.txt", parcels.lock(whole, ("six",)))
    alone = (
        "import six\ntry: import numpy\nexcept ImportError: pass\nelse: raise SystemExit('numpy')"
    )
    sealed(parcel, "evaluate.py", alone + EVALUATE)
    try:
        assert parcels.verify(parcel, fresh_environment=True).right == 944
    except parcels.ParcelError as error:
        if "could not be installed" in str(error):
            pytest.skip("no package index, and the package is not in uv's cache")
        raise


def test_a_lock_that_cannot_be_installed_is_said(parcel, monkeypatch):
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    sealed(parcel, "requirements.txt", f"six==0.0.1 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(parcels.ParcelError, match="The lock could not be installed"):
        parcels.verify(parcel, fresh_environment=True)


# -- the real programs ---------------------------------------------------------------------------


def test_a_model_of_one_s_own_is_packed_and_names_its_toys(tmp_path):
    """A classifier of lesson 01; that a fresh process repeats its number, lesson 09 shows."""
    from keras import Sequential, layers

    cnn = notebooks.taught("01").build_cnn()
    cnn.load_weights(assets.path("mnist-cnn"))
    model = Sequential([layers.Input((28, 28, 1)), layers.Rescaling(1 / 255), cnn])
    model.save(tmp_path / "a.keras")
    with np.load(parcels.draft(tmp_path / "digits") / "data" / "held_out.npz") as data:
        x, y = data["x"], data["y"]
    few = {name: ABOUT[name] for name in ("title", "what", "licence", "author")}
    with pytest.raises(parcels.ParcelError, match="made, data, data_licence"):
        parcels.own(tmp_path / "own", tmp_path / "a.keras", x, y, range(10), few)
    labels = [f"digit {digit}" for digit in range(10)]
    work = parcels.own(tmp_path / "own", tmp_path / "a.keras", x, y, labels, ABOUT)
    with pytest.raises(parcels.ParcelError, match="own is there already"):
        parcels.own(tmp_path / "own", tmp_path / "a.keras", x, y, labels, ABOUT)
    parcel = parcels.pack(work, tmp_path / "parcel", WORDS)
    assert abs(parcels.inspect(parcel)["right"] - 978) <= 3
    toy = sorted((parcel / "toy").glob("*.png"))
    said = parcels.run(parcel / "predict.py", *map(str, toy)).splitlines()
    wanted = [f"{one.name}: digit {one.stem}" for one in toy]
    assert sum(line.split(" (")[0] == one for line, one in zip(said, wanted, strict=True)) >= 9
    assert "“digit" in (parcel / "README.md").read_text()
    assert 'title: "My: \\u201cdigits\\u201d"' in (parcel / "CITATION.cff").read_text()


def test_the_describer_of_lesson_05_is_judged_packed_and_writes_sentences(tmp_path):
    """It has two inputs, and is judged word by word where there is a word to say."""
    lesson, vocabulary = notebooks.taught("05"), captioning.toy_vocabulary()
    network = lesson.build_captioner(vocabulary, lesson.build_encoder())
    network.load_weights(assets.path("captioner"))
    network.save(tmp_path / "a.keras")
    pictures, _, sentences = world.load("test", 30)
    rows = vocabulary.encode([five[0] for five in sentences])
    y = np.where(rows[:, 1:] == captioning.PAD, -1, rows[:, 1:])
    about, x = ABOUT | {"task": "image-to-text"}, [pictures, rows[:, :-1]]
    work = parcels.own(tmp_path / "own", tmp_path / "a.keras", x, y, vocabulary.words, about)
    parcel = parcels.pack(work, tmp_path / "parcel", WORDS)
    claim = parcels.inspect(parcel)
    assert claim["examples"] == (y >= 0).sum() and claim["right"] > 0.6 * claim["examples"]
    (line,) = parcels.run(parcel / "predict.py", parcel / "toy" / "0.png").splitlines()
    assert line == f"0.png: {Speaker(network, vocabulary).describe(pictures[:1])[0]}"


def test_the_programs_import_only_what_the_lock_brings():
    known = {"keras", "numpy", "tensorflow", "PIL"}
    for program in parcels.TEMPLATES.glob("*.py"):
        found = parcels.re.findall(r"^(?:import|from) (\w+)", program.read_text(), parcels.re.M)
        assert set(found) <= known | set(sys.stdlib_module_names), program.name
