"""Every figure is small, readable without colour vision, and speaks to those who can't see it."""

import base64
import io
import itertools
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot as plt
from PIL import Image
from skimage import data
from skimage.color import deltaE_ciede2000, rgb2lab

from helpers import figures

JUPYTER = Path(__file__).parents[2] / "jupyter"
ALT = 'Two lines that cross: "relu" & <tanh>.'


@pytest.fixture
def shown(monkeypatch):
    """The pictures that were displayed."""
    pictures = []
    monkeypatch.setattr(figures, "display", pictures.append)
    return pictures


@pytest.fixture
def drawn(monkeypatch, shown):
    """The matplotlib figures that were shown: what they hold is asked of them."""
    drawings = []
    render = figures.render
    monkeypatch.setattr(figures, "render", lambda fig: drawings.append(fig) or render(fig))
    return drawings


def opened(picture):
    """The mime type, the decoded picture and the metadata of an output."""
    bundle, metadata = picture._repr_mimebundle_()
    assert bundle.pop("text/plain") == picture.alt
    ((kind, encoded),) = bundle.items()
    return kind, Image.open(io.BytesIO(base64.b64decode(encoded))), metadata[kind]


# -- colours ---------------------------------------------------------------------------------------

# What people with the three common kinds of colour blindness see of linear RGB: Machado, Oliveira
# and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009,
# at full severity.
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(color):
    rgb = np.array(matplotlib.colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def seen(color, vision):
    rgb = np.clip(np.array(VISION[vision]) @ linear(color), 0, 1)
    return np.where(rgb <= 0.0031308, rgb * 12.92, 1.055 * rgb ** (1 / 2.4) - 0.055)


def contrast(one, other):
    """WCAG 2.2's contrast ratio."""
    light = sorted(linear(color) @ [0.2126, 0.7152, 0.0722] for color in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


def difference(one, other, vision):
    """CIEDE2000: 1 can just be seen side by side; 10 is told apart at a glance."""
    return deltaE_ciede2000(*(rgb2lab(seen(color, vision)[None])[0] for color in (one, other)))


@pytest.mark.parametrize("color", figures.PALETTE)
def test_colors_stand_out_from_white(color):
    assert contrast(color, "white") >= 3


@pytest.mark.parametrize("vision", VISION)
def test_colors_stay_apart_without_full_color_vision(vision):
    pairs = itertools.combinations(figures.PALETTE, 2)
    assert min(difference(*pair, vision) for pair in pairs) >= 12


def test_the_simulation_confuses_what_people_confuse():
    green, red = "#2CA02C", "#D62728"
    assert difference(green, red, "normal") > 60
    assert difference(green, red, "deuteranopia") < 10


def test_text_can_be_read():
    assert contrast(figures.GREY, "white") >= 4.5
    assert min(matplotlib.rcParams[f"{what}.labelsize"] for what in ("xtick", "ytick")) >= 12


# -- alt text --------------------------------------------------------------------------------------


@pytest.mark.parametrize("alt", ["", "   ", "plot", "loss.png", "Accuracy-of-models", None, 7])
def test_alt_text_must_say_something(shown, alt):
    fig, _ = figures.figure()
    for draw in (
        lambda: figures.show(fig, alt),
        lambda: figures.image(np.zeros((4, 4, 3), np.uint8), alt),
        lambda: figures.bars([1], ["a"], alt=alt),
    ):
        with pytest.raises(ValueError, match="say in a sentence"):
            draw()
    assert not shown


def test_alt_text_reaches_output_and_terminal(shown):
    figures.curves({"a": [1, 2]}, "loss", alt=f"  {ALT}\n")
    _, _, details = opened(shown[0])
    assert details["alt"] == ALT == repr(shown[0])


def test_outside_a_notebook_the_alt_text_is_printed():
    code = "from helpers import figures; figures.bars([1, 2], 'ab', alt='b is twice as long as a.')"
    code += "; import sys; assert 'tensorflow' not in sys.modules"
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "MPLBACKEND")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("b is twice as long as a.\n", "")


def test_alt_text_arrives_in_an_exported_page(monkeypatch):
    from nbconvert import HTMLExporter

    output = _output(ALT)
    photograph = _output(ALT + " Noise.", noise=True)
    cell = nbformat.v4.new_code_cell("figures…", outputs=[output, photograph])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    monkeypatch.setenv("JUPYTER_PATH", str(JUPYTER))
    page, _ = HTMLExporter(template_name="workshop").from_notebook_node(notebook)
    found = BeautifulSoup(page, "html.parser").select("div.jp-RenderedImage img")
    assert [image["alt"] for image in found] == [ALT, ALT + " Noise."]
    assert all(image["src"].startswith("data:image/") for image in found)


def _output(alt, noise=False):
    pixels = np.zeros((64, 64, 3), np.uint8)
    if noise:
        pixels = np.random.default_rng(0).integers(0, 255, pixels.shape, np.uint8)
    bundle, metadata = figures.Picture(pixels, alt)._repr_mimebundle_()
    return nbformat.v4.new_output("display_data", data=bundle, metadata=metadata)


# -- files -----------------------------------------------------------------------------------------


def test_a_plot_is_a_small_palette_png_shown_at_its_size(shown):
    runs = {name: np.exp(-np.arange(20) / (i + 3)) for i, name in enumerate("abcdef")}
    figures.curves(runs, "loss", alt=ALT)
    kind, picture, details = opened(shown[0])
    assert kind == "image/png" and picture.mode == "P"
    assert details["width"] == 720 and picture.width == 720 * figures.DOTS
    bundle, _ = shown[0]._repr_mimebundle_()
    assert len(bundle["image/png"]) < 60_000
    # The palette has the house's colours as they are, and white.
    colors = {color for _, color in picture.convert("RGB").getcolors()}
    wanted = [(255, 255, 255)] + [
        tuple(round(255 * c) for c in matplotlib.colors.to_rgb(c)) for c in figures.PALETTE
    ]
    for color in wanted:
        assert min(np.abs(np.subtract(color, other)).max() for other in colors) <= 6


def test_a_photograph_is_a_jpeg(shown):
    x, y = np.meshgrid(np.linspace(0, 255, 300), np.linspace(0, 255, 200))
    photograph = np.stack([x, y, 255 - (x + y) / 2], -1).astype(np.uint8)
    figures.image(photograph, ALT)
    kind, picture, _ = opened(shown[0])
    assert kind == "image/jpeg" and picture.size == (300, 200)
    error = np.abs(np.asarray(picture).astype(int) - photograph)
    assert error.mean() < 3


def test_a_digit_loses_nothing(shown):
    digit = np.random.default_rng(0).integers(0, 255, (28, 28), np.uint8)
    figures.image(digit, ALT, width=280)
    kind, picture, _ = opened(shown[0])
    assert kind == "image/png"
    np.testing.assert_array_equal(np.asarray(picture.convert("RGB"))[5::10, 5::10, 0], digit)


def test_a_grid_of_photographs_is_a_jpeg(shown):
    figures.grid([data.chelsea()] * 3, "abc", cell=2, alt=ALT)
    assert opened(shown[0])[0] == "image/jpeg"


def test_nothing_is_left_open(shown):
    before = plt.get_fignums()
    fig, axes = plt.subplots()
    axes.plot([1, 2])
    assert figures.show(fig, ALT) is None
    figures.bars([1], ["a"], alt=ALT)
    assert plt.get_fignums() == before and len(shown) == 2


# -- pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "width", "size", "shown_at"),
    [
        ((28, 28), 280, (280, 280), 280),  # enlarged in sharp squares
        ((28, 28, 1), None, (28, 28), 28),
        ((1, 1, 3), 100, (100, 100), 100),
        ((1000, 2000, 3), None, (1080, 540), 720),
        ((100, 200, 3), 90, (135, 68), 90),
        ((5, 4000), None, (1080, 1), 720),
    ],
)
def test_image_sizes(shown, shape, width, size, shown_at):
    figures.image(np.zeros(shape, np.uint8), ALT, width)
    _, picture, details = opened(shown[0])
    assert picture.size == size and details["width"] == shown_at


