"""Teach the small Inception to answer as EfficientNet-Lite0 does: the recipe of its weights.

    python -m tools.teach_inception pack PHOTOGRAPHS… FOLDER     where the workshop runs
    python -m tools.teach_inception teach FOLDER OUT.npz --seconds 420     where an accelerator is

`pack` gathers photographs, which need no labels, and the teacher's weights. `teach` needs NumPy,
Pillow and Keras, on the backend that KERAS_BACKEND names. Teacher and student see the same part of
a photograph in the same colours, mixed with the same other one (Beyer and others, CVPR 2022). The
teacher's answers are kept, and used several times.
"""

import math
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from tools.teach_painters import command, gather, pace

SIDE = 192  # pixels of what the teacher sees
TEMPERATURE, RATE, DECAY = 2.0, 3e-3, 0.02
FRESH = 0.375  # share of a batch that the teacher has just answered
SCALE = 64.0  # what the student's inputs are divided by in training
SETTLE = 60  # batches that fix the normalisation's statistics at the end


def pack(sources, folder):
    """Write what `teach` needs: photographs as WebP, and the teacher's weights as they are."""
    from helpers import assets

    gather(sources, folder, 280)
    shutil.copy(assets.path("efficientnet-lite0"), Path(folder) / "teacher.pth")


def read(file):
    """Return a photograph squashed to a square of SIDE pixels, and its width by its height."""
    picture = Image.open(file).convert("RGB")
    return np.asarray(picture.resize((SIDE, SIDE))), picture.width / picture.height


def views(pictures, aspects, draw):
    """Return random parts, mirrored, turned, recoloured, most of them mixed: (n, SIDE, SIDE, 3)."""
    from keras import ops

    def chance(low, high, channels=1):
        return ops.convert_to_tensor(draw.uniform(low, high, (n, 1, 1, channels)), "float32")

    n = len(pictures)
    area, ratio = draw.uniform(0.15, 1, n), np.exp(draw.uniform(-0.3, 0.3, n)) / aspects
    wide, high = np.minimum(np.sqrt([area * ratio, area / ratio]), 1)
    right, down = draw.uniform(-1, 1, (2, n)) * (1 - np.stack([wide, high]))
    turn, mirror = draw.uniform(-0.15, 0.15, n), draw.choice([-1, 1], n)
    across = wide * mirror * np.cos(turn), -wide * np.sin(turn), right
    along = high * mirror * np.sin(turn), high * np.cos(turn), down
    rows = np.array([across, along])  # from a place in the part, -1 to 1, to one in the picture
    rows[:, 2] = (SIDE - 1) / 2 * (1 - rows[:, 0] - rows[:, 1]) + SIDE / 2 * rows[:, 2]  # pixels
    matrices = np.vstack([rows.reshape(6, n), np.zeros((2, n))]).T.astype("float32")
    x = ops.image.affine_transform(np.float32(pictures), matrices, "bilinear", "reflect")
    grey = ops.matmul(x, ops.convert_to_tensor([[0.3], [0.59], [0.11]], "float32"))
    x = grey + (x - grey) * chance(0.5, 1.5)  # saturation
    mean = ops.mean(grey, (1, 2, 3), keepdims=True)
    x = mean + (x - mean) * chance(0.6, 1.4)  # contrast
    x = ops.clip(x * chance(0.7, 1.3) * chance(0.9, 1.1, 3), 0, 255)  # light and tint
    other, kind = ops.take(x, draw.permutation(n), axis=0), chance(0, 1)
    away = np.abs((np.arange(SIDE) + 0.5) / SIDE - draw.uniform(0, 1, (2, n, 1)))
    near = (away < draw.uniform(0.2, 0.4, (n, 1)))[..., None]
    window = near[0][:, None] & near[1][:, :, None]
    pasted = ops.where(ops.logical_and(kind < 0.6, window), other, x)
    return ops.where(kind < 0.4, x + (other - x) * chance(0.1, 0.5), pasted)


def normalised(network):
    """Return a copy with batch normalisation between each convolution and its relu."""
    from keras import Sequential, layers, models

    def copied(layer):
        if not isinstance(layer, layers.Conv2D):
            return layer
        plain = layer.get_config() | {"use_bias": False, "activation": None}
        norm = layers.BatchNormalization(momentum=0.9)
        return Sequential([layers.Conv2D.from_config(plain), norm, layers.ReLU()], name=layer.name)

    return models.clone_model(network, clone_function=copied)


