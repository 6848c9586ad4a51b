"""A user's own picture: read with its full depth, write with the same depth."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from pixelwise.artifacts import atomic, write_bytes
from pixelwise.data.images import BROKEN
from pixelwise.errors import PixelwiseError

DEPTHS = {
    ".png": (8, 16),
    ".tif": (8, 16),
    ".tiff": (8, 16),
    ".jpg": (8,),
    ".jpeg": (8,),
    ".bmp": (8,),
    ".webp": (8,),
}
OPAQUE = {".jpg", ".jpeg", ".bmp"}
PNG_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> colour type of the PNG header

ORIENTATION, PROFILE = 274, 34675  # tags of TIFF 6.0 and of ICC.1
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2  # photometric interpretations
PREMULTIPLIED, PLANES_APART = 1, 2  # of ExtraSamples and PlanarConfiguration
LARGEST = {".jpg": 65500, ".jpeg": 65500, ".webp": 16383}  # pixels along one side, of the libraries
Values = npt.NDArray[np.unsignedinteger]
UPRIGHT: dict[int, Callable[[Values], Values]] = {  # EXIF 2.3, tag Orientation
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        pixels: float32 [H, W] or [H, W, 3], white is 1.
        bits: 8 or 16 bits for each value in the file.
        alpha: Opacity as in the file, uint8 or uint16 [H, W], or None.
        profile: ICC colour profile, or None.
    """

    pixels: npt.NDArray[np.float32]
    bits: int
    alpha: Values | None = None
    profile: bytes | None = None

    def with_pixels(self, pixels: npt.NDArray[np.float32]) -> Picture:
        """The same picture with other colours."""
        return replace(self, pixels=pixels)

    def values(self) -> Values:
        """Rounded and clipped values as the file holds them, [H, W] or [H, W, 2..4], opacity last."""
        top = 2**self.bits - 1
        dtype = np.uint8 if self.bits == 8 else np.uint16
        whole = np.clip(np.rint(self.pixels.astype(np.float64) * top), 0, top).astype(dtype)
        return whole if self.alpha is None else np.dstack([whole, self.alpha])


def read(path: Path) -> Picture:
    """Read PNG, TIFF, JPEG, BMP or WebP: gray or colour, 8 or 16 bit, with or without opacity.

    Pictures that a camera stored turned are turned upright; palettes become colours.

    Raises:
        PixelwiseError: If the file is missing, is no such picture or is damaged.
    """
    if not path.is_file():
        raise PixelwiseError(f"{path}: no such file")
    content = path.read_bytes()
    try:
        values, profile = _sixteen_bit_tiff(path, content) or _other(path, content)
    except BROKEN as error:
        reason = str(error).split(" <", 1)[0].split("\n", 1)[0]
        raise PixelwiseError(f"{path}: not a readable picture ({reason}); PNG, TIFF, JPEG, BMP, WebP allowed") from None
    return _picture(path, values, profile)


def _one(path: Path, frames: int) -> None:
    if frames > 1:
        raise PixelwiseError(f"{path}: {frames} frames; one is allowed")


def _other(path: Path, content: bytes) -> tuple[Values, bytes | None]:
    """Values, turned upright, and colour profile of everything but TIFF of 16 bits."""
    with Image.open(io.BytesIO(content)) as image:  # not by name: Pillow 13.0.0 then misreads turned TIFFs
        image.load()
        _one(path, 1 if image.format == "MPO" else getattr(image, "n_frames", 1))  # a preview follows in MPO
        if image.mode in ("F", "CMYK", "LAB", "HSV"):
            raise PixelwiseError(f"{path}: mode {image.mode}; gray or RGB of 8 or 16 bits is allowed")
        deep = image.format == "PNG" and content[24] == 16  # Pillow turns 16-bit colour into 8 bits without a word
        values = _sixteen_bit_png(path, image) if deep else _eight_bit(path, ImageOps.exif_transpose(image))
        return values, image.info.get("icc_profile")


def _eight_bit(path: Path, image: Image.Image) -> Values:
    if image.mode in ("I", "I;16", "I;16B"):
        raise PixelwiseError(f"{path}: 32 bits for each pixel; 8 or 16 are allowed")
    opaque = not image.has_transparency_data
    gray = image.mode in ("1", "L", "LA")
    return np.asarray(image.convert(("L" if opaque else "LA") if gray else ("RGB" if opaque else "RGBA")))


def _upright(values: Values, orientation: int | None) -> Values:
    return UPRIGHT.get(orientation or 1, UPRIGHT[1])(values)


def _sixteen_bit_png(path: Path, image: Image.Image) -> Values:
    from torchvision.io import ImageReadMode, decode_image, read_file

    if "transparency" in image.info:
        raise PixelwiseError(f"{path}: 16 bits with a transparent colour; opacity as a channel of its own is allowed")
    planes = decode_image(read_file(str(path)), ImageReadMode.UNCHANGED).numpy()
    values = planes[0] if len(planes) == 1 else np.moveaxis(planes, 0, 2)
    return _upright(values, image.getexif().get(ORIENTATION))


