"""TensorBoard's dashboards as matplotlib figures, for where no TensorBoard can be looked at."""

import itertools
import json

import numpy as np
from matplotlib import colormaps

from helpers import figures

LABELS = 10  # runs in a plot's key; more say nothing
EPOCHS, BATCHES = "step (an epoch each)", "step (a batch each)"  # as Keras counts them
STEPS = {"epoch": EPOCHS, "batch": BATCHES, "evaluation": BATCHES}


def draw(dashboard, runs, alt=""):
    """Draw the dashboard of `runs` (as from `events.read`), or say that there is nothing to."""
    drawing, content = DASHBOARDS[dashboard]
    found = {name: run for name, run in runs.items() if content(run)}
    if not found:
        print(f"Nothing for the {dashboard} dashboard has been logged there yet.")
        return
    drawing(found, alt or f"TensorBoard's {dashboard} of {', '.join(found)}.")


def _plots(count, columns, width, height):
    """Return a figure of `count` plots in columns, and their axes."""
    rows = -(-count // columns)
    fig, axes = figures.figure(rows, columns, size=(width, rows * height))
    axes = np.ravel(axes)
    for axis in axes[count:]:
        axis.axis("off")
    return fig, axes[:count]


def scalars(runs, alt):
    """Draw a plot for each tag, a line for each run."""
    tags = sorted({tag for run in runs.values() for tag in run.scalars})
    columns = min(len(tags), 2)
    fig, axes = _plots(len(tags), columns, 3.6 + 3.6 * columns, 3.5)
    looks = (
        {"color": color, "marker": marker, "linestyle": dashes}
        for dashes in itertools.cycle(("-", "--", ":", "-."))
        for color, marker in zip(figures.PALETTE, figures.MARKERS, strict=True)
    )
    lines = {}
    for (name, run), look in zip(runs.items(), looks, strict=False):
        for axis, tag in zip(axes, tags, strict=True):
            axis.set(title=tag, xlabel=STEPS.get(tag.partition("_")[0], "step"))
            axis.xaxis.get_major_locator().set_params(integer=True)
            if tag in run.scalars:
                marker = look["marker"] if len(run.scalars[tag][0]) <= 30 else None
                (line,) = axis.plot(*run.scalars[tag], label=name, **{**look, "marker": marker})
                lines[name] = line
    if len(lines) <= LABELS:
        place = {"loc": "outside upper center", "ncols": min(3, len(lines))}
        fig.legend(lines.values(), lines, **place)
    figures.show(fig, alt)


def histograms(runs, alt):
    """Draw each tag's histograms behind one another, the first step at the back."""
    drawn = [
        (tag, name, steps) for name, run in runs.items() for tag, steps in run.histograms.items()
    ]
    drawn.sort(key=lambda item: item[0])  # the runs of one tag beside each other
    columns = 2 if len(drawn) in (2, 4) else min(len(drawn), 3)
    fig, axes = _plots(len(drawn), columns, max(4.0, 3.4 * columns), 3.2)
    for axis, (tag, name, steps) in zip(axes, drawn, strict=True):
        _ridges(axis, steps)
        axis.set_title(f"{tag}\n{name}", fontsize=11)
        axis.set(yticks=[])
        axis.locator_params(axis="x", nbins=4)
        axis.grid(axis="y", visible=False)
    axes[0].set_ylabel("step")
    figures.show(fig, alt)


def _ridges(axis, steps):
    """Draw a ridge for each step, upwards the earlier; each as high as its own peak."""
    for row, (step, buckets) in enumerate(steps):
        left, right, counts = np.asarray(buckets, float).T
        widths = np.where(right > left, right - left, 1)
        density = counts / widths if (right > left).any() else counts
        base = len(steps) - 1 - row
        heights = base + 1.8 * density / max(density.max(initial=0), 1e-12)
        color = colormaps["viridis"](0.15 + 0.6 * row / max(len(steps) - 1, 1))
        middles = (left + right) / 2
        axis.fill_between(middles, base, heights, color=color, alpha=0.85, zorder=row + 2)
        axis.plot(middles, heights, color="white", linewidth=0.8, zorder=row + 2)
        at_edge = axis.get_yaxis_transform()
        axis.text(1.01, base, f"{step}", transform=at_edge, fontsize=9, color=figures.GREY)


def images(runs, alt):
    """Draw the pictures of all steps, a row for each step."""
    pictures, titles = [], []
    for run in runs.values():
        for step, row in itertools.chain(*run.images.values()):
            pictures += row
            titles += [f"step {step}"] + [""] * (len(row) - 1)
    figures.grid(pictures, titles, len(row), alt=alt, cell=min(2.2, 9 / len(row)))


def graphs(runs, alt):
    """Draw the layers of the first run's Keras model, a chain of them from input to output."""
    config = json.loads(next(iter(next(iter(runs.values())).graphs.values())))
    layers = config["config"]["layers"]
    fig, axis = figures.figure(size=(6, 0.75 * len(layers) + 0.3))
    box = {"boxstyle": "round,pad=0.5", "facecolor": "#E6F0F7", "edgecolor": figures.BLUE}
    arrow = {"arrowstyle": "-|>", "color": figures.GREY, "shrinkA": 14, "shrinkB": 14}
    for row, layer in enumerate(layers):
        text = f"{layer['class_name']}: {layer['config']['name']}"
        axis.text(0, -row, text, ha="center", va="center", bbox=box, fontsize=12, zorder=3)
        if row:
            axis.annotate("", (0, -row), (0, 1 - row), arrowprops=arrow)
    axis.set(xlim=(-1, 1), ylim=(0.6 - len(layers), 0.6))
    axis.axis("off")
    figures.show(fig, alt)


def projector(runs, alt):
    """Draw the first run's vectors.tsv on its first two principal components.

    A point has the colour of its label, from labels.tsv's first column; the label stands in the
    middle of its points.
    """
    from sklearn.decomposition import PCA

    folder = next(iter(runs.values())).folder
    points = PCA(2, svd_solver="full").fit_transform(np.loadtxt(folder / "vectors.tsv"))
    labels = np.loadtxt(folder / "labels.tsv", str, delimiter="\t", usecols=0)[-len(points) :]
    fig, axis = figures.figure(size=(7.2, 6.4))
    for kind, color in zip(sorted(set(labels)), itertools.cycle(colormaps["tab10"].colors)):
        x, y = points[labels == kind].T
        axis.scatter(x, y, s=14, color=color, alpha=0.55, linewidth=0)
        axis.text(np.median(x), np.median(y), kind, fontsize=20, weight="bold", ha="center")
    axis.set(xlabel="component 1", ylabel="component 2")
    figures.show(fig, alt)


def hparams(runs, alt):
    """Draw the parallel-coordinates view: an axis for each setting and metric, a line for a run."""
    logged = [
        run.hparams | {tag: values[-1] for tag, (_, values) in run.scalars.items()}
        for run in runs.values()
    ]
    names = [
        *sorted({name for run in runs.values() for name in run.hparams}),
        *sorted({tag for run in runs.values() for tag in run.scalars}),
    ]
    columns = [_axis([row.get(name, np.nan) for row in logged]) for name in names]
    fig, axis = figures.figure(size=(2.0 + 1.7 * len(columns), 4.2))
    for line in zip(*(heights for heights, _ in columns), strict=True):
        axis.plot(line, color=colormaps["viridis"](0.95 * (1 - line[-1])), alpha=0.8)
    paper = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}
    for at, (_, ticks) in enumerate(columns):
        axis.axvline(at, color=figures.GREY, linewidth=1)
        for height, text in ticks:
            axis.text(at + 0.04, height, text, fontsize=11, va="center", bbox=paper)
    axis.set_xticks(range(len(columns)), names)
    axis.set(yticks=[], xlim=(-0.2, len(columns) - 0.5), ylim=(-0.08, 1.08))
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)
    figures.show(fig, alt)


def _axis(values):
    """Return (heights from 0 to 1, [(height, text), …]) of one column's values."""
    kinds = sorted(set(values), key=lambda value: (str(type(value)), value))
    if len(kinds) > 4 and not isinstance(kinds[-1], str):
        low, high = kinds[0], kinds[-1]
        heights = [(value - low) / (high - low) for value in values]
        return heights, [(0, f"{low:.3g}"), (1, f"{high:.3g}")]
    at = {value: (i + 0.5) / len(kinds) for i, value in enumerate(kinds)}
    texts = [(h, f"{v:g}" if isinstance(v, float) else str(v)) for v, h in at.items()]
    return [at[value] for value in values], texts


# For each dashboard: what draws it, and what of a run it needs.
DASHBOARDS = {
    "scalars": (scalars, lambda run: run.scalars),
    "images": (images, lambda run: run.images),
    "graphs": (graphs, lambda run: run.graphs),
    "histograms": (histograms, lambda run: run.histograms),
    "projector": (projector, lambda run: (run.folder / "projector_config.pbtxt").exists()),
    "hparams": (hparams, lambda run: run.hparams),
}
