"""The network that paints in one pass, in as many styles as you like.

Two steps down, residual blocks, two steps up (Johnson, Alahi, Fei-Fei: ECCV 2016). All styles share
the convolutions; each has a scale and an offset of its own for every channel (Dumoulin, Shlens,
Kudlur: ICLR 2017). Needs Keras alone, whichever backend it runs on.
"""

import keras
from keras import layers

EPSILON = 1e-5  # of the normalisation
CONTRACT, RESIDUALS, EXPAND = (24, 36, 72), 5, (36, 24)  # channels of the steps; blocks


def build(styles: int):
    """Return [pictures (n, height, width, 3) from 0 to 1, mixtures (n, styles)] -> pictures.

    A mixture of one 1 and zeros is a style; shares in between mix scales and offsets. Sides must be
    multiples of four.
    """
    pictures = keras.Input((None, None, 3), name="pictures")
    mixture = keras.Input((styles,), name="mixture")

    def block(x, channels, size=3, stride=1, activation="relu"):
        """Continue the picture as in a mirror, convolve, normalise, scale and shift, activate."""
        x = layers.Conv2D(channels, size, stride, use_bias=False)(mirrored(x, size // 2))
        x = layers.GroupNormalization(groups=-1, epsilon=EPSILON, center=False, scale=False)(x)
        x = x * of_style(channels, "scale", "ones") + of_style(channels, "offset", "zeros")
        return layers.Activation(activation)(x) if activation else x

    def of_style(channels, name, begin):
        name = f"{name}_{next(number)}"
        dense = layers.Dense(channels, use_bias=False, kernel_initializer=begin, name=name)
        return layers.Reshape((1, 1, channels))(dense(mixture))

    number, x = iter(range(1000)), pictures
    for channels, size, stride in zip(CONTRACT, (9, 3, 3), (1, 2, 2), strict=True):
        x = block(x, channels, size, stride)
    for _ in range(RESIDUALS):
        x = x + block(block(x, CONTRACT[-1]), CONTRACT[-1], activation=None)
    for channels in EXPAND:
        x = block(layers.UpSampling2D(2)(x), channels)
    return keras.Model([pictures, mixture], block(x, 3, 9, activation="sigmoid"), name="painter")


def mirrored(x, edge: int):
    """Continue maps by `edge` places on each side, as in a mirror."""
    return keras.ops.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)), mode="reflect")