def test_image_takes_floats_and_pillow(shown):
    figures.image(np.array([[[0.0, 0.5, 2.0]]]), ALT)
    figures.image(Image.new("RGB", (1, 1), (0, 128, 255)), ALT)
    for picture in shown:
        assert picture.pixels.tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize("shape", [(10, 8, 8), (10, 8, 8, 1), (10, 8, 8, 3), (1, 8, 8), (3, 1, 1)])
@pytest.mark.parametrize("kind", [np.uint8, np.float32, bool])
def test_grid_shows_each_picture_once(drawn, shape, kind):
    values = np.random.default_rng(0).random(shape)
    if kind is not np.float32:
        values = (values * (2 if kind is bool else 255)).astype(kind)
    figures.grid(values, range(shape[0]), columns=4, alt=ALT)
    axes = drawn[0].axes
    assert [axis.get_title() for axis in axes if axis.images] == [str(i) for i in range(shape[0])]


def test_grid_of_pictures_of_different_sizes(drawn):
    figures.grid([np.zeros((5, 9, 3)), np.zeros((9, 5)), np.zeros((2, 2, 1))], alt=ALT)
    assert sum(len(axis.images) for axis in drawn[0].axes) == 3


def test_grid_marks_right_and_wrong_not_by_color_alone(drawn):
    figures.grid(np.zeros((2, 4, 4)), ["3", "5"], right=[True, False], alt=ALT)
    first, second = drawn[0].axes
    assert (first.get_title(), second.get_title()) == ("3 ✓", "5 ✗")
    assert first.title.get_color() != second.title.get_color()


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        (np.full((1, 2, 2), 9, np.uint8), (0, 255)),
        (np.full((1, 2, 2), 0.2), (0, 1)),
        (np.array([[[-3.0, 5.0]]]), (-3, 5)),
    ],
)
def test_grid_limits(drawn, values, limits):
    figures.grid(values, alt=ALT)
    assert drawn[0].axes[0].images[0].get_clim() == limits
    figures.grid(values, alt=ALT, limits=(-9, 9))
    assert drawn[1].axes[0].images[0].get_clim() == (-9, 9)


