"""Any picture that Pillow can read becomes uint8 RGB; anything else gets one clear sentence."""

import io
import os
import struct
import warnings

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from helpers import images

RED, GREEN, BLUE, WHITE, BLACK = (
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (255, 255, 255),
    (0, 0, 0),
)


def quarters(mode="RGB", size=(40, 20)):
    """A picture, wider than high: red and green above, blue and white below."""
    picture = Image.new("RGB", size)
    width, height = size[0] // 2, size[1] // 2
    for corner, color in zip(
        [(0, 0), (width, 0), (0, height), (width, height)], [RED, GREEN, BLUE, WHITE], strict=True
    ):
        picture.paste(color, (*corner, corner[0] + width, corner[1] + height))
    return picture.convert(mode)


def file_of(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def close_to(pixel, color, tolerance=12):
    return np.abs(pixel.astype(int) - color).max() <= tolerance


def is_quarters(pixels, tolerance=12):
    height, width, _ = pixels.shape
    seen = [pixels[height // 4, width // 4], pixels[height // 4, 3 * width // 4]]
    seen += [pixels[3 * height // 4, width // 4], pixels[3 * height // 4, 3 * width // 4]]
    return all(map(lambda p, c: close_to(p, c, tolerance), seen, [RED, GREEN, BLUE, WHITE]))


# -- sources ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["text", "path", "bytes", "bytearray", "memoryview", "file"])
def test_every_kind_of_source(tmp_path, source):
    path = tmp_path / "ärger 1.png"
    path.write_bytes(file_of(quarters()))
    data = path.read_bytes()
    forms = {"text": str(path), "path": path, "bytes": data, "bytearray": bytearray(data)}
    forms |= {"memoryview": memoryview(data), "file": io.BytesIO(data)}
    pixels = images.read(forms[source])
    assert pixels.dtype == np.uint8 and pixels.shape == (20, 40, 3)
    np.testing.assert_array_equal(pixels, np.asarray(quarters()))


def test_pillow_images_and_arrays_pass_through():
    wanted = np.asarray(quarters())
    np.testing.assert_array_equal(images.read(quarters()), wanted)
    np.testing.assert_array_equal(images.read(wanted), wanted)
    np.testing.assert_array_equal(images.read(wanted / 255), wanted)
    assert images.read(wanted[..., 0]).shape == (20, 40, 3)
    assert images.read(wanted[..., :1]).shape == (20, 40, 3)


def test_what_is_read_can_be_changed():
    pixels = images.read(file_of(quarters()))
    pixels[0, 0] = 7
    assert pixels[0, 0].tolist() == [7, 7, 7]


def test_reading_leaves_the_callers_picture_alone():
    mine = quarters()
    images.read(mine, 10)
    assert mine.size == (40, 20)


@pytest.mark.parametrize(
    "kind", ["BMP", "GIF", "PNG", "JPEG", "TIFF", "WEBP", "PPM", "TGA", "ICO", "JPEG2000", "AVIF"]
)
def test_file_formats(kind):
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow is built without {kind}")
    size = (32, 32) if kind == "ICO" else (40, 20)
    pixels = images.read(file_of(quarters(size=size), kind))
    assert pixels.shape == (*size[::-1], 3) and is_quarters(pixels, tolerance=40)


# -- modes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK", "YCbCr", "HSV", "RGBX"])
def test_color_modes(mode):
    source = quarters(mode)
    if mode in ("YCbCr", "CMYK"):
        source = file_of(source, "TIFF")
    assert is_quarters(images.read(source))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16"])
def test_grey_modes(mode):
    halves = np.zeros((20, 40), np.uint8)
    halves[:, 20:] = 255
    picture = Image.fromarray(halves)
    if mode == "I;16":
        picture = Image.fromarray(halves.astype(np.uint16) * 257)
    pixels = images.read(file_of(picture.convert(mode)))
    assert pixels.shape == (20, 40, 3)
    assert pixels[10, 5].tolist() == [0, 0, 0] and pixels[10, 35].tolist() == [255, 255, 255]


def test_lab():
    to_lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(quarters(), *to_lab, outputMode="LAB")
    assert is_quarters(images.read(lab), tolerance=30)


def test_cmyk_jpeg():
    assert is_quarters(images.read(file_of(quarters("CMYK"), "JPEG", quality=95)), tolerance=40)


def test_transparent_parts_become_white():
    picture = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    picture.putpixel((1, 0), (0, 0, 0, 0))
    assert images.read(file_of(picture)).tolist() == [[list(RED), list(WHITE)]]


def test_half_transparent_mixes_with_white():
    picture = Image.new("RGBA", (1, 1), (255, 0, 0, 128))
    assert close_to(images.read(file_of(picture))[0, 0], (255, 127, 127), 2)


def test_grey_with_alpha_becomes_white():
    assert images.read(file_of(Image.new("LA", (1, 1), (0, 0))))[0, 0].tolist() == list(WHITE)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette_with_a_transparent_color(kind):
    picture = Image.new("P", (2, 1), 0)
    picture.putpalette([*BLACK, *RED] + [0] * 756)
    picture.putpixel((1, 0), 1)
    pixels = images.read(file_of(picture, kind, transparency=0))
    assert pixels.tolist() == [[list(WHITE), list(RED)]]


def test_rgb_with_a_transparent_color():
    picture = Image.new("RGB", (2, 1), RED)
    picture.putpixel((1, 0), BLACK)
    pixels = images.read(file_of(picture, transparency=BLACK))
    assert pixels.tolist() == [[list(RED), list(WHITE)]]


def test_sixteen_bits_keep_their_scale():
    # A dark picture stays dark: 16 bits are scaled as 16 bits, not stretched to what is there.
    values = np.array([[0, 257, 257 * 100]], np.uint16)
    assert images.read(file_of(Image.fromarray(values)))[0, :, 0].tolist() == [0, 1, 100]


def test_sixteen_bits_big_endian():
    values = np.array([[0, 257, 65535]], np.uint16)
    picture = Image.frombytes("I;16B", (3, 1), values.astype(">u2").tobytes())
    assert images.read(file_of(picture, "TIFF"))[0, :, 0].tolist() == [0, 1, 255]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([-2.0, 0.0, 2.0], [0, 128, 255]),
        ([0.0, 50_000.0, 100_000.0], [0, 128, 255]),
        ([np.nan, np.inf, 1.0], [0, 0, 255]),
        ([0.0, 0.0, 0.0], [0, 0, 0]),
    ],
)
def test_float_pictures(values, wanted):
    picture = Image.fromarray(np.array([values], np.float32))
    assert images.read(file_of(picture, "TIFF"))[0, :, 0].tolist() == wanted


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([0, 257 * 3, 65535], [0, 3, 255]), ([-100_000, 0, 100_000], [0, 128, 255])],
)
def test_thirty_two_bit_pictures(values, wanted):
    picture = Image.fromarray(np.array([values], np.int32))
    assert images.read(file_of(picture, "TIFF"))[0, :, 0].tolist() == wanted


# -- orientation and frames ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned_upright(kind, orientation):
    # How a camera that is held in this way stores the scene: the inverse of what EXIF asks for.
    stored = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }[orientation]
    picture = quarters()
    for step in stored:
        picture = picture.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = file_of(picture, kind, exif=exif, quality=95)
    for size, shape in [(None, (20, 40)), (20, (10, 20)), ((16, 32), (16, 32))]:
        pixels = images.read(data, size)
        assert pixels.shape == (*shape, 3)
        assert is_quarters(pixels, tolerance=40)


