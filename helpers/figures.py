"""The plots and picture grids of all lessons: one style, small files, and alt text on each.

Importing this module gives every matplotlib plot the house style.
"""

import base64
import io
from itertools import cycle

import matplotlib
import numpy as np
from IPython.display import display
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

# Six colours that stay apart in the three common kinds of colour blindness and stand out from
# white (contrast at least 3 to 1, as WCAG 2.2 asks of graphics); a test verifies both.
# The first five are Okabe and Ito's, https://jfly.uni-koeln.de/color/
PALETTE = BLUE, ORANGE, GREEN, PINK, BLACK, BROWN = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#222222",
    "#882200",
)
GREY = "#666666"
MARKERS = "os^Dv*"  # so that no plot speaks by colour alone

# A figure is measured in CSS pixels: 1 inch is 100 of them, each drawn as 1.5 × 1.5 dots, which
# stays sharp on a projector and on most screens.
CSS_PIXELS = 100
DOTS = 1.5
STYLE = {
    "figure.dpi": CSS_PIXELS,
    "figure.figsize": (7.2, 4.0),
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 13,
    "axes.titlesize": 14,
    "axes.labelsize": 13,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "legend.fontsize": 12,
    "legend.frameon": False,
    "axes.prop_cycle": matplotlib.cycler(color=PALETTE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "lines.linewidth": 2.2,
    "lines.markersize": 6,
    "image.cmap": "gray",
}
matplotlib.rcParams.update(STYLE)


# -- showing -------------------------------------------------------------------------------------


class Picture:
    """A picture with its alt text, as a notebook shows it: a small PNG or JPEG.

    `pixels` is uint8, (height, width, 3); `width` is how wide to show it, in CSS pixels. `alt` is a
    sentence that says what there is to see, for people who can't see it. It is also the output's
    text, which the lessons' tests compare: so it must be true on any machine.
    """

    def __init__(self, pixels, alt: str, width: int | None = None):
        """Raise ValueError if `alt` says nothing."""
        if not isinstance(alt, str) or len(alt.strip()) < 10 or " " not in alt.strip():
            raise ValueError(f"alt={alt!r}: say in a sentence what there is to see in the picture.")
        self.pixels, self.alt, self.width = pixels, alt.strip(), width

    def __repr__(self) -> str:
        """Return the alt text: where there are no pictures, it stands for this one."""
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        kind, data = small_file(self.pixels)
        details = {"alt": self.alt}
        if self.width:
            details["width"] = self.width
        encoded = base64.b64encode(data).decode()
        return {kind: encoded, "text/plain": self.alt}, {kind: details}


def figure(rows: int = 1, columns: int = 1, size=None):
    """Return (figure, axes) in the house style; `size` is (width, height) in inches of 100 pixels.

    As with matplotlib's `subplots`, axes is one Axes, or an array of them.
    """
    fig = Figure(figsize=size)
    return fig, fig.subplots(rows, columns)


def render(fig) -> np.ndarray:
    """Draw a matplotlib figure: uint8, (height, width, 3)."""
    fig.set_dpi(CSS_PIXELS * DOTS)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def show(fig, alt: str) -> None:
    """Show a matplotlib figure, with alt text, and close it."""
    pixels = render(fig)
    plt.close(fig)  # or a notebook shows a figure made by pyplot a second time
    display(Picture(pixels, alt, width=round(pixels.shape[1] / DOTS)))


def small_file(pixels) -> tuple[str, bytes]:
    """Encode pixels compactly: ("image/png", bytes) or, for photographs, ("image/jpeg", bytes).

    A drawing is smaller and clearer as PNG, where a palette of 256 colours is enough for it. A
    photograph has more colours, and is smaller as JPEG: so the smaller file is the better one.
    """
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    png, jpeg = io.BytesIO(), io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(png, "PNG", optimize=True)
    picture.save(jpeg, "JPEG", quality=85, optimize=True)
    if jpeg.tell() < png.tell():
        return "image/jpeg", jpeg.getvalue()
    return "image/png", png.getvalue()


# -- pictures ------------------------------------------------------------------------------------


def image(picture, alt: str, width: int | None = None) -> None:
    """Show one picture: uint8 or floats from 0 to 1, (height, width) or (height, width, 1 or 3).

    It is shown at its own size (at most 720 pixels wide), or `width` pixels wide.
    """
    pixels = _rgb(picture)
    width = width or min(pixels.shape[1], 720)
    enlarge = max(1, round(width / pixels.shape[1]))  # sharp squares, where a browser would blur
    pixels = pixels.repeat(enlarge, 0).repeat(enlarge, 1)
    if pixels.shape[1] > width * DOTS:
        height = round(pixels.shape[0] * width * DOTS / pixels.shape[1])
        shrunk = Image.fromarray(pixels).resize((round(width * DOTS), max(height, 1)))
        pixels = np.asarray(shrunk)
    display(Picture(pixels, alt, width))


def _rgb(picture) -> np.ndarray:
    """Return uint8, (height, width, 3); floats outside 0 to 1 are clipped."""
    pixels = _plane(picture)
    if pixels.dtype != np.uint8:
        pixels = np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    return np.asarray(Image.fromarray(pixels).convert("RGB"))


def _plane(picture) -> np.ndarray:
    """Return a picture of one channel as (height, width), any other as it is."""
    pixels = np.asarray(picture)
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def grid(
    images,
    titles=None,
    columns: int = 8,
    *,
    alt: str,
    right=None,
    cmap="gray",
    limits=None,
    cell=1.0,
) -> None:
    """Show pictures in rows, of `columns` each.

    `images`: (n, height, width), (n, height, width, 1 or 3), or a list of pictures of any size.
    `titles`: n short texts. `right`: n booleans that mark each title with ✓ or ✗.
    `cmap`: colours for pictures with one channel. `limits`: the values shown as its two ends;
    the default is 0-255 for uint8, 0-1 for floats within it, else the smallest and largest value.
    `cell`: how wide a picture is, in inches of 100 pixels.
    """
    images = [_plane(image) for image in images]
    if not images:
        raise ValueError("There are no images to show.")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    low, high = limits or _limits(images)
    tallest = max(image.shape[0] / image.shape[1] for image in images)
    height = cell * tallest + (0.3 if titles is not None or right is not None else 0)
    fig, axes = figure(rows, columns, size=(columns * cell, rows * height))
    axes = np.atleast_1d(axes).ravel()
    for axis in axes:
        axis.axis("off")
    for i, (axis, image) in enumerate(zip(axes, images, strict=False)):
        axis.imshow(image if image.ndim == 2 else _rgb(image), cmap=cmap, vmin=low, vmax=high)
        text = str(titles[i]) if titles is not None else ""
        color = BLACK
        if right is not None:
            text, color = (f"{text} ✓", BLUE) if right[i] else (f"{text} ✗", ORANGE)
        axis.set_title(text.strip(), fontsize=12, color=color, pad=3)
    show(fig, alt)


def _limits(images) -> tuple[float, float]:
    if images[0].dtype == np.uint8:
        return 0, 255
    low = float(min(image.min() for image in images))
    high = float(max(image.max() for image in images))
    return (0, 1) if low >= 0 and high <= 1 else (low, high)


# -- plots ---------------------------------------------------------------------------------------


def curves(runs: dict, ylabel: str, *, alt: str, xlabel="epoch", metric=None, limits=None) -> None:
    """Plot how a quantity develops: a colour and a marker for each run.

    A run is a list of values, one for each epoch; an array (seeds, epochs), of which the mean is
    drawn, and the range as a band; or the History that Keras's `fit` returns, of which `metric`
    (default: `ylabel`) is drawn: dashed for training, solid for validation.
    """
    fig, axes = figure()
    looks = zip(cycle(PALETTE), cycle(MARKERS))
    for (name, run), (color, marker) in zip(runs.items(), looks, strict=False):
        for label, values, dashes in _lines(name, run, metric or ylabel):
            epochs = np.arange(1, values.shape[1] + 1)
            look = {"color": color, "marker": marker if len(epochs) <= 30 else None}
            axes.plot(epochs, values.mean(0), dashes, label=label, **look)
            if len(values) > 1:
                low, high = values.min(0), values.max(0)
                axes.fill_between(epochs, low, high, color=color, alpha=0.18, linewidth=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel=xlabel, ylabel=ylabel, ylim=limits)
    if len(axes.lines) > 1:
        wide = max(len(line.get_label()) for line in axes.lines) > 14
        fig.legend(loc="outside upper center" if wide else "outside right upper", ncols=1 + wide)
    show(fig, alt)


def _lines(name: str, run, metric: str) -> list[tuple]:
    """Return (label, values of shape (seeds, epochs), line style) for each line of a run."""
    history = getattr(run, "history", run)
    if not isinstance(history, dict):
        return [(name, np.atleast_2d(np.asarray(history, float)), "-")]
    if metric not in history:
        raise ValueError(
            f"{name} has no {metric!r}, only {', '.join(history)}: name one as metric."
        )
    lines = [(f"{name}, training", np.atleast_2d(history[metric]), "--")]
    if f"val_{metric}" in history:
        lines.append((f"{name}, validation", np.atleast_2d(history[f"val_{metric}"]), "-"))
    return lines


def confusion(true, predicted, names, *, alt: str) -> None:
    """Draw a confusion matrix: a row for each true class, a column for each predicted one.

    `true` and `predicted` hold n class numbers, which count into `names`. Right answers are blue,
    as dark as their share of the row; mistakes are orange, as dark as they are frequent among
    the mistakes, so that the few that matter show.
    """
    names = [str(name) for name in names]
    n = len(names)
    counts = np.zeros((n, n), int)
    np.add.at(counts, (np.asarray(true, int), np.asarray(predicted, int)), 1)
    right = np.eye(n, dtype=bool)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    mistakes = counts / max(counts[~right].max(initial=0), 1)
    strength = np.where(counts > 0, 0.1 + 0.9 * np.where(right, share, mistakes), 0)
    hue = np.where(right[..., None], *map(matplotlib.colors.to_rgb, (BLUE, ORANGE)))

    cell = max(0.3, min(0.52, 7.5 / n)) if n > 5 else 1.0
    size = cell * n + 1.2
    fig, axes = figure(size=(size + 0.4, size))
    colors = 1 - strength[..., None] * (1 - hue)
    brightness = colors**2.2 @ (0.2126, 0.7152, 0.0722)  # relative luminance, as WCAG defines it
    axes.imshow(colors)
    for row, column in np.argwhere(counts):
        ink = "white" if brightness[row, column] < 0.2 else BLACK
        text = {"ha": "center", "va": "center", "color": ink, "size": 12 if cell > 0.45 else 9}
        axes.text(column, row, counts[row, column], **text)
    turn = 90 if max(map(len, names)) * 0.1 > cell else 0
    axes.set_xticks(range(n), names, rotation=turn)
    axes.set_yticks(range(n), names)
    axes.set(xlabel="predicted", ylabel="true")
    between = np.arange(n + 1) - 0.5
    axes.set_xticks(between, minor=True)
    axes.set_yticks(between, minor=True)
    axes.grid(False)
    axes.grid(which="minor", color="#DDDDDD")
    axes.set_axisbelow(False)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    show(fig, alt)


def bars(
    values, names, *, alt: str, xlabel="probability", highlight=None, limits=None, digits=2
) -> None:
    """Draw a horizontal bar for each value, the first on top, with the value beside it.

    `highlight` is the number of one bar to bring out (default: the largest).
    """
    values = np.asarray(values, float)
    highlight = int(values.argmax()) if highlight is None else highlight
    fig, axes = figure(size=(7.2, 0.9 + 0.36 * len(values)))
    colors = [BLUE if i == highlight else "#A9B8C2" for i in range(len(values))]
    drawn = axes.barh(range(len(values)), values, color=colors)
    axes.bar_label(drawn, fmt=f"%.{digits}f", padding=4, size=12)
    axes.set_yticks(range(len(values)), names)
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    if limits is None and xlabel == "probability":
        limits = (0, 1.08)
    axes.set(xlabel=xlabel, xlim=limits)
    show(fig, alt)


def comparison(results: dict, xlabel: str, *, alt: str, limits=None, digits=3) -> None:
    """Compare settings over seeds: a row for each, a dot for each seed, a line at the mean.

    `results`: {"name": [a value for each seed], …}. Where the dots of two rows overlap, the seeds
    alone could have made the difference.
    """
    fig, axes = figure(size=(7.2, 1.0 + 0.55 * len(results)))
    for row, values in enumerate(results.values()):
        values = np.asarray(values, float)
        mean = values.mean()
        axes.plot([mean, mean], [row - 0.32, row + 0.32], color=BLACK, linewidth=3, zorder=3)
        axes.plot(values, np.full(len(values), row), "o", color=BLUE, alpha=0.6, markersize=9)
        axes.text(
            1.02, row, f"{mean:.{digits}f}", transform=axes.get_yaxis_transform(), va="center"
        )
    axes.text(1.02, 1, "mean", transform=axes.transAxes, va="bottom", color=GREY)
    axes.set_yticks(range(len(results)), results)
    axes.set(xlabel=xlabel, xlim=limits, ylim=(len(results) - 0.4, -0.6))
    axes.tick_params(axis="y", length=0)
    show(fig, alt)
