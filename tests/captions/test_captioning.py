"""Words as numbers, photographs as grids, and the networks that lesson 05 builds and trains."""

import keras
import numpy as np
import pytest

from helpers.captions import captioning, world
from helpers.captions.captioning import END, PAD, START, UNKNOWN, CaptionError, Vocabulary
from helpers.captions.speaker import Speaker

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD)


def test_words_become_numbers_and_come_back(vocabulary):
    rows = vocabulary.encode(["A red  cat", "two blue zebras to the left", "a " * 30])
    assert rows.shape == (3, vocabulary.length) and rows.dtype == np.int32
    assert rows[0, 0] == START and rows[0, 4] == END and (rows[0, 5:] == PAD).all()
    assert vocabulary.decode(rows[0]) == "a red cat"
    assert rows[1, 3] == UNKNOWN
    assert vocabulary.decode(rows[1]) == "two blue <unknown> to the left"
    assert rows[2, 0] == START and rows[2, -1] == END  # too long: cut, and it still ends


def test_rare_words_are_left_out_of_many_and_kept_of_few():
    common = ["a cat sits on a mat"] * 10
    assert "zebra" not in Vocabulary.of([*common, "a zebra"], at_least=5).words
    few = Vocabulary.of(["a cat", "a dog", "the red boat"], at_least=5)
    assert few.words[4:] == ["a", "boat", "cat", "dog", "red", "the"]
    for captions in ([], [""], ["  "]):
        with pytest.raises(CaptionError, match=f"no words in these {len(captions)} captions"):
            Vocabulary.of(captions)


def test_shapes_and_colours_are_seen_apart(captioner):
    """Where only colours change and not brightness, only the colour stream differs."""
    look = captioner.get_layer("encoder")
    grey = np.full((1, 64, 64, 3), 100.0, np.float32)
    one, other = look(grey).numpy(), look(grey + np.float32([40, -40, 0])).numpy()
    np.testing.assert_allclose(one[..., :96], other[..., :96], atol=1e-4)
    assert np.abs(one[..., 96:128] - other[..., 96:128]).max() > 1e-3


@pytest.mark.parametrize("design", ["read", "read_and_look", "look_and_tell", "transformer"])
def test_no_network_sees_a_word_before_it_is_said(lesson, vocabulary, design):
    how = {"speak": getattr(lesson, design, None)}
    how = {"build": lesson.build_transformer} if design == "transformer" else how
    model = lesson.build_captioner(vocabulary, lesson.encoder_of_grids((2, 2, 3)), **how)
    rows = vocabulary.encode(["a red cat", "a red dogs"])[:, :-1]
    first, second = model([np.ones((2, 2, 2, 3)), rows]).numpy()
    assert first.shape == (vocabulary.length - 1, len(vocabulary.words))
    np.testing.assert_allclose(first[:3], second[:3], atol=1e-5)
    assert np.abs(first[3] - second[3]).max() > 1e-4


def test_a_captioner_learns_and_its_file_gives_the_same_network(lesson, tmp_path):
    pictures, _, sentences = world.load("train", 8)
    said = [five[0] for five in sentences]
    grids = pictures[:, ::10, ::10].astype(np.float32) / 255
    vocabulary = Vocabulary.of(said, at_least=5)
    rows = vocabulary.encode(said)
    keras.utils.set_random_seed(0)
    model = lesson.build_captioner(vocabulary, lesson.encoder_of_grids(grids.shape[1:]))
    lesson.train(model, vocabulary, LOSS, lambda _: (grids, said), 40, rate=5e-3)
    loss = float(LOSS(rows[:, 1:], model([grids, rows[:, :-1]])))
    assert loss < 2 < np.log(len(vocabulary.words))  # what guessing costs

    def build(words):
        return lesson.build_captioner(words, lesson.encoder_of_grids(grids.shape[1:]))

    captioning.save(tmp_path / "mine.npz", model, vocabulary)
    again = Speaker(*captioning.load(tmp_path / "mine.npz", build))
    assert again.vocabulary.words == vocabulary.words
    talk = again.describe(grids)
    assert talk == Speaker(model, vocabulary).describe(grids)
    assert len(set(talk)) >= 4  # it tells them apart
    for other, content in (("mine.npz", lesson.build_photo_captioner), ("no.npz", build)):
        (tmp_path / "no.npz").write_bytes(b"weights")
        with pytest.raises(CaptionError, match=f"{other} is not a captioner that fits"):
            captioning.load(tmp_path / other, content)
