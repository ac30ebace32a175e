"""Transfer: features once and cached, heads, files, estimates; a small network stands for all."""

import json
import re
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

from helpers import images
from helpers.vision import transfer
from helpers.vision.transfer import TransferError

SIDE = 32


def refused(file):
    with pytest.raises(TransferError) as caught:
        transfer.load(file)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)
    return str(caught.value)


# -- features ------------------------------------------------------------------------------------


def test_features_are_the_means_of_the_maps_of_scaled_pictures(small, front, task):
    x = task[0]
    maps = small.model(small.scale(x.astype("float32")), training=False).numpy()
    np.testing.assert_allclose(transfer.features(front, x), maps.mean((1, 2)), rtol=1e-3, atol=1e-4)
    larger = transfer.extractor(small, "relu2", 48)
    wide = np.zeros((1, 60, 200, 3), np.uint8)
    wide[:, :, 70:130] = 255  # the middle square alone counts
    white = np.full((1, 48, 48, 3), 255, np.uint8)
    found = transfer.features(larger, wide)
    np.testing.assert_allclose(found, transfer.features(larger, white), atol=1e-3)


def test_copies_for_augmentation_show_the_same_thing(task):
    x = task[0]
    copies = transfer.augmented(x, seed=1)
    assert copies.shape == x.shape and copies.dtype == np.uint8
    np.testing.assert_array_equal(copies, transfer.augmented(x, seed=1))
    assert all((a != b).any() for a, b in zip(copies, x, strict=True))
    assert np.abs(copies.mean((1, 2, 3)) - x.mean((1, 2, 3))).max() < 0.25 * 255


# -- heads and estimates -------------------------------------------------------------------------


def test_a_head_learns_is_repeatable_and_no_silent_channel_decides(lesson):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(40, 5)).astype("float32"), np.arange(40) % 2
    x[:, 0] += 8 * y
    x[:, 4] = 0
    loud = x.copy()
    loud[:, 4] = 0.5
    head = transfer.train_head(x, y, 2, seed=3)
    assert (head.predict(loud, verbose=0).argmax(1) == y).mean() > 0.9
    twin = lesson.train_head(x, y, seed=3)
    np.testing.assert_allclose(twin.get_weights()[-2], head.get_weights()[-2], rtol=1e-4)


def test_the_estimate_is_honest_about_noise_and_names_the_largest_class(monkeypatch):
    """Labels that have nothing to do with the features: the estimate must be near chance."""
    monkeypatch.setattr(transfer, "FOLDS", 2)
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(80, 50)).astype("float32"), draw.integers(0, 2, 80)
    estimate = transfer.cross_validate(x, y, 2)
    low, high = estimate.interval
    assert low < 0.5 < high and estimate.total == 80
    assert estimate.largest == np.bincount(y).max()
    assert "always the largest class: 98%" in str(transfer.Estimate(180, 210, 205))


# -- saving --------------------------------------------------------------------------------------


def test_a_stranger_uses_it_with_the_workshop_or_with_keras_alone(mine, task, tmp_path):
    file = mine.save(tmp_path / "mine.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.keras"]
    images.write(tmp_path / "bright.png", task[0][1])
    assert transfer.load(file).classify(tmp_path / "bright.png")[0][0] == "bright"
    with zipfile.ZipFile(file) as inside:
        built, labels = (inside.read(f"{name}.json").decode() for name in ("config", "labels"))
    assert set(re.findall(r'"module": "(\w+)', built)) == {"keras"}  # it asks for no code of ours
    model = keras.models.load_model(file)
    answers = model.predict(task[0], verbose=0)
    np.testing.assert_allclose(answers, mine.model.predict(task[0], verbose=0), atol=1e-6)
    assert json.loads(labels) == ["dark", "bright"] and answers[1].argmax() == 1


def test_files_that_cannot_be_saved(mine, tmp_path):
    with pytest.raises(TransferError, match=r"should end in \.keras"):
        mine.save(tmp_path / "mine.h5")
    with pytest.raises(TransferError, match="can't be written"):
        mine.save(tmp_path / "nowhere" / "mine.keras")
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_no_classifier_get_one_sentence(mine, tmp_path):
    good = mine.save(tmp_path / "mine.keras").read_bytes()
    mine.model.save(tmp_path / "bare.keras")
    for name, content, reason in (
        ("text.keras", b"hello", "not a saved classifier, or is damaged"),
        ("cut.keras", good[:-200], "not a saved classifier, or is damaged"),
        ("mine.keras.zip", good, "should end in .keras"),
        ("bare.keras", (tmp_path / "bare.keras").read_bytes(), "names no classes"),
    ):
        (tmp_path / name).write_bytes(content)
        assert reason in refused(tmp_path / name)
    assert "no file" in refused(tmp_path / "none.keras")
    with pytest.raises(images.ImageError):
        mine.classify(tmp_path / "text.keras")


@pytest.mark.parametrize(("version", "reason"), [("99.1.0", "Keras 99.1.0"), ("x", "damaged")])
def test_a_file_of_a_newer_keras_is_told_from_a_damaged_one(mine, tmp_path, version, reason):
    """Its configuration names what this Keras doesn't know."""
    mine.save(tmp_path / "mine.keras")
    with (
        zipfile.ZipFile(tmp_path / "mine.keras") as old,
        zipfile.ZipFile(tmp_path / "newer.keras", "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name).replace(b'"Rescaling"', b'"Rescaled"')
            if name == "metadata.json":
                content = json.dumps({"keras_version": version}).encode()
            new.writestr(name, content)
    assert reason in refused(tmp_path / "newer.keras")


def test_a_file_that_brings_code_is_refused(tmp_path):
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs))
    model.save(tmp_path / "trap.keras")
    with zipfile.ZipFile(tmp_path / "trap.keras", "a") as archive:
        archive.writestr("labels.json", '["a"]')
    refused(tmp_path / "trap.keras")


# -- the whole -----------------------------------------------------------------------------------


def test_teaching_from_a_folder(small, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "FOLDS", 2)
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "cache"))
    (folder / "bright" / "letter.jpg").write_text("Dear reader")
    taught = transfer.teach(folder, small, "relu2", SIDE)
    assert (taught.estimate.right, taught.estimate.total, taught.estimate.largest) == (10, 10, 5)
    assert len(taught.skipped) == 1 and taught.classifier.size == SIDE
    label, probability = taught.classifier.classify(Image.new("RGB", (90, 70), "white"))[0]
    assert label == "bright" and probability > 0.5
