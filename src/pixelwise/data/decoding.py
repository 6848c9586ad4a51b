"""The one place that decodes pictures: which formats, how large, and nothing in them dropped in silence.

A file is read whole or refused with one line. Refused are several pages or frames, values that a decoder would shorten,
channels that it would leave out, and sizes beyond `PIXELS`, these before anything is allocated for them.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from pixelwise.errors import PixelwiseError

FORMATS = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg"),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
"""Every format that is read or written, by Pillow's name, with its suffixes."""
SUFFIXES = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
PIXELS = 2**28  # 16384 x 16384
BYTES = 2**32

ORIENTATION = 274  # EXIF 2.3
BITS, SAMPLES, HIGHEST, TILE_WIDTH, TILE_LENGTH, EXTRA, SAMPLE_FORMAT = (
    258,
    277,
    281,
    322,
    323,
    338,
    339,
)  # tags of TIFF 6.0
UNSIGNED, SIGNED = 1, 2  # values of SAMPLE_FORMAT
PREMULTIPLIED, OPACITY = 1, 2  # values of EXTRA
PIECES = 0xB002  # tag of an index of several pictures in one JPEG (CIPA DC-007)

Image.MAX_IMAGE_PIXELS = None  # `PIXELS` takes its place


@dataclass(frozen=True)
class Header:
    """What a file says about its picture.

    Attributes:
        format: Key of `FORMATS`.
        mode: Pillow's mode.
        height: In pixels, as stored.
        width: In pixels, as stored.
        bits: Of each value in the file; 8 for palettes.
        orientation: How a camera held it, 1 to 8.
        signed: Whether its values may be negative.
    """

    format: str
    mode: str
    height: int
    width: int
    bits: int
    orientation: int
    signed: bool = False


@dataclass(frozen=True)
class Decoded:
    """A picture as Pillow decodes it, what its header says, and the bytes of its file."""

    image: Image.Image
    header: Header
    content: bytes


def header(path: Path) -> Header:
    """Read the header of a picture, without decoding it.

    Raises:
        PixelwiseError: If it is no picture of the formats read, or one that `decode` refuses by its header.
        OSError: If the file can't be read at all.
    """
    _regular(path)
    with path.open("rb") as stream, _opened(path, stream) as (_, found):
        return found


def decode(path: Path, sha256: str | None = None) -> Decoded:
    """Read and decode a picture completely.

    Args:
        path: File.
        sha256: Checksum that its bytes must have, or None.

    Raises:
        PixelwiseError: If the file is no whole picture, has another checksum, or holds what would be lost.
        OSError: If the file can't be read at all.
    """
    content = contents(path, sha256)
    with _opened(path, io.BytesIO(content)) as (image, found):  # by name, Pillow 13.0.0 misreads turned TIFFs
        if found.format == "PNG":
            _whole_png(content)
        image.load()
    return Decoded(image, found, content)


