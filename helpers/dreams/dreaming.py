"""DeepDream: keep the network, and change a photograph until a layer answers more strongly.

    lite = backbones.load("efficientnet_lite0", top=False)
    Dreamer(lite, "block11_expand_bn").dream(photograph).picture
    nudge(classifier, photograph, class_number)                # the same trick, with malice

Sources: Mordvintsev, Olah, Tyka: Inceptionism: going deeper into neural networks (2015);
Goodfellow, Shlens, Szegedy: Explaining and harnessing adversarial examples (arXiv 1412.6572).

Inside, a picture is float32 from 0 to 255. The network is cut off after the last layer in use, and
each Dreamer compiles its step once, for pictures of any size.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import tensorflow as tf

from helpers import images
from helpers.dreams.objectives import TINY, Features, Objective, strength

OCTAVE = 1.4  # from one size of the picture to the next
SMALLEST = 96  # pixels: networks shrink a picture 32 times, and some refuse less than 75

# How the colours of a photograph vary together: the square root of the covariance of red, green and
# blue in the workshop's colour photographs. All three rise and fall as one far more than they part.
COLOURS = np.array([[0.87, 0.43, 0.25], [0.43, 0.58, 0.42], [0.25, 0.42, 0.67]], "float32")


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
    `objective`: what to strive for. `levels`: the gradient is evened out over so many scales.
    `colour`: from 0 (as the gradient has them) to 1 (as photographs have them).
    `tile`: larger pictures are worked on in overlapping squares of so many pixels, which keeps
    memory small; a multiple of 32, so that every tile meets the network's strides alike.
    """

    def __init__(
        self,
        backbone,
        layers: str | Sequence[str],
        objective: Objective = strength,
        levels: int = 4,
        colour: float = 0.5,
        tile: int = 512,
    ) -> None:
        """Raise `backbones.BackboneError` for a layer that isn't there, DreamError for a tile."""
        if tile < 2 * SMALLEST or tile % 32:
            raise DreamError(f"tile={tile} won't do: take a multiple of 32 from {2 * SMALLEST} on.")
        self.network = backbone.upto([layers] if isinstance(layers, str) else list(layers))
        self._look = compiled(self.network, backbone.scale)
        self._scale, self._objective, self._tile = backbone.scale, objective, tile
        self._levels, self._mix = levels, colour_mix(colour)
        picture = tf.TensorSpec([None, None, 3])
        self._slope = tf.function(self._slope, input_signature=[picture])
        self._climb = tf.function(
            self._climb, input_signature=[picture, picture, tf.TensorSpec([])]
        )

    def features(self, picture) -> Features:
        """Return the layers' answers to a picture: whatever `images.read` takes."""
        return self._look(tf.constant(images.read(picture)[None], tf.float32))

    def gradient(self, picture) -> tuple[tf.Tensor, float]:
        """Return in which direction the objective rises, (height, width, 3), and the objective.

        `picture`: float32, (height, width, 3), from 0 to 255. The gradient's length says nothing:
        it depends on the layer and on the tiles.
        """
        picture = tf.convert_to_tensor(picture, tf.float32)
        height, width = picture.shape[:2]
        if max(height, width) <= self._tile:
            slope, activation = self._slope(picture)
            return slope, float(activation)
        total = np.zeros((height, width, 3), "float32")
        weights = np.zeros((height, width, 1), "float32")
        activations = []
        for rows, down in tiles(height, self._tile):
            for columns, across in tiles(width, self._tile):
                slope, activation = self._slope(picture[rows, columns])
                weight = (down[:, None] * across)[..., None]
                total[rows, columns] += weight * slope
                weights[rows, columns] += weight
                activations.append(float(activation))
        return tf.constant(total / weights), float(np.mean(activations))

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
        steps: int = 12,
        octaves: int = 4,
        step_size: float = 3.0,
        jitter: int = 32,
        seed: int = 0,
    ) -> Iterator[Stage]:
        """Dream step by step: yield a `Stage` after each one.

        `steps` are taken at each of `octaves` sizes, each `OCTAVE` times the one before, the last
        one the picture's own. `step_size`: how far a step moves the pixels, of 0-255, on average.
        `jitter`: before each step the picture is shifted at random, by up to so many pixels. The
        same `seed` gives the same dream.
        """
        if steps < 0 or octaves < 1 or jitter < 0:
            raise DreamError("steps and jitter can't be negative, and octaves is 1 or more.")
        base, crop = _roomy(images.read(picture))
        sizes = _octaves(base.shape[:2], octaves)
        draw = np.random.default_rng(seed)
        dreamt = tf.zeros((1, 1, 3))
        for number, size in enumerate(sizes):
            plain = _resized(base, size)
            x = tf.clip_by_value(plain + _resized(dreamt, size), 0.0, 255.0)
            for done in range(number * steps + 1, (number + 1) * steps + 1):
                shift = draw.integers(-jitter, jitter + 1, 2)
                x, activation = self.step(x, step_size, shift)
                picture = partial(_finished, base, x - plain, crop)
                yield Stage(done, steps * len(sizes), activation, picture)
            dreamt = x - plain

    def step(self, x, step_size: float = 3.0, shift=(0, 0)) -> tuple[tf.Tensor, float]:
        """Take one step uphill; return the new picture, float32 (height, width, 3), and the
        objective before it. `shift`: by how many pixels, down and right, to shift it meanwhile.
        """
        shift = tf.constant(shift, tf.int32)
        moved = tf.roll(x, shift, (0, 1))
        slope, activation = self.gradient(moved)
        moved = self._climb(moved, slope, tf.constant(step_size, tf.float32))
        return tf.roll(moved, -shift, (0, 1)), activation

    def _slope(self, picture):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            features = self.network(self._scale(picture)[None], training=False)
            activation = self._objective(tf.nest.flatten(features))
        return tape.gradient(activation, picture), activation

    def _climb(self, picture, slope, step_size):
        direction = normalised(slope, self._levels) @ self._mix
        return tf.clip_by_value(picture + step_size * direction / _spread(direction), 0.0, 255.0)


