"""Every figure is small, readable without colour vision, and speaks to those who can't see it."""

import base64
import io
import itertools

import matplotlib
import numpy as np
import pytest
from colours import VISION, contrast, difference, in_the_dark
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from PIL import Image
from skimage import data

from helpers import figures

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


def words(texts):
    return [text.get_text() for text in texts]


def test_colors_stand_out_from_the_page_in_both_themes_and_apart_for_everyone():
    dark = in_the_dark("white")
    assert dark == pytest.approx(to_rgb("#111111"), abs=0.002)  # JupyterLab's own
    text = dict.fromkeys((figures.GREY, figures.BLACK), 4.5)
    for color, least in [*dict.fromkeys(figures.PALETTE, 3).items(), *text.items()]:
        assert contrast(color, "white") >= least, color
        assert contrast(in_the_dark(color), dark) >= least, color
    pairs = list(itertools.combinations(figures.PALETTE, 2))
    for vision in VISION:
        assert min(difference(*pair, vision) for pair in pairs) >= 12
        assert min(difference(*map(in_the_dark, pair), vision) for pair in pairs) >= 5
    # The simulation confuses what people confuse.
    assert difference("#2CA02C", "#D62728", "normal") > 60
    assert difference("#2CA02C", "#D62728", "deuteranopia") < 10


def test_alt_text_must_say_something(shown):
    for alt in ("", "   ", "plot", "loss.png", "Accuracy-of-models", None, 7):
        for draw, what in [(figures.image, np.zeros((4, 4, 3))), (figures.show, plt.figure())]:
            with pytest.raises(ValueError, match="say in a sentence"):
                draw(what, alt)
    assert not shown
    figures.curves({"a": [1, 2]}, "loss", alt=f"  {ALT}\n")
    assert opened(shown[0])[2]["alt"] == ALT == repr(shown[0])


def test_a_users_own_settings_change_nothing(shown):
    def draw():
        figures.curves({"a": [1, 2], "b": [2, 1]}, "loss", alt=ALT)
        figures.confusion([0, 1], [1, 1], "ab", alt=ALT)
        return [shown.pop().pixels for _ in range(2)]

    before = draw()
    with matplotlib.rc_context({"text.usetex": True, "axes.facecolor": "black", "font.size": 40}):
        assert all(map(np.array_equal, draw(), before))


def test_photographs_are_jpegs_and_drawings_lose_nothing(shown):
    photograph = data.chelsea()
    figures.image(photograph, ALT)
    figures.grid([photograph] * 3, "abc", cell=2, alt=ALT)
    digit = np.random.default_rng(0).integers(0, 255, (28, 28), np.uint8)
    figures.image(digit, ALT, width=280)
    figures.curves({name: np.arange(20) for name in "abcdef"}, "loss", alt=ALT)
    (kind, one, _), (grid, *_), (drawing, enlarged, _), (plot, drawn, how) = map(opened, shown)
    assert (kind, grid, drawing, plot) == ("image/jpeg", "image/jpeg", "image/png", "image/png")
    assert (how["width"], drawn.width) == (720, 720 * figures.DOTS)
    colors = [color for _, color in drawn.convert("RGB").getcolors()]  # as they are, and white
    for wanted in ("white", *figures.PALETTE):
        assert np.abs(np.subtract(colors, 255 * np.array(to_rgb(wanted)))).max(1).min() <= 6
    assert np.abs(np.asarray(one).astype(int) - photograph).mean() < 3
    np.testing.assert_array_equal(np.asarray(enlarged.convert("RGB"))[5::10, 5::10, 0], digit)


def test_an_output_says_where_the_pictures_in_a_figure_stand(shown):
    """The dark theme needs it: it inverts the ink around them."""
    fig, axes = figures.figure(1, 2, size=(6, 3))
    axes[0].imshow(np.full((9, 9, 3), [0, 255, 0], np.uint8))
    axes[0].grid(False)
    figures.show(fig, ALT)
    figures.bars([1], ["a"], alt=ALT)
    figures.image(np.zeros((9, 9)), ALT)
    within = [opened(picture)[2].get("pictures") for picture in shown]
    height, width, _ = shown[0].pixels.shape
    rows, columns = np.nonzero((shown[0].pixels == [0, 255, 0]).all(2))
    edges = np.divide([columns.min(), rows.min(), columns.max(), rows.max()], [width, height] * 2)
    np.testing.assert_allclose(np.divide(within[0], 100), [edges], atol=0.01)
    assert within[1:] == [[], None]  # a picture alone is no figure


