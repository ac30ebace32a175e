"""Pretrained networks: real photographs named, weights from a file, refused when they are wrong."""

import hashlib
import shutil
import socket

import h5py
import numpy as np
import pytest
import tomlkit
from loopback import Loopback, serve
from skimage import data as photographs
from sklearn.datasets import load_sample_image

from helpers import assets, downloads
from helpers.vision import backbones, torch_weights
from helpers.vision.backbones import BackboneError


@pytest.fixture(scope="module")
def lite():
    return backbones.load("efficientnet_lite0")


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Give a manifest of our own to change and an empty cache; all else as it is.

    `put(asset, file, url)` makes the manifest expect the content of `file`, to be had from `url`.
    """
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(assets.DATA / "manifest.toml", folder)
    monkeypatch.setattr(assets, "DATA", folder)
    monkeypatch.setattr(downloads, "PAUSE", 0.01)
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("WORKSHOP_OFFLINE", raising=False)
    monkeypatch.delenv("WORKSHOP_MIRROR", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

    def put(asset, file, url):
        manifest = folder / "manifest.toml"
        document = tomlkit.parse(manifest.read_text())
        table, content = document[asset], file.read_bytes()
        table["size"] = len(content)
        for algorithm in {"md5", "sha256"} & set(table):
            table[algorithm] = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
        table["sources"] = [{"url": url}]
        manifest.write_text(tomlkit.dumps(document))
        return tmp_path / "cache" / table["file"]

    return put


def write_legacy(model, path):
    """Write weights as Keras 2 did, and as Keras Applications' files are: HDF5, layer by layer."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.weights, strict=True):
                group[name] = weight.numpy()


def randomised(model, seed=0):
    """Give a model weights that no initialiser would, batch normalisation's included."""
    draw = np.random.default_rng(seed)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(
                [
                    draw.uniform(0.5, 1.5, weight.shape)
                    if weight.name in ("gamma", "moving_variance")
                    else draw.normal(0, 0.03, weight.shape)
                    for weight in layer.weights
                ]
            )
    return model


# -- EfficientNet-Lite0 --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("photograph", "expected"),
    [
        (photographs.chelsea, {"tabby", "tiger cat", "Egyptian cat"}),
        (photographs.coffee, {"espresso"}),
        (photographs.camera, {"tripod"}),
        (lambda: load_sample_image("china.jpg"), {"palace"}),
        (lambda: load_sample_image("flower.jpg"), {"daisy"}),
    ],
)
def test_it_names_real_photographs(lite, photograph, expected):
    guesses = lite.classify(photograph())
    assert backbones.short(guesses[0][0]) in expected
    probabilities = [probability for _, probability in guesses]
    assert len(guesses) == 5 and probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) <= 1.0001


def test_every_kind_of_house_cat_is_among_the_guesses_for_a_cat(lite):
    names = {backbones.short(name) for name, _ in lite.classify(photographs.chelsea())}
    assert {"tabby", "tiger cat", "Egyptian cat"} <= names


def test_every_tensor_of_the_checkpoint_is_used_once(lite):
    weights = torch_weights.read(assets.path("efficientnet-lite0"))
    ours = [layer.name for layer in lite.model.layers if layer.weights]
    keys = [backbones._lite0_key(name) for name in ours]
    used = {
        name for name in weights if any(name.startswith(f"{key}.") for key in keys)
    }  # "_bn1." is not a prefix of "_blocks.…"
    assert used == set(weights) and len(keys) == len(set(keys))
    counters = [name for name in weights if name.endswith("num_batches_tracked")]
    assert lite.model.count_params() == sum(x.size for x in weights.values()) - len(counters)