def test_grid_writes_nothing_to_stderr(shown, capfd):
    figures.grid(np.random.default_rng(0).normal(size=(3, 4, 4, 3)), alt=ALT)
    assert capfd.readouterr() == ("", "")


def test_grid_of_nothing():
    with pytest.raises(ValueError, match="no images"):
        figures.grid([], alt=ALT)


# -- plots -----------------------------------------------------------------------------------------


class History:
    """Like what Keras's `fit` returns."""

    def __init__(self):
        self.history = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 2.5, 2.4]}
        self.history["accuracy"] = [0.1, 0.2, 0.3]


def test_curves_of_values_count_epochs_from_one(drawn):
    figures.curves({"relu": [5, 4, 3], "tanh": [6, 5]}, "loss", alt=ALT)
    (axes,) = drawn[0].axes
    assert [line.get_xydata().tolist() for line in axes.lines] == [
        [[1, 5], [2, 4], [3, 3]],
        [[1, 6], [2, 5]],
    ]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")
    assert len({line.get_marker() for line in axes.lines}) == 2  # not by colour alone
    assert [text.get_text() for text in drawn[0].legends[0].get_texts()] == ["relu", "tanh"]


def test_curves_of_a_history(drawn):
    figures.curves({"relu": History(), "tanh": History().history}, "loss", alt=ALT)
    lines = drawn[0].axes[0].lines
    assert [(line.get_label(), line.get_linestyle()) for line in lines] == [
        ("relu, training", "--"),
        ("relu, validation", "-"),
        ("tanh, training", "--"),
        ("tanh, validation", "-"),
    ]
    assert lines[1].get_ydata().tolist() == [3.0, 2.5, 2.4]
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()


def test_curves_metric(drawn):
    figures.curves({"relu": History()}, "share of right answers", metric="accuracy", alt=ALT)
    (line,) = drawn[0].axes[0].lines
    assert line.get_ydata().tolist() == [0.1, 0.2, 0.3]
    with pytest.raises(ValueError, match="relu has no 'acc', only loss, val_loss, accuracy"):
        figures.curves({"relu": History()}, "acc", alt=ALT)


def test_curves_over_seeds_show_mean_and_range(drawn):
    figures.curves({"relu": [[1, 2, 3], [3, 4, 7]]}, "loss", alt=ALT)
    (axes,) = drawn[0].axes
    assert axes.lines[0].get_ydata().tolist() == [2, 3, 5]
    (band,) = axes.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (1, 7)


def test_confusion_counts(drawn):
    figures.confusion([0, 0, 1, 2, 2, 2], [0, 1, 1, 2, 2, 0], ["cat", "dog", "cow"], alt=ALT)
    (axes,) = drawn[0].axes
    written = {text.get_position(): text.get_text() for text in axes.texts}
    # (column, row): the column is what was predicted, the row what is true.
    assert written == {(0, 0): "1", (1, 0): "1", (1, 1): "1", (2, 2): "2", (0, 2): "1"}
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog", "cow"]


