"""A user's own picture: read with its full depth, write with the same depth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from pixelwise.data import deep
from pixelwise.data.decoding import Decoded, contents, decode, header
from pixelwise.data.deep import Values
from pixelwise.data.read_images import PHOTOGRAPHS
from pixelwise.data.suffixes import FORMATS
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.apply import camera_data, sixteen_bits
from pixelwise.evaluation.apply.camera_data import CameraData

SIXTEEN = ("PNG", "TIFF")
DEPTHS = {suffix: (8, 16) if name in SIXTEEN else (8,) for name, suffixes in FORMATS.items() for suffix in suffixes}
OPAQUE = {*FORMATS["JPEG"], *FORMATS["BMP"]}
TWELVE = 4095  # the largest value of 12 bits
LARGEST = {".jpg": 65500, ".jpeg": 65500, ".webp": 16383}  # pixels along one side, of the libraries
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
        camera: What the camera wrote beside the pixels, or None.
    """

    pixels: npt.NDArray[np.float32]
    bits: int
    alpha: Values | None = None
    profile: bytes | None = None
    camera: CameraData | None = None

    def exif(self) -> bytes | None:
        """The camera's data as the bytes that a JPEG holds."""
        return None if self.camera is None else self.camera.content(*self.pixels.shape[:2])

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
        OSError: If it can't be read at all.
    """
    content = contents(path)
    found = deep.tiff(path, content)
    if found is not None:
        camera = camera_data.of_file(content)
    else:
        decoded = decode(path)
        camera = camera_data.read(decoded.image)
        if decoded.header.bits == 16 and decoded.header.format == "PNG":
            found = deep.png(path, decoded)
        else:
            return _picture(path, _eight_bit(path, decoded), decoded.image.info.get("icc_profile"), camera)
    if 0 < (highest := int(found.values.max())) <= TWELVE:
        raise PixelwiseError(f"{path}: no value above {highest} of 65535; stretch the values, white must be 65535")
    return _picture(path, UPRIGHT.get(found.orientation, UPRIGHT[1])(found.values), found.profile, camera)


def look(path: Path) -> None:
    """Refuse by its header what is no picture; a TIFF is looked at when it is read, for Pillow does not know all.

    Raises:
        PixelwiseError: If it is missing or none.
    """
    if path.suffix.lower() not in FORMATS["TIFF"]:
        header(path)


def _eight_bit(path: Path, decoded: Decoded) -> Values:
    """Values of a picture of at most 8 bits each."""
    bits, mode = decoded.header.bits, decoded.header.mode
    if mode not in PHOTOGRAPHS and not mode.startswith("I"):
        raise PixelwiseError(f"{path}: mode {mode}; gray or RGB of 8 or 16 bits is allowed")
    if bits > 8:
        raise PixelwiseError(f"{path}: {bits} bits for each value; 8 or 16 are allowed")
    image = decoded.image
    opaque = not image.has_transparency_data
    gray = image.mode in ("1", "L", "LA")
    return np.asarray(image.convert(("L" if opaque else "LA") if gray else ("RGB" if opaque else "RGBA")))


def _picture(path: Path, values: Values, profile: bytes | None, camera: CameraData | None) -> Picture:
    channels = 1 if values.ndim == 2 else values.shape[2]
    if values.ndim not in (2, 3) or channels > 4 or values.dtype not in (np.uint8, np.uint16):
        found = f"{values.dtype} values of shape {values.shape}"
        raise PixelwiseError(f"{path}: {found}; one gray or RGB picture of 8 or 16 bits is allowed")
    bits = 8 * values.dtype.itemsize
    alpha = values[..., -1] if channels in (2, 4) else None
    colour = values[..., 0] if channels == 2 else values[..., :3] if channels == 4 else values
    return Picture((colour / np.float32(2**bits - 1)).astype(np.float32, copy=False), bits, alpha, profile, camera)


def check_file(path: Path, height: int, width: int) -> None:
    """Refuse, before any work is done, a file that no picture of this size can be written to.

    Raises:
        PixelwiseError: If the ending is unknown, or its format has no such size.
    """
    ending = path.suffix.lower()
    if ending not in DEPTHS:
        raise PixelwiseError(f"{path}: ending '{path.suffix}'; allowed are {', '.join(DEPTHS)}")
    if max(height, width) > LARGEST.get(ending, max(height, width)):
        raise PixelwiseError(f"{path}: {height}x{width} pixels; {ending} holds at most {LARGEST[ending]} along a side")


def check_target(path: Path, picture: Picture) -> None:
    """Refuse, before any work is done, a file that cannot hold the picture.

    Raises:
        PixelwiseError: As `check_file`, or if the format lacks the depth or opacity.
    """
    check_file(path, *picture.pixels.shape[:2])
    ending = path.suffix.lower()
    if picture.bits not in DEPTHS[ending]:
        raise PixelwiseError(f"{path}: {ending} holds 8 bits, the picture has {picture.bits}; use .png or .tif")
    if picture.alpha is not None and ending in OPAQUE:
        raise PixelwiseError(f"{path}: {ending} holds no opacity, the picture has it; use .png, .tif or .webp")


def left_out(path: Path, picture: Picture) -> tuple[str, ...]:
    """What of a picture the format of a file does not hold, in words."""
    held = {"colour profile": picture.profile, "EXIF": picture.camera}
    return tuple(f"{name} left out: .bmp holds none" for name, part in held.items() if part and _bitmap(path))


def quality(path: Path) -> dict[str, Any]:
    """Pillow's options for formats that lose something."""
    return {"quality": 95} if path.suffix.lower() in (*FORMATS["JPEG"], *FORMATS["WEBP"]) else {}


def _bitmap(path: Path) -> bool:
    return path.suffix.lower() in FORMATS["BMP"]


def write(path: Path, picture: Picture) -> None:
    """Write a picture with its own depth, colour profile and camera data; see `check_target` and `left_out`."""
    values = picture.values()
    if picture.bits == 16:
        write_deep = sixteen_bits.png if path.suffix.lower() == ".png" else sixteen_bits.tiff
        path.write_bytes(write_deep(values, picture.profile, picture.camera))
        return
    parts: dict[str, Any] = {} if _bitmap(path) else {"icc_profile": picture.profile, "exif": picture.exif()}
    Image.fromarray(values).save(path, **quality(path), **{name: part for name, part in parts.items() if part})
