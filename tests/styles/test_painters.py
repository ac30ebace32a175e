"""One style in one network: any picture in, the same size out; the lesson's training; files."""

import numpy as np
import pytest
import tensorflow as tf
from skimage import data
from small import interrupted_after

from helpers import __main__ as command
from helpers import assets, images
from helpers.styles import large, painters, painting_network, patterns, styling
from helpers.styles.painters import Painter
from helpers.styles.styling import StyleError
from helpers.vision import photos
from tools import notebooks


def beginner():
    return painting_network.build(1)


@pytest.fixture(scope="module")
def shipped():
    return painters.load()


@pytest.fixture(scope="module")
def painter():
    return Painter(painters.network(), patterns.waves(64))


def test_a_style_is_some_numbers_beside_convolutions_that_all_share(painter, shipped):
    assert assets.path("painters").stat().st_size < 2_000_000 and len(shipped) == 5
    network, taught = painter.network, shipped["The Scream"].network
    own = sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)
    assert network.count_params() == taught.count_params() - 4 * own and 1_000 < own < 2_000
    for one, other in zip(network.layers, taught.layers, strict=True):
        if hasattr(one, "strides"):
            np.testing.assert_array_equal(one.kernel, other.kernel)
    pupil = beginner()
    assert len(pupil.trainable_variables) == len(pupil.weights)
    painted = pupil([np.zeros((2, 32, 48, 3), "float32"), np.ones((2, 1), "float32")]).numpy()
    assert painted.shape == (2, 32, 48, 3) and painted.min() >= 0 and painted.max() <= 1


def test_half_of_two_styles_lies_between_them(shipped):
    cat, (one, other, *_) = images.read(data.chelsea(), 160), shipped.values()
    half = Painter(one.network, one.style, (one.mixture + other.mixture) / 2)
    painted = [
        Painter(x.network, one.style, x.mixture).paint(cat).astype(float)
        for x in (one, half, other)
    ]
    way = np.abs(painted[0] - painted[2]).mean()
    assert all(np.abs(end - painted[1]).mean() < way for end in (painted[0], painted[2]))


def test_any_picture_is_painted_at_its_size_the_same_each_time(painter):
    for shape in [(1, 1), (5, 70), (33, 34)]:
        assert painter.paint(np.zeros((*shape, 3), np.uint8)).shape == (*shape, 3)
    alpha = np.dstack([data.coffee()[:40, :40], np.zeros((40, 40), np.uint8)])
    assert Painter(painter.network, data.camera()).paint(alpha).shape == (40, 40, 3)
    one, again = (painter.paint(data.coffee(), 64) for _ in "12")
    assert one.shape == (43, 64, 3)
    np.testing.assert_array_equal(one, again)


def test_in_pieces_it_is_the_same_picture_without_a_seam(monkeypatch):
    """With mean and spread of the whole picture; those of a smaller copy are near them."""
    cat, network, more = images.read(data.chelsea(), 150), painters.network(), (np.ones((1, 1)),)
    whole, held_at = large.paint_all_of(images.as_floats(cat), network, more), large.held_at
    monkeypatch.setattr(large, "WHOLE", 120)
    monkeypatch.setattr(large, "TILE", 64)
    *_, (_, nearly) = large.pieces(cat, network, more)
    assert np.abs(nearly.astype(int) - whole).mean() < 12
    monkeypatch.setattr(large, "held_at", lambda _, *rest: held_at(images.as_floats(cat), *rest))
    shares, pictures = zip(*large.pieces(cat, network, more), strict=True)
    assert len(shares) == 2 * 3 and shares[-1] == 1
    assert np.abs(pictures[-1].astype(int) - whole).max() <= 1


