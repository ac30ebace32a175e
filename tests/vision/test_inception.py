"""What lesson 04 builds: its networks' sizes, what they see, what the shipped weights score."""

import keras
import numpy as np

from helpers import images
from helpers.vision import inception
from helpers.vision.guesser import overlay
from helpers.vision.inception import Widths
from tools import scores


def kernels(model):
    """Count the weights of the convolutions."""
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    return sum(int(np.prod(layer.kernel.shape)) for layer in convolutions)


def test_a_module_keeps_the_size_and_has_as_many_weights_as_counted(lesson):
    widths = Widths(8, 6, 12, 4, 6, 5)
    for channels in (1, 16):
        inputs = keras.Input((10, 14, channels))
        model = keras.Model(inputs, lesson.module_solution(inputs, widths))
        assert model.output_shape == (None, 10, 14, widths.total) and widths.total == 31
        assert kernels(model) == inception.module_weights(channels, widths)


def test_the_plain_network_is_about_as_large(lesson):
    ours = lesson.compact(lesson.module_solution, inception.MODULES)
    plain = lesson.compact(lambda x, filters: lesson.conv(x, filters, 3), inception.PLAIN)
    assert ours.input_shape == plain.input_shape == (None, 96, 96, 3)
    assert ours.output_shape == plain.output_shape == (None, 2)
    assert abs(ours.count_params() / plain.count_params() - 1) < 0.03


def test_training_is_repeatable_and_learns(lesson):
    """With a network of one layer: the large ones take long to build."""
    x = np.random.default_rng(0).integers(0, 60, (64, 8, 8, 3)).astype("float32") / 255
    y = np.arange(64) % 2
    x[y == 1] += 0.6
    losses = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
        )
        losses.append(lesson.train(model, x, y, epochs=6).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0][-1] < losses[0][0]


def test_the_checkpoint_keeps_what_its_card_says():
    figures = scores.evaluate("compact-inception")
    assert figures["pictures"] == 400 and figures["weights"] == 89_706
    assert round(figures["accuracy"] * 400) == 382
    assert min(figures["sensitivity"], figures["specificity"]) >= 0.85


def test_grad_cam_finds_the_place_that_decides(lesson):
    """A network that answers to red alone: the map is bright where the picture is red."""
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.AveragePooling2D(4)(inputs)
    x = keras.layers.Conv2D(2, 1, use_bias=False)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(2, use_bias=False)(x))
    model.set_weights([np.array([[[[2, 0], [0, 1], [0, 0]]]], "float32"), np.eye(2)])
    model.trainable = False  # as a frozen backbone is
    picture = np.zeros((1, 32, 32, 3), "float32")
    picture[0, :8, :8, 0] = picture[0, 24:, 24:, 1] = 1
    halves = lesson.halves(model)
    heat = lesson.grad_cam(*halves, picture)
    assert heat.shape == (8, 8) and heat[:2, :2].min() == 1 and heat[2:].max() == 0
    assert lesson.grad_cam(*halves, 0 * picture).max() == 0
    shown = images.as_bytes(picture[0])
    seen = overlay(shown, heat)
    assert seen.shape == shown.shape and (seen <= shown).all() and seen[2, 2, 0] == 255
