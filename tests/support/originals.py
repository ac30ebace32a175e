"""Files of weights as Keras Applications' own downloads are, with random numbers."""

import h5py
import numpy as np


def write(model, folder):
    """Give a model random weights, and write them into a folder; return the file."""
    draw, file = np.random.default_rng(0), folder / f"{model.name}.h5"
    with h5py.File(file, "w") as weights:
        weights.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = weights.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.weights, strict=True):
                positive = weight.name in ("gamma", "moving_variance")
                shift, spread = (1.0, 0.3) if positive else (0.0, 0.03)
                weight.assign(draw.uniform(-1.7, 1.7, weight.shape) * spread + shift)
                group[name] = weight.numpy()
    return file