def normalised(gradient, levels: int = 1):
    """Return a gradient (height, width, 3) with a standard deviation of 1.

    With `levels`, that is done for coarser and coarser versions of it too, and they are added: a
    raw gradient is mostly fine grain, and the large shapes in it are too faint to be followed.
    """
    total = coarse = gradient / _spread(gradient)
    size = tf.shape(gradient)[:2]
    for _ in range(levels - 1):
        coarse = tf.nn.avg_pool2d(coarse[None], 2, 2, "SAME")[0]
        wide = tf.image.resize(coarse, size)
        total += wide / _spread(wide)
    return total / _spread(total)


def colour_mix(share: float) -> np.ndarray:
    """Return the matrix (3, 3) that gives a gradient `share` (0 to 1) of a photograph's colours."""
    if not 0 <= share <= 1:
        raise DreamError(f"colour={share} won't do: give a share from 0 to 1.")
    natural = COLOURS @ COLOURS
    natural *= 3 / np.trace(natural)
    return ((1 - share) * np.eye(3) + share * natural).astype("float32")


def _spread(gradient):
    return tf.math.reduce_std(gradient) + TINY


def compiled(network, scale) -> Callable[[tf.Tensor], Features]:
    """Return a network as one function of pictures from 0 to 255: a list, an entry per output.

    Called directly, a Keras model keeps the answers of every layer until the last has answered;
    this drops what it needs no longer.
    """
    gc.collect()  # what earlier ones compiled: its parts hold one another, so it does not go alone

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
    def look(pictures):
        return tf.nest.flatten(network(scale(pictures), training=False))

    return look


def _roomy(pixels: np.ndarray) -> tuple[tf.Tensor, tuple[slice, slice]]:
    """Return the picture as float32, mirrored outwards where it is too small, and where it lies."""
    height, width = pixels.shape[:2]
    more = [max(0, SMALLEST - side) for side in (height, width)]
    before = [extra // 2 for extra in more]
    around = [(b, extra - b) for b, extra in zip(before, more, strict=True)]
    padded = np.pad(pixels, [*around, (0, 0)], mode="symmetric")
    crop = slice(before[0], before[0] + height), slice(before[1], before[1] + width)
    return tf.constant(padded, tf.float32), crop


def _octaves(size, octaves: int) -> list[tuple[int, ...]]:
    """Return (height, width) from small to full size, none smaller than networks can take."""
    shrunk = [tuple(round(side / OCTAVE**i) for side in size) for i in range(octaves - 1, 0, -1)]
    return [pair for pair in shrunk if min(pair) >= SMALLEST] + [tuple(size)]


def _resized(picture, size):
    return tf.image.resize(picture, size, method="bicubic", antialias=True)


def _finished(base, dreamt, crop) -> np.ndarray:
    """Add what was dreamt, at whatever size, to the picture; return it as uint8."""
    return images.as_bytes((base + _resized(dreamt, base.shape[:2])) / 255)[crop]


def tiles(length: int, tile: int) -> list[tuple[slice, np.ndarray]]:
    """Cut a side into overlapping tiles: return (where, weight of each pixel) for each.

    Neighbours share a quarter. A tile's outermost pixels lack their surroundings, so there its
    weight is 0; towards its middle it rises to 1, and the neighbour's falls: no seam can show.
    """
    if length <= tile:
        return [(slice(0, length), np.ones(length, "float32"))]
    shared = tile // 128 * 32
    starts = [*range(0, length - tile, tile - shared), length - tile]
    rise = np.clip((np.arange(tile) - shared / 4 + 0.5) / (shared / 2), 0, 1)
    cut = []
    for start in starts:
        weight = np.ones(tile)
        if start > 0:
            weight = np.minimum(weight, rise)
        if start + tile < length:
            weight = np.minimum(weight, rise[::-1])
        cut.append((slice(start, start + tile), weight.astype("float32")))
    return cut


def nudge(
    backbone, picture, class_number: int, amount: int = 2, steps: int = 1, toward: bool = False
) -> np.ndarray:
    """Change every pixel by `amount` of 0-255 so that a class becomes less likely, in each step.

    `toward=True`: more likely. `picture`: whatever `images.read` takes. Returns uint8, (height,
    width, 3), of the network's size. The fast gradient sign method (Goodfellow et al. 2015).
    """

    @tf.function
    def direction(pixels):
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            logits = backbone.model(backbone.scale(pixels[None]), training=False)
            chance = tf.nn.log_softmax(logits)[0, class_number]
        return tf.sign(tape.gradient(chance, pixels))

    pixels = tf.constant(images.read(picture, backbone.size), tf.float32)
    for _ in range(steps):
        change = (amount if toward else -amount) * direction(pixels)
        pixels = tf.clip_by_value(pixels + change, 0.0, 255.0)
    return images.as_bytes(pixels / 255)