def contents(path: Path, sha256: str | None = None) -> bytes:
    """The bytes of a file, which must have this checksum if one is given.

    Raises:
        PixelwiseError: If there is no such file, or if it is too large or has another checksum.
        OSError: If it can't be read.
    """
    _regular(path)
    if (size := path.stat().st_size) > BYTES:
        raise PixelwiseError(f"{path}: {size} bytes; at most {BYTES} are allowed")
    content = path.read_bytes()
    if sha256 is not None and (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise PixelwiseError(f"{path}: sha256 {found[:12]}; {sha256[:12]} when it was fetched, fetch the data again")
    return content


def check_size(path: Path, height: int, width: int) -> None:
    """Refuse a picture without pixels, or with more than memory is ever asked for.

    Raises:
        PixelwiseError: Says its size.
    """
    if not 1 <= height * width <= PIXELS:
        raise PixelwiseError(f"{path}: {height}x{width} pixels (height x width); 1 to {PIXELS} pixels are allowed")


def check_frames(path: Path, frames: int) -> None:
    """Refuse several pages or frames.

    Raises:
        PixelwiseError: Says how many.
    """
    if frames > 1:
        raise PixelwiseError(f"{path}: {frames} frames; one is allowed")


@contextlib.contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises for a damaged file into one line, and keep its warnings off the terminal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except PixelwiseError:
        raise
    except MemoryError:
        raise PixelwiseError(f"{path}: not enough memory for its pixels") from None
    except Exception as error:  # of many kinds, which no decoder lists
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = str(error).split(" <", 1)[0].split("\n", 1)[0] or type(error).__name__
        line = f"{path}: not a readable image ({reason}); {', '.join(FORMATS)} are read"
        raise PixelwiseError(line) from None


def _regular(path: Path) -> None:
    if not path.is_file():
        raise PixelwiseError(f"{path}: {'not a file' if path.exists() else 'no such file'}")


@contextlib.contextmanager
def _opened(path: Path, stream: IO[bytes]) -> Iterator[tuple[Image.Image, Header]]:
    with guarded(path):
        image = Image.open(stream, formats=tuple(FORMATS))
        check_size(path, image.height, image.width)
        check_frames(path, _frames(image))
        yield image, _header(path, image, stream)


def _frames(image: Image.Image) -> int:
    """How many pictures a file holds; the previews that cameras add to a JPEG do not count."""
    if image.format == "MPO":
        kinds = [piece["Attribute"]["MPType"] for piece in image.mpinfo[PIECES]]  # type: ignore[attr-defined]
        return sum(not kind.startswith("Large Thumbnail") for kind in kinds)
    return int(getattr(image, "n_frames", 1))


def _header(path: Path, image: Image.Image, stream: IO[bytes]) -> Header:
    kind = "JPEG" if image.format == "MPO" else str(image.format)
    bits, signed = 8, False
    if kind == "PNG":
        place = stream.tell()
        stream.seek(0)
        start = stream.read(26)
        stream.seek(place)
        if start[12:16] != b"IHDR":
            raise ValueError("its first chunk is not IHDR")
        bits = 8 if start[25] == 3 else start[24]
    elif kind == "TIFF":
        bits, signed = _tiff(path, image.tag_v2, len(image.getbands()))  # type: ignore[attr-defined]
    orientation = image.getexif().get(ORIENTATION, 1)
    return Header(kind, image.mode, image.height, image.width, bits, orientation, signed)


def _tiff(path: Path, tags: Mapping[int, Any], bands: int) -> tuple[int, bool]:
    """Bits of each value, and whether they are signed; refuses what Pillow would leave out or change."""
    bits, formats = np.unique(tags.get(BITS, 1)), np.unique(tags.get(SAMPLE_FORMAT, UNSIGNED))
    extra = np.atleast_1d(tags.get(EXTRA, ()))
    check_size(path, tags.get(TILE_LENGTH, 1), tags.get(TILE_WIDTH, 1))
    wrong = None
    if len(bits) > 1 or len(formats) > 1:
        wrong = "channels of different kinds; values of one kind are allowed"
    elif (samples := tags.get(SAMPLES, 1)) != bands:
        wrong = f"{samples} channels, of which {bands} would be read; gray or colour with or without opacity is allowed"
    elif PREMULTIPLIED in extra:
        wrong = "colours multiplied by the opacity; opacity on its own is allowed"
    elif formats[0] == SIGNED and bits[0] < 16:
        wrong = "negative values; values from 0 are allowed"
    if wrong:
        raise PixelwiseError(f"{path}: {wrong}")
    return int(bits[0]), bool(formats[0] == SIGNED)


def _whole_png(content: bytes) -> None:
    """Check the chunks of a PNG (ISO/IEC 15948) up to its end; Pillow looks at no checksum of pixels.

    Raises:
        ValueError: If one is cut or damaged.
    """
    place, kind = 8, b""
    while kind != b"IEND":
        if place + 12 > len(content):
            raise ValueError("the file ends before the picture does")
        (length,), kind = struct.unpack_from(">I", content, place), content[place + 4 : place + 8]
        end = place + 8 + length
        if content[end : end + 4] != struct.pack(">I", zlib.crc32(memoryview(content)[place + 4 : end])):
            raise ValueError(f"checksum of chunk {kind.decode('latin-1')!r}")
        place = end + 4
