"""Pictures of any size through a network that paints, piece by piece and without seams.

Instance normalisation takes mean and spread of a whole picture's maps. Pieces that each took their
own would not fit together; so all take those of a copy of at most `WHOLE` pixels (Chen and others:
Towards ultra-resolution neural style transfer, AAAI 2022), and each sees as much around it as its
pixels depend on.
"""

import functools
import itertools
from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from helpers import images

WHOLE = 1024  # pixels of the longer side of what is painted at once
TILE, AROUND = 512, 64  # of a larger picture's pieces, and of what each sees around it
SMALLEST, MULTIPLE = 16, 4  # pixels: what a network that halves a picture twice can take


def pieces(
    picture: np.ndarray, network, more: tuple = (), prepare: Callable = images.as_floats
) -> Iterator[tuple[float, np.ndarray]]:
    """Paint uint8 (height, width, 3): yield the share that is done, and the picture so far.

    `network`: a Keras model of pictures from 0 to 1, and of what else is in `more`, a batch of one
    each. `prepare` turns the picture, or a piece of it, into floats from 0 to 1.
    """
    small = prepare(images.read(picture, WHOLE))
    if max(picture.shape) <= WHOLE:
        yield 1.0, paint_all_of(small, network, more)
        return
    held, painted = held_at(small, network, more), np.empty_like(picture)
    corners = list(itertools.product(*(range(0, side, TILE) for side in picture.shape[:2])))
    for done, corner in enumerate(corners, start=1):
        begin = [max(0, at - AROUND) for at in corner]
        wide = tuple(slice(b, at + TILE + AROUND) for b, at in zip(begin, corner, strict=True))
        piece = paint_all_of(prepare(picture[wide]), held, more)
        inner = tuple(slice(at - b, at - b + TILE) for b, at in zip(begin, corner, strict=True))
        painted[tuple(slice(at, at + TILE) for at in corner)] = piece[inner]
        yield done / len(corners), painted


def paint_all_of(picture: np.ndarray, network, more: tuple = ()) -> np.ndarray:
    """Paint floats (height, width, 3) at once: uint8 of the same size."""
    height, width = picture.shape[:2]
    return images.as_bytes(as_graph(network)(_ready(picture), *more)[0])[:height, :width]


@functools.lru_cache(maxsize=4)
def as_graph(network) -> Callable:
    """Compile a network once, for one picture of any size: it drops each map after its use."""
    shapes = [tf.TensorSpec((1, *one.shape[1:])) for one in network.inputs]
    run = tf.function(
        lambda *inputs: network(list(inputs)), input_signature=shapes, autograph=False
    )
    return lambda *inputs: run(*(tf.constant(one, "float32") for one in inputs))


def held_at(picture: np.ndarray, network, more: tuple = ()) -> keras.Model:
    """Return the network, its normalisations held at mean and spread of this picture's maps.

    So held, they are what batch normalisation is after its training.
    """
    norms = [one for one in network.layers if isinstance(one, keras.layers.GroupNormalization)]
    measure = keras.Model(network.inputs, [one.input for one in norms])

    def still(one):
        if one not in norms:
            return one
        parts = {"center": one.center, "scale": one.scale, "epsilon": one.epsilon}
        return keras.layers.BatchNormalization(**parts, name=one.name)

    model = keras.models.clone_model(network, clone_function=still)
    for one, maps in zip(norms, as_graph(measure)(_ready(picture), *more), strict=True):
        found = tf.nn.moments(maps, (0, 1, 2))
        model.get_layer(one.name).set_weights([*one.get_weights(), *found])
    return model


def _ready(picture: np.ndarray) -> np.ndarray:
    """Continue a picture to the right and below, for a network that halves it twice."""
    more = [max(SMALLEST, -(-side // MULTIPLE) * MULTIPLE) - side for side in picture.shape[:2]]
    return np.pad(picture, ((0, more[0]), (0, more[1]), (0, 0)), "edge")[None]
