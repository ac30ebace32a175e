"""Pretrained networks: real photographs named, weights from a file, refused when they are wrong."""

import h5py
import numpy as np
import pytest
from PIL import Image

from helpers import assets, images
from helpers.vision import backbones, lite0, photos, torch_weights
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
    assert all(lite.model.get_layer(name) for name in (*lite.layers, lite.end))
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
    with pytest.raises(BackboneError, match="no pictures"):
        lite.prepare([])


@pytest.mark.parametrize("name", ["efficientnet_lite0", "googlenet"])
def test_of_a_large_picture_the_middle_seven_eighths_are_seen(name, tmp_path):
    """As for the published figures: the shorter side to 256 pixels, of which 224 in the middle."""
    network = backbones._network(name)
    ramps = np.meshgrid(np.linspace(0, 255, 1200), np.linspace(0, 255, 800))
    picture = np.stack([*ramps, 0 * ramps[0]], -1).astype(np.uint8)
    images.write(tmp_path / "wide.png", picture)
    for source in (picture, tmp_path / "wide.png"):
        seen = network.view(source)
        assert seen.shape == (224, 224, 3)
        edges = seen[112, 0, 0], seen[112, -1, 0], seen[0, 112, 1], seen[-1, 112, 1]
        wanted = 255 * np.array([250 / 1200, 950 / 1200, 1 / 16, 15 / 16])
        np.testing.assert_allclose(edges, wanted, atol=2)
    np.testing.assert_array_equal(network.view(seen), seen)


def test_where_it_comes_from_and_what_it_names(lite):
    assert len(lite.class_names) == 1000 and lite.class_names[281] == "tabby, tabby cat"
    with pytest.raises(BackboneError, match="There are: inception_v3, googlenet,"):
        backbones.load("resnet")
    with pytest.raises(BackboneError):
        backbones.first_here("inception")


# -- VGG -----------------------------------------------------------------------------------------


def test_vgg16_takes_its_convolutions_from_the_edge_detectors_file():
    loaded = backbones.load("vgg16")
    with h5py.File(assets.path("hed")) as weights:
        for name, inside in (("block1_conv1", "conv2d"), ("block5_conv3", "conv2d_2")):
            wanted = weights[f"{name[:6]}/layers/{inside}/vars/0"][()]
            kernel = loaded.model.get_layer(name).get_weights()[0]
            np.testing.assert_array_equal(kernel, wanted)
    with pytest.raises(BackboneError, match="without a top"):
        backbones.load("vgg16", top=True)
