"""What a camera wrote beside the pixels (EXIF 2.32): read from a picture, and written with the pixels made of it."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

from PIL import Image

EXIF, GPS, INTEROP, MAKER = 34665, 34853, 40965, 37500
"""Tags of further directories, and of the maker's own data, whose inner offsets move with the file."""
WIDTH, HEIGHT = 40962, 40963  # of the pixels, in the directory EXIF
KEPT = (270, 271, 272, 282, 283, 296, 305, 306, 315, 33432)
"""Of the first directory: description, make, model, resolution (3), software, date, artist, copyright."""


FORMATS = ("PNG", "TIFF")
"""Of 16 bits, whose pixels Pillow does not read."""
LONGEST = 65_000
"""Bytes; a JPEG holds little more."""


class CameraData(NamedTuple):
    """Tags of the first directory, and those of the exposure and of the place, each with its value."""

    first: dict[int, Any]
    exposure: dict[int, Any]
    place: dict[int, Any]

    def tags(self, height: int, width: int) -> dict[int, Any]:
        """All of it in one directory with two further ones inside, for upright pixels of this size."""
        size = {WIDTH: width, HEIGHT: height}
        exposure = self.exposure | {tag: side for tag, side in size.items() if tag in self.exposure}
        inner = {EXIF: exposure, GPS: self.place}
        return self.first | {tag: values for tag, values in inner.items() if values}

    def content(self, height: int, width: int) -> bytes:
        """The same as the bytes that a JPEG holds."""
        made = Image.Exif()
        for tag, value in self.tags(height, width).items():
            made[tag] = value
        return made.tobytes()


def read(image: Image.Image) -> CameraData | None:
    """The camera's data of an opened picture; None if it has none, or none that can be read and written again.

    A preview, how the camera was held and the maker's own data are left out.
    """
    try:
        found = image.getexif()
        first = {tag: found[tag] for tag in KEPT if tag in found}
        exposure = {tag: value for tag, value in found.get_ifd(EXIF).items() if tag not in (INTEROP, MAKER)}
        data = CameraData(first, exposure, dict(found.get_ifd(GPS)))
        return data if any(data) and len(data.content(1, 1)) <= LONGEST else None
    except Exception:  # of many kinds, for damaged directories
        return None


def of_file(content: bytes) -> CameraData | None:
    """The same of the bytes of a picture, whose pixels are not read."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            return read(image)
    except Exception:  # Pillow does not know every form of 16 bits
        return None
