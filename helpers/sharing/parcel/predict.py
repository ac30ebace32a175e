"""Name what pictures show: python predict.py toy/*.png

Each is cropped to a square and brought to the model's size. Its colours stay as they are, from 0 to
255; grey where the model takes grey.
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


def main():
    """Print a line for each picture: its name, the label, and how probable the model finds it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("pictures", type=Path, nargs="+")
    chosen = options.parse_args()
    labels = json.loads((HERE / "labels.json").read_text(encoding="utf-8"))
    model = keras.models.load_model(HERE / "model.keras", compile=False)  # safe mode
    side, _, channels = model.input_shape[1:]
    for file in chosen.pictures:
        with Image.open(file) as picture:
            picture = picture.convert("L" if channels == 1 else "RGB")
            edge = side or min(picture.size)
            pixels = np.asarray(ImageOps.fit(picture, (edge, edge)), "float32")
        probabilities = model.predict(pixels.reshape(1, edge, edge, channels), verbose=0)[0]
        print(f"{file.name}: {labels[probabilities.argmax()]} ({probabilities.max():.2f})")


if __name__ == "__main__":
    main()
