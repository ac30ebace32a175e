"""Repeat the claim: python evaluate.py

Lets model.keras read the held-out digits of data/digits.npz, and prints what came of it as JSON:
how many digits there are, how many it reads, the same for each digit, and the accuracy.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is loaded: less talk

import keras
import numpy as np

HERE = Path(__file__).resolve().parent


def main():
    """Evaluate the checkpoint."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", type=Path, default=HERE / "model.keras")
    chosen = options.parse_args()
    with np.load(HERE / "data" / "digits.npz", allow_pickle=False) as data:
        x, y = data["x_test"][..., None].astype("float32") / 255, data["y_test"]
    model = keras.models.load_model(chosen.model)  # safe_mode: no code out of a file
    right = model.predict(x, batch_size=250, verbose=0).argmax(axis=1) == y
    result = {
        "digits": len(y),
        "right": int(right.sum()),
        "accuracy": float(right.mean()),
        "by_digit": [round(float(right[y == digit].mean()), 3) for digit in range(10)],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