def _sixteen_bit_tiff(path: Path, content: bytes) -> tuple[Values, bytes | None] | None:
    """Values, turned upright, and colour profile; None for other files."""
    if content[:2] not in (b"II", b"MM"):
        return None
    from tifffile import TiffFile

    with TiffFile(io.BytesIO(content)) as file:
        _one(path, len(file.pages))
        page: Any = file.pages.first
        if page.bitspersample != 16:
            return None
        if page.photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB):
            raise PixelwiseError(f"{path}: photometric interpretation {int(page.photometric)}; gray or RGB is allowed")
        if PREMULTIPLIED in page.extrasamples:
            raise PixelwiseError(f"{path}: colours multiplied by the opacity; opacity on its own is allowed")
        values = page.asarray()
        values = np.moveaxis(values, 0, -1) if page.planarconfig == PLANES_APART and values.ndim == 3 else values
        values = np.iinfo(values.dtype).max - values if page.photometric == WHITE_IS_ZERO else values
        return _upright(values, page.tags.valueof(ORIENTATION)), page.tags.valueof(PROFILE)


def _picture(path: Path, values: Values, profile: bytes | None) -> Picture:
    channels = 1 if values.ndim == 2 else values.shape[2]
    if values.ndim not in (2, 3) or channels > 4 or values.dtype not in (np.uint8, np.uint16):
        found = f"{values.dtype} values of shape {values.shape}"
        raise PixelwiseError(f"{path}: {found}; one gray or RGB picture of 8 or 16 bits is allowed")
    bits = 8 * values.dtype.itemsize
    alpha = values[..., -1] if channels in (2, 4) else None
    colour = values[..., 0] if channels == 2 else values[..., :3] if channels == 4 else values
    return Picture((colour / np.float32(2**bits - 1)).astype(np.float32), bits, alpha, profile)


def check_file(path: Path, height: int, width: int) -> None:
    """Refuse, before any work is done, a file that no picture of this size can be written to.

    Raises:
        PixelwiseError: If the ending is unknown, its format has no such size, or the name is a folder's.
    """
    ending = path.suffix.lower()
    if ending not in DEPTHS:
        raise PixelwiseError(f"{path}: ending '{path.suffix}'; allowed are {', '.join(DEPTHS)}")
    if max(height, width) > LARGEST.get(ending, max(height, width)):
        raise PixelwiseError(f"{path}: {height}x{width} pixels; {ending} holds at most {LARGEST[ending]} along a side")
    if path.is_dir():
        raise PixelwiseError(f"{path}: a folder; name the picture to write")
    if path.parent.exists() and not path.parent.is_dir():
        raise PixelwiseError(f"{path.parent}: not a folder")


def check_target(path: Path, picture: Picture) -> None:
    """Refuse, before any work is done, a file that cannot hold the picture.

    Raises:
        PixelwiseError: As `check_file`, or if the format lacks the depth or opacity, or the folder is missing.
    """
    check_file(path, *picture.pixels.shape[:2])
    ending = path.suffix.lower()
    if picture.bits not in DEPTHS[ending]:
        raise PixelwiseError(f"{path}: {ending} holds 8 bits, the picture has {picture.bits}; use .png or .tif")
    if picture.alpha is not None and ending in OPAQUE:
        raise PixelwiseError(f"{path}: {ending} holds no opacity, the picture has it; use .png, .tif or .webp")
    if not path.parent.is_dir():
        raise PixelwiseError(f"{path.parent}: no such folder")


def write(path: Path, picture: Picture) -> None:
    """Write a picture with its own depth, atomically; see `check_target`."""
    values = picture.values()
    if picture.bits == 16 and path.suffix.lower() == ".png":
        write_bytes(path, _png16(values, picture.profile))
        return
    with atomic(path) as temporary:
        if picture.bits == 16:
            from tifffile import imwrite

            colour = "rgb" if picture.pixels.ndim == 3 else "minisblack"
            opacity = None if picture.alpha is None else ["unassalpha"]
            imwrite(temporary, values, photometric=colour, extrasamples=opacity, iccprofile=picture.profile)
        else:
            options: dict[str, Any] = {"quality": 95} if path.suffix.lower() in (".jpg", ".jpeg", ".webp") else {}
            profile: dict[str, Any] = {"icc_profile": picture.profile} if picture.profile else {}
            Image.fromarray(values).save(temporary, **options, **profile)


def _png16(values: Values, profile: bytes | None) -> bytes:
    """A 16-bit PNG (ISO/IEC 15948) of [H, W] or [H, W, 2..4]; Pillow writes 16 bits in gray only."""
    planes = values.reshape(*values.shape[:2], -1)
    height, width, channels = planes.shape
    rows = planes.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 16, PNG_COLOUR_TYPE[channels], 0, 0, 0)
    colours = chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)) if profile else b""
    body = chunk(b"IHDR", header) + colours + chunk(b"IDAT", zlib.compress(filtered.tobytes(), 6)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
