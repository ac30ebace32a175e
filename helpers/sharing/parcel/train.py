"""Train the digit reader: python train.py --seeds 0 1 2 3 4

Reads data/train.npz and data/held_out.npz beside this file. Writes model.keras, trained with the
first seed, and results.json, which says what the network of each seed reads in the held-out digits.
Needs nothing but what requirements.txt names.
"""

import argparse
import hashlib
import json
import os
import platform
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is loaded: less talk

import keras
import numpy as np
import tensorflow as tf
from keras import layers

HERE = Path(__file__).resolve().parent
EPOCHS, BATCH, LEARNING_RATE = 3, 64, 0.002


def load(folder):
    """Return (x_train, y_train), (x_test, y_test): pictures (n, 28, 28, 1), labels."""
    parts = []
    for name in ("train", "held_out"):
        with np.load(folder / f"{name}.npz", allow_pickle=False) as data:
            parts.append((data["x"].astype("float32"), data["y"]))
    return parts


def build():
    """Return the untrained network, compiled."""
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255)])
    for filters in (16, 32):
        model.add(layers.Conv2D(filters, 5, strides=2, activation="relu"))
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    adam = keras.optimizers.Adam(LEARNING_RATE)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main():
    """Train once with each seed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options.add_argument("--out", type=Path, default=HERE, help="a folder for what is made")
    chosen = options.parse_args()
    tf.config.experimental.enable_op_determinism()
    (x_train, y_train), (x_test, y_test) = load(HERE / "data")

    right, answers = [], []
    for seed in chosen.seeds:
        keras.utils.set_random_seed(seed)  # Python's, NumPy's, TensorFlow's and Keras's
        model = build()
        model.fit(x_train, y_train, batch_size=BATCH, epochs=EPOCHS, verbose=0)
        read = model.predict(x_test, batch_size=250, verbose=0).argmax(axis=1)
        right.append(int((read == y_test).sum()))
        answers.append("".join(map(str, read)))
        if seed == chosen.seeds[0]:
            model.save(chosen.out / "model.keras")
    first = np.array([*answers[0]], int) == y_test
    made = (
        f"`train.py`: {len(y_train):,} digits, {EPOCHS} epochs, batches of {BATCH}, Adam with a "
        f"learning rate of {LEARNING_RATE}, seeds {', '.join(map(str, chosen.seeds))}; the "
        f"checkpoint is that of seed {chosen.seeds[0]}. Python {platform.python_version()}; the "
        "packages are those of requirements.txt."
    )
    results = {
        "model": hashlib.sha256((chosen.out / "model.keras").read_bytes()).hexdigest(),
        "seeds": chosen.seeds,
        "right": right,
        "answers": answers,
        "examples": len(y_test),
        "by_label": {str(digit): float(first[y_test == digit].mean()) for digit in range(10)},
        "made": made,
    }
    text = json.dumps(results, indent=1) + "\n"
    (chosen.out / "results.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
