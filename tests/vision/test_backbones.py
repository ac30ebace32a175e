"""Pretrained networks: real photographs named, weights from a file, refused when they are wrong."""

import shutil

import h5py
import keras
import numpy as np
import pytest
from loopback import Loopback, serve
from PIL import Image

from helpers import assets, downloads
from helpers.vision import backbones, lite0, photos, torch_weights, transfer
from helpers.vision.backbones import BackboneError

# -- EfficientNet-Lite0 --------------------------------------------------------------------------


def test_it_names_real_photographs(lite):
    cats = {"tabby", "tiger cat", "Egyptian cat"}
    wanted = {"cat": cats, "coffee": {"espresso"}, "photographer": {"tripod"}}
    wanted |= {"palace": {"palace"}, "flower": {"daisy"}}
    for name, names in wanted.items():
        guesses = lite.classify(photos.load(name))
        assert backbones.short(guesses[0][0]) in names
        shares = [share for _, share in guesses]
        assert len(guesses) == 5 and shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) <= 1.0001
    assert {backbones.short(name) for name, _ in lite.classify(photos.load("cat"), 3)} == cats


def test_every_tensor_of_the_checkpoint_is_used_once(lite):
    weights = torch_weights.read(assets.path("efficientnet-lite0"))
    keys = [lite0.key(layer.name) for layer in lite.model.layers if layer.weights]
    used = {name for name in weights if any(name.startswith(f"{key}.") for key in keys)}
    assert used == set(weights) and len(keys) == len(set(keys))
    counters = [name for name in weights if name.endswith("num_batches_tracked")]
    assert lite.model.count_params() == sum(x.size for x in weights.values()) - len(counters)


def test_without_its_top_it_takes_any_size_and_gives_the_same_features(lite):
    bare = backbones.load("efficientnet_lite0", top=False)
    x = lite.prepare(photos.load("cat"))
    np.testing.assert_allclose(bare.model(x), lite.upto("head_relu")(x), rtol=1e-4, atol=1e-4)
    assert bare.model(np.zeros((1, 64, 96, 3), "float32")).shape == (1, 2, 3, 1280)
    with pytest.raises(BackboneError, match="without its top"):
        bare.classify(photos.load("cat"))


def test_parts_share_the_weights_and_an_unknown_layer_gets_its_sentence(lite):
    assert all(lite.model.get_layer(name) for name in (*lite.layers, *lite.cuts.values()))
    early, late = lite.upto(["block2_expand_bn", "head_bn"])(np.zeros((1, 224, 224, 3), "float32"))
    assert early.shape[1] > late.shape[1]
    assert lite.upto("stem_bn").get_layer("stem_conv") is lite.model.get_layer("stem_conv")
    with pytest.raises(BackboneError, match=r"no layer 'mixed4'.*head_bn"):
        lite.upto("mixed4")


def test_pictures_of_any_kind_become_inputs(lite, tmp_path):
    dot = tmp_path / "dot.gif"
    Image.new("P", (1, 1)).save(dot)
    grey, tall = np.full((10, 30), 127, np.uint8), np.full((300, 20, 3), 255, np.uint8)
    x = lite.prepare([dot, dot.read_bytes(), grey, tall])
    assert x.shape == (4, 224, 224, 3) and x.dtype == np.float32
    assert np.all(x[2] == 0) and np.all(x[3] == 1)
    assert lite.prepare(np.zeros((2, 50, 60, 3), np.uint8)).shape == (2, 224, 224, 3)
    with pytest.raises(BackboneError, match="no pictures"):
        lite.prepare([])


def test_where_it_comes_from_and_what_it_names(lite):
    assert "EfficientNet-Lite0" in lite.source and "Apache-2.0" in lite.source
    assert len(lite.class_names) == 1000 and lite.class_names[281] == "tabby, tabby cat"
    with pytest.raises(BackboneError, match="There are: inception_v3, googlenet,"):
        backbones.load("resnet")
    with pytest.raises(BackboneError):
        backbones.first_here("inception")


# -- InceptionV3 ---------------------------------------------------------------------------------


def tiny_inception(monkeypatch):
    """Put a network of five layers in InceptionV3's place: quick, and built the same way."""

    def build(include_top=True, weights=None, classifier_activation=None):
        inputs = keras.Input((32, 32, 3) if include_top else (None, None, 3))
        x = keras.layers.Conv2D(4, 3, 2, use_bias=False)(inputs)
        x = keras.layers.BatchNormalization(scale=False)(x)
        x = keras.layers.Concatenate(name="mixed5")([x, x])
        x = keras.layers.Activation("relu", name="mixed10")(keras.layers.Conv2D(6, 3)(x))
        if include_top:
            x = keras.layers.GlobalAveragePooling2D()(x)
            x = keras.layers.Dense(1000, name="predictions")(x)
        return keras.Model(inputs, x, name="inception_v3")

    monkeypatch.setattr(keras.applications, "InceptionV3", build)
    return build()


