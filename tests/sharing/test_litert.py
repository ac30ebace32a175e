"""The phone's run-time; that its answers are Keras's, lesson 09 shows on every picture."""

import numpy as np
import pytest

from helpers.sharing import litert


def test_a_model_is_exported_without_its_resizing_and_without_a_word(tmp_path, capfd):
    import keras

    def layers():
        last = keras.layers.Dense(3, "softmax")
        return keras.layers.Resizing(8, 8, antialias=True), keras.layers.Flatten(), last

    pixels, pictures = keras.Input((None, None, 1)), np.ones((4, 8, 8, 1), np.float32)
    first, second, third = layers()
    graph = keras.Model(pixels, third(second(first(pixels))))
    row = keras.Sequential([keras.Input((None, None, 1)), *layers()])
    for number, model in enumerate((graph, row)):
        model.save(tmp_path / "whole.keras")
        model = keras.models.load_model(tmp_path / "whole.keras")  # its layers have more outputs
        rest = litert.behind_resizing(model)
        capfd.readouterr()  # what TensorFlow says when it is loaded
        network = litert.export(rest, tmp_path / f"{number}.tflite")
        assert capfd.readouterr() == ("", "")
        np.testing.assert_allclose(network.scores(pictures), rest(pictures), atol=1e-5)
        assert litert.behind_resizing(rest) is rest


def test_what_is_no_network_is_refused(tmp_path):
    (tmp_path / "letter.tflite").write_text("this is a letter")
    with pytest.raises(ValueError, match=r".+"):
        litert.Network(tmp_path / "letter.tflite")
