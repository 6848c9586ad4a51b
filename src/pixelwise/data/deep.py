"""Pictures of 16 bits for each value, which Pillow would shorten to 8: decoded by libpng and libtiff."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.decoding import ORIENTATION, Decoded, guarded
from pixelwise.data.formats import HIGHEST, OPACITY, PLANES_APART, PREMULTIPLIED, check_frames, check_size
from pixelwise.errors import PixelwiseError

if TYPE_CHECKING:
    from pathlib import Path

    from tifffile import TiffPage

PROFILE = 34675  # tag of ICC.1
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2  # photometric interpretations of TIFF 6.0
Values = NDArray[np.unsignedinteger]


class Deep(NamedTuple):
    """uint16 [H, W] or [H, W, 2..4] as stored, opacity last; how the camera was held; colour profile, or None."""

    values: Values
    orientation: int
    profile: bytes | None


def png(path: Path, decoded: Decoded) -> Deep:
    """The values of a PNG of 16 bits.

    Raises:
        PixelwiseError: If its opacity is one colour, or libpng can't read it.
    """
    from imagecodecs import png_decode

    info = decoded.image.info
    if "transparency" in info:
        raise PixelwiseError(f"{path}: 16 bits with a transparent colour; opacity as a channel of its own is allowed")
    with guarded(path):
        return Deep(png_decode(decoded.content), decoded.header.orientation, info.get("icc_profile"))


def tiff(path: Path, content: bytes) -> Deep | None:
    """The values of a TIFF of 16 bits; None for other files.

    Raises:
        PixelwiseError: If it is damaged, or anything but one gray or RGB picture of unsigned values.
    """
    if content[:2] not in (b"II", b"MM"):
        return None
    from imagecodecs import tiff_decode
    from tifffile import TiffFile

    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    with guarded(path), TiffFile(io.BytesIO(content)) as file:
        page = file.pages.first
        if page.bitspersample != 16:
            return None
        check_frames(path, len(file.pages))
        _check(path, page)
        values = tiff_decode(content)
        if page.planarconfig == PLANES_APART and values.ndim == 3:
            values = np.moveaxis(values, 0, -1)
        if page.photometric == WHITE_IS_ZERO:
            values = np.iinfo(values.dtype).max - values
        return Deep(values, page.tags.valueof(ORIENTATION) or 1, page.tags.valueof(PROFILE))


def _check(path: Path, page: TiffPage) -> None:
    """Refuse by the header what would be no gray or RGB picture of 16 bits."""
    check_size(path, page.imagelength, page.imagewidth)
    check_size(path, page.tilelength or 1, page.tilewidth or 1)
    channels, wrong = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3}.get(page.photometric), None
    extra = tuple(page.extrasamples)
    if channels is None:
        wrong = f"photometric interpretation {int(page.photometric)}; gray or RGB is allowed"
    elif PREMULTIPLIED in extra:
        wrong = "colours multiplied by the opacity; opacity on its own is allowed"
    elif page.samplesperpixel not in (channels, channels + 1) or extra not in ((), (OPACITY,)) or page.imagedepth != 1:
        wrong = f"{page.samplesperpixel} channels; gray or RGB with or without opacity is allowed"
    elif page.dtype != np.uint16:
        wrong = f"{page.dtype} values; whole numbers from 0 to 65535 are allowed"
    elif (highest := page.tags.valueof(HIGHEST, default=65535)) not in (65535, (65535,) * page.samplesperpixel):
        wrong = f"white is {highest}; in a picture of 16 bits it must be 65535, stretch the values"
    if wrong:
        raise PixelwiseError(f"{path}: {wrong}")
