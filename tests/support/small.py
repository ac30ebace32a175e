"""A network of three layers with fixed random weights, as quick as it is ignorant."""

import keras

from helpers.vision.backbones import Backbone


def small_network():
    """Return it as a `Backbone`, for pictures of any size."""
    keras.utils.set_random_seed(0)
    inputs = x = keras.Input((None, None, 3))
    for name, channels in (("first", 8), ("second", 12), ("third", 16)):
        x = keras.layers.Conv2D(channels, 3, 2, "same", name=name)(x)
    return Backbone(
        name="small",
        title="A small network",
        asset="efficientnet-lite0",
        size=(64, 64),
        scale=lambda pixels: pixels / 127.5 - 1.0,
        layers=("first", "second", "third"),
        model=keras.Model(inputs, x),
    )


def interrupted_after(count):
    """Return a function to be called after each step that interrupts the work at that call."""
    calls = []

    def watch(*_):
        calls.append(1)
        if len(calls) == count:
            raise KeyboardInterrupt

    return watch