def folded(network):
    """Return {"<layer>_kernel" or "<layer>_bias": float16}, the normalisation multiplied in."""
    arrays = {}
    for layer in (layer for layer in network.layers if layer.weights):
        kernel, *rest = layer.get_weights()
        if len(rest) > 1:
            scale, offset, mean, variance = rest
            scale = scale / np.sqrt(variance + layer.layers[1].epsilon)
            kernel, rest = kernel * scale, [offset - mean * scale]
        kernel = kernel / SCALE if layer.name.startswith("conv1") else kernel
        arrays |= {f"{layer.name}_kernel": kernel, f"{layer.name}_bias": rest[0]}
    return {name: array.astype("float16") for name, array in arrays.items()}


def teach(folder, out, seconds, steps=math.inf, batch=1024, kept=256):
    """Train for so long, or so many steps; write the weights; return the loss of each step.

    kept: how many batches of the teacher's answers stay, to be used again.
    """
    import keras  # before the helpers, which would choose TensorFlow
    from keras import ops

    from helpers.vision import googlenet, lite0

    keras.utils.set_random_seed(0)
    draw, folder, plan = np.random.default_rng(0), Path(folder), googlenet.PLANS["inception_small"]
    with ThreadPoolExecutor() as threads:
        found = threads.map(read, sorted((folder / "photographs").iterdir()))
        pictures, aspects = map(np.stack, zip(*found, strict=True))
    teacher = lite0.network((SIDE, SIDE))
    teacher.set_weights(lite0.load(folder / "teacher.pth", top=True).get_weights())
    student = normalised(googlenet.network(plan))

    def scaled(x):
        return (np.float32(x) - np.float32(googlenet.MEAN)) / SCALE

    def apart(told, said):
        """How far the student's softened answers are from the teacher's (Kullback-Leibler)."""
        told, said = (ops.log_softmax(ops.cast(x, "float32") / TEMPERATURE) for x in (told, said))
        return TEMPERATURE**2 * ops.sum(ops.exp(told) * (told - said), -1)

    optimizer = keras.optimizers.AdamW(RATE, DECAY, 0.9, 0.99, global_clipnorm=2.0)
    optimizer.exclude_from_weight_decay([v for v in student.variables if len(v.shape) == 1])
    student.compile(optimizer, apart)
    seen = np.zeros((kept * batch, *plan.size, 3), "uint8")
    told = np.zeros((kept * batch, googlenet.CLASSES), "float16")
    begun, done, count, log = time.time(), 0.0, 0, []
    while done < 1:
        rows = draw.integers(len(pictures), size=int(batch * FRESH))
        places = np.arange(count, count + len(rows)) % len(seen)
        count += len(rows)
        x = views(pictures[rows], aspects[rows], draw)
        told[places] = teacher.predict_on_batch((x - 127.0) / 128.0)
        x = ops.image.resize(x, plan.size, antialias=True)
        seen[places] = np.round(ops.convert_to_numpy(x))
        again = draw.integers(min(count, len(seen)), size=batch - len(rows))
        rows, turned = np.concatenate([places, again]), draw.random(batch) < 0.5
        x = np.where(turned[:, None, None, None], seen[rows, :, ::-1], seen[rows])
        optimizer.learning_rate = RATE * pace(done, 0.03)
        log.append(round(float(student.train_on_batch(scaled(x), told[rows])), 4))
        if len(log) % 100 == 1:
            print(f"{time.time() - begun:6.1f} s, step {len(log)}: {log[-1]:.3f}", flush=True)
        done = max((time.time() - begun) / seconds, len(log) / steps)
    norms = [part for layer in student.layers for part in getattr(layer, "layers", [])[1:2]]
    for number in range(SETTLE):
        for norm in norms:
            norm.momentum = number / (number + 1)  # so all these batches count the same
        some = seen[draw.integers(min(count, len(seen)), size=batch // 4)]
        student(scaled(some), training=True)
    with Path(out).open("wb") as stream:
        np.savez(stream, **folded(student))
    return log


if __name__ == "__main__":
    command(__doc__, pack, teach, seconds=420)
