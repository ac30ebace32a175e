"""TensorBoard inside the lesson, wherever JupyterLab runs; elsewhere, pictures of the same files.

logs = board.new_folder("digits")                          # runs/digits/…, a fresh folder
keras.callbacks.TensorBoard(board.new_run(logs, "adam"))   # a fresh run in it
board.show(logs, "scalars")
"""

import contextlib
import datetime
import html
import os
import tempfile
from pathlib import Path
from urllib.parse import quote

from IPython.display import HTML, display

from helpers.board import events, pictures, server
from helpers.board.embedding import write as write_embedding

__all__ = ["DASHBOARDS", "events", "new_folder", "new_run", "show", "write_embedding"]

DASHBOARDS = tuple(pictures.DASHBOARDS)
RUNS = Path(__file__).resolve().parents[2] / "runs"

with contextlib.suppress(OSError):  # `show` will say what is wrong
    if server.jupyter():  # `%tensorboard` works from now on
        server.prepare()


def new_folder(name: str) -> Path:
    """Make a fresh, empty log folder `runs/<name>/<date and time>…` and return its path.

    No two calls get the same one, not even of two learners on one machine. `make clean` removes
    them all. The environment variable WORKSHOP_RUNS names another place than runs/; where neither
    can be written to, the folder is a temporary one.
    """
    began = f"{datetime.datetime.now():%Y-%m-%d-%H%M%S}-"
    runs = Path(os.environ.get("WORKSHOP_RUNS") or RUNS)
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
    number = 1
    while True:
        run = Path(logs) / (name if number == 1 else f"{name} ({number})")
        try:
            run.mkdir(parents=True)
            return run
        except FileExistsError:
            number += 1


def show(
    logs, dashboard="scalars", *, runs="", tags="", smoothing=0.0, alt="", height=760, live=None
):
    """Show the event files below the folder `logs` in TensorBoard, here in the lesson.

    dashboard: one of `DASHBOARDS`, the one to open. runs, tags: regular expressions that say
    which to show at first; the default is all. smoothing: 0 to 1, for scalars. height: of the
    frame, in CSS pixels.

    live: the default is TensorBoard itself where a Jupyter server started this kernel, and else,
    in tests and for the web, a picture of the same event files, which `alt` describes (the
    default names its runs and tags). ValueError for an unknown dashboard.
    """
    logs = Path(logs)
    if dashboard not in DASHBOARDS:
        raise ValueError(f"There is no dashboard {dashboard!r}, only {', '.join(DASHBOARDS)}.")
    if server.jupyter() if live is None else live:
        try:
            address = server.address(logs.resolve())
        except server.ServerError as error:
            print(f"{error} Here is a picture of the same event files instead.")
        else:
            # The part of the address in which TensorBoard's page keeps what it shows.
            chosen = {"regexInput": runs, "tagFilter": tags}
            if dashboard == "scalars":
                chosen["_smoothingWeight"] = str(smoothing)
            view = [f"{key}={quote(value, safe='')}" for key, value in chosen.items() if value]
            display(HTML(_frame("&".join([f"{address}#{dashboard}", *view]), height)))
            return
    pictures.draw(dashboard, events.choose(events.read(logs), runs, tags), smoothing, alt)


def _frame(address, height):
    address = html.escape(address)
    return (
        f'<p><a href="{address}" target="_blank" rel="noopener">Open TensorBoard in its own tab'
        "</a>. It ends with this notebook's kernel: where the frame stays empty, run the cell "
        "again.</p>"
        f'<iframe src="{address}" title="TensorBoard" width="100%" height="{height}" '
        'style="border: 1px solid #ccc"></iframe>'
    )
