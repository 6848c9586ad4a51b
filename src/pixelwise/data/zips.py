"""Zip archives of strangers: whole, and no larger when unpacked than they may be."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from pixelwise.data.sources import Source
from pixelwise.errors import PixelwiseError

# What the zip reader raises for damaged, truncated or encrypted archives.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)
RATIO = 100  # unpacked bytes for each byte of the archive; pictures reach 5
FREE = 2**26  # unpacked bytes that need no archive of any size


def check(archive: Path, source: Source) -> None:
    """Read every member of an archive of which no checksum is published, and compare with its CRC-32.

    Raises:
        PixelwiseError: If it is not whole, or too large when unpacked.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            bounded(archive, zipped.infolist(), source)
            if damaged := zipped.testzip():
                raise zipfile.BadZipFile(f"member {damaged} is damaged")
    except BROKEN as error:
        raise PixelwiseError(f"{archive}: not a whole zip archive ({error})") from None


def bounded(archive: Path, members: Iterable[zipfile.ZipInfo], source: Source) -> None:
    """Refuse members that are too large together, by what the archive's directory says; no more is ever read of them.

    Raises:
        PixelwiseError: If they exceed the source's limit, or `RATIO` times the archive.
    """
    total, size = sum(info.file_size for info in members), archive.stat().st_size
    if total > source.unpacked:
        raise PixelwiseError(f"{archive}: {total} bytes when unpacked; at most {source.unpacked} are allowed")
    if total > FREE and total > RATIO * size:
        raise PixelwiseError(f"{archive}: {size} bytes that unpack to {total}; at most {RATIO} times are allowed")
