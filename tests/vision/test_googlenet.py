"""GoogLeNet: files in the original's format, read into a network that computes what Caffe does."""

import functools
import runpy
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import assets
from helpers.vision import backbones, googlenet, photos, transfer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with random weights as the original has them."""
    place, draw = tmp_path_factory.mktemp("googlenet"), np.random.default_rng(0)
    for name in assets.facts("googlenet").digests:
        file = place / name
        file.parent.mkdir(exist_ok=True)
        layer = name.rpartition("_")[0].replace("/", "_")
        filters = SHAPES[layer][-1]
        size = filters if name.endswith("bias.bin") else np.prod(SHAPES[layer])
        draw.normal(0, 1.5 / np.sqrt(size / filters), size).astype("<f4").tofile(file)
    return place


SCALE = backbones._network("googlenet").scale
SHAPES = {x.name: x.kernel.shape for x in googlenet.network().layers if x.weights}


def caffe(folder, picture):
    """Return the maps that the original makes of a picture, written down in plain TensorFlow."""

    def conv(x, name, strides=1):
        bias = np.fromfile(folder / f"{name}_bias.bin", "<f4")
        side, channels = SHAPES[name.replace("/", "_")][0], x.shape[-1]
        kernel = np.fromfile(folder / f"{name}_filter.bin", "<f4")
        kernel = kernel.reshape(len(bias), side, side, channels).transpose(1, 2, 3, 0)
        return tf.nn.relu(tf.nn.conv2d(x, kernel, strides, "SAME") + bias)

    def normalised(x):
        return tf.nn.local_response_normalization(x, 2, 1.0, 2e-5, 0.75)

    def module(x, name):
        three = conv(conv(x, f"{name}/3x3_reduce"), f"{name}/3x3")
        five = conv(conv(x, f"{name}/5x5_reduce"), f"{name}/5x5")
        pool = conv(tf.nn.max_pool2d(x, 3, 1, "SAME"), f"{name}/pool_proj")
        return tf.concat([conv(x, f"{name}/1x1"), three, five, pool], -1)

    x = picture[..., ::-1] - np.array([104, 117, 123], "float32")
    x = normalised(tf.nn.max_pool2d(conv(x, "conv1/7x7_s2", 2), 3, 2, "SAME"))
    x = normalised(conv(conv(x, "conv2/3x3_reduce"), "conv2/3x3"))
    for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"):
        if name in ("3a", "4a", "5a"):
            x = tf.nn.max_pool2d(x, 3, 2, "SAME")
        x = module(x, f"inception_{name}")
    return x


def test_it_computes_what_caffe_does(folder):
    picture = np.random.default_rng(1).uniform(0, 255, (1, 96, 64, 3)).astype("float32")
    model = googlenet.load(folder, top=False)
    maps = model(SCALE(picture))
    wanted = caffe(folder, picture).numpy()
    np.testing.assert_allclose(maps, wanted, atol=1e-4 * wanted.max())


def test_a_classifier_made_of_it_needs_keras_alone(folder, tmp_path):
    bare = googlenet.load(folder, top=False)
    front = backbones.Backbone("g", "G", "googlenet", (64, 64), SCALE, (), bare)
    extractor = transfer.extractor(front, "inception_3a_output", 64)
    picture = np.random.default_rng(1).integers(0, 255, (1, 64, 64, 3), np.uint8)
    maps = front.upto("inception_3a_output")(front.prepare(picture))
    np.testing.assert_allclose(extractor(picture), np.mean(maps, (1, 2)), rtol=1e-4)
    extractor.save(tmp_path / "part.keras")
    again = keras.models.load_model(tmp_path / "part.keras")
    np.testing.assert_allclose(again(picture), np.mean(maps, (1, 2)), rtol=1e-4)


def filled(model, place):
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(googlenet.read(place, layer.name, layer.kernel.shape))
    return model


@pytest.mark.parametrize("name", googlenet.PLANS)
def test_the_learner_builds_the_same_network(name, folder, lesson):
    place = folder if name == "googlenet" else assets.path("inception-small")
    theirs = filled(lesson.build_googlenet(lesson.module_solution, googlenet.PLANS[name]), place)
    picture = np.random.default_rng(2).normal(0, 60, (1, *theirs.input_shape[1:]))
    wanted = np.asarray(googlenet.load(place, top=True)(picture))
    np.testing.assert_allclose(theirs(picture), wanted, atol=1e-4 * np.abs(wanted).max())


BUILT = runpy.run_path(str(Path(__file__).with_name("answers.py")))["built"]
WRONG = [  # a module: what the file says of its weights, "" where all find a place
    ({"sizes": (5, 3)}, "'inception_3a_3x3' has the shape"),
    ({"reduce": False}, "'inception_3a_5x5' has the shape"),
    ({"order": (0, 1, 2)}, "'inception_3b_.*' has the shape"),
    ({"order": (1, 0, 2, 3)}, ""),
    ({"activation": None}, ""),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG)
def test_a_wrong_module_is_told_by_the_file_or_seen_in_what_the_network_says(wrong, told, lesson):
    name = "inception_small"
    model = lesson.build_googlenet(functools.partial(BUILT, **wrong), googlenet.PLANS[name])
    if told:
        with pytest.raises(ValueError, match=told):
            filled(model, assets.path("inception-small"))
        return
    theirs = backbones.around(filled(model, assets.path("inception-small")), name)
    said = [one.probabilities(photos.load("coffee"))[0] for one in (theirs, backbones.load(name))]
    assert said[0].argmax() != said[1].argmax()


def test_a_layer_that_the_weights_do_not_know_gets_its_sentence(folder):
    for place in (folder, assets.path("inception-small")):
        with pytest.raises(ValueError, match="no weights for a layer called 'conv2d_7'"):
            googlenet.read(place, "conv2d_7", (1, 1, 1, 1))
