"""Turn a classifier round: keep the network, and change the picture until a layer likes it.

    lite = backbones.load("efficientnet_lite0", top=False)
    Dreamer(lite, "block11_expand_bn").dream(photograph).picture       # DeepDream
    Visualiser(lite, "block6_expand_bn").see([77]).pictures[0]         # what one channel looks for
    nudge(classifier, photograph, class_number)                        # the same trick, with malice

Sources: Mordvintsev, Olah, Tyka: Inceptionism: going deeper into neural networks (2015); Olah,
Mordvintsev, Schubert: Feature visualization (Distill, 2017); Goodfellow, Shlens, Szegedy:
Explaining and harnessing adversarial examples (arXiv 1412.6572).

Inside, a picture is float32 from 0 to 255. The network is cut off after the last layer in use, and
each Dreamer or Visualiser compiles its step once, for pictures of any size.
"""

import gc
import io
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from helpers import images

SMALLEST = 96  # pixels: networks shrink a picture 32 times, and some refuse less than 75
TINY = 1e-8  # keeps a division by a gradient of zero harmless

# How the colours of a photograph vary together: the square root of the covariance of red, green and
# blue in the workshop's colour photographs. All three rise and fall as one far more than they part.
COLOURS = np.array([[0.87, 0.43, 0.25], [0.43, 0.58, 0.42], [0.25, 0.42, 0.67]], "float32")

Features = list  # of tensors (n, height, width, channels), one for each layer
Objective = Callable[[Features], tf.Tensor]
Progress = Callable[[int, int], object]  # (steps done, steps in all); False stops


class DreamError(ValueError):
    """A setting that can't work; the message says which, and what to do."""


# -- what to strive for --------------------------------------------------------------------------


def strength(features: Features) -> tf.Tensor:
    """Return how strongly the layers answer: the mean square of what is above zero, summed up."""
    return tf.add_n([tf.reduce_mean(tf.square(tf.nn.relu(layer))) for layer in features])


def mixture(weights: Sequence[float]) -> Objective:
    """Return an objective in which each layer counts as much as its weight says.

    Layers differ a hundredfold in how strongly they answer. Logarithms make that no matter: what
    counts is by which factor an answer grows.
    """

    def objective(features: Features) -> tf.Tensor:
        logs = [tf.math.log(strength([layer]) + TINY) for layer in features]
        return tf.add_n([weight * log for weight, log in zip(weights, logs, strict=True)])

    return objective


def toward(guide: Features) -> Objective:
    """Return an objective that draws each place towards what it resembles most in a guide picture.

    `guide`: the guide's features, of the same layers, as `Dreamer.features` gives them.
    """
    answers = [tf.nn.relu(tf.reshape(layer, (-1, layer.shape[-1]))) for layer in guide]

    def objective(features: Features) -> tf.Tensor:
        likeness = []
        for layer, wanted in zip(features, answers, strict=True):
            here = tf.reshape(layer, (-1, tf.shape(layer)[-1]))
            best = tf.argmax(tf.matmul(here, wanted, transpose_b=True), axis=1)
            likeness.append(tf.reduce_mean(here * tf.gather(wanted, best)))
        return tf.add_n(likeness)

    return objective


# -- DeepDream -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dream:
    """What came of a dream.

    `picture`: uint8, (height, width, 3). `activations`: the objective before each step. `finished`:
    False if it was stopped before the last step, and this is how far it came.
    """

    picture: np.ndarray = field(repr=False)
    activations: tuple[float, ...] = field(repr=False)
    finished: bool


