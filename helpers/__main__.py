"""The workshop's commands, for learners, instructors and maintainers."""

import argparse
import sys
from importlib import import_module


def tool(name):
    """Import a module of `tools`, now that it is asked for."""
    return import_module(f"tools.{name}")


def fetch(options):
    """Bring assets into the cache, or write them into a mirror; return the exit code."""
    from helpers import assets

    wanted = assets.names(options.setup) if options.setup or options.all else options.names
    if options.to:
        print(f"{len(assets.write_mirror(options.to, wanted))} files are in {options.to}")
        return 0
    failed = assets.fetch(wanted, quiet=options.setup)
    if failed and options.setup:
        reasons = "; ".join(dict.fromkeys(failed.values()))
        print(
            f"Not fetched: {', '.join(failed)} ({reasons}); lessons use a stand-in or say what "
            "they need, and the next set-up completes it."
        )
    return 1 if failed and not options.setup else 0


def room(name):
    """Import a module of a room, TensorFlow before it: without its talk."""
    import_module("helpers.start").quiet()
    return import_module(f"helpers.{name}")


def paint(options):
    """Paint a folder's pictures; return 1 if some could not be read."""
    painter = room("styles.painters").named(options.painter)
    each = import_module("helpers.images").each
    return min(1, each(options.folder, options.out, options.pixels, painter.pieces))


def caption(options):
    """Train a captioner on a folder, or describe pictures; return the exit code."""
    door, lesson = room("captions.door"), tool("notebooks").taught("05")
    if options.pictures[0] != "train":
        return door.describe(options.pictures, lesson, options.model)
    if len(options.pictures) != 2:
        raise SystemExit("Say which folder: python -m helpers caption train FOLDER")
    how = lesson.build_photo_captioner, lesson.train_on_photos
    print(f"Written: {door.train(options.pictures[1], *how, options.epochs)}")


def flag(words):
    """Describe an option that is given or not."""
    return {"action": "store_true", "help": words}


