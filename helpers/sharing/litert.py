"""A network on the run-time of phones and small computers (LiteRT, the former TensorFlow Lite).

Keras exports to it; the package `ai-edge-litert` runs the file without TensorFlow, here as on a
device.
"""

import gc
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from helpers.start import silenced


def behind_resizing(model):
    """Return what comes after a model's resizing: LiteRT knows none that is antialiased."""
    for at, layer in enumerate(model.layers, start=1):
        if isinstance(layer, keras.layers.Resizing):
            if isinstance(model, keras.Sequential):  # whose layers keep an older output, too
                return keras.Sequential([keras.Input(layer.output.shape[1:]), *model.layers[at:]])
            return keras.Model(layer.output, model.outputs[0])
    return model


def export(model, file: Path, **how) -> "Network":
    """Write a Keras model as a .tflite file that takes one picture at a time; return it, loaded.

    how: for TensorFlow's converter, such as `optimizations` and `representative_dataset`.
    """
    newer = tuple(map(int, keras.__version__.split(".")[:2])) >= (3, 13)
    one = [keras.InputSpec("float32", (1, *model.input_shape[1:]))]
    with silenced(), tempfile.TemporaryDirectory() as place:  # it lists what it does
        if newer:
            model.export(file, format="litert", verbose=False, input_signature=one, **how)
        else:  # Keras doesn't know that format yet, as Colab's; newer ones do just this
            model.export(place, verbose=False, input_signature=one)
            converter = tf.lite.TFLiteConverter.from_saved_model(place)
            vars(converter).update(how)
            Path(file).write_bytes(converter.convert())
    gc.collect()  # the graphs that it made hold one another
    return Network(file)


class Network:
    """A .tflite file, ready to run on one thread, as on a small device."""

    def __init__(self, file: Path):
        """Load it. Raises ValueError when `file` is no such file."""
        from ai_edge_litert.interpreter import Interpreter

        with silenced():  # it says which of its parts it uses
            self._interpreter = Interpreter(str(file), num_threads=1)
            self._interpreter.allocate_tensors()
        self.size = Path(file).stat().st_size  # bytes
        (self._input,) = self._interpreter.get_input_details()
        (self._output,) = self._interpreter.get_output_details()

    def scores(self, pictures: np.ndarray) -> np.ndarray:
        """Return the network's output, float32 (n, classes), for float32 pictures, one by one."""
        found = []
        for picture in pictures:
            self._interpreter.set_tensor(self._input["index"], picture[None])
            self._interpreter.invoke()
            found.append(self._interpreter.get_tensor(self._output["index"])[0])
        return np.array(found, np.float32)
