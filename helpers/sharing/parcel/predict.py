"""Read pictures of digits: python predict.py toy/*.png

Each picture is one digit, white ink on black, as MNIST's are: scaled into a box of 20 × 20 pixels
and centred in 28 × 28. Any other size is resized first.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is loaded: less talk

import keras
import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent


def main():
    """Print a line for each picture: its name, the digit, and how probable the model finds it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("pictures", type=Path, nargs="+")
    chosen = options.parse_args()
    model = keras.models.load_model(HERE / "model.keras")  # safe_mode: no code out of a file
    for file in chosen.pictures:
        with Image.open(file) as picture:
            pixels = np.asarray(picture.convert("L").resize((28, 28)), "float32") / 255
        probabilities = model.predict(pixels[None, ..., None], verbose=0)[0]
        print(f"{file.name}: {probabilities.argmax()} ({probabilities.max():.2f})")


if __name__ == "__main__":
    main()
