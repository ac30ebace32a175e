"""One style in one network: any picture in, the same size out; training, interrupts, files."""

import numpy as np
import pytest
import tensorflow as tf
from skimage import data
from sklearn.datasets import load_sample_image
from test_styling import see

from helpers import assets, images
from helpers.styles import onnx_weights, painters, patterns, styling
from helpers.styles.painters import Painter
from helpers.styles.styling import StyleError
from helpers.vision import photos


@pytest.fixture
def small(monkeypatch):
    """Make training quick: small pieces, and eyes of a few random filters."""
    monkeypatch.setattr(painters, "CROP", 32)
    monkeypatch.setattr(painters, "CONTENT_LAYER", styling.STYLE_LAYERS[2])
    return {"see": see}


def painter(style=None):
    return Painter(painters.network(), patterns.waves(64) if style is None else style)


def test_a_style_is_about_a_thousand_numbers_of_a_network_that_keeps_the_size():
    network = painters.network()
    own = sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)
    assert 130_000 < network.count_params() < 150_000 and 900 < own < 1_100
    y = network(np.zeros((2, 32, 48, 3), "float32")).numpy()
    assert y.shape == (2, 32, 48, 3) and y.min() >= 0 and y.max() <= 1


def test_the_weights_are_the_files_own():
    tensors, _ = onnx_weights.read(assets.path("style-26"))
    network = painters.network()
    kernels = [layer.kernel.numpy() for layer in network.layers if hasattr(layer, "kernel")]
    stored = [tensor for name, tensor in tensors.items() if name.endswith(".w")]
    assert len(kernels) == len(stored) == 18
    for ours, theirs in zip(kernels, stored, strict=True):
        np.testing.assert_array_equal(ours.transpose(3, 2, 0, 1), theirs)


def test_a_beginner_is_small_and_all_of_it_is_trained():
    pupil = painters.beginner()
    assert len(pupil.trainable_variables) == len(pupil.weights)
    assert 4 * pupil.count_params() < 1_000_000
    assert pupil(np.zeros((2, 32, 48, 3), "float32")).shape == (2, 32, 48, 3)


@pytest.mark.parametrize("shape", [(1, 1), (5, 70), (33, 34), (64, 64)])
def test_any_size_is_painted_at_its_size(shape):
    assert painter().paint(np.zeros((*shape, 3), np.uint8)).shape == (*shape, 3)
    fitting = painters.fitted(np.ones((*shape, 3), "float32"))
    assert all(side % 4 == 0 and side >= 16 for side in fitting.shape[:2]) and fitting.min() == 1


def test_grey_transparent_and_huge_pictures():
    alpha = np.dstack([data.coffee()[:40, :40], np.zeros((40, 40), np.uint8)])
    assert painter().paint(data.camera(), 64).shape == (64, 64, 3)
    assert painter(data.camera()).paint(alpha).shape == (40, 40, 3)
    assert painter().paint(np.zeros((4000, 2000, 3), np.uint8), 64).shape == (64, 32, 3)


def test_the_same_photograph_is_painted_the_same():
    one = painter()
    np.testing.assert_array_equal(one.paint(data.coffee(), 64), one.paint(data.coffee(), 64))


def test_pieces_repeat_by_seed():
    style = patterns.waves(64)
    pieces = next(painters.Crops(style, seed=2))
    assert pieces.shape == (painters.BATCH, painters.CROP, painters.CROP, 3)
    assert pieces.dtype == np.float32 and pieces.min() >= 0 and pieces.max() <= 1
    np.testing.assert_array_equal(pieces, next(painters.Crops(style, seed=2)))
    assert len(next(painters.Crops(style, batch=3))) == 3
    assert (pieces != next(painters.Crops(style, seed=3))).any()


def test_the_palace_is_held_out():
    assert set(painters.LEARN_FROM) < set(photos.NAMES) - {"palace"}


def test_it_learns_and_the_same_seed_learns_the_same(small):
    def trained():
        tf.keras.utils.set_random_seed(0)
        pupil = painter()
        return painters.train(pupil, 25, **small), pupil.network.get_weights()

    (losses, weights), (again, others) = trained(), trained()
    assert len(losses) == 25 and np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    np.testing.assert_allclose(losses, again, rtol=1e-2)
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-2)


def test_a_beginner_learns_too(small):
    tf.keras.utils.set_random_seed(0)
    pupil = Painter(painters.beginner(), patterns.waves(64))
    losses = painters.train(pupil, 20, rate=5e-3, batch=2, **small)
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


def test_no_steps_no_change_and_an_interrupt_keeps_what_was_learnt(small):
    pupil = painter()
    before = pupil.network.get_weights()
    assert painters.train(pupil, 0, **small) == []
    after = pupil.network.get_weights()
    assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))

    def impatient(loss):
        raise KeyboardInterrupt

    assert len(painters.train(pupil, 9, watch=impatient, **small)) == 1
    after = pupil.network.get_weights()
    assert any((a != b).any() for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("build", [painters.network, painters.beginner])
def test_a_painter_comes_back_from_a_file_without_code(tmp_path, build):
    one, file = Painter(build(), patterns.strokes(256)), tmp_path / "mine.npz"
    painters.save(one, file)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.npz"]
    again = painters.load(str(file))
    for a, b in zip(one.network.get_weights(), again.network.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    pictures = [x.paint(data.coffee(), 64).astype(float) for x in (one, again)]
    assert np.abs(pictures[0] - pictures[1]).mean() < 3  # the swatch has nearly the same colours


def test_what_is_no_painter_gets_its_sentence(tmp_path):
    with pytest.raises(StyleError, match="choose from stained glass"):
        painters.load("impressionism")
    style = np.zeros((4, 4, 3), np.uint8)
    np.savez(tmp_path / "other.npz", w00=np.zeros(3), style=style)
    np.savez(tmp_path / "bare.npz", w00=np.zeros(3))
    (tmp_path / "text.npz").write_text("no weights")
    np.savez(tmp_path / "code.npz", w00=np.array([{}], object), style=style)
    for name in ("other", "bare", "text", "code"):
        with pytest.raises(StyleError, match="holds no painter"):
            painters.load(str(tmp_path / f"{name}.npz"))


@pytest.mark.parametrize("name", painters.SHIPPED)
def test_shipped_painters_bring_a_new_photograph_near_their_style(name):
    """The palace was in no training: painted, it is much nearer to the style than as it was."""
    assert assets.path(painters.SHIPPED[name]).stat().st_size < 1_500_000
    palace = images.read(load_sample_image("china.jpg"), 192)
    painted = painters.load(name).paint(palace)
    assert painted.shape == palace.shape
    eye = styling.eye()
    pattern = eye(styling.as_floats(patterns.ALL[name]())[None])
    wanted = {layer: styling.gram(pattern[layer]) for layer in styling.STYLE_LAYERS}
    before, after = (
        float(styling.style_loss(eye(styling.as_floats(picture)[None]), wanted))
        for picture in (palace, painted)
    )
    assert after < 0.5 * before
    assert np.corrcoef(palace.mean(2).ravel(), painted.mean(2).ravel())[0, 1] > 0.3
