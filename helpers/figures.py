"""The plots and picture grids of all lessons: one style, small files, and alt text on each.

Importing this module gives every matplotlib plot the house style, whatever the user's own settings
are. Figures are drawn in dark ink on white. In its dark theme JupyterLab shows them in light ink on
the page's own colour, and the pictures in them as they are: an output says where they stand, and
the additions in jupyter/ do the rest.
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

from helpers import images

# Six colours that stay apart in the three common kinds of colour blindness and stand out from
# white, and from black in the dark theme (contrast at least 3 to 1, as WCAG 2.2 asks of graphics);
# a test verifies all. The first five are Okabe and Ito's, https://jfly.uni-koeln.de/color/
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
PINK, BLACK, BROWN = "#CC79A7", "#222222", "#882200"
PALETTE = BLUE, ORANGE, GREEN, PINK, BLACK, BROWN
GREY, PALE = "#666666", "#DDDDDD"
MARKERS = "os^Dv*"  # so that no plot speaks by colour alone

# A figure is measured in CSS pixels: 1 inch is 100 of them, each drawn as 1.5 × 1.5 dots, which
# stays sharp on a projector and on most screens.
CSS_PIXELS = 100
DOTS = 1.5
STYLE = {
    "figure.dpi": CSS_PIXELS,
    "figure.figsize": (7.2, 4.0),
    "figure.constrained_layout.use": True,
    "font.size": 13,
    "axes.titlesize": 14,
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
    "grid.color": PALE,
    "lines.linewidth": 2.2,
    "image.cmap": "gray",
}
matplotlib.style.use(["default", STYLE])
# What is drawn here looks so even if the settings are changed later.
in_style = matplotlib.style.context(["default", STYLE])


class Picture:
    """A picture with its alt text, as a notebook shows it: a small PNG or JPEG.

    `picture` is uint8, (height, width, 3), or a matplotlib figure; `width` is in CSS pixels. `alt`
    says in a sentence what there is to see. It is also the output's text, which the tests compare:
    so it must be true on any machine. `within`: where pictures stand in it, in %.
    """

    def __init__(self, picture, alt: str, width: int | None = None):
        """Raise ValueError if `alt` says nothing."""
        if not isinstance(alt, str) or len(alt.strip()) < 10 or " " not in alt.strip():
            raise ValueError(f"alt={alt!r}: say in a sentence what there is to see in the picture.")
        self.alt, self.width, self.within = alt.strip(), width, None
        self.pixels = picture
        if isinstance(picture, Figure):
            self.pixels = render(picture)
            self.width = width or round(self.pixels.shape[1] / DOTS)
            boxes = [axes.get_position() for axes in picture.axes if axes.images]
            corners = [(box.x0, 1 - box.y1, box.x1, 1 - box.y0) for box in boxes]
            self.within = [[round(100 * side, 2) for side in sides] for sides in corners]

    def __repr__(self) -> str:
        """Return the alt text: where there are no pictures, it stands for this one."""
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        kind, data = small_file(self.pixels)
        details = {"alt": self.alt, "width": self.width, "pictures": self.within}
        details = {name: value for name, value in details.items() if value is not None}
        encoded = base64.b64encode(data).decode()
        return {kind: encoded, "text/plain": self.alt}, {kind: details}


@in_style
def figure(rows: int = 1, columns: int = 1, size=None):
    """Return (figure, axes) in the house style; `size` is (width, height) in inches of 100 pixels.

    As with matplotlib's `subplots`, axes is one Axes, or an array of them.
    """
    fig = Figure(figsize=size)
    return fig, fig.subplots(rows, columns)


@in_style
def render(fig) -> np.ndarray:
    """Draw a matplotlib figure: uint8, (height, width, 3)."""
    fig.set_dpi(CSS_PIXELS * DOTS)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def show(fig, alt: str) -> None:
    """Show a matplotlib figure, with alt text, and close it."""
    picture = Picture(fig, alt)
    plt.close(fig)  # or a notebook shows a figure made by pyplot a second time
    display(picture)


def small_file(pixels) -> tuple[str, bytes]:
    """Encode pixels as a PNG of 256 colours or a JPEG, whichever is smaller: (kind, bytes)."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    png, jpeg = io.BytesIO(), io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(png, "PNG", optimize=True)
    picture.save(jpeg, "JPEG", quality=85, optimize=True)
    files = {"image/png": png.getvalue(), "image/jpeg": jpeg.getvalue()}
    return min(files.items(), key=lambda file: len(file[1]))


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
        pixels = Image.fromarray(pixels).resize((round(width * DOTS), max(height, 1)))
    display(Picture(np.asarray(pixels), alt, width))


def _rgb(picture) -> np.ndarray:
    """Return uint8, (height, width, 3); floats outside 0 to 1 are clipped."""
    return np.asarray(Image.fromarray(images.as_bytes(_plane(picture))).convert("RGB"))


def _plane(picture) -> np.ndarray:
    pixels = np.asarray(picture)
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def grid(pictures, titles=None, columns=8, *, alt, **look) -> None:
    """Show pictures in rows, as `tiles` draws them."""
    show(tiles(pictures, titles, columns, **look), alt)


