"""Any picture that Pillow can read becomes uint8 RGB; anything else gets one clear sentence."""

import base64
import io
import struct
import warnings
import zlib
from unittest.mock import Mock

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from helpers import images

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
KINDS = ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "TGA", "ICO", "PPM"]


def quarters(mode="RGB", size=(40, 20)):
    """A picture, wider than high: red and green above, blue and white below."""
    four = np.array([[RED, GREEN], [BLUE, WHITE]], np.uint8)
    return Image.fromarray(four).resize(size, Image.Resampling.NEAREST).convert(mode)


def file_of(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def close_to(pixel, color, tolerance=12):
    return np.abs(pixel.astype(int) - color).max() <= tolerance


def is_quarters(pixels, tolerance=12):
    height, width, _ = pixels.shape
    seen = pixels[[height // 4, 3 * height // 4]][:, [width // 4, 3 * width // 4]]
    return close_to(seen, [[RED, GREEN], [BLUE, WHITE]], tolerance)


def test_every_kind_of_source(tmp_path):
    path, wanted = tmp_path / "ärger 1.png", np.asarray(quarters())
    data = file_of(quarters())
    path.write_bytes(data)
    sources = [str(path), path, data, bytearray(data), memoryview(data), io.BytesIO(data)]
    for source in (*sources, quarters(), wanted, wanted / 255):
        pixels = images.read(source)
        assert pixels.dtype == np.uint8
        np.testing.assert_array_equal(pixels, wanted)
    assert images.read(wanted[..., 0]).shape == images.read(wanted[..., :1]).shape == (20, 40, 3)
    pixels[0, 0] = 7  # what is read can be changed
    images.read(mine := quarters(), 10)
    assert mine.size == (40, 20)  # and the caller's picture is left alone


def test_formats_and_modes():
    Image.init()
    for kind in {*KINDS, "JPEG2000", "AVIF"} & set(Image.SAVE):
        size = (32, 32) if kind == "ICO" else (40, 20)
        pixels = images.read(file_of(quarters(size=size), kind))
        assert pixels.shape == (*size[::-1], 3) and is_quarters(pixels, tolerance=40), kind
    to_lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    for source, tolerance in [
        *((quarters(mode), 12) for mode in ("RGBA", "P", "HSV", "RGBX")),
        *((file_of(quarters(mode), "TIFF"), 12) for mode in ("YCbCr", "CMYK")),
        (file_of(quarters("CMYK"), "JPEG", quality=95), 40),
        (ImageCms.profileToProfile(quarters(), *to_lab, outputMode="LAB"), 30),
    ]:
        assert is_quarters(images.read(source), tolerance), source
    halves = np.repeat(np.uint8([[0, 255]]), 20, 1)
    for mode in ("1", "L", "LA", "I;16"):
        deep = halves.astype(np.uint16) * 257 if mode == "I;16" else halves
        pixels = images.read(file_of(Image.fromarray(deep).convert(mode)))
        assert pixels[0, [5, 35]].tolist() == [[0, 0, 0], [255, 255, 255]], mode


def test_transparent_parts_become_white():
    half = Image.new("RGBA", (1, 1), (255, 0, 0, 128))
    assert close_to(images.read(file_of(half))[0, 0], (255, 127, 127), 2)
    assert images.read(file_of(Image.new("LA", (1, 1), (0, 0))))[0, 0].tolist() == list(WHITE)
    one_color = Image.fromarray(np.uint8([[BLACK, RED]]))
    palette = one_color.quantize(2)
    hidden = {"transparency": palette.getpixel((0, 0))}
    clear = Image.fromarray(np.uint8([[(*BLACK, 0), (*RED, 255)]]))
    files = [file_of(palette, kind, **hidden) for kind in ("PNG", "GIF")]
    for data in (*files, file_of(one_color, transparency=BLACK), file_of(clear)):
        assert images.read(data).tolist() == [[list(WHITE), list(RED)]]


def test_deep_pictures_keep_their_scale():
    """What is dark stays dark: 0-1, 0-255 and 16 bits are known; the rest is stretched."""
    for values, kind, wanted in [
        ([0, 257, 257 * 100], np.uint16, [0, 1, 100]),
        ([0, 257 * 3, 65535], np.int32, [0, 3, 255]),
        ([-100_000, 0, 100_000], np.int32, [0, 128, 255]),
        ([0.0, 0.5, 1.0], np.float32, [0, 128, 255]),
        ([-2.0, 0.0, 2.0], np.float32, [0, 128, 255]),
        ([np.nan, np.inf, 1.0], np.float32, [0, 0, 255]),
        ([0.0, 0.0, 0.0], np.float32, [0, 0, 0]),
    ]:
        picture = Image.fromarray(np.array([values], kind))
        assert images.read(file_of(picture, "TIFF"))[0, :, 0].tolist() == wanted
    big_endian = np.array([[0, 257, 65535]], ">u2").tobytes()
    picture = Image.frombytes("I;16B", (3, 1), big_endian)
    assert images.read(file_of(picture, "TIFF"))[0, :, 0].tolist() == [0, 1, 255]


def test_photographs_are_turned_upright():
    # How a camera that is held in this way stores the scene: the inverse of what EXIF asks for.
    turned = Image.Transpose
    stored = [None, turned.FLIP_LEFT_RIGHT, turned.ROTATE_180, turned.FLIP_TOP_BOTTOM]
    stored += [turned.TRANSPOSE, turned.ROTATE_90, turned.TRANSVERSE, turned.ROTATE_270]
    cases = [("JPEG", orientation) for orientation in range(1, 9)]
    for kind, orientation in [*cases, ("PNG", 6), ("WEBP", 6), ("TIFF", 6)]:
        step, exif = stored[orientation - 1], Image.Exif()
        exif[0x0112] = orientation
        picture = quarters() if step is None else quarters().transpose(step)
        data = file_of(picture, kind, exif=exif, quality=95)
        for size, shape in [(None, (20, 40)), (20, (10, 20)), ((16, 32), (16, 32))]:
            pixels = images.read(data, size)
            assert pixels.shape == (*shape, 3) and is_quarters(pixels, tolerance=40), kind
    damaged = b"Exif\0\0II*\0\xff\xff\xff\xffnonsense"
    assert is_quarters(images.read(file_of(quarters(), "JPEG", quality=95, exif=damaged)), 40)


def test_the_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 8), color) for color in (BLUE, RED)]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = file_of(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
        assert close_to(images.read(data)[4, 4], BLUE), kind


def test_sizes():
    wide = Image.fromarray(np.uint8([[RED, GREEN, RED]]).repeat(100, 0).repeat(100, 1))
    pixels = images.read(wide, (50, 50))  # cut on both sides, not distorted
    assert pixels.shape == (50, 50, 3) and close_to(pixels[25, [3, 25, 46]], GREEN)
    assert images.read(quarters(), 10).shape == (5, 10, 3)
    assert images.read(quarters(), 400).shape == (20, 40, 3)  # never enlarged
    assert images.read(quarters(size=(1000, 2)), 10).shape == (1, 10, 3)
    assert images.read(file_of(Image.new("RGB", (1, 1)), "JPEG"), (4, 6)).shape == (4, 6, 3)
    pixels = images.resize(np.asarray(quarters()), (10, 30))
    assert pixels.shape == (10, 30, 3) and pixels.dtype == np.uint8
    assert images.resize(pixels[..., 0], (5, 6)).shape == (5, 6)
    np.testing.assert_array_equal(images.resize(pixels, (10, 30)), pixels)


def test_fifty_megapixels_within_memory():
    data = file_of(Image.linear_gradient("L").resize((8160, 6144)), "JPEG")
    before = psutil.Process().memory_info().rss
    assert images.read(data, (224, 224)).shape == (224, 224, 3)
    assert psutil.Process().memory_info().rss - before < 150e6
    assert images.read(data).shape == (6144, 8160, 3)


# -- what can't be read ----------------------------------------------------------------------------


def sentence(source, work=images.read):
    """The error's message, which is one sentence: no traceback inside, ends with a full stop."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(images.ImageError) as caught:
            work(source)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and text.count(": ") >= 1
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return text


def test_what_is_no_picture_gets_a_sentence(tmp_path, monkeypatch):
    empty, page = tmp_path / "cat.jpg", tmp_path / "page.jpg"
    empty.touch()
    page.write_text("<html>404 not found</html>")
    # EPS is refused before Ghostscript runs.
    for start in ("check_call", "Popen"):
        monkeypatch.setattr(f"subprocess.{start}", lambda *_, **__: pytest.fail("a program ran"))
    for source, words in [
        (tmp_path / "dog.jpg", "dog.jpg is not there: check the spelling"),
        (tmp_path, "is a folder"),
        (empty, "cat.jpg is empty"),
        (b"", "is empty"),
        ("https://example.org/cat.jpg", "download"),
        (page, "page.jpg is not a picture that can be read: save it as PNG or JPEG"),
        (file_of(quarters(), "EPS"), "PNG or JPEG"),
        (None, "NoneType is not a picture"),
        (io.StringIO("text"), "The picture is"),
        (np.zeros((2, 4, 4, 3), np.uint8), "(2, 4, 4, 3) is not one picture"),
        (np.zeros((0, 4, 3), np.uint8), "(0, 4, 3) is not one picture"),
        (np.zeros((4, 4, 3), np.int64), "int64 from 0 to 0 is not a picture"),
        (np.full((4, 4, 3), 7.0), "from 7 to 7 is not a picture"),
    ]:
        assert words in sentence(source)
        if isinstance(source, np.ndarray):
            assert words in sentence(source, images.encode)
            assert words in sentence(source, lambda array: images.resize(array, (2, 2)))


def test_a_file_cut_off_or_that_may_not_be_read(tmp_path, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8)
    path = tmp_path / "cat.img"
    for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"):
        data = file_of(Image.fromarray(noise), kind)
        for part in (0.05, 0.5, 0.9):
            path.write_bytes(data[: int(len(data) * part)])
            assert "cat.img" in sentence(path), (kind, part)
    monkeypatch.setattr(type(path), "open", Mock(side_effect=PermissionError(13, "denied")))
    assert "can't be opened (denied)" in sentence(path)


def test_decompression_bombs():
    """A PNG of a few dozen bytes claims to be side × side pixels."""

    def chunk(kind, body):
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    before = psutil.Process().memory_info().rss
    for side in (8_001, 9_500, 14_000, 1_000_000):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        body = chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
        text = sentence(b"\x89PNG\r\n\x1a\n" + head + body)
        assert "pixels" in text and "smaller" in text
    assert psutil.Process().memory_info().rss - before < 50e6


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(KINDS), st.data())
def test_damaged_files_give_a_picture_or_the_error(kind, data):
    content = bytearray(file_of(quarters(), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            pixels = images.read(bytes(content))
        except images.ImageError:
            return
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3


# -- writing ---------------------------------------------------------------------------------------


def test_encoded_and_written_pictures_are_read_again(tmp_path):
    for name in ("a.png", "a.bmp", "a.jpg", "a.JPEG", "a.webp", "a.tiff"):
        images.write(tmp_path / name, np.asarray(quarters()))
        assert is_quarters(images.read(tmp_path / name), tolerance=40), name
    noise = np.random.default_rng(0).integers(0, 255, (30, 50, 3), np.uint8)
    for form in ("png", "PNG", "jpeg", "jpg", "webp"):
        kind = Image.open(io.BytesIO(images.encode(noise, form))).format
        assert kind == {"jpg": "JPEG"}.get(form, form.upper())
    head, _, content = images.data_url(noise, "png").partition(",")
    assert head == "data:image/png;base64"
    np.testing.assert_array_equal(images.read(base64.b64decode(content)), noise)
    clear = np.zeros((2, 2, 4), np.uint8)
    assert close_to(images.read(images.encode(clear, "jpeg"))[0, 0], WHITE)


def test_what_cannot_be_written_is_told(tmp_path):
    picture = np.asarray(quarters())
    for name in ("picture", "picture.xyz", "picture.pdfx"):
        with pytest.raises(images.ImageError, match=r"png|jpeg"):
            images.write(tmp_path / name, picture)
    with pytest.raises(images.ImageError, match=r"No such file.*choose another folder"):
        images.write(tmp_path / "none" / "a.png", picture)
    assert list(tmp_path.iterdir()) == []


def test_floats_and_bytes():
    floats = np.array([[[0.0, 0.5, 1.0]]], np.float32)
    assert images.as_bytes(2 * floats).tolist() == [[[0, 255, 255]]]
    back = images.as_floats(images.as_bytes(floats))
    assert back.dtype == np.float32 and np.abs(back - floats).max() < 1 / 255