def test_damaged_exif_does_not_spoil_the_picture():
    data = file_of(quarters(), "JPEG", quality=95, exif=b"Exif\0\0II*\0\xff\xff\xff\xffnonsense")
    assert is_quarters(images.read(data), tolerance=40)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_of_an_animation(kind):
    frames = [Image.new("RGB", (8, 8), color) for color in (BLUE, RED, GREEN)]
    data = file_of(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    assert close_to(images.read(data)[4, 4], BLUE)


# -- sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_one_pixel(kind):
    data = file_of(Image.new("RGB", (1, 1), RED), kind)
    assert images.read(data).shape == (1, 1, 3)
    assert images.read(data, (4, 6)).shape == (4, 6, 3)
    assert images.read(data, 10).shape == (1, 1, 3)


def test_a_pair_cuts_centrally_and_does_not_distort():
    picture = Image.new("RGB", (300, 100), RED)
    picture.paste(GREEN, (100, 0, 200, 100))
    pixels = images.read(picture, (50, 50))
    assert pixels.shape == (50, 50, 3)
    assert all(close_to(pixels[25, x], GREEN) for x in (3, 25, 46))


def test_a_number_bounds_the_longer_side_and_never_enlarges():
    assert images.read(quarters(), 10).shape == (5, 10, 3)
    assert images.read(quarters(), 400).shape == (20, 40, 3)
    assert images.read(quarters(size=(1000, 2)), 10).shape == (1, 10, 3)


@pytest.mark.parametrize("size", [0, -3, (0, 5), (5,), (5, 5, 3), "big", 2.5])
def test_sizes_that_are_none(size):
    with pytest.raises(images.ImageError, match="not a size"):
        images.read(quarters(), size)
    with pytest.raises(images.ImageError, match="not a size"):
        images.resize(np.asarray(quarters()), size)


def test_fifty_megapixels_within_memory():
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    large = Image.fromarray(noise).resize((8160, 6144), Image.Resampling.NEAREST)
    data = file_of(large, "JPEG")
    before = psutil.Process().memory_info().rss
    assert images.read(data, (224, 224)).shape == (224, 224, 3)
    assert psutil.Process().memory_info().rss - before < 150e6
    assert images.read(data).shape == (6144, 8160, 3)


# -- what can't be read ----------------------------------------------------------------------------


def sentence(source, size=None):
    """The error's message, which is one sentence: no traceback inside, ends with a full stop."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(images.ImageError) as caught:
            images.read(source, size)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and text.count(": ") >= 1
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return text


def test_a_file_that_is_not_there(tmp_path):
    text = sentence(tmp_path / "cat.jpg")
    assert "cat.jpg" in text and "spelling" in text


def test_a_folder(tmp_path):
    assert "is a folder" in sentence(tmp_path)


def test_an_empty_file(tmp_path):
    (tmp_path / "cat.jpg").touch()
    assert "cat.jpg is empty" in sentence(tmp_path / "cat.jpg")
    assert "is empty" in sentence(b"")


def test_an_address_on_the_web():
    assert "download" in sentence("https://example.org/cat.jpg")


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "cat.jpg"
    path.write_bytes(file_of(quarters()))
    path.chmod(0)
    if os.geteuid() == 0:  # root may read everything: stand in for the refusal

        def refuse(self, *_, **__):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(type(path), "open", refuse)
    assert "Permission denied" in sentence(path)


def test_text_in_a_pictures_clothes(tmp_path):
    path = tmp_path / "cat.jpg"
    path.write_text("<html>404 not found</html>")
    text = sentence(path)
    assert "cat.jpg is not a picture" in text and "PNG or JPEG" in text


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"])
@pytest.mark.parametrize("part", [0.05, 0.5, 0.9])
def test_a_file_cut_off(tmp_path, kind, part):
    noise = np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8)
    data = file_of(Image.fromarray(noise), kind)
    path = tmp_path / "cat.img"
    path.write_bytes(data[: int(len(data) * part)])
    text = sentence(path)
    assert "cat.img" in text


def test_nothing_to_read_from():
    assert sentence(None)
    assert sentence(42)
    assert sentence(io.StringIO("text"))


def test_eps_is_refused_before_ghostscript_runs(monkeypatch):
    monkeypatch.setattr("subprocess.check_call", lambda *_, **__: pytest.fail("a program ran"))
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("a program ran"))
    sentence(file_of(quarters(), "EPS"))


def bomb(width, height):
    """A PNG of a few dozen bytes that claims to be width × height pixels."""
    import zlib

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [8_001, 9_500, 14_000, 1_000_000])
def test_decompression_bombs(side):
    before = psutil.Process().memory_info().rss
    text = sentence(bomb(side, side))
    assert "pixels" in text and "smaller" in text
    assert psutil.Process().memory_info().rss - before < 50e6


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "TGA", "ICO", "PPM"]), st.data()
)
def test_damaged_files_give_a_picture_or_the_error(kind, data):
    content = bytearray(file_of(quarters(), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        where = data.draw(st.integers(0, len(content) - 1))
        content[where] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            pixels = images.read(bytes(content))
        except images.ImageError:
            return
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3


# -- resizing and writing --------------------------------------------------------------------------


def test_resize():
    pixels = images.resize(np.asarray(quarters()), (10, 30))
    assert pixels.shape == (10, 30, 3) and pixels.dtype == np.uint8
    assert images.resize(pixels[..., 0], (5, 6)).shape == (5, 6)
    assert images.resize(pixels[..., :1], (5, 6)).shape == (5, 6)


def test_resizing_to_the_same_size_changes_nothing():
    wanted = np.asarray(quarters())
    np.testing.assert_array_equal(images.resize(wanted, (20, 40)), wanted)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.jpg", "a.JPEG", "a.webp", "a.tiff"])
def test_written_and_read_again(tmp_path, name):
    images.write(tmp_path / name, np.asarray(quarters()))
    assert is_quarters(images.read(tmp_path / name), tolerance=40)
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("form", ["png", "PNG", "jpeg", "jpg", "webp"])
def test_encode(form):
    data = images.encode(np.asarray(quarters()), form)
    assert Image.open(io.BytesIO(data)).format == {"jpg": "JPEG"}.get(form, form.upper())


def test_png_loses_nothing():
    noise = np.random.default_rng(0).integers(0, 255, (30, 50, 3), np.uint8)
    np.testing.assert_array_equal(images.read(images.encode(noise)), noise)


def test_floats_and_transparency_can_be_encoded():
    assert images.read(images.encode(np.full((2, 2, 3), 0.5)))[0, 0].tolist() == [128] * 3
    clear = np.zeros((2, 2, 4), np.uint8)
    assert close_to(images.read(images.encode(clear, "jpeg"))[0, 0], WHITE)


@pytest.mark.parametrize("name", ["picture", "picture.xyz", "picture.pdfx"])
def test_unknown_suffixes_are_refused(tmp_path, name):
    with pytest.raises(images.ImageError, match=r"png|jpeg"):
        images.write(tmp_path / name, np.asarray(quarters()))
    assert not list(tmp_path.iterdir())


def test_nothing_half_written(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    images.write(path, np.asarray(quarters()))
    before = path.read_bytes()

    def full(self, data):
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(images.ImageError, match="No space left"):
        images.write(path, np.zeros((9, 9, 3), np.uint8))
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(images.ImageError, match="folder"):
        images.write(tmp_path / "none" / "a.png", np.zeros((9, 9, 3), np.uint8))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.int64),
        np.full((4, 4, 3), 7.0),
        np.full((4, 4, 3), np.nan),
        np.array("text"),
    ],
)
def test_arrays_that_are_no_pictures(array):
    for work in (images.read, images.encode, lambda a: images.resize(a, (2, 2))):
        with pytest.raises(images.ImageError):
            work(array)
