"""Repeat the claim: python evaluate.py

Lets model.keras answer for the held-out examples of data/held_out.npz, and prints what came of it
as JSON: how many examples there are, how many answers are right, the same for each label.
"""

import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is loaded: less talk

import keras
import numpy as np

HERE = Path(__file__).resolve().parent


def evaluate(file):
    """Return what the model in `file` makes of the held-out examples."""
    with np.load(HERE / "data" / "held_out.npz", allow_pickle=False) as data:
        x, y = [data[name] for name in sorted(data) if name != "y"], data["y"]
    labels = json.loads((HERE / "labels.json").read_text(encoding="utf-8"))
    model = keras.models.load_model(file, compile=False)  # safe mode: no code out of a file
    scores = model.predict(x if len(x) > 1 else x[0], batch_size=10, verbose=0)
    known = y >= 0  # -1 stands where there is nothing to say, such as behind a sentence's end
    true, right = y[known], scores.argmax(axis=-1)[known] == y[known]
    by_label = {labels[at]: float(right[true == at].mean()) for at in np.unique(true)}
    return {"examples": right.size, "right": int(right.sum()), "by_label": by_label}


if __name__ == "__main__":
    print(json.dumps(evaluate(HERE / "model.keras")))
