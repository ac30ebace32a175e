"""The commands: thin, exact about what they are asked, expected errors in one sentence."""

import os
import subprocess
import sys

import pytest

from helpers import __main__ as command
from helpers import assets
from tools import doctor, handouts, packing, running, scores, slides, unpacking


def test_alone_it_prints_help(capsys):
    assert command.main([]) == 0
    out = capsys.readouterr().out
    commands = "doctor fetch run evaluate verify handout slides pack unpack"
    for name in commands.split():
        assert name in out


def test_python_m_helpers_imports_nothing_heavy():
    script = (
        "import sys, runpy; sys.argv = ['helpers']\n"
        "try: runpy.run_module('helpers', run_name='__main__')\n"
        "except SystemExit as exit: assert exit.code == 0\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'nbclient', 'pooch'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


@pytest.mark.parametrize(
    "words", [["dance"], ["fetch"], ["run", "--fast"], ["doctor", "now"], ["run", "--timeout", "x"]]
)
def test_what_it_does_not_understand_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(words)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["run", "99"], 2, "There is no lesson 99"),
        (["evaluate", "xyz"], 2, "There is nothing called 'xyz'"),
        (["fetch", "xyz"], 1, "There is no asset 'xyz'"),
        (["verify", "xyz"], 1, "There is no folder xyz"),
        (["slides", "99"], 2, "There is no lesson 99"),
        (["pack", "xyz"], 1, "There is no asset 'xyz'"),
        (["pack", "--platform", "beos"], 2, "There is no platform beos"),
        (["unpack", "xyz.zip"], 1, "There is no archive xyz.zip"),
    ],
)
def test_an_expected_error_is_one_sentence(words, code, sentence, capsys):
    assert command.main(words) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(sentence)
    assert captured.err.count("\n") == 1


def test_a_bug_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(doctor, "main", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        command.main(["doctor"])


def test_an_interrupt_ends_quietly(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "main", interrupted)
    assert command.main(["doctor"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_options_arrive(monkeypatch):
    calls = []

    def note(*words, **options):
        calls.append((*words, options))

    monkeypatch.setattr(running, "run", note)
    monkeypatch.setattr(scores, "main", note)
    command.main(["run", "01", "x.ipynb", "--save", "--timeout", "5"])
    command.main(["evaluate", "parser", "--json", "--treebank", "f.conllu"])
    assert calls == [
        (["01", "x.ipynb"], {"save": True, "record": False, "timeout": 5}),
        ("parser", ["--treebank", "f.conllu"], {"as_json": True}),
    ]


def test_options_of_what_a_class_needs_arrive(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(packing, "pack", lambda *words: calls.append(words))
    monkeypatch.setattr(unpacking, "unpack", lambda *words: calls.append(words))
    monkeypatch.setattr(slides, "write", lambda paths: calls.append(paths[0].stem))
    monkeypatch.setattr(handouts, "handout", lambda: "build/handout")
    words = ["--platform", "macos-arm64", "--python", "3.12", "3.13", "--to", "x.zip"]
    assert command.main(["pack", "hed", *words]) == 0
    assert command.main(["pack"]) == 0
    assert command.main(["unpack", "x.zip"]) == 0
    assert command.main(["slides", "00"]) == 0
    assert command.main(["handout"]) == 0
    assert calls == [
        (["hed"], ["macos-arm64"], ["3.12", "3.13"], "x.zip"),
        ([], [], [], None),
        ("x.zip", "tensorflow-workshop"),
        "00_start_here",
    ]
    assert "Written: build/handout" in capsys.readouterr().out


def test_fetch_fails_when_an_asset_does(monkeypatch):
    monkeypatch.setattr(assets, "fetch", lambda names, quiet: {"mnist": "why"})
    assert command.main(["fetch", "mnist"]) == 1
    monkeypatch.setattr(assets, "fetch", lambda names, quiet: {})
    assert command.main(["fetch", "--all"]) == 0


def test_fetch_reads_and_writes_mirrors(monkeypatch, capsys):
    monkeypatch.setenv("WORKSHOP_MIRROR", "")
    monkeypatch.setattr(assets, "write_mirror", lambda folder, names: [folder, *names])
    assert command.main(["fetch", "mnist", "--from", "share", "--to", "stick"]) == 0
    assert capsys.readouterr().out == "2 files are in stick\n"
    assert os.environ["WORKSHOP_MIRROR"] == "share"
