"""Seeds repeat, TensorFlow keeps quiet, and what is measured is true."""

import base64
import io
import os
import random
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from helpers import start
from helpers.start import measured

# What a first lesson cell does, and things at which TensorFlow likes to talk: devices, threads of
# XLA, retracing.
LESSON = """
from helpers import start
assert start.start(7) is None
import keras, numpy as np, random, tensorflow as tf
x = np.random.rand(64, 8).astype("float32")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dropout(0.5),
                          keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.fit(x, x[:, :1], epochs=3, verbose=0)
if LOUD:
    for i in range(8):
        tf.function(lambda v: v + i)(tf.constant(1.0))
    tf.function(lambda v: v * 2, jit_compile=True)(tf.zeros(3))
    step = tf.function(lambda v: tf.reduce_sum(v))
    for i in range(8):
        step(tf.zeros(i + 1))
print(random.random(), np.random.rand(), float(tf.random.uniform(())),
      [float(np.abs(w).sum()) for w in model.get_weights()])
"""


def run(code, **environment):
    clean = {k: v for k, v in os.environ.items() if k not in ("TF_CPP_MIN_LOG_LEVEL",)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_a_lesson_starts_without_a_word_on_stderr_and_repeats_in_a_fresh_process():
    loud = run(LESSON.replace("LOUD", "True"))
    assert loud.stderr == ""
    first, second = (run(LESSON.replace("LOUD", "False")) for _ in range(2))
    assert first.stderr == ""
    assert first.stdout.count("\n") == 1 and first.stdout == second.stdout


def test_set_seed_starts_all_random_numbers_again():
    import keras
    import tensorflow as tf

    def numbers(seed):
        start.set_seed(seed)
        keras_number = float(keras.random.uniform((), seed=keras.random.SeedGenerator()))
        python = random.random()  # noqa: S311 - no secret
        return python, np.random.rand(), float(tf.random.uniform(())), keras_number

    first = numbers(3)
    assert numbers(3) == first
    assert all(a != b for a, b in zip(numbers(4), first, strict=True))


@pytest.mark.parametrize(
    ("value", "wanted"), [(None, "quick"), ("", "quick"), ("quick", "quick"), ("full", "full")]
)
def test_mode(monkeypatch, value, wanted):
    monkeypatch.delenv("WORKSHOP_MODE", raising=False)
    if value is not None:
        monkeypatch.setenv("WORKSHOP_MODE", value)
    assert start.mode() == wanted


@pytest.mark.parametrize("value", ["fast", "Full", "quick "])
def test_a_mode_that_is_none(monkeypatch, value):
    monkeypatch.setenv("WORKSHOP_MODE", value)
    with pytest.raises(ValueError, match=rf"WORKSHOP_MODE is '{value}': set it to 'quick' or"):
        start.mode()


def test_versions_are_those_of_what_is_imported():
    import keras
    import tensorflow as tf

    found = start.versions()
    assert found["tensorflow"] == tf.__version__
    assert found["keras"] == keras.__version__
    assert found["numpy"] == np.__version__
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))


def test_versions_and_mode_do_not_import_tensorflow():
    run(
        "import sys; from helpers import start as r; r.versions(); r.mode();"
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    )


def shown(monkeypatch):
    """What `measured` displays, collected."""
    outputs = []
    monkeypatch.setattr(start, "display", outputs.append)
    return outputs


def test_seconds(monkeypatch):
    shown(monkeypatch)
    with measured("a nap") as nap:
        time.sleep(0.3)
    assert nap.seconds >= 0.3


def test_peak_memory_of_a_block_is_seen_though_it_is_freed_again(monkeypatch):
    shown(monkeypatch)
    with measured("nothing") as before:
        pass
    with measured("an array") as large:
        array = np.ones(50_000_000)  # 400 MB
        time.sleep(0.1)
        del array
    with measured("nothing") as after:
        pass
    assert large.peak_mb - before.peak_mb > 350
    # Each block's peak is its own.
    assert after.peak_mb < large.peak_mb - 200


def test_what_is_shown(monkeypatch):
    outputs = shown(monkeypatch)
    with measured("training") as result:
        assert not outputs
    assert outputs == [result]
    result.seconds, result.peak_mb = 12.34, 1234.5
    data, metadata = result._repr_mimebundle_()
    assert data["text/plain"] == "training: time and memory"
    assert set(data) == {"text/plain", "image/png"}  # nothing else: nbval would compare it
    assert metadata["image/png"]["alt"] == "training: 12.3 s, memory up to 1,234 MB"
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.width == pytest.approx(2 * metadata["image/png"]["width"], abs=1)
    alpha = np.asarray(picture.convert("LA"))[..., 1]
    # There is writing, and all of it is inside the picture.
    assert 0.02 < (alpha > 128).mean() < 0.5
    assert not alpha[0].any() and not alpha[-1].any()
    assert not alpha[:, 0].any() and not alpha[:, -1].any()


def test_a_block_that_fails_fails_and_shows_nothing(monkeypatch):
    import threading

    outputs, threads = shown(monkeypatch), threading.active_count()
    with pytest.raises(KeyError), measured("a failure"):
        raise KeyError("x")
    assert not outputs
    assert threading.active_count() == threads


def test_strict_nbval_does_not_compare_what_was_measured(tmp_path):
    """The saved figures, and so the pictures, differ from the new ones; only the label is text."""
    import nbformat
    from nbclient import NotebookClient

    code = "from helpers.start import measured\nimport time\n"
    code += "with measured('a nap'):\n    time.sleep(0.01)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, kernel_name="python3").execute()
    output = notebook.cells[0].outputs[0]
    output.metadata["image/png"]["alt"] = "a nap: 99.9 s, memory up to 9,999 MB"
    output.data["image/png"] = "iVBORw0KGgo="
    path = tmp_path / "lesson.ipynb"

    def verdict():
        nbformat.write(notebook, path)
        command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env"]
        command += ["-p", "no:cacheprovider", f"--rootdir={tmp_path}", str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert verdict().returncode == 0
    output.data["text/plain"] = "another label: time and memory"
    refused = verdict()
    assert refused.returncode == 1 and "Cell outputs differ" in refused.stdout
