"""The commands: thin, exact about what they are asked, expected errors in one sentence."""

import sys
from unittest.mock import Mock

import pytest
from programs import ran

from helpers import __main__ as command
from helpers import assets
from helpers.sharing import parcels
from tools import doctor, handouts, notebooks, packing, running, scores, slides

PYTHONS = ["3.12", "3.13"]


def test_alone_it_prints_help(capsys):
    assert command.main([]) == 0
    assert command.COMMANDS.keys() <= set(capsys.readouterr().out.split())


def test_python_m_helpers_and_assets_import_nothing_heavy():
    script = (
        "import sys, runpy, helpers.assets; sys.argv = ['helpers']\n"
        "try: runpy.run_module('helpers', run_name='__main__')\n"
        "except SystemExit as exit: assert exit.code == 0\n"
        "heavy = 'tensorflow keras numpy nbclient pooch requests tqdm tomlkit'.split()\n"
        "assert not set(heavy) & set(sys.modules), set(heavy) & set(sys.modules)"
    )
    code, said = ran(sys.executable, "-c", script)
    assert code == 0, said


def test_what_it_does_not_understand_ends_with_2(capsys):
    for words in ("dance", "fetch", "run --fast", "doctor now", "run --timeout x"):
        with pytest.raises(SystemExit) as caught:
            command.main(words.split())
        assert caught.value.code == 2 and "usage:" in capsys.readouterr().err, words


def test_an_expected_error_is_one_sentence(capsys):
    for words, code, sentence in [
        ("run 99", 2, "There is no lesson 99"),
        ("evaluate xyz", 2, "There is nothing called 'xyz'"),
        ("fetch xyz", 1, "There is no asset 'xyz'"),
        ("verify xyz", 1, "There is no folder xyz"),
        ("slides 99", 2, "There is no lesson 99"),
        ("pack xyz", 1, "There is no asset 'xyz'"),
        ("pack --platform beos", 2, "There is no platform beos"),
    ]:
        assert command.main(words.split()) == code, words
        out, err = capsys.readouterr()
        assert (out, err[: len(sentence)], err.count("\n")) == ("", sentence, 1), words


def test_a_bug_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(doctor, "main", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        command.main(["doctor"])


def test_an_interrupt_ends_quietly(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "main", Mock(side_effect=KeyboardInterrupt))
    assert command.main(["doctor"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_options_arrive(monkeypatch, capsys):
    first = notebooks.NOTEBOOKS / "00_start_here.ipynb"
    for tool, function, words, *wanted in [
        (running, "run", "01 x.ipynb --save --timeout 5", ["01", "x.ipynb"], True, False, 5),
        (parcels, "verify", "parcel --fresh-environment", "parcel", True),
        (scores, "main", "x f --json", "x", "f", ("as_json", True)),
        (packing, "pack", "a --platform b --python 3.12 3.13 --to c", ["a"], ["b"], PYTHONS, "c"),
        (packing, "pack", "", [], [], [], None),
        (slides, "write", "00", [first]),
        (handouts, "handout", ""),
    ]:
        calls = []

        def note(*words, calls=calls, **options):
            calls += [*words, *options.items()]
            return "build"

        monkeypatch.setattr(tool, function, note)
        name = {"main": "evaluate", "write": "slides"}.get(function, function)
        assert command.main([name, *words.split()]) == 0
        assert calls == wanted
    said = capsys.readouterr().out.splitlines()
    assert said == ["build", "Written: build", "Written: build"]


def test_fetch_fails_when_an_asset_does_and_writes_mirrors(monkeypatch, capsys):
    monkeypatch.setattr(assets, "fetch", lambda names, quiet: {"mnist": "why"} if names[1:] else {})
    assert command.main(["fetch", "mnist"]) == 0 and command.main(["fetch", "--all"]) == 1
    monkeypatch.setattr(assets, "write_mirror", lambda folder, names: [folder, *names])
    assert command.main(["fetch", "mnist", "--to", "stick"]) == 0
    assert capsys.readouterr().out == "2 files are in stick\n"
