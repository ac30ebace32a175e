"""Words as numbers, photographs as grids, and the networks that lesson 05 builds and trains."""

import keras
import numpy as np
import pytest

from helpers.captions import world
from helpers.captions.captioning import END, PAD, START, UNKNOWN, CaptionError, Vocabulary

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD)


def test_words_become_numbers_and_come_back(vocabulary):
    rows = vocabulary.encode(["A red  cat", "two blue zebras to the left", "a " * 30])
    assert rows.shape == (3, vocabulary.length) and rows.dtype == np.int32
    assert rows[0, 0] == START and rows[0, 4] == END and (rows[0, 5:] == PAD).all()
    assert rows[1, 3] == UNKNOWN
    assert vocabulary.decode(rows[1]) == "two blue <unknown> to the left"
    assert rows[2, 0] == START and rows[2, -1] == END  # too long: cut, and it still ends


def test_rare_words_are_left_out_of_many_and_kept_of_few():
    common = ["a cat sits on a mat"] * 10
    assert "zebra" not in Vocabulary.of([*common, "a zebra"], at_least=5).words
    few = Vocabulary.of(["a cat", "a dog", "the red boat"], at_least=5)
    assert few.words[4:] == ["a", "boat", "cat", "dog", "red", "the"]
    with pytest.raises(CaptionError, match="no words in these 1 captions"):
        Vocabulary.of(["  "])


@pytest.mark.parametrize("design", ["read", "read_and_look", "look_and_tell", "build_transformer"])
def test_no_network_sees_a_word_before_it_is_said(lesson, vocabulary, design):
    how = {"build" if "build" in design else "speak": getattr(lesson, design)}
    model = lesson.build_captioner(vocabulary, lesson.encoder_of_grids((2, 2, 3)), **how)
    rows = vocabulary.encode(["a red cat", "a red dogs"])[:, :-1]
    first, second = model([np.ones((2, 2, 2, 3)), rows]).numpy()
    assert first.shape == (vocabulary.length - 1, len(vocabulary.words))
    np.testing.assert_allclose(first[:3], second[:3], atol=1e-5)
    assert np.abs(first[3] - second[3]).max() > 1e-4


def test_full_mode_s_training_learns(lesson):
    pictures, _, sentences = world.load("train", 8)
    said = [five[0] for five in sentences]
    grids, vocabulary = pictures[:, ::16, ::16] / np.float32(255), Vocabulary.of(said, at_least=5)
    keras.utils.set_random_seed(0)
    model = lesson.build_captioner(vocabulary, lesson.encoder_of_grids(grids.shape[1:]), units=32)
    lesson.train(model, vocabulary, LOSS, lambda _: (grids, said), 20, rate=2e-2)
    assert model.optimizer.iterations == 20 and model.optimizer.learning_rate < 1e-4
    rows = vocabulary.encode(said)
    loss = float(LOSS(rows[:, 1:], model([grids, rows[:, :-1]])))
    assert loss < 2 < np.log(len(vocabulary.words))  # what guessing costs