def test_weights_come_once_and_serve_with_and_without_the_top(shelf, original, monkeypatch):
    model = tiny_inception(monkeypatch)
    file = original(model)
    choice = ("inception_v3", "efficientnet_lite0")
    monkeypatch.setattr(downloads, "PAUSE", 0.01)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Loopback() as server:
        server.pages["/inception"] = serve(file.read_bytes())
        shelf("inception-v3", file, server.url("/inception"))
        assert backbones.first_here(*choice) == "efficientnet_lite0"
        assert backbones.first_here("vgg19", "inception_v3") == "inception_v3"  # none is here
        with pytest.raises(assets.AssetError, match="WORKSHOP_OFFLINE"):
            backbones.load("inception_v3")
        monkeypatch.delenv("WORKSHOP_OFFLINE")
        loaded = backbones.load("inception_v3")
        monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
        bare = backbones.load("inception_v3", top=False)
        assert server.asked == ["/inception"] and backbones.first_here(*choice) == "inception_v3"
    assert "in the cache" in loaded.source and bare.asset == "inception-v3"
    assert loaded.scale(np.array([0, 255])).tolist() == [-1, 1]
    x = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    np.testing.assert_allclose(loaded.model(x), model(x), rtol=1e-4, atol=1e-5)
    maps = keras.Model(model.input, model.get_layer("mixed10").output)(x)
    np.testing.assert_allclose(bare.model(x), maps, rtol=1e-4, atol=1e-5)
    assert bare.class_names == () and bare.model(x[:, :20, :24]).shape[-1] == 6


def test_the_smaller_file_will_do_and_a_wrong_one_is_refused(shelf, original, monkeypatch):
    tiny_inception(monkeypatch)
    file = original(keras.applications.InceptionV3(include_top=False))
    place = shelf("inception-v3-notop", file)
    shutil.copy(file, place)
    bare = backbones.load("inception_v3", top=False)
    assert bare.asset == "inception-v3-notop" and len(bare.model.weights) == 6
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)
    with pytest.raises(assets.AssetError, match="its MD5 is another"):
        backbones.load("inception_v3", top=False)


@pytest.mark.slow
def test_the_whole_inception_does_what_the_lesson_asks(shelf, original, lesson, tmp_path):
    """Random weights in the original's format, read after other models took Keras's names."""
    model = keras.applications.InceptionV3(weights=None, classifier_activation=None)
    file = original(model)
    shutil.copy(file, shelf("inception-v3", file))
    for top in (True, False):
        loaded = backbones.load("inception_v3", top=top)
        assert all(loaded.model.get_layer(name) for name in loaded.layers)
    x = loaded.scale(np.full((1, 299, 299, 3), 100, "float32"))
    maps = keras.Model(model.input, model.get_layer("mixed10").output)(x)
    np.testing.assert_allclose(loaded.model(x), maps, rtol=1e-3, atol=1e-3)
    bare = original(keras.applications.InceptionV3(weights=None, include_top=False))
    family = keras.applications.inception_v3
    plain, whole = lesson.plain_keras(2, 96, bare, family.InceptionV3, family.preprocess_input)
    first = plain.get_layer("mixed0").output
    np.testing.assert_allclose(
        keras.Model(plain.input, first)(x), loaded.upto("mixed0")(x), rtol=1e-3, atol=1e-3
    )
    assert len(whole.trainable_weights) == 2
    front = transfer.extractor(loaded, "middle", 96)
    part = front.layers[transfer.PART]
    lesson.unfreeze(part, "mixed5")
    learn = [layer for layer in part.layers if layer.trainable and layer.weights]
    assert len(learn) == 10  # the convolutions of mixed6
    y = np.arange(8) // 4
    pictures = np.stack([*photos.crops("brick", 4), *photos.crops("grass", 4)])
    head = transfer.train_head(transfer.features(front, pictures), y, 2, epochs=2)
    mine = transfer.Classifier(transfer.join(front, head), ("brick", "grass"))
    again = transfer.load(mine.save(tmp_path / "mine.keras"))
    shares = mine.probabilities(pictures[:2])
    np.testing.assert_allclose(again.probabilities(pictures[:2]), shares, atol=1e-5)


# -- VGG -----------------------------------------------------------------------------------------


def test_vgg19_reads_a_file_in_the_originals_format(shelf, original, monkeypatch):
    def build(include_top, weights=None):
        inputs = keras.Input((None, None, 3))
        return keras.Model(inputs, keras.layers.Conv2D(4, 3, name="block1_conv1")(inputs))

    monkeypatch.setattr(keras.applications, "VGG19", build)
    file = original(model := build(False))
    shutil.copy(file, shelf("vgg19-notop", file))
    loaded = backbones.load("vgg19")
    x = loaded.scale(np.full((1, 8, 8, 3), 128, "float32"))
    np.testing.assert_allclose(loaded.model(x), model(x), rtol=1e-5)
    assert len(loaded.layers) == 5 and loaded.class_names == ()


def test_vgg16_takes_its_convolutions_from_the_edge_detectors_file():
    loaded = backbones.load("vgg16")
    with h5py.File(assets.path("hed")) as weights:
        for name, inside in (("block1_conv1", "conv2d"), ("block5_conv3", "conv2d_2")):
            wanted = weights[f"{name[:6]}/layers/{inside}/vars/0"][()]
            kernel = loaded.model.get_layer(name).get_weights()[0]
            np.testing.assert_array_equal(kernel, wanted)
    with pytest.raises(BackboneError, match="without a top"):
        backbones.load("vgg16", top=True)


def test_vgg_wants_blue_first_and_the_mean_taken_off():
    red = np.array([[[[255, 0, 0]]]], "float32")
    wanted = [-103.939, -116.779, 255 - 123.68]
    np.testing.assert_allclose(backbones._scale_vgg(red)[0, 0, 0], wanted, rtol=1e-5)