def test_image_sizes_and_kinds(shown):
    for shape, width, size, shown_at in [
        ((28, 28), 280, (280, 280), 280),  # enlarged in sharp squares
        ((28, 28, 1), None, (28, 28), 28),
        ((1000, 2000, 3), None, (1080, 540), 720),
        ((100, 200, 3), 90, (135, 68), 90),
        ((5, 4000), None, (1080, 1), 720),
    ]:
        figures.image(np.zeros(shape, np.uint8), ALT, width)
        _, picture, details = opened(shown.pop())
        assert (picture.size, details["width"]) == (size, shown_at), shape
    figures.image(np.array([[[0.0, 0.5, 2.0]]]), ALT)
    figures.image(Image.new("RGB", (1, 1), (0, 128, 255)), ALT)
    assert [picture.pixels.tolist() for picture in shown] == [[[[0, 128, 255]]]] * 2


def test_grid_shows_each_picture_once(drawn, capfd):
    rng = np.random.default_rng(0)
    for kind, *shape in [("u1", 10, 8, 8), ("f4", 10, 8, 8, 1), ("f4", 3, 8, 8, 3)]:
        figures.grid(rng.random(shape).astype(kind), range(shape[0]), columns=4, alt=ALT)
        titles = [axis.get_title() for axis in drawn.pop().axes if axis.images]
        assert titles == [str(i) for i in range(shape[0])]
    figures.grid([np.zeros((5, 9, 3)), np.zeros((9, 5)), np.zeros((2, 2, 1))], alt=ALT)
    assert sum(len(axis.images) for axis in drawn.pop().axes) == 3
    for values, limits in [
        (np.full((1, 2, 2), 9, np.uint8), (0, 255)),
        (np.full((1, 2, 2), 0.2), (0, 1)),
        (np.array([[[-3.0, 5.0]]]), (-3, 5)),
    ]:
        figures.grid(values, alt=ALT)
        figures.grid(values, alt=ALT, limits=(-9, 9))
        assert [drawn.pop().axes[0].images[0].get_clim() for _ in "ab"] == [(-9, 9), limits]
    figures.grid(rng.normal(size=(3, 4, 4, 3)), alt=ALT)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(ValueError, match="no images"):
        figures.grid([], alt=ALT)


def test_curves_of_values_and_of_histories(drawn):
    class History:
        history = {"loss": [3.0, 2.0], "val_loss": [3.0, 2.5], "accuracy": [0.1, 0.2]}  # noqa: RUF012

    figures.curves({"relu": [5, 4, 3], "tanh": [6, 5]}, "loss", alt=ALT)
    figures.curves({"relu": History(), "tanh": History.history}, "loss", alt=ALT)
    figures.curves({"relu": History()}, "accuracy", alt=ALT)
    (values,), (histories,), (accuracy,) = (fig.axes for fig in drawn)
    relu, tanh = (line.get_xydata().tolist() for line in values.lines)
    assert relu == [[1, 5], [2, 4], [3, 3]] and tanh == [[1, 6], [2, 5]]  # epochs count from one
    assert len({line.get_marker() for line in values.lines}) == 2  # not by colour alone
    assert (values.get_xlabel(), values.get_ylabel()) == ("epoch", "loss")
    lines = histories.lines
    names = ["relu, training", "relu, validation", "tanh, training", "tanh, validation"]
    assert [line.get_label() for line in lines] == names
    assert [line.get_linestyle() for line in lines] == ["--", "-"] * 2
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    assert accuracy.lines[0].get_ydata().tolist() == [0.1, 0.2]
    with pytest.raises(ValueError, match="relu has no 'acc', only loss, val_loss, accuracy"):
        figures.curves({"relu": History()}, "acc", alt=ALT)