def test_a_folder_is_painted_by_a_name_or_a_file(painter, tmp_path, capsys):
    painters.save({"mine": painter}, tmp_path / "mine.npz")
    inside, out = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    for name in ("a.png", "a.jpg", "b.webp"):
        images.write(inside / name, data.coffee()[:90, :120])
    words = ["paint", str(inside), str(out), "--pixels", "60", "--painter"]
    assert command.main([*words, str(tmp_path / "mine.npz")]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.jpg.jpg", "a.png.jpg", "b.jpg"]
    assert images.read(out / "b.jpg").shape == (45, 60, 3)
    assert command.main([*words, "starry"]) == 0
    assert command.main([*words, "nobody"]) == 1
    assert "There is no painter 'nobody'" in capsys.readouterr().err


def test_pieces_repeat_by_seed_and_the_palace_is_held_out():
    one, again, other = (next(painters.crops(patterns.waves(64), seed)) for seed in (2, 2, 3))
    assert one.shape == (1, painters.CROP, painters.CROP, 3)
    assert one.dtype == np.float32 and one.min() >= 0 and one.max() <= 1
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    assert set(painters.LEARN_FROM) < set(photos.NAMES) - {"palace"}


def test_the_lessons_training_teaches_and_an_interrupt_keeps_what_was_learnt(see, monkeypatch):
    """A network that begins from nothing: how one that can paint is taught, lesson 08 shows."""
    monkeypatch.setattr(painters, "CROP", 32)
    tf.keras.utils.set_random_seed(0)
    pupil = Painter(beginner(), patterns.waves(64))
    untaught = pupil.network.get_weights()
    stop = interrupted_after(16)
    losses = notebooks.taught("08").teach(pupil, see, 20, rate=5e-3, batch=2, watch=stop)
    assert len(losses) == 16 and np.mean(losses[-4:]) < 0.9 * np.mean(losses[:4])
    changes = zip(untaught, pupil.network.get_weights(), strict=True)
    assert max(np.abs(one - other).max() for one, other in changes) > 1e-3


def test_painters_come_back_from_a_file_without_code(painter, tmp_path):
    one, file = Painter(painter.network, patterns.strokes(256)), tmp_path / "mine"
    painters.save({"mine": one}, file)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    again = painters.load(file)["mine"]
    for a, b in zip(one.network.get_weights(), again.network.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    pictures = [x.paint(data.coffee(), 64).astype(float) for x in (one, again)]
    assert np.abs(pictures[0] - pictures[1]).mean() < 5  # a swatch has nearly the same colours


def test_what_is_no_painter_gets_its_sentence(tmp_path):
    for name in ("impressionism", "the"):  # none, and several
        with pytest.raises(StyleError, match="choose from The Starry Night"):
            painters.named(name)
    with pytest.raises(StyleError, match="There is no file"):
        painters.named("there_is.npz")
    parts = {"names": ["one"], "swatches": np.zeros((1, 4, 4, 3), np.uint8)}
    np.savez(tmp_path / "other.npz", w00=np.zeros(3), **parts)
    np.savez(tmp_path / "bare.npz", w00=np.zeros(3))
    (tmp_path / "text.npz").write_text("no weights")
    np.savez(tmp_path / "code.npz", w00=np.array([{}], object), **parts)
    for name in ("other", "bare", "text", "code"):
        with pytest.raises(StyleError, match="holds no painters"):
            painters.load(tmp_path / f"{name}.npz")


@pytest.mark.slow
def test_shipped_painters_bring_a_photograph_of_no_training_near_their_paintings(shipped, vgg):
    palace = photos.load("palace", 192)
    for name, painter in shipped.items():
        painted, swatch = painter.paint(palace), images.as_floats(painter.style)
        assert painted.shape == palace.shape
        loss = styling.painting_loss(vgg, swatch, variation_weight=0)
        before, after = (float(loss(images.as_floats(one))) for one in (palace, painted))
        assert after < 0.7 * before, name
        assert np.corrcoef(palace.mean(2).ravel(), painted.mean(2).ravel())[0, 1] > 0.3, name