def test_without_its_top_it_takes_any_size_and_gives_the_same_features(lite):
    bare = backbones.load("efficientnet_lite0", top=False)
    x = lite.prepare(photographs.chelsea())
    np.testing.assert_allclose(bare.model(x), lite.upto("head_relu")(x), rtol=1e-4, atol=1e-4)
    assert bare.model(np.zeros((1, 64, 96, 3), "float32")).shape == (1, 2, 3, 1280)
    with pytest.raises(BackboneError, match="without its top"):
        bare.classify(photographs.chelsea())


def test_layers_worth_a_look_are_there_and_parts_share_the_weights(lite):
    for name in lite.layers:
        assert lite.model.get_layer(name)
    early, late = lite.upto(["block2_expand_bn", "head_bn"])(lite.prepare(photographs.coffee()))
    assert early.shape[1] > late.shape[1]
    part = lite.upto("stem_bn")
    assert part.get_layer("stem_conv") is lite.model.get_layer("stem_conv")


def test_an_unknown_layer_gets_its_sentence(lite):
    with pytest.raises(BackboneError, match="no layer 'mixed4'") as caught:
        lite.upto("mixed4")
    assert "head_bn" in str(caught.value)


def test_pictures_of_any_kind_become_inputs(lite, tmp_path):
    from PIL import Image

    Image.new("P", (1, 1)).save(tmp_path / "dot.gif")
    grey, tall = np.full((10, 30), 127, np.uint8), np.full((300, 20, 3), 255, np.uint8)
    x = lite.prepare([tmp_path / "dot.gif", (tmp_path / "dot.gif").read_bytes(), grey, tall])
    assert x.shape == (4, 224, 224, 3) and x.dtype == np.float32
    assert np.all(x[2] == 0) and np.all(x[3] == 1)
    batch = np.zeros((2, 50, 60, 3), np.uint8)
    assert lite.prepare(batch).shape == (2, 224, 224, 3)
    with pytest.raises(BackboneError, match="no pictures"):
        lite.prepare([])
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(ValueError, match=r"text\.jpg"):
        lite.prepare(tmp_path / "text.jpg")


def test_where_it_comes_from(lite):
    assert "EfficientNet-Lite0" in lite.source and "Apache-2.0" in lite.source
    assert lite.card.startswith("# EfficientNet-Lite0")
    assert lite.size == (224, 224)


def test_class_names():
    names = backbones.class_names()
    assert len(names) == 1000
    assert names[0].startswith("tench") and names[281] == "tabby, tabby cat"
    assert backbones.short(names[281]) == "tabby"


# -- InceptionV3 ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def inception(tmp_path_factory):
    """Give InceptionV3 with random weights, and a file of them in the original's format."""
    import keras

    model = keras.applications.InceptionV3(weights=None, classifier_activation=None)
    file = tmp_path_factory.mktemp("inception") / "weights.h5"
    write_legacy(randomised(model), file)
    return model, file


def test_inception_downloads_its_weights_once_and_gives_the_same_answer(shelf, inception):
    model, file = inception
    with Loopback() as server:
        server.pages["/inception"] = serve(file.read_bytes())
        shelf("inception-v3", file, server.url("/inception"))
        loaded = backbones.load("inception_v3")
        backbones.load("inception_v3")
        assert server.asked == ["/inception"]
    assert loaded.size == (299, 299) and "in the cache" in loaded.source
    x = loaded.prepare(photographs.chelsea())
    assert x.shape == (1, 299, 299, 3) and x.min() >= -1 and x.max() <= 1
    np.testing.assert_allclose(loaded.model(x), model(x), rtol=1e-4, atol=1e-4)
    assert len(loaded.classify(photographs.chelsea())) == 5
    assert all(loaded.model.get_layer(name) for name in loaded.layers)


