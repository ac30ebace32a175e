"""Feature visualisation: pictures, out of nothing, that excite single channels or classes.

    Visualiser(lite, "block6_expand_bn").see([77])[0]          # what one channel looks for

A picture is parameterised as waves, random transforms keep what is robust, and Adam climbs. Source:
Olah, Mordvintsev, Schubert: Feature visualization (Distill, 2017).
"""

import gc
import math
from collections.abc import Sequence
from contextlib import suppress

import keras
import numpy as np
import tensorflow as tf

from helpers import images
from helpers.dreams.dreaming import COLOURS, DreamError, compiled


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
    size = tf.convert_to_tensor(size)
    side = tf.cast(size, tf.float32)
    down = tf.range(side)
    down = tf.where(down < side / 2, down, down - side) / side  # waves per pixel, as in an FFT
    across = tf.range(side // 2 + 1) / side
    frequency = tf.sqrt(down[:, None] ** 2 + across**2)
    scaled = spectra * (side / 4 / tf.maximum(frequency, 1 / side))[..., None]
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


class Visualiser:
    """Pictures that excite single channels of a layer, or single classes, out of nothing.

    `layer`: feature maps, of which the mean over all places counts, or logits.
    """

    def __init__(self, backbone, layer: str) -> None:
        """Raise `backbones.BackboneError` for a layer that isn't there."""
        gc.collect()  # what earlier ones compiled: its parts hold one another
        self._network, self._scale = backbone.upto(layer), backbone.scale
        self._fixed = self._network.input_shape[1]
        self.channels = int(self._network.output_shape[-1])
        spectra, number = tf.TensorSpec([None, 3, None, None, 2]), tf.TensorSpec([])
        change = [number, number, tf.TensorSpec([2])]
        numbers = tf.TensorSpec([None], tf.int32)
        self._step = tf.function(
            self._step, input_signature=[[spectra] * 3, number, numbers, change, number]
        )

    def see(
        self,
        channels: Sequence[int],
        size: int = 128,
        steps: int = 64,
        rate: float = 0.05,
        scales: tuple[float, float] = (0.85, 1.15),
        turn: float = 8.0,
        shift: float = 8.0,
        seed: int = 0,
    ) -> np.ndarray:
        """Return a picture for each of `channels`, uint8 (n, size, size, 3).

        `steps`: of Adam; `rate`: its learning rate. Before each step the pictures are scaled,
        turned (degrees) and shifted (pixels) at random, within these limits, so that only what
        survives it is kept. An interrupt returns the pictures so far.
        """
        size = self._fixed or size
        channels = np.atleast_1d(np.asarray(channels, np.int32))
        if channels.size == 0 or channels.min() < 0 or channels.max() >= self.channels:
            raise DreamError(f"There are channels from 0 to {self.channels - 1}: name some.")
        if size % 2 or size < 32:
            raise DreamError(f"size={size} won't do: give an even number of pixels from 32 on.")
        draw = np.random.default_rng(seed)
        start = tf.constant(waves(len(channels), size, seed))
        state = [start, tf.zeros_like(start), tf.zeros_like(start)]
        with suppress(KeyboardInterrupt):
            for number in range(1, steps + 1):
                change = draw.uniform(*scales), draw.uniform(-turn, turn)
                change = (*change, draw.uniform(-shift, shift, 2))
                change = [tf.constant(one, tf.float32) for one in change]
                state = self._step(state, float(number), tf.constant(channels), change, rate)
        return images.as_bytes(from_waves(state[0], size) / 255)

    def answers(self, pictures, channels: Sequence[int]) -> tf.Tensor:
        """Return how each picture, (n, size, size, 3) from 0 to 255, excites its channel: (n,)."""
        answers = self._network(self._scale(tf.cast(pictures, tf.float32)), training=False)
        if len(answers.shape) == 4:
            answers = tf.reduce_mean(answers, (1, 2))
        return tf.gather(answers, channels, batch_dims=1)

    def _step(self, state, number, channels, change, rate):
        spectra, mean, square = state
        with tf.GradientTape() as tape:
            tape.watch(spectra)
            pictures = from_waves(spectra, tf.shape(spectra)[2])
            activation = tf.reduce_sum(self.answers(wobble(pictures, *change), channels))
        slope = tape.gradient(activation, spectra)
        # Adam (Kingma, Ba 2015), uphill, as a function of its state: it compiles once for any size.
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        step = (mean / (1 - 0.9**number)) / (tf.sqrt(square / (1 - 0.999**number)) + 1e-7)
        return [spectra + rate * step, mean, square]


def exciting(
    backbone, layer: str, channels: Sequence[int], pictures: Sequence, side: int, count: int = 4
) -> list[list[np.ndarray]]:
    """Return, for each channel, the places in `pictures` that excite it most, strongest first.

    Each place is cut out as uint8 (side, side, 3), or smaller where a picture is. Places less than
    half a `side` from a stronger one are passed over; there are `count` at most.
    """
    look = compiled(backbone.upto([layer]), backbone.scale)
    found: list[list[tuple[float, np.ndarray]]] = [[] for _ in channels]
    for picture in map(images.read, pictures):
        features = look(tf.constant(picture[None], tf.float32))[0]
        answers = np.array(tf.gather(features[0], list(channels), axis=-1))
        pixels = picture.shape[0] / answers.shape[0], picture.shape[1] / answers.shape[1]
        for number, places in enumerate(found):
            answer = answers[..., number]
            for _ in range(count):
                row, column = np.unravel_index(answer.argmax(), answer.shape)
                best = float(answer[row, column])
                if not np.isfinite(best):
                    break
                centre = (row + 0.5) * pixels[0], (column + 0.5) * pixels[1]
                places.append((best, _cut(picture, centre, side)))
                near_rows = np.abs(np.arange(answer.shape[0]) - row) * pixels[0] < side / 2
                near_columns = np.abs(np.arange(answer.shape[1]) - column) * pixels[1] < side / 2
                answer[np.ix_(near_rows, near_columns)] = -np.inf
    order = [sorted(places, key=lambda place: -place[0])[:count] for places in found]
    return [[patch for _, patch in places] for places in order]


def _cut(picture: np.ndarray, centre: tuple[float, float], side: int) -> np.ndarray:
    top, left = (
        int(np.clip(middle - side / 2, 0, max(0, length - side)))
        for middle, length in zip(centre, picture.shape[:2], strict=True)
    )
    return picture[top : top + side, left : left + side]
