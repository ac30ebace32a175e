"""DeepDream: keep the network, and change a photograph until a layer answers more strongly.

    googlenet = backbones.load("googlenet", top=False)
    Dreamer(googlenet, "inception_4c_output").dream(photograph).picture

Source: Mordvintsev, Olah, Tyka: Inceptionism: going deeper into neural networks (2015).

Inside, a picture is float32 from 0 to 255. The network is cut off after the last layer in use, and
each Dreamer compiles its step once, for pictures of any size.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import tensorflow as tf

from helpers import images
from helpers.dreams.objectives import TINY, Features, Objective, strength
from helpers.start import forget

OCTAVE = 1.4  # from one size of the picture to the next
SMALLEST = 96  # pixels: networks shrink a picture 32 times, and some refuse less than 75
JITTER = 16  # pixels
GRAIN = 32  # pixels by which the seams between tiles move


class DreamError(ValueError):
    """A setting that can't work; the message says which, and what to do."""


@dataclass(frozen=True)
class Dream:
    """What came of a dream.

    `picture`: uint8, (height, width, 3). `activations`: the objective before each step. `finished`:
    False if it was interrupted before the last step, and this is how far it came.
    """

    picture: np.ndarray = field(repr=False)
    activations: tuple[float, ...] = field(repr=False)
    finished: bool


@dataclass(frozen=True)
class Stage:
    """A dream after `done` of `total` steps; `picture()` shows it at its full size."""

    done: int
    total: int
    activation: float
    picture: Callable[[], np.ndarray] = field(repr=False)


