"""TensorBoard inside the lesson, wherever JupyterLab runs; elsewhere, pictures of the same files.

logs = board.new_folder("digits")                          # runs/digits/…, a fresh folder
keras.callbacks.TensorBoard(board.new_run(logs, "adam"))   # a fresh run in it
board.show(logs, "scalars")

`%tensorboard --logdir …` shows the same TensorBoard. Where nobody can look at it, it says so.
"""

import contextlib
import datetime
import html
import itertools
import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import tensorboard.notebook
from IPython.display import HTML, display

from helpers.board import events, pictures, server

RUNS = Path(__file__).resolve().parents[2] / "runs"

with contextlib.suppress(OSError):  # `show` will say what is wrong
    if server.jupyter():  # `%tensorboard` works from now on
        server.prepare()
    elif "google.colab" not in sys.modules:  # which has a way of its own
        nowhere = "(TensorBoard: run the lesson in JupyterLab to use it)"
        tensorboard.notebook.start = lambda _: print(nowhere)


def new_folder(name: str) -> Path:
    """Make a fresh, empty log folder `runs/<name>/<date and time>…`, even for two learners at once.

    The environment variable WORKSHOP_RUNS names another place than runs/; where neither can be
    written to, the folder is a temporary one.
    """
    began = f"{datetime.datetime.now():%Y-%m-%d-%H%M%S}-"
    runs = Path(os.environ.get("WORKSHOP_RUNS") or RUNS).resolve()
    try:
        (runs / name).mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=began, dir=runs / name))
    except OSError:  # never a place there that others use too: the first of them would own it
        place = Path(tempfile.mkdtemp(prefix="workshop-runs-")) / name / began.rstrip("-")
        place.mkdir(parents=True)
        return place


def new_run(logs: Path, name: str) -> Path:
    """Make a fresh folder for one run's event files: `logs / name`, or "name (2)", "name (3)", ….

    TensorBoard draws all the event files of a folder as one curve. A run that is repeated needs a
    folder of its own, or its points are mixed with the earlier ones.
    """
    run = Path(logs) / name
    for number in itertools.count(2):
        with contextlib.suppress(FileExistsError):
            run.mkdir(parents=True)
            return run
        run = Path(logs) / f"{name} ({number})"


def show(logs, dashboard="scalars", *, runs="", tags="", alt=""):
    """Show the event files below the folder `logs` in TensorBoard, here in the lesson.

    dashboard: one of `pictures.DASHBOARDS`, the one to open. runs, tags: regular expressions that
    say which to show at first; the default is all. Where no Jupyter server started this kernel, in
    tests and for the web, there is a picture of the same files, which `alt` describes.
    """
    logs = Path(logs).resolve()
    if dashboard not in pictures.DASHBOARDS:
        known = ", ".join(pictures.DASHBOARDS)
        raise ValueError(f"There is no dashboard {dashboard!r}, only {known}.")
    if server.jupyter():
        try:
            address = server.address(logs)
        except server.ServerError as error:
            print(f"{error} Here is a picture of the same event files instead.")
        else:
            # The part of the address in which TensorBoard's page keeps what it shows.
            smoothing = "0" if dashboard == "scalars" else ""
            chosen = {"regexInput": runs, "tagFilter": tags, "_smoothingWeight": smoothing}
            view = [f"{key}={quote(value, safe='')}" for key, value in chosen.items() if value]
            display(HTML(_frame(html.escape("&".join([f"{address}#{dashboard}", *view])))))
            return
    pictures.draw(dashboard, events.choose(events.read(logs), runs, tags), alt)


def _frame(address):
    return (
        f'<p><a href="{address}" target="_blank" rel="noopener">Open TensorBoard in its own tab'
        "</a>. It ends with this notebook's kernel: where the frame stays empty, run the cell "
        f'again.</p><iframe src="{address}" title="TensorBoard" width="100%" height="760" '
        'style="border: 1px solid #ccc"></iframe>'
    )
