"""The workshop's commands: doctor, fetch, run, evaluate, verify; handout, slides, pack, unpack."""

import argparse
import os
import sys


def doctor(options):
    """Print OK or the remedy for each item of the environment."""
    from tools import doctor

    return doctor.show() if options.brief else doctor.main()


def fetch(options):
    """Bring the named assets, or all, into the cache; or write them into a mirror."""
    from helpers import assets

    if options.source:
        os.environ["WORKSHOP_MIRROR"] = options.source
    wanted = assets.names(options.setup) if options.setup or options.all else options.names
    if options.to:
        print(f"{len(assets.write_mirror(options.to, wanted))} files are in {options.to}")
        return 0
    failed = assets.fetch(wanted, quiet=options.setup)
    if failed and options.setup:
        reasons = "; ".join(dict.fromkeys(failed.values()))
        print(
            f"Not fetched: {', '.join(failed)} ({reasons}); lessons use a stand-in or say what "
            "they need, and the next `make setup` completes it."
        )
    return 1 if failed and not options.setup else 0


def run(options):
    """Run lessons from top to bottom in fresh kernels."""
    from tools import running

    return running.run(
        options.lessons, save=options.save, record=options.record, timeout=options.timeout
    )


def evaluate(options):
    """Score a shipped checkpoint on its held-out data."""
    from tools import scores

    return scores.main(options.name, options.extra, as_json=options.json)


def verify(options):
    """Repeat the number that a parcel (lesson 09) claims, as a stranger would."""
    from helpers.sharing import parcels

    print(parcels.verify(options.parcel, fresh_environment=options.fresh_environment))
    return 0


def handout(options):
    """Write learners' copies without solutions, and instructors' with, into build/handout."""
    from tools import handouts

    print(f"Written: {handouts.handout()}")
    return 0


def slides(options):
    """Write lessons as slides that need no network, into build/slides."""
    from tools import running, slides

    print(f"Written: {slides.write(running.find(options.lessons))}")
    return 0


def pack(options):
    """Write one archive for a room without a network, into build/pack."""
    from tools import packing

    packing.pack(options.names, options.platform, options.python, options.to)
    return 0


def unpack(options):
    """Unpack such an archive and install from it; `python3 ARCHIVE` does the same."""
    from tools import unpacking

    unpacking.unpack(options.archive, options.folder)
    return 0


def parser():
    """Return the ArgumentParser of `python -m helpers`."""
    top = argparse.ArgumentParser(prog="python -m helpers", description=__doc__)
    commands = top.add_subparsers(title="commands", metavar="")

    def command(function):
        summary = function.__doc__.splitlines()[0]
        sub = commands.add_parser(function.__name__, help=summary, description=summary)
        sub.set_defaults(function=function, extra=[])
        return sub

    sub = command(doctor)
    sub.add_argument("--brief", action="store_true", help="a word for each topic, as in lesson 00")

    sub = command(fetch)
    sub.add_argument("names", nargs="*", metavar="NAME", help="an asset of data/manifest.toml")
    sub.add_argument("--all", action="store_true", help="every asset there is")
    sub.add_argument("--setup", action="store_true", help="those that make setup fetches")
    sub.add_argument("--from", dest="source", metavar="MIRROR", help="a folder or address")
    sub.add_argument("--to", metavar="FOLDER", help="write a mirror there")

    sub = command(run)
    sub.add_argument("lessons", nargs="*", metavar="LESSON", help="01, or a path; default: all")
    sub.add_argument("--save", action="store_true", help="write the outputs back to the lesson")
    sub.add_argument(
        "--record", action="store_true", help="write time and memory into its head and the README"
    )
    sub.add_argument(
        "--timeout", type=int, metavar="SECONDS", help="for one cell (quick mode: 300; full: none)"
    )

    sub = command(evaluate)
    sub.add_argument("name", nargs="?", metavar="NAME", help="without one: lists what there is")
    sub.add_argument("--json", action="store_true", help="figures as JSON, for programs")

    sub = command(verify)
    sub.add_argument("parcel", metavar="PARCEL", help="its folder; the program in it will be run")
    sub.add_argument(
        "--fresh-environment",
        action="store_true",
        help="install the parcel's lock first, and let it see nothing else",
    )

    command(handout)

    sub = command(slides)
    sub.add_argument("lessons", nargs="*", metavar="LESSON", help="01, or a path; default: all")

    sub = command(pack)
    sub.add_argument(
        "names", nargs="*", metavar="NAME", help="weights; default: what make setup fetches"
    )
    sub.add_argument(
        "--platform", nargs="+", default=[], metavar="PLATFORM", help="linux-x86_64, macos-arm64, …"
    )
    sub.add_argument("--python", nargs="+", default=[], metavar="VERSION", help="3.12, …")
    sub.add_argument("--to", metavar="FILE", help="default: build/pack/tensorflow-workshop.zip")

    sub = command(unpack)
    sub.add_argument("archive", metavar="ARCHIVE", help="what pack wrote")
    sub.add_argument("folder", nargs="?", default="tensorflow-workshop", help="a new one")
    return top


def main(arguments=None):
    """Run one command; return its exit code. An expected error is one sentence and no traceback.

    0: fine; 1: it ran and something is wrong; 2: it could not be asked like that.
    """
    top = parser()
    options, extra = top.parse_known_args(arguments)
    if "function" not in options:
        top.print_help()
        return 0
    if extra and options.function is not evaluate:
        top.error(f"unrecognised arguments: {' '.join(extra)}")
    options.extra = extra
    if options.function is fetch and not (options.names or options.all or options.setup):
        top.error("say which assets to fetch, or --setup, or --all")
    try:
        return options.function(options)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except Exception as error:
        # Every exception that we define is a sentence for people; any other is a bug.
        if not type(error).__module__.startswith(("helpers.", "tools.")):
            raise
        print(error, file=sys.stderr)
        return getattr(error, "exit_code", 1)


if __name__ == "__main__":
    sys.exit(main())