class Dreamer:
    """DeepDream with a network's layers, on pictures of any size.

    `backbone`: loaded with `top=False`, so that it takes any size. `layers`: a name, or several.
    `objective`: what to strive for. `tile`: a larger picture is worked on in pieces of at most so
    many pixels a side, a little more or less, which keeps memory small.
    """

    def __init__(
        self,
        backbone,
        layers: str | Sequence[str],
        objective: Objective = strength,
        tile: int = 512,
    ) -> None:
        """Raise `backbones.BackboneError` for a layer that isn't there, DreamError for a tile."""
        if tile < SMALLEST:
            raise DreamError(f"tile={tile} won't do: take {SMALLEST} or more.")
        network = backbone.upto([layers] if isinstance(layers, str) else list(layers))
        self._look, self._tile = compiled(network, backbone.scale), tile

        @tf.function(input_signature=[tf.TensorSpec([None, None, 3]), tf.TensorSpec([2], tf.int32)])
        def gradient(picture, shift):
            # By as much in all, whatever the shift: a convolution is made ready for each new size,
            # which takes time and memory.
            beyond = JITTER * tf.cast(tf.reduce_any(shift > 0), tf.int32)
            more = tf.stack([shift, beyond - shift], axis=1)
            size = tf.shape(picture)
            picture = tf.pad(picture, tf.concat([more, [[0, 0]]], 0), "REFLECT")
            with tf.GradientTape() as tape:
                tape.watch(picture)
                features = network(backbone.scale(picture)[None], training=False)
                activation = objective(tf.nest.flatten(features))
            found = tape.gradient(activation, picture)
            alike = tf.cast(tf.size(picture), tf.float32)  # in tiles of any size
            return alike * tf.slice(found, tf.concat([shift, [0]], 0), size), activation

        self._gradient_of_a_tile = gradient

    def features(self, picture) -> Features:
        """Return the layers' answers to a picture: whatever `images.read` takes."""
        return self._look(tf.constant(images.read(picture)[None], tf.float32))

    def dream(self, picture, *settings, **named) -> Dream:
        """Dream, and return the `Dream`; an interrupt returns it as far as it came.

        `picture`: whatever `images.read` takes; the dream has its size. The settings are those of
        `stages`: steps, octaves and so on.
        """
        pixels = images.read(picture)
        latest, activations, finished = None, [], False
        with suppress(KeyboardInterrupt):
            for latest in self.stages(pixels, *settings, **named):
                activations.append(latest.activation)
            finished = True
        return Dream(latest.picture() if latest else pixels, tuple(activations), finished)

    def stages(
        self,
        picture,
        steps: int = 10,
        octaves: int = 4,
        step_size: float = 4.0,
        seed: int = 0,
    ) -> Iterator[Stage]:
        """Dream step by step: yield a `Stage` after each one.

        `steps` are taken at each of `octaves` sizes, each `OCTAVE` times the one before, the last
        one the picture's own. `step_size`: how far a step moves the pixels, of 0-255. Before each
        step the picture is shifted at random, by up to `JITTER` pixels, and the seams between tiles
        by up to a quarter of one. The same `seed` gives the same dream.
        """
        if steps < 0 or octaves < 1:
            raise DreamError("steps can't be negative, and octaves is 1 or more.")
        base = tf.constant(images.read(picture), tf.float32)
        draw = np.random.default_rng(seed)
        dreamt = tf.zeros((1, 1, 3))
        for number, octave in enumerate(reversed(range(octaves))):
            size = [max(SMALLEST, round(side / OCTAVE**octave)) for side in base.shape[:2]]
            plain = _resized(base, size)
            x = tf.clip_by_value(plain + _resized(dreamt, size), 0.0, 255.0)
            for done in range(number * steps + 1, (number + 1) * steps + 1):
                x, activation = self.step(x, step_size, draw.random(2))
                yield Stage(done, steps * octaves, activation, partial(_put, base, x - plain))
            dreamt = x - plain

    def step(self, x, step_size: float = 4.0, at=(0.0, 0.0)) -> tuple[tf.Tensor, float]:
        """Take one step uphill; return the new picture and the objective before it.

        `x`: float32, (height, width, 3), from 0 to 255. `at`: from 0 to 1, down and right, how far
        the network's raster and the seams between tiles are shifted.
        """
        shift = tf.constant([int(JITTER * share) for share in at], tf.int32)
        rows, columns = (
            tiles(side, self._tile, share) for side, share in zip(x.shape[:2], at, strict=True)
        )
        found = [[self._gradient_of_a_tile(x[r, c], shift) for c in columns] for r in rows]
        whole = tf.concat([tf.concat([one for one, _ in row], 1) for row in found], 0)
        change = step_size * whole / (tf.math.reduce_std(whole) + TINY)  # its length says nothing
        activation = float(np.mean([[activation for _, activation in row] for row in found]))
        return tf.clip_by_value(x + change, 0.0, 255.0), activation


def compiled(network, scale) -> Callable[[tf.Tensor], Features]:
    """Return a network as one function of pictures from 0 to 255: a list, an entry per output.

    Called directly, a Keras model keeps the answers of every layer until the last has answered;
    this drops what it needs no longer.
    """
    forget()

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
    def look(pictures):
        return tf.nest.flatten(network(scale(pictures), training=False))

    return look


def _resized(picture, size):
    return tf.image.resize(picture, size, method="bicubic", antialias=True)


def _put(base, dreamt) -> np.ndarray:
    """Add what was dreamt, at whatever size, to the picture; return it as uint8."""
    return images.as_bytes((base + _resized(dreamt, base.shape[:2])) / 255)


def tiles(length: int, tile: int, at: float = 0.5) -> list[slice]:
    """Cut a side into as few equal pieces as can be, of at most `tile` pixels.

    `at`: from 0 to 1; it moves the cuts between them by up to a quarter of a piece, in steps of
    `GRAIN`, so that there are few different sizes.
    """
    edges = np.linspace(0, length, -(-length // tile) + 1)
    edges[1:-1] += GRAIN * np.round((at - 0.5) / 2 * edges[1] / GRAIN)
    return [slice(*pair) for pair in itertools.pairwise(edges.round().astype(int))]
