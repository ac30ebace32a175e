"""What to strive for: functions from the features of a picture to one number that shall rise.

Features are a list of tensors (n, height, width, channels), one for each layer in use.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

TINY = 1e-8  # keeps a logarithm and a division harmless where nothing answers

Features = list
Objective = Callable[[Features], tf.Tensor]


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
