"""Feature visualisation: pictures, out of nothing, that excite a unit, a channel or a class.

    see(googlenet, "inception_4c_output", channels([77]))[0]    # what one channel looks for

A picture is parameterised as waves, random transforms keep what is robust, and Adam climbs. Source:
Olah, Mordvintsev, Schubert: Feature visualization (Distill, 2017).
"""

import math
import tomllib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf

from helpers import images
from helpers.dreams.dreaming import compiled
from helpers.start import forget

# How the colours of a photograph vary together: the square root of the covariance of red, green and
# blue in the workshop's colour photographs. All three rise and fall as one far more than they part.
COLOURS = np.array([[0.87, 0.43, 0.25], [0.43, 0.58, 0.42], [0.25, 0.42, 0.67]], "float32")


def tour(network: str) -> SimpleNamespace:
    """Return the layers and channels of a network that are worth a look; `tours.toml` has them."""
    text = Path(__file__).with_name("tours.toml").read_text(encoding="utf-8")
    return SimpleNamespace(**tomllib.loads(text)[network])


def waves(count: int, size: int, seed: int = 0) -> np.ndarray:
    """Return `count` random spectra to start from: float32 (count, 3, size, size // 2 + 1, 2).

    The last axis holds the real and the imaginary part of each wave's strength.
    """
    draw = np.random.default_rng(seed)
    return draw.normal(0, 0.01, (count, 3, size, size // 2 + 1, 2)).astype("float32")


def from_waves(spectra, size: int):
    """Turn spectra into pictures: float32 (count, size, size, 3) from 0 to 255.

    Each wave is as strong as its length (as in photographs, where long waves dominate), and the
    three colour planes are mixed as they go together in photographs. So a step in the spectrum
    changes large and small shapes, light and colour, as readily as they vary in the world: the
    *decorrelated* parameterisation of Olah et al. 2017.
    """
    down, across = np.abs(np.fft.fftfreq(size))[:, None], np.fft.rfftfreq(size)
    strength = size / 4 / np.maximum(np.hypot(down, across), 1 / size)  # waves per pixel
    scaled = spectra * strength[..., None].astype("float32")
    planes = tf.signal.irfft2d(tf.complex(scaled[..., 0], scaled[..., 1]), [size, size])
    return 255 * tf.sigmoid(tf.transpose(planes, (0, 2, 3, 1)) @ COLOURS.T)


def wobble(pictures, scale, turn, shift):
    """Scale, turn (degrees) and shift (pixels) pictures about their middle; edges are mirrored.

    `pictures`: (n, size, size, 3); `scale`, `turn`: numbers; `shift`: (2,).
    """
    size = tf.shape(pictures)[1]
    middle = (tf.cast(size, tf.float32) - 1) / 2
    cos, sin = (f(turn * math.pi / 180) / scale for f in (tf.cos, tf.sin))
    row = [cos, -sin, middle * (1 - cos + sin) + shift[0]]
    row += [sin, cos, middle * (1 - sin - cos) + shift[1], 0.0, 0.0]
    return keras.ops.image.affine_transform(pictures, tf.stack(row), fill_mode="reflect")


def before_relu(backbone, layer: str) -> keras.Model:
    """Return the network up to a layer, without the relus that end it.

    Where a relu gives 0, its gradient is 0 too, and a climb never begins: so climb in front of it.
    """
    made_by = {id(one.output): one for one in backbone.model.layers}

    def bare(tensor):
        one = made_by[id(tensor)]
        if isinstance(one, keras.layers.Concatenate):
            return keras.layers.Concatenate()([bare(part) for part in one.input])
        if isinstance(one, keras.layers.Activation | keras.layers.ReLU):
            return one.input
        if isinstance(one, keras.layers.Conv2D):
            settings = {**one.get_config(), "activation": None, "name": f"{one.name}_bare"}
            copy = keras.layers.Conv2D.from_config(settings)
            output = copy(one.input)
            copy.set_weights(one.get_weights())
            return output
        return tensor

    return keras.Model(backbone.model.input, bare(backbone.upto(layer).output))


def channels(numbers: Sequence[int]) -> Callable:
    """Return a goal for `see`: a picture for each of these channels, the mean over all places."""
    return lambda maps: tf.gather(tf.reduce_mean(maps, (1, 2)), list(numbers), batch_dims=1)


def see(
    backbone,
    layer: str,
    goal: Callable,
    count: int = 1,
    size: int = 128,
    steps: int = 48,
    seed: int = 0,
) -> np.ndarray:
    """Return `count` pictures that reach for a goal, uint8 (count, size, size, 3).

    `goal`: a function from the layer's maps before their relu, (count, height, width, channels), to
    what shall rise. `steps`: of Adam. Before each one the pictures are scaled, turned and shifted
    at random, so that only what survives it is kept. An interrupt returns the pictures so far.
    """
    forget()
    network, draw = before_relu(backbone, layer), np.random.default_rng(seed)
    spectra, adam = tf.Variable(waves(count, size, seed)), keras.optimizers.Adam(0.05)

    @tf.function
    def uphill(scale, turn, shift):
        with tf.GradientTape() as tape:
            pictures = wobble(from_waves(spectra, size), scale, turn, shift)
            reached = tf.reduce_sum(goal(network(backbone.scale(pictures), training=False)))
        return tape.gradient(reached, spectra)

    with suppress(KeyboardInterrupt):
        for _ in range(steps):
            change = draw.uniform(0.85, 1.15), draw.uniform(-8, 8), draw.uniform(-8, 8, 2)
            change = [tf.constant(one, tf.float32) for one in change]
            adam.apply([-uphill(*change)], [spectra])
    return images.as_bytes(from_waves(spectra, size) / 255)


def exciting(
    backbone, layer: str, numbers: Sequence[int], pictures: Sequence, side: int, count: int = 4
) -> list[list[np.ndarray]]:
    """Return, for each of these channels, what excites it most in `count` of the pictures.

    Of each picture it is one place, cut out as uint8 (side, side, 3); the strongest comes first.
    """
    look = compiled(backbone.upto([layer]), backbone.scale)
    found: list[list[tuple[float, np.ndarray]]] = [[] for _ in numbers]
    for picture in map(images.read, pictures):
        maps = look(tf.constant(picture[None], tf.float32))[0][0].numpy()
        for places, number in zip(found, numbers, strict=True):
            answer = maps[..., number]
            place = np.unravel_index(answer.argmax(), answer.shape)
            corner = [
                int(np.clip((at + 0.5) * length / cells - side / 2, 0, length - side))
                for at, length, cells in zip(place, picture.shape, answer.shape, strict=False)
            ]
            cut = picture[corner[0] : corner[0] + side, corner[1] : corner[1] + side]
            places.append((float(answer.max()), cut))
    return [
        [cut for _, cut in sorted(places, key=lambda place: -place[0])[:count]] for places in found
    ]
