"""Runs lessons from top to bottom in fresh kernels: time, peak memory, a report in build/."""

import contextlib
import html
import json
import os
import re
import signal
import subprocess
import tempfile
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm

from helpers import files, start
from tools import covers, doctor, notebooks

ROOT = Path(__file__).resolve().parents[1]
QUICK_TIMEOUT = 300  # seconds for one cell; more than three times a whole lesson's budget
BUDGET_SECONDS = 90
BUDGET_MB = 1300
MB = 1e6


class RunError(ValueError):
    """It can't be run like that: one sentence that says what to do."""

    exit_code = 2


@dataclass
class Result:
    """What came of running one lesson.

    seconds: from the kernel's start to the end of the last cell. peak_rss_mb: the most that the
    kernel and its children held at once, in megabytes (10^6 bytes); pages that they share count
    once. error: "" or a block to read.
    """

    lesson: str
    ok: bool
    seconds: float
    peak_rss_mb: float
    error: str = ""


class MemoryWatch:
    """Peak resident memory of a process and its children, looked at ten times a second.

    What several of them share counts once, divided among them (Linux's PSS): that is what a
    machine's limit is about. Elsewhere a child counts by what it alone holds.
    .peak: bytes. .children: every child that was seen, for those who clean up.
    """

    def __init__(self, pid):
        """Prepare to look at process `pid`."""
        self.process, self.peak, self.children = psutil.Process(pid), 0, set()

    @contextlib.contextmanager
    def watching(self):
        """Look during the block; a kernel's own peak (Linux keeps it) is never missed."""
        with start.sampled(self._look, 0.1):
            yield
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            if found := re.search(r"VmHWM:\s+(\d+) kB", status):
                self.peak = max(self.peak, int(found[1]) * 1024)

    def _look(self):
        with contextlib.suppress(psutil.Error):
            children = self.process.children(recursive=True)
            own = self.process.memory_full_info() if children else self.process.memory_info()
            total = getattr(own, "pss", own.rss)
            self.children.update(children)
            for child in children:
                with contextlib.suppress(psutil.Error):
                    held = child.memory_full_info()
                    total += getattr(held, "pss", held.uss)
            self.peak = max(self.peak, total)

    def stop_children(self):
        """End the children that are still there: a kernel's exit does not always take them."""
        for child in self.children:
            with contextlib.suppress(psutil.Error):
                child.terminate()
        for child in psutil.wait_procs(self.children, timeout=3)[1]:
            with contextlib.suppress(psutil.Error):
                child.kill()


def find(lessons=()):
    """Return the paths of lessons by numbers ("01"), names, paths; default: all. Or RunError."""
    known = {path.stem: path for path in notebooks.lessons(ROOT / "notebooks")}
    paths = []
    for lesson in lessons or known:
        number = f"{lesson:0>2}_"
        named = [path for stem, path in known.items() if stem == lesson or stem.startswith(number)]
        path = named[0] if named else Path(lesson)
        if path.suffix != ".ipynb" or not path.is_file():
            raise RunError(f"There is no lesson {lesson}; there are: {', '.join(known) or 'none'}.")
        paths.append(path)
    if not paths:
        raise RunError("There are no lessons in notebooks/ yet.")
    return paths


def environment():
    """Return what a kernel gets as its environment: ours, quick and offline unless said."""
    defaults = {"WORKSHOP_MODE": "quick", "WORKSHOP_OFFLINE": "1"}
    return dict(os.environ) | {name: os.environ.get(name) or defaults[name] for name in defaults}


