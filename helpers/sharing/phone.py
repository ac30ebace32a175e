"""A network on the run-time of phones and small computers (LiteRT, the former TensorFlow Lite).

`convert` and `Network` are the conversion and the interpreter that TensorFlow brings, without their
talk. On a device, the package `ai-edge-litert` has the same interpreter without TensorFlow.
"""

import contextlib
import io
import re
import statistics
import time
import warnings

import numpy as np

from helpers.start import silenced

ROUNDS = 50  # pictures that are timed, one by one


class PhoneError(ValueError):
    """A network can't run there: one sentence that says what to change."""


def convert(converter) -> bytes:
    """Return the .tflite file that a `tf.lite.TFLiteConverter` makes, without its reports.

    PhoneError names the operations that LiteRT doesn't have.
    """
    with warnings.catch_warnings(), silenced(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # on types that this very conversion is asked to choose
        try:
            return converter.convert()
        except Exception as error:  # ConverterError, which TensorFlow keeps to itself, and others
            missing = sorted(set(re.findall(r"'tf\.(\w+)' op is neither", str(error))))
            reason = (
                f"has no {' or '.join(missing)}" if missing else str(error).split("\n")[0][:120]
            )
            raise PhoneError(
                f"LiteRT can't run this network: it {reason}. Leave those layers out of what is "
                "converted: an antialiased resizing, for instance, can be done before it."
            ) from error


class Network:
    """A .tflite file's content, ready to run on one thread, as on a small device."""

    def __init__(self, content: bytes):
        """Load it. Raises ValueError when `content` is no such file."""
        import tensorflow as tf

        with warnings.catch_warnings(), silenced():
            warnings.simplefilter("ignore")  # TensorFlow's copy of the interpreter will move out
            self._interpreter = tf.lite.Interpreter(model_content=content, num_threads=1)
            self._interpreter.allocate_tensors()
        self.size = len(content)  # bytes
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


def milliseconds(read, pictures: np.ndarray, rounds: int = ROUNDS) -> float:
    """Return the median time in which `read` reads one picture, (1, …) each, after a warm-up."""
    times = []
    for number in range(-3, rounds):
        picture = pictures[number % len(pictures)][None]
        started = time.perf_counter()
        read(picture)
        if number >= 0:
            times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)