def test_confusion_counts_and_can_be_read_in_both_themes(drawn):
    figures.confusion([0, 0, 1, 2, 2, 2], [0, 1, 1, 2, 2, 0], ["cat", "dog", "cow"], alt=ALT)
    (axes,) = drawn[0].axes
    # (column, row): the column is what was predicted, the row what is true.
    counts = {(0, 0): "1", (1, 0): "1", (1, 1): "1", (2, 2): "2", (0, 2): "1"}
    assert {tuple(np.subtract(t.get_position(), 0.5)): t.get_text() for t in axes.texts} == counts
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert words(axes.get_yticklabels()) == ["cat", "dog", "cow"]
    assert axes.get_ylim() == (3, 0)  # the first is on top
    for classes in (2, 10, 30):
        rng = np.random.default_rng(classes)
        true = rng.integers(0, classes, 3000)
        predicted = np.where(rng.random(3000) < 0.6, true, rng.integers(0, classes, 3000))
        names = [f"a long class name {i}" for i in range(classes)]
        figures.confusion(true, predicted, names, alt=ALT)
        (axes,) = drawn[-1].axes
        cells = axes.collections[0].get_array()
        assert len(axes.texts) > classes
        for text in axes.texts:
            column, row = map(int, text.get_position())
            ink, paper = text.get_color(), tuple(cells[row, column])
            assert contrast(ink, paper) >= 3
            assert contrast(in_the_dark(ink), in_the_dark(paper)) >= 2.6
        assert figures.render(drawn.pop()).shape[1] <= 1200 * figures.DOTS


def test_bars_and_comparison(drawn):
    figures.bars([0.1, 0.7, 0.2], ["cat", "dog", "cow"], alt=ALT)
    figures.bars([-3, 5], ["a", "b"], xlabel="weight", highlight=0, digits=0, alt=ALT)
    figures.comparison({"relu": [0.9, 0.8], "tanh": [0.7]}, "accuracy", alt=ALT)
    (bars,), (others,), (compared,) = (fig.axes for fig in drawn)
    assert [bar.get_width() for bar in bars.patches] == [0.1, 0.7, 0.2]
    assert words(bars.texts) == ["0.10", "0.70", "0.20"] and words(others.texts) == ["-3", "5"]
    assert bars.get_ylim()[0] > bars.get_ylim()[1]  # the first is on top
    colors = [bar.get_facecolor() for bar in bars.patches]
    assert colors[1] != colors[0] == colors[2]
    assert others.patches[0].get_facecolor() == colors[1] != others.patches[1].get_facecolor()
    assert others.get_xlim()[0] < -3 and others.get_xlim()[1] > 5
    dots = [line.get_xdata().tolist() for line in compared.lines if line.get_marker() == "o"]
    means = [line.get_xdata()[0] for line in compared.lines if line.get_marker() != "o"]
    assert dots == [[0.9, 0.8], [0.7]] and means == pytest.approx([0.85, 0.7])
    assert words(compared.texts)[:2] == ["0.850", "0.700"]


def test_each_shows_one_picture_whole_and_leaves_nothing_open(shown):
    """Names, values and numbers stay inside the picture: its outermost dots are white."""
    before = plt.get_fignums()
    fig, axes = plt.subplots()
    axes.plot([1, 2])
    assert figures.show(fig, ALT) is None
    figures.bars([0.5, 0.51], ["a name that is rather long", "short"], alt=ALT)
    figures.comparison({"a name that is rather long": [1, 2], "b": [1]}, "loss", alt=ALT)
    figures.confusion([0, 1] * 999, [0, 1] * 999, ["healthy", "infected"], alt=ALT)
    figures.confusion([], [], ["a", "b"], alt=ALT)
    figures.curves({"one run with a long name": [1, 2], "b": [10_000, 2]}, "loss", alt=ALT)
    figures.grid(np.zeros((2, 8, 8)), ["tall", "Ågy"], alt=ALT)
    for picture in shown:
        edges = [picture.pixels[0], picture.pixels[-1], picture.pixels[:, 0], picture.pixels[:, -1]]
        assert all((edge > 250).all() for edge in edges), picture.pixels.shape
    assert len(shown) == 7 and plt.get_fignums() == before
    fig, axes = figures.figure(2, 3, size=(9, 4))
    assert axes.shape == (2, 3) and figures.render(fig).shape == (600, 1350, 3)
