"""The one place that decodes pictures: a file is read whole or refused with one line.

Refused are several pages or frames, values that a decoder would shorten, channels that it would leave out, and sizes
beyond a bound, these before anything is allocated for them. Pictures of 16 bits for each value are in `deep`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from PIL import Image, ImageOps

from pixelwise.data.formats import (
    check_frames,
    check_jpeg,
    check_png,
    check_size,
    frames,
    png_bits,
    tiff_values,
)
from pixelwise.data.suffixes import FORMATS
from pixelwise.errors import PixelwiseError

ORIENTATION = 274  # EXIF 2.3
SIDEWAYS = (5, 6, 7, 8)
"""Its values where height and width are stored in each other's place."""
BYTES = 2**32


@dataclass(frozen=True)
class Header:
    """What a file says about its picture.

    Attributes:
        format: Key of `FORMATS`.
        mode: Pillow's mode.
        height: In pixels, of the upright picture.
        width: In pixels, of the upright picture.
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
    """A picture as Pillow decodes it, turned upright, what its header says, and the bytes of its file."""

    image: Image.Image
    header: Header
    content: bytes


def header(path: Path) -> Header:
    """Read what the file says about its picture.

    Raises:
        PixelwiseError: If it is no picture of the formats read, or one that `decode` refuses by its header.
        OSError: If the file can't be read at all.
    """
    _regular(path)
    with path.open("rb") as stream, _opened(path, stream) as (_, found):
        return found


def decode(path: Path, sha256: str | None = None) -> Decoded:
    """Read and decode a picture completely; what a camera stored turned is turned upright.

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
            check_png(path, content)
        elif found.format == "JPEG":
            check_jpeg(path, content, found.height, found.width)
        with _quiet() if found.format == "TIFF" else contextlib.nullcontext():
            image.load()
        if found.orientation != 1:
            ImageOps.exif_transpose(image, in_place=True)  # a TIFF Pillow has turned already
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


@contextlib.contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises for a damaged file into one line, and keep its warnings off the terminal.

    Raises:
        PixelwiseError: Says what the decoder said.
        OSError: If the file can't be read at all.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except PixelwiseError:
        raise
    except MemoryError:
        raise PixelwiseError(f"{path}: not enough memory for its pixels") from None
    except Exception as error:  # of many kinds, which no decoder lists
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # a place before the file's start
            raise
        reason = str(error).split(" <", 1)[0].split("\n", 1)[0] or type(error).__name__
        line = f"{path}: not a readable image ({reason}); {', '.join(FORMATS)} are read"
        raise PixelwiseError(line) from None


def _regular(path: Path) -> None:
    if not path.is_file():
        raise PixelwiseError(f"{path}: {'not a file' if path.exists() else 'no such file'}")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep off standard error what libtiff says there about a damaged file, which Pillow gives no way to stop."""
    with open(os.devnull, "wb") as nowhere:
        kept = os.dup(2)
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextlib.contextmanager
def _opened(path: Path, stream: IO[bytes]) -> Iterator[tuple[Image.Image, Header]]:
    with guarded(path):
        image = Image.open(stream, formats=tuple(FORMATS))
        check_size(path, image.height, image.width)
        check_frames(path, frames(image))
        yield image, _header(path, image, stream)


def _header(path: Path, image: Image.Image, stream: IO[bytes]) -> Header:
    kind = "JPEG" if image.format == "MPO" else str(image.format)
    bits, signed = 8, False
    if kind == "PNG":
        place = stream.tell()
        stream.seek(0)
        bits = png_bits(stream.read(26))
        stream.seek(place)
    elif kind == "TIFF":
        bits, signed = tiff_values(path, image.tag_v2, len(image.getbands()))  # type: ignore[attr-defined]
    orientation = image.getexif().get(ORIENTATION, 1)
    sides = image.size if orientation in SIDEWAYS and kind != "TIFF" else image.size[::-1]  # Pillow swaps those of TIFF
    return Header(kind, image.mode, *sides, bits, orientation, signed)
