"""Captions files as people have them: read whole, left out aloud, or refused with the line."""

import json
import unicodedata

import numpy as np
import pytest

from helpers import images
from helpers.captions import caption_files
from helpers.captions.caption_files import CaptionFileError

PICTURE = images.encode(np.full((8, 8, 3), 99, np.uint8), "jpeg")


@pytest.fixture
def folder(tmp_path):
    """A function that makes a folder of pictures and a captions file, text or bytes."""

    def make(captions, names=("a.jpg", "b.jpg"), file="captions.txt"):
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(PICTURE)
        content = captions.encode() if isinstance(captions, str) else captions
        (tmp_path / file).write_bytes(content)
        return tmp_path

    return make


def refused(*_):
    raise PermissionError(13, "not for you")


def sentences(folder):
    return [" / ".join(one.sentences) for one in caption_files.read(folder)]


def test_captions_are_read_in_every_common_form(folder):
    two = ["a cat / a red cat", "a dog black"]
    for text in (
        "image,caption\na.jpg,A cat .\na.jpg,A red cat\nb.jpg,A dog , black\n",
        "a.jpg,A cat\ra.jpg,A red cat\rb.jpg,A dog , black\r",
        'a.jpg#0\tA cat .\na.jpg#1\t"A red" cat .\nb.jpg#0\t"A dog , black\n',
        "image;caption\na.jpg;A cat\na.jpg;A red cat\nb.jpg;A dog; black\n",
        ',image,caption\n0,a.jpg,A cat\n1,a.jpg,A red cat\n2,b.jpg,"A dog, black"\n',
        "\ufeffa.jpg,A cat\na.jpg,A red cat\nb.jpg,A dog\u2028black\x85\n",
        "image\tcaption\na.jpg\tA cat\na.jpg\tA red cat\nb.jpg\tA dog, black\n".encode("utf-16"),
    ):
        assert sentences(folder(text)) == two, text


def test_what_isn_t_understood_is_refused_with_its_line(folder, monkeypatch):
    for text, message in (
        ("image,caption\n", "isn't understood"),
        ("", "has no captions"),
        ("a.jpg,A\u2028cat\x85.\r\n\r\nb.jpg\r\n", "line 3, isn't understood"),
        ('a.jpg,"A man\nsays hello"\n', "line 2, isn't understood"),
        ("a.jpg,Cat\nb.jpg,Mädchen\n".encode("latin-1"), "line 2, is not in UTF-8"),
        ('{"images": [' + "1," * 9000, "is not lines of text"),
        ("c.jpg,A cat .\n", "None of the 1 pictures that captions.txt names, such as c.jpg"),
        ("../secret.jpg,A cat .\n", "None of the 1 pictures"),
    ):
        (folder("").parent / "secret.jpg").write_bytes(PICTURE)
        with pytest.raises(CaptionFileError, match=message):
            caption_files.read(folder(text))
    (here := folder("") / "captions.txt").unlink()
    for missing, message in ((here.parent, r"name it captions\.txt"), (here, "There is no folder")):
        with pytest.raises(CaptionFileError, match=message):
            caption_files.read(missing)
    monkeypatch.setattr(type(here), "read_bytes", refused)
    with pytest.raises(CaptionFileError, match=r"can't be read \(not for you\)"):
        caption_files.read(folder("a.jpg,A cat\n"))


def test_coco_and_flickr8k_are_read_as_they_are_handed_out(folder):
    pictures = [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "gone.jpg"}]
    said = [{"image_id": n, "caption": text} for n, text in ((7, "A cat."), (8, "!"), (7, "Cats"))]
    coco = json.dumps({"images": pictures, "annotations": said})
    here = folder(coco, ("val/a.jpg",), "captions_val.json")
    assert sentences(here) == ["a cat / cats"]
    for broken in ("[", coco.replace("file_name", "name"), coco.replace("8,", "9,", 1)):
        with pytest.raises(CaptionFileError, match=r"captions_val\.json isn't understood: COCO's"):
            caption_files.read(folder(broken, (), "captions_val.json"))
    with pytest.raises(CaptionFileError, match="0 captioned photographs: to train on one part"):
        caption_files.split([], here)
    here = folder("".join(f"{n}.jpg,A cat\n" for n in range(20)), [f"{n}.jpg" for n in range(20)])
    parts = caption_files.split(caption_files.read(here), here)
    assert {part: len(some) for part, some in parts.items()} == {"train": 16, "dev": 2, "test": 2}
    for part, n in (("train", 3), ("dev", 1), ("test", 0)):
        (here / f"Flickr_8k.{part}Images.txt").write_text(f"{n}.jpg\n")
    parts = caption_files.split(caption_files.read(here), here)
    assert [one[0].path.stem for one in parts.values()] == ["3", "1", "0"]


def test_what_may_be_shown_is_here_even_without_coco(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path))
    monkeypatch.setenv("WORKSHOP_MIRROR", "")
    some, credits = caption_files.shared()
    assert len(some) == len(credits) > 10 and "CC0" in credits[0]
    assert some[0].sentences == ("a tabby cat s face",) and some[0].path.is_file()


def test_what_is_left_out_is_counted_and_said(folder, capsys):
    here = folder("bild,satz\na.jpg,Katze\nb.jpg,Hund\nc.jpg,Maus\nd.jpg,!\na.jpg, \n")
    (here / "b.jpg").write_bytes(PICTURE[: len(PICTURE) // 2])
    assert sentences(here) == ["katze"]
    said = capsys.readouterr().out
    assert "line 1, is taken for the names of its columns: bild,satz" in said
    assert "2 captions without a word are left out, such as line 5" in said
    assert "1 of 3 pictures, which are not in" in said and "such as c.jpg" in said
    assert "1 of 3 pictures, which can't be read, are left out, such as b.jpg" in said
    (here / "a.jpg").write_bytes(b"")
    with pytest.raises(CaptionFileError, match="No picture can be read"):
        caption_files.read(here)


def test_pictures_are_found_where_they_are_and_never_mixed_up(folder):
    decomposed = unicodedata.normalize("NFD", "Mäd.jpg")
    here = folder("", ("cats/1.jpg", "dogs/1.jpg", "Images/x.jpg", decomposed, "__MACOSX/x.jpg"))
    text = "cats/1.jpg,cat\ndogs\\1.jpg,dog\n/content/Images/x.jpg,x\nMäd.jpg,girl\n"
    found = [str(one.path.relative_to(here)) for one in caption_files.read(folder(text, ()))]
    assert found == ["cats/1.jpg", "dogs/1.jpg", "Images/x.jpg", decomposed]
    for unclear in ("1.jpg,cat\n", "x.jpg,one\nImages/x.jpg,another\n"):
        with pytest.raises(CaptionFileError, match="isn't clear which picture"):
            caption_files.read(folder(unclear, ()))


def test_captions_are_tidied_in_every_script():
    for said, tidied in {
        "A dog , black .": "a dog black",
        "Größe: 3 m!": "größe 3 m",
        "🐈\u200d⬛ ❤️": "",
        "Ma\u0308dchen im Cafe\u0301": "mädchen im café",
        "एक लाल बिल्ली है।": "एक लाल बिल्ली है",
        "soft\xadhyphen می\u200cخواهم": "softhyphen می\u200cخواهم",
    }.items():
        assert caption_files.tidy(said) == tidied
