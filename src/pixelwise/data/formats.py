"""What in each format of pictures a decoder would drop in silence."""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pixelwise.errors import PixelwiseError

PIXELS = 2**27  # 8192 x 16384

WIDTH, LENGTH, BITS, STRIPS, SAMPLES, ROWS, STRIP_BYTES, HIGHEST = 256, 257, 258, 273, 277, 278, 279, 281  # of TIFF 6.0
PLANAR, TILE_WIDTH, TILE_LENGTH, TILES, TILE_BYTES, EXTRA, SAMPLE_FORMAT = 284, 322, 323, 324, 325, 338, 339
DEPTH = 32997  # tag of SGI: layers of a volume
UNSIGNED, SIGNED = 1, 2  # values of SAMPLE_FORMAT
PREMULTIPLIED, OPACITY = 1, 2  # values of EXTRA
PLANES_APART = 2  # value of PLANAR
PIECES = 0xB002  # tag of the list of pictures in one JPEG (CIPA DC-007)
PALETTE = 3  # colour type of a PNG
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a PNG's colour types
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""Passes of an interlaced PNG: first row and column, and the steps between them."""

Image.MAX_IMAGE_PIXELS = None  # `PIXELS` takes its place
logging.getLogger("PIL").addHandler(logging.NullHandler())  # what it logs of damaged files stands in the errors


def check_size(path: Path, height: int, width: int) -> None:
    """Refuse a picture without pixels, or with more than memory is ever asked for.

    Raises:
        PixelwiseError: Says its size.
    """
    if not 1 <= height * width <= PIXELS:
        raise PixelwiseError(f"{path}: {height}x{width} pixels (height x width); 1 to {PIXELS} pixels are allowed")


def check_frames(path: Path, frames: int) -> None:
    """Refuse several pages, frames or layers.

    Raises:
        PixelwiseError: Says how many.
    """
    if frames > 1:
        raise PixelwiseError(f"{path}: {frames} frames; one is allowed")


def frames(image: Image.Image) -> int:
    """How many pictures an opened file holds.

    Previews that a camera adds to a JPEG do not count, nor does an Ultra HDR's gain map: the picture is whole without.
    """
    if image.format == "MPO":
        kinds = [piece["Attribute"]["MPType"] for piece in image.mpinfo[PIECES]]  # type: ignore[attr-defined]
        return sum(not kind.startswith("Large Thumbnail") for kind in kinds)
    if image.format == "JPEG" and "mp" in image.info:
        image._getmp()  # type: ignore[attr-defined]  # raises SyntaxError for a damaged list, which Pillow overlooks
    return int(getattr(image, "n_frames", 1))


def png_bits(start: bytes) -> int:
    """Bits of each value, from the first 26 bytes of a PNG (ISO/IEC 15948); 8 for palettes.

    Raises:
        ValueError: If they are no beginning of a PNG.
    """
    if start[12:16] != b"IHDR":
        raise ValueError("its first chunk is not IHDR")
    return 8 if start[25] == PALETTE else start[24]


def check_png(path: Path, content: bytes) -> None:
    """Look at the chunks of a whole PNG; Pillow looks at no checksum of pixels, past some animations and missing rows.

    Raises:
        ValueError: If one is cut or damaged, or if there are fewer pixels than the header says.
        PixelwiseError: If it is animated.
    """
    place, kind, animated, pixels = 8, b"", 0, []
    while kind != b"IEND":
        if place + 12 > len(content):
            raise ValueError("the file ends before the picture does")
        (length,), kind = struct.unpack_from(">I", content, place), content[place + 4 : place + 8]
        end = place + 8 + length
        if content[end : end + 4] != struct.pack(">I", zlib.crc32(memoryview(content)[place + 4 : end])):
            raise ValueError(f"wrong checksum of a chunk {kind.decode('latin-1')!r}")
        animated += kind == b"fcTL"
        if kind == b"IDAT":
            pixels.append(content[place + 8 : end])
        place = end + 4
    check_frames(path, animated)
    _check_rows(b"".join(pixels), *struct.unpack_from(">IIBBBBB", content, 16))


def _check_rows(
    packed: bytes, width: int, height: int, bits: int, colour: int, _compression: int, _filter: int, interlaced: int
) -> None:
    """Refuse pixels that end early; Pillow fills in black for rows that are missing as a whole."""
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    sides = [(-(-(height - y) // dy), -(-(width - x) // dx)) for y, x, dy, dx in passes]
    needed = sum(rows * (1 + -(-columns * bits * CHANNELS[colour] // 8)) for rows, columns in sides if columns > 0)
    unpacker, found = zlib.decompressobj(), 0
    while needed > found and (part := unpacker.decompress(packed, min(needed - found, 1 << 20))):
        found += len(part)
        packed = unpacker.unconsumed_tail
    if found < needed:
        raise ValueError(f"its pixels end after {found} of {needed} bytes")


def check_jpeg(path: Path, content: bytes, height: int, width: int) -> None:
    """Refuse a JPEG of fewer bits than its 8x8 blocks need, which libjpeg would fill with gray.

    Raises:
        PixelwiseError: Says its size.
    """
    if 8 * len(content) < -(-height // 8) * -(-width // 8):
        raise PixelwiseError(
            f"{path}: {height}x{width} pixels (height x width) in {len(content)} bytes; most are missing"
        )


def _lacking(tags: Mapping[int, Any]) -> str | None:
    """What is wrong if a TIFF has fewer strips or tiles than its size needs; Pillow would fill in black."""
    width, length = tags[WIDTH], tags[LENGTH]
    if TILES in tags:
        needed = -(-width // tags[TILE_WIDTH]) * -(-length // tags[TILE_LENGTH])
    else:
        needed = -(-length // max(1, min(length, tags.get(ROWS, length))))
    needed *= tags.get(SAMPLES, 1) if tags.get(PLANAR, 1) == PLANES_APART else 1
    places, lengths = (TILES, TILE_BYTES) if TILES in tags else (STRIPS, STRIP_BYTES)
    sizes = np.atleast_1d(tags.get(lengths, [1] * needed))  # old files of one strip may lack its length
    found = min(len(tags.get(places, ())), int((sizes > 0).sum()))
    return f"{found} strips or tiles of {needed}; all are needed" if found < needed else None


def tiff_values(path: Path, tags: Mapping[int, Any], bands: int) -> tuple[int, bool]:
    """Bits of each value of a TIFF, and whether they are signed.

    Args:
        path: File to name in errors.
        tags: Of its first page.
        bands: Channels that Pillow reads.

    Raises:
        PixelwiseError: If Pillow would leave out or change some of it.
    """
    bits, kinds = np.unique(tags.get(BITS, 1)), np.unique(tags.get(SAMPLE_FORMAT, UNSIGNED))
    check_frames(path, tags.get(DEPTH, 1))
    check_size(path, tags.get(TILE_LENGTH, 1), tags.get(TILE_WIDTH, 1))
    wrong = _lacking(tags)
    if len(bits) > 1 or len(kinds) > 1:
        wrong = "channels of different kinds; values of one kind are allowed"
    elif (samples := tags.get(SAMPLES, 1)) != bands:
        wrong = f"{samples} channels, of which {bands} would be read; gray or colour with or without opacity is allowed"
    elif PREMULTIPLIED in np.atleast_1d(tags.get(EXTRA, ())):
        wrong = "colours multiplied by the opacity; opacity on its own is allowed"
    elif kinds[0] == SIGNED and bits[0] < 16:
        wrong = "negative values; values from 0 are allowed"
    if wrong:
        raise PixelwiseError(f"{path}: {wrong}")
    return int(bits[0]), bool(kinds[0] == SIGNED)
