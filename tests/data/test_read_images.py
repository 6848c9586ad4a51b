from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from pixelwise.data import read_images
from pixelwise.errors import PixelwiseError

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("size", [(7, 9), (16, 40), (31, 5), (20, 30)])
@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_four_neighbours_agree_with_torch(shape, size):
    array = RNG.integers(0, 256, shape, dtype=np.uint8)
    planes = torch.from_numpy(array.reshape(20, 30, -1)).permute(2, 0, 1)[None].double()
    expected = torch.nn.functional.interpolate(planes, size, mode="bilinear", align_corners=False, antialias=False)
    found = read_images.four_neighbours(array, size)
    assert found.shape == (*size, *shape[2:])
    difference = np.abs(found.reshape(*size, -1) - expected[0].permute(1, 2, 0).numpy())
    assert difference.max() <= 0.5 + 1e-9


def test_bicubic_is_pils():
    array = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(array).resize((16, 8), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(read_images.resize_image(Image.fromarray(array), (8, 16), "bicubic"), expected)


@pytest.mark.parametrize("size", [(5, 5), (40, 60), (10, 15)])
def test_ids_take_pils_nearest_pixel_and_keep_large_values(size):
    array = RNG.integers(0, 70_000, (20, 30)).astype(np.int32)
    found = read_images.resize_ids(array, size)
    rows, columns = (((np.arange(new) + 0.5) * old / new).astype(int) for new, old in zip(size, (20, 30), strict=True))
    np.testing.assert_array_equal(found, array[np.ix_(rows, columns)])  # by a factor of 4: source pixel 4 i + 2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_instance_maps_of_8_and_16_bit(tmp_path, dtype):
    array = RNG.integers(0, np.iinfo(dtype).max, (6, 7)).astype(dtype)
    Image.fromarray(array).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_images.read_ids(tmp_path / "a.png"), array)


def test_palette_label_map_gives_its_indices(tmp_path):
    array = RNG.integers(0, 13, (6, 7), dtype=np.uint8)
    picture = Image.fromarray(array, mode="P")
    picture.putpalette(list(range(39)))
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_images.read_ids(tmp_path / "a.png"), array)


def test_coloured_label_map_is_refused(tmp_path):
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    with pytest.raises(PixelwiseError, match=r"a.png: colour image; a map holds one id per pixel"):
        read_images.read_ids(tmp_path / "a.png")


def test_sixteen_bit_photograph_is_refused(tmp_path):
    with pytest.raises(PixelwiseError, match="8 bits per channel"):
        read_images.pixels(Image.new("I;16", (2, 2)), tmp_path, 3)


@pytest.mark.parametrize(
    ("mode", "channels", "expected"),
    [("L", None, "L"), ("LA", None, "L"), ("P", None, "RGB"), ("RGBA", None, "RGB"), ("RGB", 1, "L"), ("L", 3, "RGB")],
)
def test_channels(tmp_path, mode, channels, expected):
    assert read_images.pixels(Image.new(mode, (2, 2)), tmp_path, channels).mode == expected


def encoded(kind):
    stream = io.BytesIO()
    Image.fromarray(RNG.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["png", "jpeg"])
@pytest.mark.parametrize("keep", [0.0, 0.01, 0.5, 0.9])
def test_truncated_image_is_one_line_with_its_name(tmp_path, kind, keep):
    content = encoded(kind)
    path = tmp_path / f"broken.{kind}"
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(PixelwiseError, match=rf"broken\.{kind}: not a readable image \(.*\)") as error:
        read_images.read(path)
    assert "\n" not in str(error.value) and "BytesIO" not in str(error.value)


def test_flipped_bytes_of_a_png_never_give_another_error(tmp_path):
    content, path = encoded("png"), tmp_path / "a.png"
    for position in range(0, len(content), 41):
        damaged = bytearray(content)
        damaged[position] ^= 0x08
        path.write_bytes(damaged)
        try:
            read_images.read(path)
        except PixelwiseError as error:
            assert "a.png" in str(error) and "\n" not in str(error)


def test_bytes_other_than_fetched_are_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded("png"))
    with pytest.raises(PixelwiseError, match="fetch the data again"):
        read_images.read(path, "0" * 64)


def stored(folder, name, array, **options):
    """A map written with Pillow: mode and options say how."""
    path = folder / name
    Image.fromarray(array).save(path, **options)
    return path


def four_bits(path, ids):
    """A gray PNG of 4 bits (ISO/IEC 15948), which Pillow cannot write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(a << 4 | b for a, b in zip(row[::2], row[1::2], strict=True)) for row in ids)
    header = struct.pack(">IIBBBBB", ids.shape[1], ids.shape[0], 4, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def test_ids_are_those_of_the_file(tmp_path):
    wanted = np.arange(12, dtype=np.uint8).reshape(2, 6)
    files = [
        four_bits(tmp_path / "4.png", wanted),
        stored(tmp_path, "8.png", wanted),
        stored(tmp_path, "8.bmp", wanted),
    ]
    files += [
        stored(tmp_path, "8.tif", wanted, compression="tiff_lzw"),
        stored(tmp_path, "16.png", wanted.astype(np.uint16)),
    ]
    for path in files:
        np.testing.assert_array_equal(read_images.read_ids(path), wanted)


@pytest.mark.parametrize(
    ("name", "options", "line"),
    [
        ("a.jpg", {}, "JPEG, which may change ids; allowed are PNG, TIFF, BMP"),
        ("a.webp", {"lossless": True}, "WEBP, which may change ids"),
        ("a.tif", {"compression": "jpeg"}, "TIFF with JPEG, which may change ids"),
        ("a.tif", {"tiffinfo": {262: 0}}, "white is zero"),
        ("a.tif", {"save_all": True, "append_images": [Image.new("L", (6, 2))]}, "2 frames; one is allowed"),
    ],
)
def test_maps_that_may_hold_other_ids_are_refused(tmp_path, name, options, line):
    path = stored(tmp_path, name, np.arange(12, dtype=np.uint8).reshape(2, 6), **options)
    with pytest.raises(PixelwiseError, match=line):
        read_images.read_ids(path)
