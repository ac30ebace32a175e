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
import threading
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

from helpers import files
from tools import notebooks

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "jupyter" / "nbconvert" / "templates"
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
    kernel and its children held at once, in megabytes (10^6 bytes); pages that a child shares with
    others count once, in the kernel. error: "" or a block to read. beside: what ran beside the
    kernel, such as TensorBoard.
    """

    lesson: str
    ok: bool
    seconds: float
    peak_rss_mb: float
    error: str = ""
    beside: str = ""


class MemoryWatch:
    """Peak resident memory of a process and its children, sampled while a block runs.

    Of a child it counts what the child alone holds: two workers that load the same library as the
    kernel hold it once, and that is what a machine's limit is about.
    .peak: bytes. .children: every child that was seen, for those who clean up.
    """

    def __init__(self, pid, interval=0.1):
        """Watch process `pid`, every `interval` seconds."""
        self.process = psutil.Process(pid)
        self.interval = interval
        self.peak = 0
        self.children = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        """Start sampling."""
        self._thread.start()
        return self

    def __exit__(self, *exception):
        """Stop sampling; the last sample includes the kernel's own high-water mark."""
        self._done.set()
        self._thread.join()
        self._sample()
        self.peak = max(self.peak, self._high_water())

    def _watch(self):
        while not self._done.wait(self.interval):
            self._sample()

    def _sample(self):
        with contextlib.suppress(psutil.Error):
            self.children.update(self.process.children(recursive=True))
        total = 0
        with contextlib.suppress(psutil.Error):
            total = self.process.memory_info().rss
        for child in self.children:
            with contextlib.suppress(psutil.Error):
                total += child.memory_full_info().uss
        self.peak = max(self.peak, total)

    def _high_water(self):
        """Return the kernel's own peak where the system keeps it (Linux); samples miss spikes."""
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            if found := re.search(r"VmHWM:\s+(\d+) kB", status):
                return int(found[1]) * 1024
        return 0

    def tensorboard(self):
        """Return whether TensorBoard ran among the children."""
        for child in self.children:
            with contextlib.suppress(psutil.Error):
                if any("tensorboard" in part for part in child.cmdline()):
                    return True
        return False

    def stop_children(self):
        """End the children that are still there: a kernel's exit does not always take them."""
        with contextlib.suppress(psutil.Error):
            for child in self.children:
                with contextlib.suppress(psutil.Error):
                    child.terminate()
            _, alive = psutil.wait_procs(self.children, timeout=3)
            for child in alive:
                child.kill()