@in_style
def tiles(pictures, titles=None, columns=8, cmap="gray", limits=None, cell=1.0) -> Figure:
    """Draw pictures in rows, of `columns` each.

    `pictures`: (n, height, width), (n, height, width, 1 or 3), or a list of pictures of any size.
    `titles`: n short texts. `cell`: how wide a picture is, in inches of 100 pixels.
    `cmap`: colours for pictures with one channel. `limits`: the values shown as its two ends;
    the default is 0-255 for uint8, 0-1 for floats within it, else the smallest and largest value.
    """
    pictures = [_plane(picture) for picture in pictures]
    if not pictures:
        raise ValueError("There are no images to show.")
    low, high = min(map(np.min, pictures)), max(map(np.max, pictures))
    if pictures[0].dtype == np.uint8:
        low, high = 0, 255
    elif low >= 0 and high <= 1:
        low, high = 0, 1
    low, high = limits or (low, high)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    tallest = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    height = cell * tallest + (0 if titles is None else 0.3)
    fig, axes = figure(rows, columns, size=(columns * cell, rows * height))
    axes = np.atleast_1d(axes).ravel()
    for axis in axes:
        axis.axis("off")
    for i, (axis, picture) in enumerate(zip(axes, pictures, strict=False)):
        shown = picture if picture.ndim == 2 else _rgb(picture)
        axis.imshow(shown, cmap=cmap, vmin=low, vmax=high)
        if titles is not None:
            axis.set_title(str(titles[i]), fontsize=12, color=BLACK, pad=3)
    return fig


@in_style
def curves(runs: dict, ylabel: str, *, alt: str) -> None:
    """Plot how a quantity develops: a colour and a marker for each run.

    A run is a list of values, one for each epoch, or the History that Keras's `fit` returns, of
    which the metric `ylabel` is drawn: dashed for training, solid for validation.
    """
    fig, axes = figure()
    looks = zip(cycle(PALETTE), cycle(MARKERS))
    for (name, run), (color, marker) in zip(runs.items(), looks, strict=False):
        for label, values, dashes in _lines(name, run, ylabel):
            epochs = range(1, len(values) + 1)
            look = {"color": color, "marker": marker if len(epochs) <= 30 else None}
            axes.plot(epochs, values, dashes, label=label, **look)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="epoch", ylabel=ylabel)
    if len(axes.lines) > 1:
        wide = max(len(line.get_label()) for line in axes.lines) > 14
        fig.legend(loc="outside upper center" if wide else "outside right upper", ncols=1 + wide)
    show(fig, alt)


def _lines(name: str, run, metric: str) -> list[tuple]:
    """Return (label, values, line style) for each line of a run."""
    history = getattr(run, "history", run)
    if not isinstance(history, dict):
        return [(name, history, "-")]
    if metric not in history:
        raise ValueError(f"{name} has no {metric!r}, only {', '.join(history)}.")
    lines = [(f"{name}, training", history[metric], "--")]
    if f"val_{metric}" in history:
        lines.append((f"{name}, validation", history[f"val_{metric}"], "-"))
    return lines


@in_style
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
    colors = 1 - strength[..., None] * (1 - hue)
    luminance = colors**2.2 @ (0.2126, 0.7152, 0.0722)  # nearly as WCAG defines it

    cell = max(0.3, min(0.52, 7.5 / n)) if n > 5 else 1.0
    fig, axes = figure(size=(cell * n + 1.6, cell * n + 1.2))
    axes.pcolormesh(colors, edgecolors=PALE, linewidth=0.8)
    for row, column in np.argwhere(counts):
        ink = "white" if luminance[row, column] < 0.3 else BLACK
        text = {"ha": "center", "va": "center", "color": ink, "size": 12 if cell > 0.45 else 9}
        axes.text(column + 0.5, row + 0.5, counts[row, column], **text)
    middles = np.arange(n) + 0.5
    axes.set_xticks(middles, names, rotation=90 if max(map(len, names)) * 0.1 > cell else 0)
    axes.set_yticks(middles, names)
    axes.set(xlabel="predicted", ylabel="true", aspect="equal", ylim=(n, 0))
    axes.grid(False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    show(fig, alt)


@in_style
def bars(
    values, names, *, alt: str, xlabel="probability", highlight=None, limits=None, digits=2
) -> None:
    """Draw a horizontal bar for each value, the first on top; `highlight` brings out one."""
    values = np.asarray(values, float)
    highlight = int(values.argmax()) if highlight is None else highlight
    fig, axes = figure(size=(7.2, 0.9 + 0.36 * len(values)))
    colors = [BLUE if i == highlight else "#A9B8C2" for i in range(len(values))]
    drawn = axes.barh(range(len(values)), values, color=colors)
    axes.bar_label(drawn, fmt=f"%.{digits}f", padding=4, size=12)
    axes.set_yticks(range(len(values)), names)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    if limits is None and xlabel == "probability":
        limits = (0, 1.08)
    axes.set(xlabel=xlabel, xlim=limits, ylim=(len(values) - 0.4, -0.6))
    show(fig, alt)


@in_style
def comparison(results: dict, xlabel: str, *, alt: str) -> None:
    """Draw {"name": [a value for each seed]}: a row for each, its dots, and a line at the mean."""
    fig, axes = figure(size=(7.2, 1.0 + 0.55 * len(results)))
    at_edge = {"transform": axes.get_yaxis_transform(), "va": "center"}
    for row, values in enumerate(results.values()):
        mean = np.mean(values)
        axes.plot([mean, mean], [row - 0.32, row + 0.32], color=BLACK, linewidth=3, zorder=3)
        axes.plot(values, np.full(len(values), row), "o", color=BLUE, alpha=0.6, markersize=9)
        axes.text(1.02, row, f"{mean:.3f}", **at_edge)
    axes.text(1.02, 1, "mean", transform=axes.transAxes, va="bottom", color=GREY)
    axes.set_yticks(range(len(results)), results)
    axes.set(xlabel=xlabel, ylim=(len(results) - 0.4, -0.6))
    axes.tick_params(axis="y", length=0)
    show(fig, alt)
