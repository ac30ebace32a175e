"""The Inception module and the compact network: shapes, counts, what it sees, what it scores."""

import keras
import numpy as np
import pytest

from helpers.vision import inception
from helpers.vision.inception import Widths
from tools import scores

WIDTHS = Widths(8, 6, 12, 4, 6, 5)


def kernels(model):
    """Count the weights of the convolutions."""
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    return sum(int(np.prod(layer.kernel.shape)) for layer in convolutions)


@pytest.mark.parametrize("channels", [1, 16])
def test_a_module_keeps_the_size_and_has_as_many_weights_as_counted(channels):
    inputs = keras.Input((10, 14, channels))
    model = keras.Model(inputs, inception.module(inputs, WIDTHS))
    assert model.output_shape == (None, 10, 14, WIDTHS.total) and WIDTHS.total == 31
    assert kernels(model) == inception.module_weights(channels, WIDTHS)


def seen(function):
    """Return how many pixels high and wide the part of a picture is that one output pixel sees."""
    inputs = keras.Input((15, 15, 1))
    model = keras.Model(inputs, function(inputs))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    dot = np.zeros((1, 15, 15, 1), "float32")
    dot[0, 7, 7] = 1
    answer = model(dot, training=False).numpy()[0].max(-1)
    return tuple(int((answer > 0).any(axis).sum()) for axis in (1, 0))


def test_two_threes_see_as_far_as_a_five_with_fewer_weights():
    def five(x):
        return keras.layers.Conv2D(4, 5, padding="same", use_bias=False)(x)

    assert seen(lambda x: inception.factorised(x, 4)) == seen(five) == (5, 5)
    assert seen(lambda x: inception.module(x, WIDTHS)) == (5, 5)
    inputs = keras.Input((8, 8, 16))
    slim = kernels(keras.Model(inputs, inception.factorised(inputs, 16)))
    thick = 5 * 5 * 16 * 16
    assert slim == 2 * 9 * 16 * 16 < thick


def test_the_plain_network_is_about_as_large():
    ours, plain = inception.compact(), inception.plain()
    assert ours.input_shape == plain.input_shape == (None, 96, 96, 3)
    assert ours.output_shape == plain.output_shape == (None, 2)
    assert abs(ours.count_params() / plain.count_params() - 1) < 0.03
    joints = [layer for layer in ours.layers if isinstance(layer, keras.layers.Concatenate)]
    assert len(joints) == 4


def test_training_is_repeatable_and_learns():
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
        losses.append(inception.train(model, x, y, epochs=6).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0][-1] < losses[0][0]


def test_the_checkpoint_keeps_what_its_card_says():
    figures = scores.evaluate("compact-inception")
    assert figures["pictures"] == 400 and figures["weights"] == inception.compact().count_params()
    assert figures["accuracy"] >= 0.93
    assert min(figures["sensitivity"], figures["specificity"]) >= 0.85
