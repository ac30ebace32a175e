"""A network on the run-time of phones and small computers (LiteRT, the former TensorFlow Lite).

Keras exports to it; the package `ai-edge-litert` runs the file without TensorFlow, here as on a
device.
"""

import gc
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from helpers.start import silenced

ROUNDS = 100  # pictures that are timed, one by one


def behind_resizing(model):
    """Return what comes after a model's resizing: LiteRT knows none that is antialiased."""
    import keras

    for at, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.Resizing):
            if isinstance(model, keras.Sequential):
                rest = model.layers[at + 1 :]
                return keras.Sequential([keras.Input(layer.output.shape[1:]), *rest])
            return keras.Model(layer.output, model.outputs[0])
    return model


def export(model, file: Path, **how) -> "Network":
    """Write a Keras model as a .tflite file that takes one picture at a time; return it, loaded.

    how: for TensorFlow's converter, such as `optimizations` and `representative_dataset`.
    """
    import keras

    one = [keras.InputSpec("float32", (1, *model.input_shape[1:]))]
    with silenced():  # it lists what it does
        model.export(file, format="litert", verbose=False, input_signature=one, **how)
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


def milliseconds(read: Callable, pictures: np.ndarray, rounds: int = ROUNDS) -> list[float]:
    """Return the times in which `read` reads one picture, (1, …) each, after a warm-up."""
    times = []
    for number in range(-3, rounds):
        picture = pictures[number % len(pictures)][None]
        started = time.perf_counter()
        read(picture)
        if number >= 0:
            times.append(1000 * (time.perf_counter() - started))
    return times
