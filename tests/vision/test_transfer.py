"""Transfer: features once and cached, heads, fine-tuning, folders, files, estimates, Grad-CAM.

A small random network stands for the pretrained one where only the mechanics count.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tomlkit
from PIL import Image

from helpers import assets, images
from helpers.vision import backbones, photos, transfer
from helpers.vision.transfer import TransferError

SIDE = 32


def scale(pixels):
    return (pixels - 127.0) / 128.0


@pytest.fixture(scope="module")
def small():
    """Give a backbone whose network is small, random and quick."""
    keras.utils.set_random_seed(1)
    x = inputs = keras.Input((None, None, 3))
    for number in range(3):
        x = keras.layers.Conv2D(8, 3, 2, "same", name=f"conv{number}")(x)
        x = keras.layers.BatchNormalization(name=f"bn{number}")(x)
        x = keras.layers.ReLU(name=f"relu{number}")(x)
    model = keras.Model(inputs, x, name="small")
    return backbones.Backbone("small", "A small one", "none", (SIDE, SIDE), scale, (), model)


@pytest.fixture(scope="module")
def front(small):
    return transfer.extractor(small, "relu2", SIDE)


@pytest.fixture(scope="module")
def task():
    """Give 60 pictures, uint8, that are dark (0) or bright (1)."""
    draw = np.random.default_rng(0)
    y = np.arange(60) % 2
    return (draw.integers(0, 90, (60, SIDE, SIDE, 3)) + 120 * y[:, None, None, None]).astype(
        "uint8"
    ), y


@pytest.fixture(scope="module")
def taught(front, task):
    """Give a classifier of dark and bright pictures."""
    x, y = task
    head = transfer.train_head(transfer.features(front, x), y, 2)
    return transfer.Classifier(transfer.join(front, head), ("dark", "bright"))


# -- features ------------------------------------------------------------------------------------


def test_features_are_the_means_of_the_maps_of_scaled_pictures(small, front, task):
    x, _ = task
    expected = small.model(scale(x.astype("float32")), training=False).numpy().mean((1, 2))
    np.testing.assert_allclose(transfer.features(front, x), expected, rtol=1e-3, atol=1e-4)


def test_pictures_of_another_size_are_brought_to_size(small, task):
    front = transfer.extractor(small, "relu2", 48)
    assert transfer.features(front, task[0][:3]).shape == (3, 8)
    wide = np.zeros((1, 60, 200, 3), np.uint8)
    wide[:, :, 70:130] = 255  # the middle square alone counts
    np.testing.assert_allclose(
        transfer.features(front, wide),
        transfer.features(front, np.full((1, 48, 48, 3), 255, np.uint8)),
        atol=1e-3,
    )


def test_the_cache_is_read_and_knows_pictures_and_networks_apart(
    small, front, task, tmp_path, monkeypatch
):
    x, _ = task
    first = transfer.cached_features(front, x, tmp_path)
    count = []
    honest = transfer.features
    monkeypatch.setattr(transfer, "features", lambda *a: count.append(1) or honest(*a))
    np.testing.assert_array_equal(transfer.cached_features(front, x, tmp_path), first)
    assert not count and len(list(tmp_path.iterdir())) == 1
    other = x.copy()
    other[0, 0, 0, 0] ^= 1
    transfer.cached_features(front, other, tmp_path)
    transfer.cached_features(transfer.extractor(small, "relu2", 24), x, tmp_path)
    weights = small.model.get_weights()
    small.model.set_weights([weights[0] + 0.01, *weights[1:]])
    transfer.cached_features(front, x, tmp_path)
    small.model.set_weights(weights)
    assert len(count) == 3 and len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:-300]),
        lambda file: file.write_bytes(b"PK\x03\x04 no archive"),
        lambda file: np.savez(file, other=np.zeros(3)),
        lambda file: np.savez(file, features=np.zeros((3, 3))),
        lambda file: np.savez(file, features=np.array([{}], dtype=object)),
    ],
    ids=["empty", "cut off", "no archive", "another", "another shape", "pickled"],
)
def test_a_damaged_cache_is_said_and_mended(front, task, tmp_path, capsys, damage):
    x = task[0][:4]
    first = transfer.cached_features(front, x, tmp_path)
    file = next(tmp_path.iterdir())
    damage(file)
    np.testing.assert_allclose(transfer.cached_features(front, x, tmp_path), first, rtol=1e-5)
    assert "is damaged, so its features are computed anew" in capsys.readouterr().err
    np.testing.assert_allclose(transfer.cached_features(front, x, tmp_path), first, rtol=1e-5)
    assert capsys.readouterr().err == ""


def test_a_cache_that_cannot_be_written_is_done_without(front, task, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    found = transfer.cached_features(front, task[0][:2], tmp_path / "file")
    assert found.shape == (2, 8)
    assert "computed each time" in capsys.readouterr().err


# -- heads and fine-tuning -----------------------------------------------------------------------


def test_a_head_learns_and_is_repeatable(front, task):
    x, y = task
    found = transfer.features(front, x)
    one, two = (transfer.train_head(found[:40], y[:40], 2, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.get_weights()[-2], two.get_weights()[-2])
    assert (one.predict(found[40:], verbose=0).argmax(1) == y[40:]).mean() == 1


def test_a_channel_that_was_silent_does_not_decide():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(40, 5)).astype("float32"), np.arange(40) % 2
    x[:, 0] += 8 * y
    x[:, 4] = 0
    loud = x.copy()
    loud[:, 4] = 0.5
    head = transfer.train_head(x, y, 2)
    assert (head.predict(loud, verbose=0).argmax(1) == y).mean() > 0.9


def test_fine_tuning_trains_what_it_should_and_leaves_the_original(taught, task):
    x, y = task
    before = [weight.copy() for weight in taught.model.get_weights()]
    tuned = transfer.fine_tune(taught.model, x, y, "conv2", epochs=1, learning_rate=1e-2)
    for old, new in zip(before, taught.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    old, new = transfer._backbone(taught.model), transfer._backbone(tuned)
    changed = {
        layer.name
        for layer in old.layers
        for a, b in zip(layer.get_weights(), new.get_layer(layer.name).get_weights(), strict=True)
        if not np.array_equal(a, b)
    }
    assert changed == {"conv2"}  # neither the layers before it nor batch normalisation
    with pytest.raises(TransferError, match="no layer 'conv9'"):
        transfer.fine_tune(taught.model, x, y, "conv9")


def test_copies_for_augmentation_show_the_same_thing(task):
    x, _ = task
    copies = transfer.augmented(x, seed=1)
    assert copies.shape == x.shape and copies.dtype == np.uint8
    np.testing.assert_array_equal(copies, transfer.augmented(x, seed=1))
    assert all((a != b).any() for a, b in zip(copies, x, strict=True))
    assert np.abs(copies.mean((1, 2, 3)) - x.mean((1, 2, 3))).max() < 0.25 * 255


# -- saving --------------------------------------------------------------------------------------


def test_a_stranger_uses_it_in_three_lines(taught, task, tmp_path):
    file = taught.save(tmp_path / "mine.keras")
    images.write(tmp_path / "bright.png", task[0][1])
    program = (
        "import sys; from helpers import transfer\n"
        "classifier = transfer.load(sys.argv[1])\n"
        "print(classifier.classify(sys.argv[2])[0][0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, file, tmp_path / "bright.png"],
        capture_output=True,
        text=True,
        cwd=assets.DATA.parent,
    )
    assert done.stdout.strip() == "bright", done.stderr


def test_keras_alone_reads_it_with_labels_and_preprocessing(taught, task, tmp_path):
    x, _ = task
    file = taught.save(tmp_path / "mine.keras")
    model = keras.models.load_model(file)
    labels = json.loads(zipfile.ZipFile(file).read("labels.json"))
    answers = model.predict(x, verbose=0)
    np.testing.assert_allclose(answers, taught.model.predict(x, verbose=0), atol=1e-6)
    assert labels == ["dark", "bright"] and labels[answers[1].argmax()] == "bright"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.keras"]


def test_files_that_are_no_classifier(taught, tmp_path):
    with pytest.raises(TransferError, match="no file"):
        transfer.load(tmp_path / "none.keras")
    (tmp_path / "text.keras").write_text("hello")
    with pytest.raises(TransferError, match="not a saved classifier"):
        transfer.load(tmp_path / "text.keras")
    taught.model.save(tmp_path / "bare.keras")
    with pytest.raises(TransferError, match="names no classes"):
        transfer.load(tmp_path / "bare.keras")
    with pytest.raises(TransferError, match=r"should end in \.keras"):
        taught.save(tmp_path / "mine.h5")
    with pytest.raises(TransferError, match="can't be written"):
        taught.save(tmp_path / "nowhere" / "mine.keras")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_that_brings_code_is_refused(tmp_path):
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs))
    model.save(tmp_path / "trap.keras")
    with zipfile.ZipFile(tmp_path / "trap.keras", "a") as archive:
        archive.writestr("labels.json", '["a"]')
    with pytest.raises(TransferError, match="not a saved classifier"):
        transfer.load(tmp_path / "trap.keras")


# -- folders -------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """Give a folder of six dark and six bright pictures."""
    draw = np.random.default_rng(0)
    for number, name in enumerate(("bright", "dark")):
        (tmp_path / name).mkdir()
        for i in range(6):
            picture = draw.integers(0, 90, (40, 50, 3)) + 120 * (1 - number)
            images.write(tmp_path / name / f"{i}.png", picture.astype("uint8"))
    return tmp_path


def test_a_folder_is_read(folder):
    (folder / ".hidden").mkdir()
    (folder / "bright" / ".DS_Store").write_text("x")
    (folder / "readme.txt").write_text("x")
    found = transfer.read_folder(folder, SIDE)
    assert found.names == ("bright", "dark") and not found.skipped
    assert found.pictures.shape == (12, SIDE, SIDE, 3) and found.pictures.dtype == np.uint8
    assert found.labels.tolist() == [0] * 6 + [1] * 6


def test_what_cannot_be_used_is_left_out_and_named(folder):
    bright = folder / "bright"
    (bright / "letter.jpg").write_text("Dear reader")
    Image.new("P", (1, 1)).save(bright / "dot.gif")
    (bright / "cut.png").write_bytes((bright / "0.png").read_bytes()[:200])
    shutil.copy(bright / "1.png", folder / "dark" / "twin.png")
    found = transfer.read_folder(folder, SIDE)
    assert len(found.pictures) == 12 and len(found.skipped) == 4
    said = dict(zip(("cut", "dot", "letter", "twin"), sorted(found.skipped), strict=True))
    assert "cut.png is cut off or damaged" in said["cut"]
    assert "dot.gif has 1 × 1 pixels, too few" in said["dot"]
    assert "letter.jpg is not a picture" in said["letter"]
    assert "twin.png is the same picture as" in said["twin"] and "1.png" in said["twin"]
    assert all(sentence.endswith("It was left out.") for sentence in found.skipped)
    assert not any(str(folder) in sentence for sentence in found.skipped)


def test_a_panorama_of_50_megapixels_works(folder):
    panorama = Image.new("RGB", (12_500, 4_000), (230, 240, 250))
    panorama.save(folder / "bright" / "panorama.jpg", quality=50)
    found = transfer.read_folder(folder, SIDE)
    assert len(found.pictures) == 13 and not found.skipped


def test_folders_that_nothing_can_be_learnt_from(folder, tmp_path_factory):
    with pytest.raises(TransferError, match="no folder"):
        transfer.read_folder(folder / "none")
    with pytest.raises(TransferError, match="at least two, and has none"):
        transfer.read_folder(folder / "dark")
    three = tmp_path_factory.mktemp("three")
    for name, files in (("bright", "01"), ("dark", "0")):
        (three / name).mkdir()
        for file in files:
            shutil.copy(folder / name / f"{file}.png", three / name)
    with pytest.raises(TransferError, match="1 usable pictures of dark: add some, at least 5"):
        transfer.read_folder(three)
    shutil.rmtree(folder / "dark")
    with pytest.raises(TransferError, match="only bright: to choose"):
        transfer.read_folder(folder)


def test_teaching_from_a_folder(folder, small, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path_factory.mktemp("cache")))
    (folder / "bright" / "letter.jpg").write_text("Dear reader")
    taught = transfer.teach(folder, small, "relu2", SIDE)
    assert (taught.estimate.right, taught.estimate.total) == (12, 12)
    assert len(taught.skipped) == 1 and taught.classifier.size == SIDE
    picture = np.full((70, 90, 3), 200, np.uint8)
    label, probability = taught.classifier.classify(picture)[0]
    assert label == "bright" and probability > 0.5
    with pytest.raises(images.ImageError):
        taught.classifier.classify(folder / "bright" / "letter.jpg")


# -- estimates -----------------------------------------------------------------------------------


def test_every_fold_has_its_share_of_every_class():
    labels = np.repeat([0, 1, 2], [10, 15, 5])
    dealt = transfer.folds(labels)
    for fold in range(5):
        assert np.bincount(labels[dealt == fold], minlength=3).tolist() == [2, 3, 1]
    assert (dealt != transfer.folds(labels, seed=1)).any()


def test_the_estimate_is_honest_about_noise():
    """Labels that have nothing to do with the features: the estimate must be near chance."""
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(80, 50)).astype("float32"), draw.integers(0, 2, 80)
    estimate = transfer.cross_validate(x, y, 2, copies=[x + 0.01])
    low, high = estimate.interval
    assert low < 0.5 < high and estimate.total == 80


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(17, 20, 0.640, 0.948), (20, 20, 0.839, 1), (0, 10, 0, 0.278)],
)
def test_the_interval_is_wilsons(right, total, low, high):
    estimate = transfer.Estimate(right, total)
    np.testing.assert_allclose(estimate.interval, (low, high), atol=0.001)
    assert f"{right} of {total} held-out pictures right" in str(estimate)


# -- Grad-CAM ------------------------------------------------------------------------------------


def test_grad_cam_finds_the_place_that_decides():
    """A network that answers to red alone: the map is bright where the picture is red."""
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.AveragePooling2D(4)(inputs)
    x = keras.layers.Conv2D(2, 1, use_bias=False, name="colours")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(2, use_bias=False)(x))
    model.set_weights([np.array([[[[1, 0], [0, 1], [0, 0]]]], "float32"), np.eye(2)])
    model.trainable = False  # as a frozen backbone is
    picture = np.zeros((1, 32, 32, 3), "float32")
    picture[0, :8, :8, 0] = picture[0, 24:, 24:, 1] = 1
    red, green = (transfer.grad_cam(model, picture, target) for target in (0, 1))
    assert red.shape == (8, 8) and red.max() == 1
    assert np.unravel_index(red.argmax(), red.shape) < (2, 2) and red[4:, 4:].max() == 0
    assert green[6:, 6:].min() == 1 and green[:4].max() == 0


def test_grad_cam_works_on_a_classifier_and_its_saved_copy(taught, task, tmp_path):
    heat = transfer.grad_cam(taught.model, task[0][:1])
    assert heat.shape == (4, 4) and 0 <= heat.min() <= heat.max() <= 1
    loaded = transfer.load(taught.save(tmp_path / "mine.keras"))
    np.testing.assert_allclose(transfer.grad_cam(loaded.model, task[0][:1]), heat, atol=1e-4)
    seen = transfer.overlay(task[0][0], heat)
    assert seen.shape == task[0][0].shape and (seen <= task[0][0]).all()
    flat = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(TransferError, match="no global pooling"):
        transfer.grad_cam(flat, np.zeros((1, 4)))


# -- the real networks ---------------------------------------------------------------------------


@pytest.fixture
def inception_file(tmp_path, monkeypatch):
    """Put random InceptionV3 weights, in the original's format, into an empty cache."""
    model = keras.applications.InceptionV3(weights=None, classifier_activation=None)
    shutil.copytree(assets.DATA, tmp_path / "data")
    cache = tmp_path / "cache"
    cache.mkdir()
    manifest = tmp_path / "data" / "manifest.toml"
    document = tomlkit.parse(manifest.read_text())
    file = cache / document["inception-v3"]["file"]
    with h5py.File(file, "w") as weights:
        weights.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = weights.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.weights, strict=True):
                group[name] = weight.numpy()
    content = file.read_bytes()
    document["inception-v3"]["size"] = len(content)
    document["inception-v3"]["md5"] = hashlib.md5(content, usedforsecurity=False).hexdigest()
    manifest.write_text(tomlkit.dumps(document))
    monkeypatch.setattr(assets, "DATA", tmp_path / "data")
    monkeypatch.setenv("WORKSHOP_CACHE", str(cache))
    monkeypatch.setenv("WORKSHOP_OFFLINE", "1")


