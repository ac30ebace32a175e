"""A new head for 198 pictures: features computed once, against `fit` through the frozen network.

Measured in the processor's seconds, so that what else runs on the machine counts little.
"""

import time

from harness import Measurement, timed

PICTURES, HELD_OUT, EPOCHS = 198, 198, 10


def bench_transfer_speedup():
    """Features and all, against ten epochs through the same network: same cut, same size."""
    import keras
    import numpy as np
    from keras import layers

    from helpers.start import set_seed, start
    from helpers.vision import backbones, photos, transfer

    def crops(count, part):
        each = [photos.crops(name, count // 3, part=part) for name in photos.TEXTURES]
        return np.concatenate(each), np.repeat(range(3), count // 3)

    start(0)
    x, y = crops(PICTURES, (0, 0.5))
    x_test, y_test = crops(HELD_OUT, (0.5, 1))
    bare = backbones.load("efficientnet_lite0", top=False)
    made = {}

    def lesson():
        front = transfer.extractor(bare)
        head = transfer.train_head(transfer.features(front, x), y, 3, epochs=EPOCHS)
        made["lesson"] = transfer.join(front, head)

    def through():
        set_seed(0)
        front = transfer.extractor(bare)
        # It can't know the features' means beforehand, so it learns them on the way.
        head = layers.BatchNormalization(momentum=0.9)(front.output)
        model = keras.Model(front.input, layers.Dense(3, kernel_initializer="zeros")(head))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(transfer.HEAD_RATE), loss)
        model.fit(x, y, batch_size=transfer.BATCH, epochs=EPOCHS, verbose=0)
        made["through"] = model

    for way in (through, lesson):  # warm up
        way()
    ratio = timed(through, time.process_time) / timed(lesson, time.process_time)
    accuracy = {
        way: (model.predict(x_test, batch_size=32, verbose=0).argmax(1) == y_test).mean()
        for way, model in made.items()
    }
    compared = (
        f"fit through the frozen network (accuracy {accuracy['through']:.3f})"
        f" / features once, then a head (accuracy {accuracy['lesson']:.3f}), "
        f"{PICTURES} pictures, {EPOCHS} epochs, seconds of the processor"
    )
    return Measurement("transfer_speedup", ratio, "×", compared)
