"""The phone's run-time: the same answers, in fewer bytes, and not a word on the way."""

import numpy as np
import pytest

from helpers.sharing import phone
from helpers.start import silenced


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


def exported(model, file, **options):
    with silenced():
        model.export(file, format="litert", verbose=False, **options)
    return phone.Network(file)


def test_the_exported_network_says_the_same_and_nothing_else(model, pictures, tmp_path, capfd):
    network = exported(model, tmp_path / "a.tflite")
    scores = network.scores(pictures)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert network.size == (tmp_path / "a.tflite").stat().st_size
    np.testing.assert_allclose(scores, model.predict(pictures, verbose=0), atol=1e-5)


def test_in_int8_it_is_nearly_the_same_and_its_weights_are_bytes(model, pictures, tmp_path):
    import tensorflow as tf

    calibration = {"representative_dataset": lambda: ([picture[None]] for picture in pictures)}
    smaller = {"optimizations": [tf.lite.Optimize.DEFAULT], **calibration}
    network = exported(model, tmp_path / "b.tflite", **smaller)
    assert np.abs(network.scores(pictures) - model.predict(pictures, verbose=0)).max() < 0.03
    inside = network._interpreter.get_tensor_details()
    assert np.int8 in {tensor["dtype"] for tensor in inside}


def test_what_is_no_network_is_refused(tmp_path):
    (tmp_path / "letter.tflite").write_text("this is a letter")
    with pytest.raises(ValueError, match=r".+"):
        phone.Network(tmp_path / "letter.tflite")


def test_times_are_those_of_single_pictures(pictures):
    shapes = []
    times = phone.milliseconds(lambda picture: shapes.append(picture.shape), pictures, 5)
    assert len(times) == 5 and min(times) >= 0
    assert shapes == 8 * [(1, 8, 8, 1)]