def test_a_file_put_in_place_by_hand_serves_without_a_network(shelf, inception, monkeypatch):
    model, file = inception
    place = shelf("inception-v3", file, "http://127.0.0.1:9/never")
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    choice = ("inception_v3", "efficientnet_lite0")
    assert backbones.first_here(*choice) == "efficientnet_lite0"
    with pytest.raises(assets.AssetError, match="WORKSHOP_OFFLINE"):
        backbones.load("inception_v3")

    place.parent.mkdir()
    shutil.copy(file, place)
    monkeypatch.setattr(socket, "create_connection", None)
    assert backbones.first_here(*choice) == "inception_v3"
    # Without the top the same file serves, at any size.
    bare = backbones.load("inception_v3", top=False)
    x = np.random.default_rng(0).uniform(-1, 1, (1, 299, 299, 3)).astype("float32")
    import keras

    features = keras.Model(model.input, model.get_layer("mixed10").output)(x)
    np.testing.assert_allclose(bare.model(x), features, rtol=1e-3, atol=1e-3)
    assert bare.model(x[:, :100, :140]).shape[-1] == 2048


def test_a_wrong_file_put_in_place_by_hand_is_refused(shelf, inception, monkeypatch):
    _, file = inception
    place = shelf("inception-v3", file, "http://127.0.0.1:9/never")
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    place.parent.mkdir()
    place.write_bytes(content)
    with pytest.raises(assets.AssetError, match=r"its MD5 is another"):
        backbones.load("inception_v3")
    assert backbones.first_here("inception_v3", "efficientnet_lite0") == "efficientnet_lite0"


# -- VGG -----------------------------------------------------------------------------------------


def test_vgg19_reads_a_file_in_the_originals_format(shelf, tmp_path):
    import keras

    model = randomised(keras.applications.VGG19(include_top=False, weights=None))
    file = tmp_path / "vgg19.h5"
    write_legacy(model, file)
    place = shelf("vgg19-notop", file, "http://127.0.0.1:9/never")
    place.parent.mkdir()
    shutil.copy(file, place)
    loaded = backbones.load("vgg19")
    x = loaded.scale(np.full((1, 40, 48, 3), 128, "float32"))
    part = "block2_conv1"
    expected = keras.Model(model.input, model.get_layer(part).output)(x)
    np.testing.assert_allclose(loaded.upto(part)(x), expected, rtol=1e-4, atol=1e-4)
    assert len(loaded.layers) == 5 and loaded.class_names == ()


def test_vgg16_takes_its_convolutions_from_the_edge_detectors_file(shelf, tmp_path):
    import keras

    model = randomised(keras.applications.VGG16(include_top=False, weights=None))
    file = tmp_path / "hed.h5"
    with h5py.File(file, "w") as weights:
        for layer in model.layers:
            if "_conv" in layer.name:
                block, number = layer.name.split("_conv")
                name = "conv2d" + ("" if number == "1" else f"_{int(number) - 1}")
                for i, weight in enumerate(layer.get_weights()):
                    weights[f"{block}/layers/{name}/vars/{i}"] = weight
    place = shelf("hed", file, "http://127.0.0.1:9/never")
    place.parent.mkdir()
    shutil.copy(file, place)
    loaded = backbones.load("vgg16")
    x = loaded.scale(np.random.default_rng(0).uniform(0, 255, (1, 40, 48, 3)).astype("float32"))
    np.testing.assert_allclose(loaded.model(x), model(x), rtol=1e-4, atol=1e-4)
    with pytest.raises(BackboneError, match="without a top"):
        backbones.load("vgg16", top=True)


def test_vgg_wants_blue_first_and_the_mean_taken_off():
    red = np.zeros((1, 1, 1, 3), "float32")
    red[..., 0] = 255
    scaled = backbones._scale_vgg(red)[0, 0, 0]
    np.testing.assert_allclose(scaled, [-103.939, -116.779, 255 - 123.68], rtol=1e-5)


def test_an_unknown_network_gets_its_sentence():
    with pytest.raises(BackboneError, match="There are: inception_v3, efficientnet_lite0"):
        backbones.load("resnet")
    with pytest.raises(BackboneError):
        backbones.first_here("inception")
    assert "vgg19" in backbones.names()