def everything(name, tmp_path):
    """Do with network `name` what the lesson does."""
    chosen = backbones.load(name)
    cat = photos.load("cat")
    assert len(chosen.classify(cat)) == 5
    assert transfer.grad_cam(chosen.model, chosen.prepare(cat)).ndim == 2
    bare = backbones.load(name, top=False)
    x, y = np.stack([*photos.crops("brick", 4), *photos.crops("grass", 4)]), np.arange(8) // 4
    for cut in ("middle", "end"):
        front = transfer.extractor(bare, cut, 96)
        found = transfer.cached_features(front, x)
        assert found.shape == (8, front.output_shape[-1]) and np.isfinite(found).all()
    head = transfer.train_head(found, y, 2, epochs=2)
    mine = transfer.Classifier(transfer.join(front, head), ("brick", "grass"))
    loaded = transfer.load(mine.save(tmp_path / "mine.keras"))
    np.testing.assert_allclose(loaded.probabilities(x[:2]), mine.probabilities(x[:2]), atol=1e-5)
    assert transfer.grad_cam(loaded.model, x[:1]).ndim == 2


def test_with_inceptions_weights_in_place_everything_works_unchanged(inception_file, tmp_path):
    name = backbones.first_here("inception_v3", "efficientnet_lite0")
    assert name == "inception_v3"
    everything(name, tmp_path)


def test_with_efficientnet_everything_works(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path))
    everything("efficientnet_lite0", tmp_path)
