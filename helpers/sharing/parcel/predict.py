"""Name what pictures show: python predict.py toy/*.png

Each is cropped to a square and brought to the model's size. Its colours stay as they are, from 0 to
255; grey where the model takes grey. A model that also takes the words so far writes a sentence.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is loaded: less talk

import keras
import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
# Of a vocabulary: what stands behind a sentence, where it begins and ends, the first word.
PAD, START, END, WORDS = 0, 1, 2, 4


def name(model, pixels, labels):
    """Return the likeliest label, and how probable the model finds it."""
    probabilities = np.asarray(model(pixels))[0]
    return f"{labels[probabilities.argmax()]} ({probabilities.max():.2f})"


def describe(model, pixels, words):
    """Return a sentence, word by word, each time the likeliest."""
    said, longest = [START], model.inputs[1].shape[1] or 30
    while said[-1] != END and len(said) <= longest:
        row = np.array([said + [PAD] * (longest - len(said))], "int32")
        scores = np.asarray(model([pixels, row]))[0, len(said) - 1]
        said.append(int(scores.argmax()))
    return " ".join(words[number] for number in said if number >= WORDS)


def main():
    """Print a line for each picture: its name, and what the model says."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("pictures", type=Path, nargs="+")
    chosen = options.parse_args()
    labels = json.loads((HERE / "labels.json").read_text(encoding="utf-8"))
    model = keras.models.load_model(HERE / "model.keras", compile=False)  # safe mode
    side, _, channels = model.inputs[0].shape[1:]
    say = name if len(model.inputs) == 1 else describe
    for file in chosen.pictures:
        with Image.open(file) as picture:
            picture = picture.convert("L" if channels == 1 else "RGB")
            edge = side or min(picture.size)
            pixels = np.asarray(ImageOps.fit(picture, (edge, edge)), "float32")
        print(f"{file.name}: {say(model, pixels.reshape(1, edge, edge, channels), labels)}")


if __name__ == "__main__":
    main()
