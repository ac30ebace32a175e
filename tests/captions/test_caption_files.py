"""Captioned photographs in Flickr8k's format: read, described, and refused with a sentence."""

import keras
import numpy as np
import pytest

from helpers import images
from helpers.captions import caption_files, captioning, world
from helpers.captions.caption_files import CaptionFileError
from helpers.vision import backbones


@pytest.fixture(scope="module")
def flickr(tmp_path_factory):
    """A folder as Flickr8k's: eight JPEG pictures in Images, five captions each."""
    folder = tmp_path_factory.mktemp("flickr")
    (folder / "Images").mkdir()
    pictures, _, sentences = world.load("train", 8)
    lines = ["image,caption"]
    for number, (picture, five) in enumerate(zip(pictures, sentences, strict=True)):
        name = f"100{number}_abc.jpg"
        images.write(folder / "Images" / name, images.resize(picture, (200, 160)))
        lines += [f'{name},"{s.capitalize()}, seen today ."' for s in five]
    (folder / "captions.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_the_format_is_read(flickr):
    found = caption_files.read(flickr)
    assert len(found) == 8 and all(len(one.sentences) == 5 for one in found)
    assert found[3].path.name == "1003_abc.jpg" and found[3].path.is_file()
    assert all(s.endswith(" seen today") and s == s.lower() for s in found[0].sentences)


def test_the_older_form_says_the_same(flickr, tmp_path):
    (tmp_path / "images").mkdir()
    lines = []
    for one in caption_files.read(flickr):
        (tmp_path / "images" / one.path.name).write_bytes(one.path.read_bytes())
        lines += [f"{one.path.name}#{n}\t{s} ." for n, s in enumerate(one.sentences)]
    (tmp_path / "Flickr8k.token.txt").write_text("\n".join(lines))
    assert [one.sentences for one in caption_files.read(tmp_path)] == [
        one.sentences for one in caption_files.read(flickr)
    ]


def test_a_captioner_of_photographs_learns_from_such_a_folder(flickr):
    found = caption_files.read(flickr)
    backbone = backbones.load("efficientnet_lite0", top=False)
    layer = backbone.layers[-1]
    grids = captioning.photo_grids(backbone, [one.path for one in found], layer, size=128)
    assert grids.shape[0] == 8 and grids.ndim == 4
    vocabulary = captioning.Vocabulary.of([s for one in found for s in one.sentences])
    keras.utils.set_random_seed(0)
    look = captioning.computed_already(grids.shape[1:])
    model = captioning.build(vocabulary, look)
    sentences = [one.sentences[:1] for one in found]
    losses = captioning.train_on(model, vocabulary, grids, sentences, epochs=90, rate=2e-3)
    assert losses[-1] < 0.3 * losses[0]
    said = captioning.Speaker(model, vocabulary).describe(grids)
    assert len(set(said)) >= 4  # it tells the pictures apart


def test_missing_pictures_are_said_and_left_out(flickr, tmp_path, capsys):
    first = caption_files.read(flickr)[0]
    (tmp_path / first.path.name).write_bytes(first.path.read_bytes())
    (tmp_path / "captions.txt").write_text((flickr / "captions.txt").read_text())
    found = caption_files.read(tmp_path)
    assert [one.path.name for one in found] == [first.path.name]
    assert "7 of 8 pictures" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no captions"),
        ("image,caption\n", "has no captions"),
        ("image,caption\na.jpg, .\n", "has no captions"),
        ("image,caption\nno picture here\n", "line 1, isn't understood"),
        ("a.jpg#0\tA cat .\nb.jpg A dog .\n", "line 2, isn't understood"),
        ("image,caption\na.jpg,A cat .\n", "None of the 1 pictures that captions.txt names"),
    ],
)  # fmt: skip
def test_files_that_can_t_be_used(tmp_path, text, message):
    (tmp_path / "captions.txt").write_text(text)
    with pytest.raises(CaptionFileError, match=message):
        caption_files.read(tmp_path)


def test_folders_that_can_t_be_used(tmp_path):
    with pytest.raises(CaptionFileError, match="has no captions file: name it captions"):
        caption_files.read(tmp_path)
    with pytest.raises(CaptionFileError, match="There is no folder"):
        caption_files.read(tmp_path / "nowhere")


def test_a_name_can_t_lead_out_of_the_folder(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"x")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "captions.txt").write_text("image,caption\n../secret.jpg,A cat .\n")
    with pytest.raises(CaptionFileError, match="None of the 1 pictures"):
        caption_files.read(folder)


@pytest.mark.parametrize(
    ("said", "tidied"),
    [("A dog , black .", "a dog black"), ("  ", ""), ("Größe: 3 m!", "größe 3 m"), ("🐈", "")],
)
def test_captions_are_tidied(said, tidied):
    assert caption_files.tidy(said) == tidied


def test_grids_of_one_picture_do_not_depend_on_the_others():
    backbone = backbones.load("efficientnet_lite0", top=False)
    pictures = list(world.load("dev", 3)[0])
    together = captioning.photo_grids(backbone, pictures, backbone.layers[0], size=64)
    alone = captioning.photo_grids(backbone, pictures[1:2], backbone.layers[0], size=64)
    np.testing.assert_allclose(together[1], alone[0], atol=1e-4)
