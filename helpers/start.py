"""Seeds, determinism, run mode, and the time and memory that a block of code takes."""

import base64
import ctypes
import gc
import io
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil
from IPython.display import display
from PIL import Image, ImageDraw, ImageFont

MODES = ("quick", "full")
SAMPLING_SECONDS = 0.02


def start(seed: int = 0) -> None:
    """Make what follows repeatable, and TensorFlow quiet. Call it in a lesson's first cell.

    Sets all seeds, and asks TensorFlow for operations that give the same result each time.
    """
    quiet()
    import tensorflow as tf

    set_seed(seed)
    tf.config.experimental.enable_op_determinism()


def quiet() -> None:
    """Load TensorFlow without its talk, and Keras without its user's settings."""
    # gRPC reads this when first loaded; helpers/__init__.py has quieted TensorFlow's C++ part.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

    with silenced(), _left_out("sklearn"):
        import keras
        import tensorflow as tf  # noqa: F401 - from now on it keeps quiet
    from absl import logging as absl_logging

    # What ~/.keras/keras.json may have set otherwise.
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_dtype_policy("float32")

    absl_logging.set_verbosity(absl_logging.ERROR)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextmanager
def _left_out(name: str):
    """Let what is imported in the block do without a package; later it can be had as usual.

    Keras loads scikit-learn for two wrappers that no lesson uses: 60 MB in every kernel.
    """
    there = name in sys.modules
    sys.modules.setdefault(name)  # whoever asks for it hears that it is not there
    try:
        yield
    finally:
        if not there:
            del sys.modules[name]


@contextmanager
def silenced():
    """Send what libraries write to stderr past Python into nothing; Python's errors still come.

    On processors with the newest vector instructions TensorFlow says that it uses them before it
    has read TF_CPP_MIN_LOG_LEVEL; its converter for phones reports whatever that says.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def set_seed(seed: int) -> None:
    """Start the random numbers of Python, NumPy, TensorFlow and Keras again from `seed`."""
    import keras

    keras.utils.set_random_seed(seed)


def forget() -> None:
    """Give back the memory of networks and functions that nobody uses any more.

    The parts of a compiled function hold one another, so it stays a while after its last use.
    """
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def mode() -> str:
    """Return "quick" or "full", from the environment variable WORKSHOP_MODE ("quick" if unset)."""
    value = os.environ.get("WORKSHOP_MODE") or "quick"
    if value not in MODES:
        raise ValueError(f"WORKSHOP_MODE is {value!r}: set it to 'quick' or 'full', or unset it.")
    return value


@dataclass
class Measurement:
    """What `measured` found: `seconds` of wall-clock time, `peak_mb` (10^6 bytes) of memory."""

    label: str
    seconds: float = 0.0
    peak_mb: float = 0.0

    def __str__(self) -> str:
        """Return one line, as it is shown below the cell."""
        return f"{self.label}: {self.seconds:.1f} s, memory up to {self.peak_mb:,.0f} MB"

    def _repr_mimebundle_(self, include=None, exclude=None):
        """Show the figures as a small picture: tests compare a lesson's text, not its pictures."""
        png, width = _line_of_text(str(self))
        data = {"image/png": png, "text/plain": f"{self.label}: time and memory"}
        return data, {"image/png": {"alt": str(self), "width": width}}


@contextmanager
def sampled(look: Callable[[], object], pause: float):
    """Call `look` in a thread, with pauses of so many seconds, and at the block's begin and end."""
    done = threading.Event()

    def watch():
        while not done.wait(pause):
            look()

    look()
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        look()


@contextmanager
def measured(label: str):
    """Measure a block's wall-clock time and peak memory, and show both below the cell.

        with measured("training") as training:
            model.fit(…)
        training.seconds, training.peak_mb

    The memory is the whole process's (resident set size), looked at 50 times a second by a thread:
    unlike the peak that the operating system keeps it starts afresh with each block. Nothing is
    shown when the block fails.
    """
    result = Measurement(label)
    process = psutil.Process()

    def look():
        result.peak_mb = max(result.peak_mb, process.memory_info().rss / 1e6)

    with sampled(look, SAMPLING_SECONDS):
        began = time.perf_counter()
        try:
            yield result
        finally:
            result.seconds = time.perf_counter() - began
    display(result)


def _line_of_text(text: str) -> tuple[str, int]:
    """Draw a line of text, mid-grey on nothing: a PNG in base64, and its width in CSS pixels."""
    font = ImageFont.load_default(size=28)
    left, top, right, bottom = font.getbbox(text)
    picture = Image.new("LA", (int(right - left) + 8, int(bottom - top) + 12), (118, 0))
    ImageDraw.Draw(picture).text((4 - left, 6 - top), text, fill=(118, 255), font=font)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode(), picture.width // 2
