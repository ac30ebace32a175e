"""TensorBoard's dashboards as matplotlib figures, for where no TensorBoard can be looked at."""

import json
from itertools import cycle

import numpy as np
from matplotlib import colormaps

from helpers import figures
from helpers.board import embedding, events

LABELS = 10  # runs in a plot's key; more say nothing


def draw(dashboard, runs, smoothing=0.0, alt=""):
    """Draw the dashboard of `runs` (as from `events.read`), or say that there is nothing to."""
    drawing, content = DASHBOARDS[dashboard]
    found = {name: run for name, run in runs.items() if content(run)}
    if not found:
        print(f"Nothing for the {dashboard} dashboard has been logged there yet.")
        return
    settings = {"smoothing": smoothing} if smoothing else {}
    drawing(found, alt=alt or f"TensorBoard's {dashboard} of {', '.join(found)}.", **settings)


def scalars(runs, *, alt, smoothing=0.0):
    """Draw a plot for each tag, a line for each run; unsmoothed values show through palely."""
    tags = sorted({tag for run in runs.values() for tag in run.scalars})
    columns = min(len(tags), 2)
    rows = -(-len(tags) // columns)
    fig, axes = figures.figure(rows, columns, size=(3.6 + 3.6 * columns, 0.6 + 3.2 * rows))
    axes = np.atleast_1d(axes).ravel()
    for axis in axes[len(tags) :]:
        axis.axis("off")
    for (name, run), look in zip(runs.items(), _looks(), strict=False):
        for axis, tag in zip(axes, tags, strict=False):
            axis.set(title=tag, xlabel="step")
            axis.xaxis.get_major_locator().set_params(integer=True)
            if tag not in run.scalars:
                continue
            steps, values = run.scalars[tag]
            marker = look["marker"] if len(steps) <= 30 else None
            if smoothing:
                axis.plot(steps, values, color=look["color"], alpha=0.25, linewidth=1.2)
                values, marker = events.smooth(values, smoothing), None
            axis.plot(steps, values, label=name, **{**look, "marker": marker})
    lines = {line.get_label(): line for axis in axes for line in axis.lines}
    named = [(line, name) for name, line in lines.items() if not name.startswith("_")]
    if len(named) <= LABELS:
        fig.legend(*zip(*named, strict=True), loc="outside upper center", ncols=min(3, len(named)))
    figures.show(fig, alt)


def _looks():
    """Yield a line's colour, marker and dashes, all different for the first 24 runs."""
    for dashes in cycle(("-", "--", ":", "-.")):
        for color, marker in zip(figures.PALETTE, figures.MARKERS, strict=True):
            yield {"color": color, "marker": marker, "linestyle": dashes}


def histograms(runs, *, alt):
    """Draw each tag's histograms behind one another, the first step at the back."""
    drawn = [
        (name, tag, steps) for name, run in runs.items() for tag, steps in run.histograms.items()
    ]
    columns = min(len(drawn), 3)
    rows = -(-len(drawn) // columns)
    fig, axes = figures.figure(rows, columns, size=(max(4.0, 3.4 * columns), 3.2 * rows))
    axes = np.atleast_1d(axes).ravel()
    for axis in axes[len(drawn) :]:
        axis.axis("off")
    for axis, (name, tag, steps) in zip(axes, drawn, strict=False):
        _ridges(axis, steps)
        axis.set_title(f"{tag}\n{name}", fontsize=11)
        axis.set(yticks=[])
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


def images(runs, *, alt):
    """Draw every step's pictures: a row for each run, tag and step."""
    rows = [
        (f"{name}\n{tag}, step {step}", pictures)
        for name, run in runs.items()
        for tag, steps in run.images.items()
        for step, pictures in steps
    ]
    columns = max(len(pictures) for _, pictures in rows)
    tallest = max(p.shape[0] / p.shape[1] for _, pictures in rows for p in pictures)
    width = 1.1 if columns > 1 else 4.5
    fig, axes = figures.figure(
        len(rows), columns, size=(2 + columns * width, len(rows) * width * tallest)
    )
    axes = np.reshape(axes, (len(rows), columns))
    for line, (title, pictures) in zip(axes, rows, strict=True):
        for axis in line:
            axis.axis("off")
        for axis, picture in zip(line, pictures, strict=False):
            axis.imshow(picture)
        line[0].text(
            -0.1, 0.5, title, transform=line[0].transAxes, ha="right", va="center", fontsize=10
        )
    figures.show(fig, alt)


def graphs(runs, *, alt):
    """Draw the layers of the first run's Keras model, from input to output."""
    config = json.loads(next(iter(next(iter(runs.values())).graphs.values())))
    layers = config["config"]["layers"]
    names = [layer["config"]["name"] for layer in layers]
    fig, axis = figures.figure(size=(6, 0.75 * len(names) + 0.3))
    for row, layer in enumerate(layers):
        text = f"{layer['class_name']}: {names[row]}"
        box = {"boxstyle": "round,pad=0.5", "facecolor": "#E6F0F7", "edgecolor": figures.BLUE}
        axis.text(0, -row, text, ha="center", va="center", bbox=box, fontsize=12, zorder=3)
    for start, end in _edges(layers, names):
        bend = 0 if end - start == 1 else 0.5
        arrow = {"arrowstyle": "-|>", "color": figures.GREY, "connectionstyle": f"arc3,rad={bend}"}
        ends = {"shrinkA": 14, "shrinkB": 14}
        axis.annotate("", (0, -end), (0, -start), arrowprops=arrow | ends)
    axis.set(xlim=(-1, 1), ylim=(0.6 - len(names), 0.6))
    axis.axis("off")
    figures.show(fig, alt)


def _edges(layers, names):
    """Return pairs of layer numbers, from and to; in a Sequential model each follows the last."""
    if not any(layer.get("inbound_nodes") for layer in layers):
        return [(i, i + 1) for i in range(len(layers) - 1)]
    edges = []
    for end, layer in enumerate(layers):
        text = json.dumps(layer.get("inbound_nodes"))
        edges += [(start, end) for start, name in enumerate(names) if f'"{name}"' in text]
    return edges


def projector(runs, *, alt):
    """Draw the vectors of the first run's embedding on their first two principal components.

    A point has its label's colour; the label stands in the middle of its points.
    """
    vectors, labels = embedding.read(next(iter(runs.values())).folder)
    centred = vectors - vectors.mean(0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    points = centred @ directions[:2].T
    fig, axis = figures.figure(size=(7.2, 6.4))
    kinds = sorted(set(labels))
    for kind, color in zip(kinds, cycle(colormaps["tab10"].colors)):
        x, y = points[np.array(labels) == kind].T
        axis.scatter(x, y, s=14, color=color, alpha=0.55, linewidth=0)
        axis.text(np.median(x), np.median(y), kind, fontsize=20, weight="bold", ha="center")
    axis.set(xlabel="component 1", ylabel="component 2")
    figures.show(fig, alt)


def hparams(runs, *, alt):
    """Draw the parallel-coordinates view: an axis for each setting and metric, a line for a run."""
    settings = sorted({name for run in runs.values() for name in run.hparams})
    metrics = sorted({tag for run in runs.values() for tag in run.scalars})
    rows = [
        [run.hparams.get(name) for name in settings]
        + [run.scalars[tag][1][-1] if tag in run.scalars else np.nan for tag in metrics]
        for run in runs.values()
    ]
    columns = [_axis(column) for column in zip(*rows, strict=True)]
    last = columns[-1][0]
    fig, axis = figures.figure(size=(2.0 + 1.7 * len(columns), 4.2))
    for row, strength in enumerate(last):
        heights = [column[0][row] for column in columns]
        axis.plot(heights, color=colormaps["viridis"](0.95 * (1 - strength)), alpha=0.8)
    for at, (_, ticks) in enumerate(columns):
        axis.axvline(at, color=figures.GREY, linewidth=1)
        for height, text in ticks:
            paper = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}
            axis.text(at + 0.04, height, text, fontsize=11, va="center", bbox=paper)
    axis.set_xticks(range(len(columns)), [*settings, *metrics])
    axis.set(yticks=[], xlim=(-0.2, len(columns) - 0.5), ylim=(-0.08, 1.08))
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)
    figures.show(fig, alt)


def _axis(values):
    """Return (heights from 0 to 1, [(height, text), …]) of one column's values."""
    if all(isinstance(value, int | float) for value in values) and len(set(values)) > 4:
        low, high = min(values), max(values)
        heights = [(value - low) / ((high - low) or 1) for value in values]
        return heights, [(0, f"{low:.3g}"), (1, f"{high:.3g}")]
    kinds = sorted(set(values), key=lambda value: (str(type(value)), value))
    at = {value: (i + 0.5) / len(kinds) for i, value in enumerate(kinds)}
    texts = [(h, f"{v:g}" if isinstance(v, float) else str(v)) for v, h in at.items()]
    return [at[value] for value in values], texts


# For each dashboard: what draws it, and what of a run it needs.
DASHBOARDS = {
    "scalars": (scalars, lambda run: run.scalars),
    "images": (images, lambda run: run.images),
    "graphs": (graphs, lambda run: run.graphs),
    "histograms": (histograms, lambda run: run.histograms),
    "projector": (projector, lambda run: (run.folder / embedding.CONFIG).exists()),
    "hparams": (hparams, lambda run: run.hparams),
}
