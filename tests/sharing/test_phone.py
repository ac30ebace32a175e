"""The phone's run-time: the same answers, in fewer bytes, and not a word on the way."""

import numpy as np
import pytest

from helpers.sharing import phone


@pytest.fixture(scope="module")
def model():
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    body = [layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(3, "softmax")]
    return keras.Sequential([keras.Input((8, 8, 1)), *body])


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).random((40, 8, 8, 1), dtype="float32")


def converter(model, calibration=None):
    import tensorflow as tf

    made = tf.lite.TFLiteConverter.from_keras_model(model)
    if calibration is not None:
        made.optimizations = [tf.lite.Optimize.DEFAULT]
        made.representative_dataset = lambda: ([picture[None]] for picture in calibration)
        made.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return made


def test_the_converted_network_says_the_same_and_nothing_else(model, pictures, capfd):
    network = phone.Network(phone.convert(converter(model)))
    scores = network.scores(pictures)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert scores.shape == (40, 3)
    np.testing.assert_allclose(scores, model.predict(pictures, verbose=0), atol=1e-5)


def test_in_int8_it_is_nearly_the_same_and_its_weights_are_bytes(model, pictures, capfd):
    network = phone.Network(phone.convert(converter(model, pictures)))
    scores = network.scores(pictures)
    assert capfd.readouterr().err == ""
    assert np.abs(scores - model.predict(pictures, verbose=0)).max() < 0.03
    inside = network._interpreter.get_tensor_details()
    assert np.int8 in {tensor["dtype"] for tensor in inside}


def test_what_is_no_network_is_refused():
    with pytest.raises(ValueError, match=r".+"):
        phone.Network(b"this is a letter")


def test_times_are_those_of_single_pictures(pictures):
    shapes = []
    assert phone.milliseconds(lambda picture: shapes.append(picture.shape), pictures, 5) >= 0
    assert set(shapes) == {(1, 8, 8, 1)}
    assert len(shapes) == 8


def test_a_network_that_the_runtime_can_t_run_is_refused_by_what_it_lacks():
    import keras

    resize = keras.layers.Resizing(4, 4, antialias=True)
    with pytest.raises(phone.PhoneError, match="has no ScaleAndTranslate"):
        phone.convert(converter(keras.Sequential([keras.Input((8, 8, 1)), resize])))