@dataclass(frozen=True)
class Stage:
    """A dream on the way, after `done` of `total` steps; `picture()` shows it at its full size."""

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
        compiled: bool = True,
    ) -> None:
        """Raise `backbones.BackboneError` for a layer that isn't there, DreamError for a tile."""
        if tile < 2 * SMALLEST or tile % 32:
            raise DreamError(f"tile={tile} won't do: take a multiple of 32 from {2 * SMALLEST} on.")
        names = [layers] if isinstance(layers, str) else list(layers)
        self.network = backbone.upto(names)
        self._look = _compiled(self.network, backbone.scale)
        self._scale, self._objective, self._tile = backbone.scale, objective, tile
        self._levels, self._mix = levels, colour_mix(colour)
        if compiled:
            picture = tf.TensorSpec([None, None, 3])
            self._slope = tf.function(self._slope, input_signature=[picture])
            self._climb = tf.function(
                self._climb, input_signature=[picture, picture, tf.TensorSpec([])]
            )

    def features(self, picture) -> Features:
        """Return the layers' answers to a picture: whatever `images.read` takes."""
        return self._look(tf.constant(images.read(picture)[None], tf.float32))

    def activation(self, picture) -> float:
        """Return the objective for a picture: whatever `images.read` takes."""
        return float(self._objective(self.features(picture)))

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

    def dream(
        self,
        picture,
        steps: int = 12,
        octaves: int = 4,
        scale: float = 1.4,
        step_size: float = 3.0,
        jitter: int = 32,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Dream:
        """Dream, and return the `Dream`; an interrupt returns it as far as it came.

        `picture`: whatever `images.read` takes; the dream has its size. `steps` are taken at each
        of `octaves` sizes, each `scale` times the one before, the last one the picture's own.
        `step_size`: how far a step moves the pixels, of 0-255, on average. `jitter`: before each
        step the picture is shifted at random, by up to so many pixels. The same `seed` gives the
        same dream. `progress(done, total)` is called after each step; where it returns False, the
        dream ends there.
        """
        settings = (steps, octaves, scale, step_size, jitter, seed)
        pixels = images.read(picture)
        latest, activations = None, []
        try:
            for latest in self.stages(pixels, *settings):
                activations.append(latest.activation)
                if progress and progress(latest.done, latest.total) is False:
                    break
        except KeyboardInterrupt:
            if latest is None:
                return Dream(pixels, (), False)
        if latest is None:
            return Dream(pixels, (), True)
        return Dream(latest.picture(), tuple(activations), latest.done == latest.total)

    def stages(
        self,
        picture,
        steps: int = 12,
        octaves: int = 4,
        scale: float = 1.4,
        step_size: float = 3.0,
        jitter: int = 32,
        seed: int = 0,
    ) -> Iterator[Stage]:
        """Dream step by step: yield a `Stage` after each one. The settings are those of `dream`."""
        if steps < 0 or octaves < 1 or scale <= 1 or jitter < 0:
            raise DreamError("steps and jitter can't be negative, octaves is 1 or more, scale > 1.")
        base, crop = _roomy(images.read(picture))
        sizes = _octaves(base.shape[:2], octaves, scale)
        draw = np.random.default_rng(seed)
        dreamt, total = None, steps * len(sizes)
        for number, size in enumerate(sizes):
            plain = _resized(base, size)
            added = 0.0 if dreamt is None else _resized(dreamt, size)
            x = tf.clip_by_value(plain + added, 0.0, 255.0)
            for step in range(steps):
                shift = draw.integers(-jitter, jitter + 1, 2)
                x, activation = self.step(x, step_size, shift)
                yield Stage(
                    number * steps + step + 1,
                    total,
                    activation,
                    lambda x=x, plain=plain: _finished(base, x - plain, crop),
                )
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
            activation = self._objective(_as_list(features))
        return tape.gradient(activation, picture), activation

    def _climb(self, picture, slope, step_size):
        direction = normalised(slope, self._levels) @ self._mix
        return tf.clip_by_value(picture + step_size * direction / (_spread(direction)), 0.0, 255.0)


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


def _compiled(network, scale) -> Callable[[tf.Tensor], Features]:
    """Return the network as one function of pictures, which drops what it needs no longer.

    Called directly, a Keras model keeps the answers of every layer until the last has answered.
    """

    _tidy()

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
    def look(pictures):
        return _as_list(network(scale(pictures), training=False))

    return look


def _tidy() -> None:
    """Free what earlier dreamers compiled: its parts hold one another, so it does not go alone."""
    gc.collect()


def _as_list(features) -> Features:
    return list(features) if isinstance(features, list | tuple) else [features]


def _roomy(pixels: np.ndarray) -> tuple[tf.Tensor, tuple[slice, slice]]:
    """Return the picture as float32, mirrored outwards where it is too small, and where it lies."""
    height, width = pixels.shape[:2]
    more = [max(0, SMALLEST - side) for side in (height, width)]
    before = [extra // 2 for extra in more]
    around = [(b, extra - b) for b, extra in zip(before, more, strict=True)]
    padded = np.pad(pixels, [*around, (0, 0)], mode="symmetric")
    crop = slice(before[0], before[0] + height), slice(before[1], before[1] + width)
    return tf.constant(padded, tf.float32), crop


def _octaves(size, octaves: int, scale: float) -> list[tuple[int, int]]:
    """Return (height, width) from small to full size, none smaller than networks can take."""
    height, width = (int(side) for side in size)
    shrunk = [
        (round(height / scale**i), round(width / scale**i)) for i in range(octaves - 1, 0, -1)
    ]
    return [pair for pair in shrunk if min(pair) >= SMALLEST] + [(height, width)]


def _resized(picture, size):
    return tf.image.resize(picture, size, method="bicubic", antialias=True)


def _finished(base, dreamt, crop) -> np.ndarray:
    """Add what was dreamt, at whatever size, to the picture; return it as uint8."""
    whole = base + _resized(dreamt, base.shape[:2])
    return _bytes(whole)[crop]


def _bytes(picture) -> np.ndarray:
    return np.clip(np.round(np.asarray(picture)), 0, 255).astype(np.uint8)


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


# -- a zoom into the dream -----------------------------------------------------------------------


def zoom(
    dreamer: Dreamer,
    picture,
    frames: int = 24,
    steps: int = 3,
    scale: float = 1.05,
    step_size: float = 3.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[np.ndarray]:
    """Dream, zoom in a little, dream on: return the frames, uint8 (height, width, 3).

    Each frame is `scale` times larger than the one before it, and cut to the same size. An
    interrupt returns the frames so far; where `progress(done, total)` returns False, it ends there.
    """
    shots = []
    current = images.read(picture)
    try:
        for number in range(frames):
            current = dreamer.dream(
                current, steps, octaves=1, step_size=step_size, seed=seed + number
            ).picture
            shots.append(current)
            if progress and progress(number + 1, frames) is False:
                break
            current = _nearer(current, scale)
    except KeyboardInterrupt:
        pass
    return shots


def _nearer(pixels: np.ndarray, scale: float) -> np.ndarray:
    height, width = pixels.shape[:2]
    box = [side * (1 - 1 / scale) / 2 for side in (width, height)]
    box += [width - box[0], height - box[1]]
    near = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC, box=box)
    return np.asarray(near)


def animation(shots: Sequence[np.ndarray], format: str = "webp", milliseconds: int = 80) -> bytes:
    """Return frames as the bytes of an animated WebP or GIF, running there and back for ever."""
    if format not in ("webp", "gif"):
        raise DreamError(f"{format!r} can't hold an animation here: take 'webp' or 'gif'.")
    if not len(shots):
        raise DreamError("There are no frames: an animation needs at least one.")
    there = [Image.fromarray(shot) for shot in shots]
    rest = there[1:] + there[-2:0:-1]
    buffer = io.BytesIO()
    there[0].save(
        buffer,
        format.upper(),
        save_all=True,
        append_images=rest,
        duration=milliseconds,
        loop=0,
        **({"quality": 70, "method": 4} if format == "webp" else {}),
    )
    return buffer.getvalue()


def write_animation(path, shots: Sequence[np.ndarray], milliseconds: int = 80) -> None:
    """Write frames as .webp or .gif; the file appears whole or not at all."""
    path = Path(path)
    data = animation(shots, path.suffix.lstrip(".").lower(), milliseconds)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise DreamError(
            f"{path} can't be written ({error.strerror}): choose another folder."
        ) from None
    finally:
        part.unlink(missing_ok=True)


# -- feature visualisation -----------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What came of looking: `pictures`, uint8 (n, size, size, 3), and `activations` (n,)."""

    pictures: np.ndarray = field(repr=False)
    activations: np.ndarray
    finished: bool


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
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=tf.stack(row)[None],
        output_shape=[size, size],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )


class Visualiser:
    """Pictures that excite single channels of a layer, or single classes, out of nothing.

    `layer`: feature maps, of which the mean over all places counts, or logits.
    """

    def __init__(self, backbone, layer: str) -> None:
        """Raise `backbones.BackboneError` for a layer that isn't there."""
        _tidy()
        self.network = backbone.upto(layer)
        self._scale = backbone.scale
        self._fixed = self.network.input_shape[1]
        self.channels = int(self.network.output_shape[-1])
        spectra, number = tf.TensorSpec([None, 3, None, None, 2]), tf.TensorSpec([])
        self._answers = tf.function(self._answers, reduce_retracing=True)
        self._step = tf.function(
            self._step,
            input_signature=[
                [spectra, spectra, spectra],
                number,
                tf.TensorSpec([None], tf.int32),
                [number, number, tf.TensorSpec([2])],
                number,
            ],
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
        progress: Progress | None = None,
    ) -> Seen:
        """Return a picture for each of `channels`, found by `steps` of Adam, as `Seen`.

        `rate`: Adam's learning rate. Before each step the pictures are scaled, turned (degrees) and
        shifted (pixels) at random, within these limits, so that only what survives it is kept. An
        interrupt returns the pictures so far; so does `progress(done, total)` returning False.
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
        numbers, done = tf.constant(channels), 0
        try:
            for done in range(1, steps + 1):
                change = [
                    tf.constant(draw.uniform(*scales), tf.float32),
                    tf.constant(draw.uniform(-turn, turn), tf.float32),
                    tf.constant(draw.uniform(-shift, shift, 2), tf.float32),
                ]
                state = self._step(state, float(done), numbers, change, rate)
                if progress and progress(done, steps) is False:
                    break
        except KeyboardInterrupt:
            done -= 1
        pictures = from_waves(state[0], size)
        return Seen(_bytes(pictures), self._answers(pictures, channels).numpy(), done == steps)

    def _answers(self, pictures, channels):
        """Return each picture's activation of its own channel: (n,)."""
        answers = self.network(self._scale(pictures), training=False)
        if len(answers.shape) == 4:
            answers = tf.reduce_mean(answers, (1, 2))
        return tf.gather(answers, channels, batch_dims=1)

    def _step(self, state, number, channels, change, rate):
        spectra, mean, square = state
        with tf.GradientTape() as tape:
            tape.watch(spectra)
            size = tf.shape(spectra)[2]
            pictures = from_waves(spectra, size)
            activation = tf.reduce_sum(self._answers(wobble(pictures, *change), channels))
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
    look = _compiled(backbone.upto(layer), backbone.scale)
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


# -- with malice ---------------------------------------------------------------------------------


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
    return _bytes(pixels)