def execute(notebook, folder, timeout=None, on_cell=lambda: None):
    """Run `notebook` (an nbformat node), in place, in a fresh kernel of this interpreter.

    folder: where the kernel runs. timeout: seconds for each cell, None for no limit. on_cell:
    called after each code cell. Returns a Result without its lesson's name. The kernel and its
    children are stopped whatever happens, a KeyboardInterrupt included.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    # No kernel directories: what is left is this interpreter's own kernel, never a foreign one.
    specs = KernelSpecManager(kernel_dirs=[])
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
    how = {"timeout": timeout, "record_timing": False, "store_widget_state": False}
    client = NotebookClient(notebook, km=manager, **how)
    started = time.perf_counter()
    # What a user's IPython profile says changes no lesson's outputs.
    profile = tempfile.TemporaryDirectory(prefix="ipython-", ignore_cleanup_errors=True)
    settings = environment() | {"IPYTHONDIR": profile.name}
    options = {"cwd": str(folder), "env": settings, "stderr": subprocess.DEVNULL}
    watch, error = None, ""
    try:
        with profile, client.setup_kernel(cleanup_kc=True, **options):
            watch = MemoryWatch(manager.provisioner.pid)
            with watch.watching():
                error = _run_cells(client, on_cell)
                seconds = time.perf_counter() - started
    finally:
        if manager.has_kernel:  # interrupted while it started: setup_kernel does not see to that
            run_sync(manager.shutdown_kernel)(now=True)
        if watch:
            watch.stop_children()
    return Result("", not error, round(seconds, 1), round(watch.peak / MB), error)


def _run_cells(client, on_cell):
    """Run the code cells of `client` one by one; return "" or a block about the one that failed."""
    for index, cell in enumerate(client.nb.cells):
        if cell.cell_type != "code":
            continue
        try:
            client.execute_cell(cell, index)
        except CellExecutionError as error:
            return _block(index, cell, f"{error.ename}: {error.evalue}")
        except CellTimeoutError:
            return _block(index, cell, f"The cell took longer than {client.timeout} s: stopped.")
        except DeadKernelError:
            return _block(index, cell, "The kernel died. Most often that is memory running out.")
        on_cell()
    return ""


def _block(index, cell, message):
    """Return the failing cell and what went wrong, to read in a terminal."""
    source = textwrap.indent(cell.source, "  | ", lambda line: True)
    return f"cell {index}, In [{cell.execution_count or ' '}]:\n{source}\n{message}"


def run(lessons=(), save=False, record=False, timeout=None, build=ROOT / "build"):
    """Run lessons and report: bars and a table in the terminal, index.html and lessons.json.

    lessons: as for `find`. save: write outputs back into the lessons that ran without an error, and
    their covers into the gallery. record: write measured time and memory into their heads and the
    README. timeout: seconds for a cell (default: 300 in quick mode, none in full). Returns 0 when
    all ran, 1 when one failed, 130 after an interrupt; what is done by then is reported.
    """
    paths = find(lessons)
    settings = environment()
    compared = settings["WORKSHOP_MODE"] == "quick" and settings["WORKSHOP_OFFLINE"] == "1"
    if (save or record) and not compared:
        raise RunError(
            "Lessons are saved and measured in quick mode and offline: unset WORKSHOP_MODE and "
            "WORKSHOP_OFFLINE for --save and --record."
        )
    if timeout is None and settings["WORKSHOP_MODE"] == "quick":
        timeout = QUICK_TIMEOUT
    build.mkdir(parents=True, exist_ok=True)
    results, interrupted = [], False
    _report(results, build)
    # CI stops a job with SIGTERM: the same clean way out as Ctrl-C.
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for path in tqdm(paths, unit="lesson", disable=None):
            results.append(_run_one(path, timeout, save, build))
            _report(results, build)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        signal.signal(signal.SIGTERM, previous)
    print(table(results))
    print(f"Report: {os.path.relpath(build / 'index.html')}")
    if record:
        _record(paths, results)
    if interrupted:
        print(f"Interrupted: {len(results)} of {len(paths)} lessons were run.")
        return 130
    return 0 if all(result.ok for result in results) else 1


def _run_one(path, timeout, save, build):
    """Run one lesson, write its HTML page, save it if asked; return its Result."""
    try:
        before = path.read_bytes()
        notebook = notebooks.read(path)
        cells = sum(cell.cell_type == "code" for cell in notebook.cells)
        with tqdm(total=cells, unit="cell", desc=path.stem, leave=False, disable=None) as bar:
            result = execute(notebook, path.resolve().parent, timeout, bar.update)
        notebooks.normalise(notebook)
        page = notebooks.html(notebook, path.stem, "report")
        files.write(build / f"{path.stem}.html", page)
        if save and result.ok:
            if path.read_bytes() != before:
                raise notebooks.LessonError("The file was changed while it ran: it is not saved.")
            notebooks.write(path, notebook)
            if (cover := ROOT / "docs" / "gallery" / f"{path.stem}.jpg").exists():
                covers.save(cover.parent, [path])
    except notebooks.LessonError as error:
        result = Result("", False, 0.0, 0, str(error))
    result.lesson = path.stem
    if not result.ok:
        tqdm.write(f"\n{path.stem} failed: {result.error}")
    return result


def table(results):
    """Return the results as a table for the terminal."""
    width = max([len(result.lesson) for result in results] + [len("lesson")])
    lines = [f"{'lesson':{width}}  result  seconds  peak MB"]
    for one in results:
        remarks = [f"over {BUDGET_SECONDS} s"] * (one.seconds > BUDGET_SECONDS)
        remarks += [f"over {BUDGET_MB} MB"] * (one.peak_rss_mb > BUDGET_MB)
        figures = f"{'ok' if one.ok else 'FAILED':6}  {one.seconds:7.1f}  {one.peak_rss_mb:7.0f}"
        lines.append(f"{one.lesson:{width}}  {figures}  {', '.join(remarks)}".rstrip())
    return "\n".join(lines)


def _report(results, build):
    """Write lessons.json and index.html, the table with links and errors, of the results so far."""
    keys = ("lesson", "ok", "seconds", "peak_rss_mb")
    facts = [{key: getattr(result, key) for key in keys} for result in results]
    files.write(build / "lessons.json", json.dumps(facts, indent=2) + "\n")
    text = html.escape(table(results))
    for result in results:
        text = text.replace(result.lesson, f"<a href='{result.lesson}.html'>{result.lesson}</a>", 1)
    errors = "\n\n".join(f"{one.lesson}: {one.error}" for one in results if not one.ok)
    page = f"<!doctype html><html lang=en><meta charset=utf-8><title>Lessons</title><pre>{text}"
    files.write(build / "index.html", f"{page}\n\n{html.escape(errors)}</pre></html>\n")


def _record(paths, results):
    """Write what was measured to where people read it: the lessons' heads and the README."""
    machine = f"{doctor.cores()} CPU cores"
    figures = {}
    for path, result in zip(paths, results, strict=False):
        if result.ok:
            seconds, memory = f"{result.seconds:.0f} s", f"{result.peak_rss_mb / 1000:.2f} GB"
            figures[result.lesson] = seconds, memory
            notebooks.record_in_head(path, f"{seconds} and {memory} of memory on {machine}")
    notebooks.record_in_readme(ROOT / "README.md", f" on {machine}", figures)
