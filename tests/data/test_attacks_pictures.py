"""Pictures that say more than they hold."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelwise.data.decoding import decode
from pixelwise.errors import PixelwiseError

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
HEIGHT, WIDTH = 7, 9


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(bits: int, colour: int, rows: int) -> bytes:
    """A PNG of 7x9 pixels whose header and checksums are right, with the pixels of so many rows."""
    row = b"\0" + b"\xff" * -(-WIDTH * bits * CHANNELS[colour] // 8)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, colour, 0, 0, 0)
    palette = chunk(b"PLTE", bytes(3 * 256)) if colour == 3 else b""
    pixels = chunk(b"IDAT", zlib.compress(row * rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("bits", "colour"),
    [(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (1, 3), (8, 3), (8, 4), (16, 4), (8, 6), (16, 6)],
)
def test_a_png_without_all_its_rows_is_refused(tmp_path: Path, bits: int, colour: int) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(png(bits, colour, HEIGHT))
    assert decode(file).image.size == (WIDTH, HEIGHT)
    for rows in range(1, HEIGHT):
        file.write_bytes(png(bits, colour, rows))
        with pytest.raises(PixelwiseError, match="not a readable image"):
            decode(file)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 1), (1, 9), (8, 8), (13, 21), (64, 64)])
@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "P"])
def test_every_whole_png_is_read(tmp_path: Path, size: tuple[int, int], mode: str) -> None:
    """Of all sizes that leave passes of an interlaced file empty."""
    values = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(values).convert(mode).save(stream, "PNG")
    (tmp_path / "a.png").write_bytes(stream.getvalue())
    assert decode(tmp_path / "a.png").image.size == size


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (3, 5), (8, 8), (9, 1), (13, 21)])
def test_an_interlaced_png_is_read_whole_or_refused(tmp_path: Path, height: int, width: int) -> None:
    starts = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    passes = [(len(range(y, height, dy)), len(range(x, width, dx))) for y, x, dy, dx in starts]
    rows = b"".join((b"\0" + b"\x80" * columns) * count for count, columns in passes if columns)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 1))
    for cut in (0, 1):
        pixels = chunk(b"IDAT", zlib.compress(rows[: len(rows) - cut]))
        (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b""))
        if cut:
            with pytest.raises(PixelwiseError, match="not a readable image"):
                decode(tmp_path / "a.png")
        else:
            assert np.unique(np.asarray(decode(tmp_path / "a.png").image)).tolist() == [128]