def find(lessons=()):
    """Return the paths of the lessons asked for: numbers ("01"), names, paths; default: all.

    Raises RunError for one that does not exist, naming those that do.
    """
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
    manager = AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])
    )
    client = NotebookClient(
        notebook, km=manager, timeout=timeout, record_timing=False, store_widget_state=False
    )
    started = time.perf_counter()
    # What a user's IPython profile says changes no lesson's outputs.
    profile = tempfile.TemporaryDirectory(prefix="ipython-", ignore_cleanup_errors=True)
    settings = environment() | {"IPYTHONDIR": profile.name}
    options = {"cwd": str(folder), "env": settings, "stderr": subprocess.DEVNULL}
    watch, error, beside = None, "", ""
    try:
        with profile, client.setup_kernel(cleanup_kc=True, **options):
            with MemoryWatch(manager.provisioner.pid) as watch:
                error = _run_cells(client, on_cell)
                seconds = time.perf_counter() - started
            beside = "TensorBoard" if watch.tensorboard() else ""
    finally:
        if manager.has_kernel:  # interrupted while it started: setup_kernel does not see to that
            run_sync(manager.shutdown_kernel)(now=True)
        if watch:
            watch.stop_children()
    return Result("", not error, round(seconds, 1), round(watch.peak / MB), error, beside)


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

    lessons: as for `find`. save: write outputs back into the lessons that ran without an error.
    record: write measured time and memory into their heads and the README. timeout: seconds for
    a cell (default: 300 in quick mode, none in full). build: the report's folder. Returns an
    exit code: 0 when all ran, 1 when one failed, 130 after an interrupt; what is done by then is
    reported.
    """
    paths = find(lessons)
    settings = environment()
    if (save or record) and (settings["WORKSHOP_MODE"], settings["WORKSHOP_OFFLINE"]) != (
        "quick",
        "1",
    ):
        raise RunError(
            "Lessons are saved and measured in quick mode and offline: unset WORKSHOP_MODE and "
            "WORKSHOP_OFFLINE for --save and --record."
        )
    if timeout is None and settings["WORKSHOP_MODE"] == "quick":
        timeout = QUICK_TIMEOUT
    build.mkdir(parents=True, exist_ok=True)
    results = []
    _report(results, build)
    interrupted = False
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
        files.write(build / f"{path.stem}.html", page(notebook, path.stem))
        if save and result.ok:
            if path.read_bytes() != before:
                raise notebooks.LessonError(
                    "The file was changed while it ran, so it is not saved."
                )
            notebooks.write(path, notebook)
    except notebooks.LessonError as error:
        result = Result("", False, 0.0, 0, str(error))
    result.lesson = path.stem
    if not result.ok:
        tqdm.write(f"\n{path.stem} failed: {result.error}")
    return result


def page(notebook, title):
    """Return `notebook` as one HTML page that fetches nothing: no MathJax, so formulas stay TeX."""
    from nbconvert import HTMLExporter

    blocks = ("html_head_js_requirejs", "html_head_js_mathjax", "html_head_js_mermaidjs")
    emptied = "".join(f"{{% block {name} %}}{{% endblock %}}" for name in blocks)
    exporter = HTMLExporter(
        raw_template="{% extends 'index.html.j2' %}" + emptied,
        template_name="workshop",
        extra_template_basedirs=[str(TEMPLATES)],
        embed_images=True,
    )
    body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    return body


def _remarks(result):
    """Return what else there is to say of a result: its budget, what ran beside it."""
    remarks = [f"with {result.beside}"] if result.beside else []
    if result.seconds > BUDGET_SECONDS:
        remarks.append(f"over {BUDGET_SECONDS} s")
    if result.peak_rss_mb > BUDGET_MB:
        remarks.append(f"over {BUDGET_MB} MB")
    return ", ".join(remarks)


def table(results):
    """Return the results as a table for the terminal."""
    width = max([len(result.lesson) for result in results] + [len("lesson")])
    lines = [f"{'lesson':{width}}  result  seconds  peak MB"]
    for result in results:
        lines.append(
            f"{result.lesson:{width}}  {'ok' if result.ok else 'FAILED':6}  {result.seconds:7.1f}"
            f"  {result.peak_rss_mb:7.0f}  {_remarks(result)}".rstrip()
        )
    return "\n".join(lines)


def _report(results, build):
    """Write lessons.json and index.html of the results so far."""
    facts = [
        {
            "lesson": result.lesson,
            "ok": result.ok,
            "seconds": result.seconds,
            "peak_rss_mb": result.peak_rss_mb,
        }
        for result in results
    ]
    files.write(build / "lessons.json", json.dumps(facts, indent=2) + "\n")
    rows = "".join(
        f"<tr class={'ok' if result.ok else 'failed'}>"
        f"<td><a href='{result.lesson}.html'>{html.escape(result.lesson)}</a>"
        f"<td>{'ok' if result.ok else 'FAILED'}<td>{result.seconds:.1f}"
        f"<td>{result.peak_rss_mb:.0f}<td>{_remarks(result)}"
        f"<td><pre>{html.escape(result.error)}</pre>"
        for result in results
    )
    files.write(build / "index.html", INDEX.format(rows=rows))


INDEX = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Lessons, run from top to bottom</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: .3rem 1rem; text-align: left; vertical-align: top; }}
tr {{ border-bottom: 1px solid #ccc; }}
.failed {{ background: #fde8e0; }}
pre {{ margin: 0; white-space: pre-wrap; }}
</style>
<h1>Lessons, run from top to bottom</h1>
<table>
<tr><th>Lesson<th>Result<th>Seconds<th>Peak memory (MB)<th>Remarks<th>Error
{rows}
</table>
</html>
"""


def _record(paths, results):
    """Write what was measured, and each lesson's picture, to where people read and see them."""
    from tools import covers, doctor

    machine = f"{doctor.cores()} CPU cores"
    figures = {}
    for path, result in zip(paths, results, strict=False):
        if result.ok:
            seconds, memory = f"{result.seconds:.0f} s", f"{result.peak_rss_mb / 1000:.2f} GB"
            figures[result.lesson] = seconds, memory
            notebooks.record_in_head(path, f"{seconds} and {memory} of memory on {machine}")
    notebooks.record_in_readme(ROOT / "README.md", f" on {machine}", figures)
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    shown_ones = [p for p in paths if p.stem in figures and f"docs/gallery/{p.stem}.jpg" in shown]
    covers.save_covers(ROOT / "docs" / "gallery", shown_ones)