@pytest.mark.parametrize("classes", [2, 10, 30])
@pytest.mark.parametrize("name", ["{}", "a long class name {}"])
def test_confusion_numbers_can_be_read_on_their_cells(drawn, classes, name):
    rng = np.random.default_rng(classes)
    true = rng.integers(0, classes, 3000)
    predicted = np.where(rng.random(3000) < 0.6, true, rng.integers(0, classes, 3000))
    figures.confusion(true, predicted, [name.format(i) for i in range(classes)], alt=ALT)
    (axes,) = drawn[0].axes
    cells = axes.images[0].get_array()
    assert len(axes.texts) > classes
    for text in axes.texts:
        column, row = text.get_position()
        assert contrast(text.get_color(), tuple(cells[row, column])) >= 3
    assert figures.render(drawn[0]).shape[1] <= 1200 * figures.DOTS


def test_confusion_without_mistakes_or_samples(shown):
    figures.confusion([0, 1], [0, 1], ["a", "b"], alt=ALT)
    figures.confusion([], [], ["a", "b"], alt=ALT)
    figures.confusion([0], [0], ["a"], alt=ALT)
    assert len(shown) == 3


def test_bars(drawn):
    figures.bars([0.1, 0.7, 0.2], ["cat", "dog", "cow"], alt=ALT)
    (axes,) = drawn[0].axes
    assert [bar.get_width() for bar in axes.patches] == [0.1, 0.7, 0.2]
    assert [text.get_text() for text in axes.texts] == ["0.10", "0.70", "0.20"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first is on top
    colors = [bar.get_facecolor() for bar in axes.patches]
    assert colors[1] != colors[0] == colors[2]


def test_bars_of_other_things(drawn):
    figures.bars([-3, 5], ["a", "b"], xlabel="weight", highlight=0, digits=0, alt=ALT)
    (axes,) = drawn[0].axes
    assert axes.get_xlim()[0] < -3 and axes.get_xlim()[1] > 5
    assert [text.get_text() for text in axes.texts] == ["-3", "5"]


def test_comparison_shows_each_seed_and_the_mean(drawn):
    figures.comparison({"relu": [0.9, 0.8], "tanh": [0.7]}, "accuracy", alt=ALT)
    (axes,) = drawn[0].axes
    dots = [line.get_xdata().tolist() for line in axes.lines if line.get_marker() == "o"]
    means = [line.get_xdata()[0] for line in axes.lines if line.get_marker() != "o"]
    assert dots == [[0.9, 0.8], [0.7]]
    assert means == pytest.approx([0.85, 0.7])
    assert [text.get_text() for text in axes.texts][:2] == ["0.850", "0.700"]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.curves({"a": [1, 2]}, "loss", alt=ALT),
        lambda: figures.confusion([0, 1], [1, 1], "ab", alt=ALT),
        lambda: figures.bars([1, 2], "ab", alt=ALT),
        lambda: figures.comparison({"a": [1, 2]}, "loss", alt=ALT),
        lambda: figures.grid(np.zeros((3, 8, 8)), "abc", alt=ALT),
        lambda: figures.image(np.zeros((8, 8)), ALT),
        lambda: figures.show(figures.figure(2, 2)[0], ALT),
    ],
)
def test_each_shows_one_picture_and_returns_none(shown, draw):
    assert draw() is None
    assert len(shown) == 1 and shown[0].alt == ALT


def test_figure_gives_axes_as_subplots_does():
    assert isinstance(figures.figure()[1], matplotlib.axes.Axes)
    fig, axes = figures.figure(2, 3, size=(9, 4))
    assert axes.shape == (2, 3) and tuple(fig.get_size_inches()) == (9, 4)
    assert figures.render(fig).shape == (600, 1350, 3)


def test_nothing_is_cut_off_at_the_border(drawn, shown):
    """Names, values and numbers stay inside the picture: its outermost dots are white."""
    figures.bars([0.5, 0.51], ["a name that is rather long", "short"], alt=ALT)
    figures.comparison({"a name that is rather long": [1, 2], "b": [1]}, "loss", alt=ALT)
    figures.confusion([0, 1] * 999, [0, 1] * 999, ["healthy", "infected"], alt=ALT)
    figures.curves({"one run with a long name": [1, 2], "b": [10_000, 2]}, "loss", alt=ALT)
    figures.grid(np.zeros((2, 8, 8)), ["tall", "Ågy"], alt=ALT)
    for picture in shown:
        edges = [picture.pixels[0], picture.pixels[-1], picture.pixels[:, 0], picture.pixels[:, -1]]
        assert all((edge > 250).all() for edge in edges), picture.pixels.shape
