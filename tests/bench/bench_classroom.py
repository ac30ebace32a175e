"""What a class costs its server: memory and CPU time of a learner, behind a JupyterHub.

Several learners run a whole lesson at the same time, each in a JupyterLab of her own. PSS counts
what processes share, such as TensorFlow's libraries, once among them all: it adds up over a class.
RSS counts it in each: it is what a limit for one learner is about.
"""

import json
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
from harness import median

from helpers import start

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "classroom-server.md"
LEARNERS = ("ada", "ben", "cem")
LESSONS = ("01_mnist_keras", "02_tensorboard", "04_inception_transfer_learning")
GB = 1e9
INTERVAL = 0.5  # seconds between two looks at the memory
IDLE, HUB = "JupyterLab open, no lesson", "the hub itself, once"
COLUMNS = {"PSS": "GB", "RSS": "GB", "CPU": "s"}


class Usage:
    """The most memory that a family of processes held at once, and the CPU time it took.

    family: a function that returns the processes. peak: {"PSS", "RSS"} in bytes.
    """

    def __init__(self, family):
        self.family, self.peak, self.seconds = family, {"PSS": 0, "RSS": 0}, {}
        self.look()
        self._before = sum(self.seconds.values())

    @property
    def cpu(self):
        """CPU seconds since the first look."""
        return sum(self.seconds.values()) - self._before

    def look(self):
        """Add up what the processes hold now."""
        now = {"PSS": 0, "RSS": 0}
        for process in self.family():
            try:
                memory, times = process.memory_full_info(), process.cpu_times()
            except psutil.Error:  # it has just ended
                continue
            now["PSS"] += memory.pss
            now["RSS"] += memory.rss
            self.seconds[process.pid] = times.user + times.system
        self.peak = {kind: max(now[kind], self.peak[kind]) for kind in now}


def bench_class():
    """Learners at work at once: medians over them, for each lesson and for none."""
    sys.path.insert(0, str(ROOT / "tests" / "classroom"))
    from hub import Learner, start_hub

    with (
        tempfile.TemporaryDirectory() as folder,
        start_hub(Path(folder)) as hub,
        ThreadPoolExecutor(len(LEARNERS)) as pool,
    ):
        learners = [Learner(hub, name) for name in LEARNERS]
        list(pool.map(lambda learner: learner.start(), learners))
        for learner in learners:
            (learner.home / "notebooks").mkdir()
        idle = [Usage(learner.family) for learner in learners]
        yield from medians(IDLE, idle, columns=("PSS", "RSS"))
        for lesson in LESSONS:
            usages = list(pool.map(lambda learner, name=lesson: study(learner, name), learners))
            yield from medians(f"lesson {lesson[:2]}", usages)
        servers = {process.pid for learner in learners for process in learner.family()}
        itself = Usage(lambda: [one for one in hub.family() if one.pid not in servers])
        yield from medians(HUB, [itself], columns=("PSS", "RSS"))


def study(learner, lesson):
    """Run a whole lesson in a kernel of `learner`; return her Usage meanwhile."""
    path = f"notebooks/{lesson}.ipynb"
    (learner.home / path).write_bytes((ROOT / path).read_bytes())
    notebook = learner.open(path)
    usage = Usage(learner.family)
    with start.sampled(usage.look, INTERVAL):
        kernel = learner.start_kernel(path)
        kernel.run(notebook)
        learner.save(path, notebook)
    learner.end_kernel(kernel)
    return usage


def medians(what, usages, columns=tuple(COLUMNS)):
    """Yield a Measurement for each column, the median over `usages`."""
    compared = f"of a learner, the median of {len(usages)} at once" if len(usages) > 1 else ""
    for kind in columns:
        values = [usage.cpu if kind == "CPU" else usage.peak[kind] / GB for usage in usages]
        yield median(f"classroom, {what}, {kind}", values, COLUMNS[kind], compared)


def record(results):
    """Write the figures in `results`, a JSON file, into the table of the guide."""
    figures = {one["name"]: one["value"] for one in json.loads(results.read_text("utf-8"))}
    guide = GUIDE.read_text("utf-8")
    measured = f"Measured with {len(LEARNERS)} learners on {psutil.cpu_count()} CPU cores."
    table = f"{rows(figures)}\n\n{measured}"
    marked = f"<!-- classroom -->\n{table}\n<!-- /classroom -->"
    pattern = r"<!-- classroom -->.*<!-- /classroom -->"
    GUIDE.write_text(re.sub(pattern, lambda _: marked, guide, count=1, flags=re.DOTALL), "utf-8")


def rows(figures):
    """Return the table's lines; `figures` maps a measurement's name to its value."""
    lines = ["| | memory (PSS) | memory (RSS) | CPU time |", "| --- | --- | --- | --- |"]
    for what in (IDLE, *(f"lesson {lesson[:2]}" for lesson in LESSONS), HUB):
        cells = []
        for kind, unit in COLUMNS.items():
            value = figures.get(f"classroom, {what}, {kind}")
            digits = 0 if kind == "CPU" else 2
            cells.append("" if value is None else f"{value:.{digits}f} {unit}")
        lines.append(f"| {what} | {' | '.join(cells)} |")
    return "\n".join(lines)
