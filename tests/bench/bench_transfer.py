"""A new head for 400 pictures: features computed once, against `fit` through the frozen network."""

from dataclasses import replace

from harness import compare

PICTURES, HELD_OUT, EPOCHS = 400, 200, 10


def bench_transfer_speedup():
    """Lesson 04's way, features and all, against ten epochs through the network at its own size.

    The lesson's way is quicker for three reasons, which the two figures tell apart: it passes each
    picture through the network once instead of ten times, it cuts the network off in the middle,
    and it looks at 144 pixels instead of 224. `transfer_speedup_once` has the first reason alone.
    """
    return _race("transfer_speedup", cut="end", size=224)


def bench_same_cut_and_size():
    """The same race where the rival has the lesson's cut and size, too: ten passes against one."""
    from helpers.vision import transfer

    return _race("transfer_speedup_once", cut="middle", size=transfer.SIZE)


def _race(name, cut, size):
    import keras
    from keras import layers

    from helpers.start import set_seed, start
    from helpers.vision import backbones, cats_dogs, few_labels, transfer

    start(0)
    x, y = cats_dogs.draw(PICTURES, [80, 0])
    x_test, y_test = cats_dogs.draw(HELD_OUT, [80, 1])
    bare = backbones.load("efficientnet_lite0", top=False)
    made = {}

    def lesson():
        front = transfer.extractor(bare)
        head = transfer.train_head(transfer.features(front, x), y, 2, epochs=EPOCHS)
        made["lesson"] = transfer.join(front, head)

    def through():
        set_seed(0)
        front = transfer.extractor(bare, cut, size)
        # It can't know the features' means beforehand, so it learns them on the way.
        head = layers.BatchNormalization(momentum=0.9)(front.output)
        model = keras.Model(front.input, layers.Dense(2, kernel_initializer="zeros")(head))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(transfer.HEAD_RATE), loss)
        model.fit(x, y, batch_size=transfer.BATCH, epochs=EPOCHS, verbose=0)
        made["through"] = model

    found = compare(name, through, lesson, "", rounds=1)
    accuracy = {
        way: few_labels.accuracy(model.predict(x_test, batch_size=32, verbose=0), y_test)
        for way, model in made.items()
    }
    return replace(
        found,
        compared=(
            f"fit through the frozen network ({cut}, {size} px; accuracy {accuracy['through']:.3f})"
            f" / features once, then a head (accuracy {accuracy['lesson']:.3f}), "
            f"{PICTURES} pictures, {EPOCHS} epochs"
        ),
    )
