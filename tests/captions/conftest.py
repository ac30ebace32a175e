"""What lesson 05 teaches, and a small network of it that has learnt nothing."""

import keras
import pytest

from helpers.captions.captioning import Vocabulary
from tools import notebooks


@pytest.fixture(scope="session")
def lesson():
    return notebooks.taught("05")


@pytest.fixture(scope="session")
def vocabulary():
    return Vocabulary.of(["a red cat", "two blue dogs to the left"])


@pytest.fixture(scope="session")
def captioner(lesson, vocabulary):
    keras.utils.set_random_seed(1)
    return lesson.build_captioner(vocabulary, lesson.build_encoder())
