"""TensorFlow keeps quiet, and what is measured is true; that seeds repeat, each lesson shows."""

import base64
import io
import json
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image
from programs import ran

from helpers import start
from helpers.start import Measurement, measured

# What a first lesson cell does, and things at which TensorFlow likes to talk: devices, threads of
# XLA, retracing.
LESSON = """
from helpers import start
assert start.start(7) is None
import keras, numpy as np, tensorflow as tf
x = np.random.rand(64, 8).astype("float32")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.fit(x, x[:, :1], epochs=3, verbose=0)
tf.function(lambda v: v * 2, jit_compile=True)(tf.zeros(3))
step = tf.function(lambda v: tf.reduce_sum(v))
for i in range(8):
    step(tf.zeros(i + 1))
print(keras.backend.backend(), keras.layers.Conv2D(1, 1).data_format, model.dtype,
      tf.keras.__version__ == keras.__version__)
"""
# What a learner may have set for work of another kind.
KERAS_JSON = {"backend": "torch", "floatx": "float16", "image_data_format": "channels_first"}


def test_a_lesson_starts_silently_whatever_a_learner_has_set(tmp_path, monkeypatch):
    (tmp_path / "keras.json").write_text(json.dumps(KERAS_JSON))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    said = "tensorflow channels_last float32 True\n"
    assert ran(sys.executable, "-c", LESSON) == (0, said)


def test_mode(monkeypatch):
    monkeypatch.delenv("WORKSHOP_MODE")
    assert start.mode() == "quick"
    for value, wanted in [("", "quick"), ("quick", "quick"), ("full", "full")]:
        monkeypatch.setenv("WORKSHOP_MODE", value)
        assert start.mode() == wanted
    monkeypatch.setenv("WORKSHOP_MODE", "Full")
    with pytest.raises(ValueError, match="WORKSHOP_MODE is 'Full': set it to 'quick' or"):
        start.mode()


@pytest.fixture
def shown(monkeypatch):
    """What `measured` displays, collected."""
    outputs = []
    monkeypatch.setattr(start, "display", outputs.append)
    return outputs


def test_seconds_and_the_peak_of_a_block_are_seen_though_memory_is_freed_again(shown):
    with measured("nothing") as before:
        pass
    with measured("an array") as large:
        array = np.ones(25_000_000)  # 200 MB
        time.sleep(0.1)
        del array
    with measured("nothing") as after:
        assert len(shown) == 2
    assert shown == [before, large, after]
    assert large.peak_mb - before.peak_mb > 150 and large.seconds >= 0.1
    assert after.peak_mb < large.peak_mb - 100  # each block's peak is its own


def test_the_figures_are_a_picture_with_constant_text(shown):
    result = Measurement("training", 12.34, 1234.5)
    data, metadata = result._repr_mimebundle_()
    assert data["text/plain"] == "training: time and memory"
    assert set(data) == {"text/plain", "image/png"}  # nothing else: nbval would compare it
    assert metadata["image/png"]["alt"] == "training: 12.3 s, memory up to 1,234 MB"
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.width == pytest.approx(2 * metadata["image/png"]["width"], abs=1)
    alpha = np.asarray(picture.convert("LA"))[..., 1]
    # There is writing, and all of it is inside the picture.
    assert 0.02 < (alpha > 128).mean() < 0.5
    assert not alpha[[0, -1]].any() and not alpha[:, [0, -1]].any()


def test_a_block_that_fails_fails_and_shows_nothing(shown):
    threads = threading.active_count()
    with pytest.raises(KeyError), measured("a failure"):
        raise KeyError("x")
    assert not shown and threading.active_count() == threads