FOLDERS = {
    "folder": {"metavar": "FOLDER", "help": "of pictures"},
    "out": {"metavar": "OUT", "help": "another folder, for the results"},
    "--pixels": {"type": int, "default": 1024, "help": "of the longer side, at most"},
}
LESSONS = {"nargs": "*", "metavar": "LESSON", "help": "01, or a path; default: all"}
# What a command is for, what it runs, and its arguments. Whatever is no number is exit code 0.
COMMANDS = {
    "doctor": (
        "Print OK or the remedy for each item of the environment.",
        lambda it: tool("doctor").show() if it.brief else tool("doctor").main(),
        {"--brief": flag("a word for each topic, as in lesson 00")},
    ),
    "fetch": (
        "Bring the named assets, or all, into the cache; or write them into a mirror.",
        fetch,
        {
            "names": {"nargs": "*", "metavar": "NAME", "help": "an asset of data/manifest.toml"},
            "--all": flag("every asset there is"),
            "--setup": flag("those that set-up fetches"),
            "--to": {"metavar": "FOLDER", "help": "write a mirror there"},
        },
    ),
    "run": (
        "Run lessons from top to bottom in fresh kernels.",
        lambda it: tool("running").run(it.lessons, it.save, it.record, it.timeout),
        {
            "lessons": LESSONS,
            "--save": flag("write the outputs back to the lesson"),
            "--record": flag("write time and memory into its head and the README"),
            "--timeout": {"type": int, "metavar": "SECONDS", "help": "for one cell"},
        },
    ),
    "evaluate": (
        "Score a shipped checkpoint on its held-out data.",
        lambda it: tool("scores").main(it.name, it.path, as_json=it.json),
        {
            "name": {"nargs": "?", "metavar": "NAME", "help": "without one: lists what there is"},
            "path": {"nargs": "?", "metavar": "PATH", "help": "a treebank or folder of your own"},
            "--json": flag("figures as JSON, for programs"),
        },
    ),
    "verify": (
        "Repeat the number that a parcel (lesson 09) claims, as a stranger would.",
        lambda it: print(
            import_module("helpers.sharing.parcels").verify(it.parcel, it.fresh_environment)
        ),
        {
            "parcel": {"metavar": "PARCEL", "help": "its folder; the program in it will be run"},
            "--fresh-environment": flag("install its lock first, and let it see nothing else"),
        },
    ),
    "dream": (
        "DeepDream (lesson 07) each picture of a folder, by GoogLeNet.",
        lambda it: min(
            1, room("dreams.door").dream(it.folder, it.out, it.layer, it.pixels, it.network)
        ),
        {
            **FOLDERS,
            "--layer": {"help": "inception_3b_output, …; default: inception_4c_output"},
            "--network": {"help": "inception_v3, …; default: googlenet"},
        },
    ),
    "paint": (
        "Paint (lesson 08) each picture of a folder in the style of a painting.",
        paint,
        {**FOLDERS, "--painter": {"default": "starry", "help": "its name, or a file"}},
    ),
    "caption": (
        "Say what photographs show (lesson 05), or train that on a folder of your own.",
        caption,
        {
            "pictures": {
                "nargs": "+",
                "metavar": "PICTURE",
                "help": "or: train FOLDER, with captions as Flickr8k or COCO has them",
            },
            "--model": {"metavar": "FILE", "help": "what train wrote; default: the shipped one"},
            "--epochs": {"type": int, "default": 5, "help": "of training; default: 5"},
        },
    ),
    "phone": (
        "Show a page that runs a classifier in a browser, with LiteRT, and in no other place.",
        lambda it: room("sharing.phone").serve(it.model, it.lan),
        {
            "model": {"metavar": "MODEL", "help": "a .keras file, of lesson 04 or of a parcel"},
            "--lan": flag("for the phones in this network, too; with a QR code"),
        },
    ),
    "handout": (
        "Write learners' copies without solutions, and instructors' with, into build/handout.",
        lambda it: print(f"Written: {tool('handouts').handout()}"),
        {},
    ),
    "slides": (
        "Write lessons as slides that need no network, into build/slides.",
        lambda it: print(f"Written: {tool('slides').write(tool('running').find(it.lessons))}"),
        {"lessons": LESSONS},
    ),
    "pack": (
        "Write one archive for a room without a network; `python3 ARCHIVE` installs from it.",
        lambda it: tool("packing").pack(it.names, it.platform, it.python, it.to),
        {
            "names": {"nargs": "*", "help": "assets; default: what set-up fetches"},
            "--platform": {"nargs": "+", "default": [], "help": "linux-x86_64, macos-arm64, …"},
            "--python": {"nargs": "+", "default": [], "help": "3.12, …"},
            "--to": {"metavar": "FILE", "help": "default: build/pack/tensorflow-workshop.zip"},
        },
    ),
}


def main(arguments=None):
    """Run one command; return its exit code. An expected error is one sentence and no traceback.

    0: fine; 1: it ran and something is wrong; 2: it could not be asked like that.
    """
    top = argparse.ArgumentParser(prog="python -m helpers", description=__doc__)
    commands = top.add_subparsers(title="commands", metavar="", dest="command")
    for name, (summary, _, described) in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        for argument, how in described.items():
            sub.add_argument(argument, **how)
    options = top.parse_args(arguments)
    if options.command is None:
        top.print_help()
        return 0
    if options.command == "fetch" and not (options.names or options.all or options.setup):
        top.error("say which assets to fetch, or --setup, or --all")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a kernel's, by %run, has none
            stream.reconfigure(errors="replace")  # a locale without our dots and dashes
    try:
        code = COMMANDS[options.command][1](options)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except Exception as error:
        # Every exception that we define is a sentence for people; any other is a bug.
        if not type(error).__module__.startswith(("helpers.", "tools.")):
            raise
        print(error, file=sys.stderr)
        return getattr(error, "exit_code", 1)
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
