"""Reading image files strictly, and resizing them as the official repositories do (`base_dataset.py`)."""

from __future__ import annotations

import hashlib
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from pixelwise.errors import PixelwiseError

ID_MODES = {"1", "L", "P", "I", "I;16", "I;16B", "I;16L", "I;16N"}
SIXTEEN_BIT = {"I", "I;16", "I;16B", "I;16L", "I;16N"}
BROKEN = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
    EOFError,
    Image.DecompressionBombError,
)


def read(path: Path, sha256: str | None = None) -> Image.Image:
    """Read and decode an image completely.

    Args:
        path: Image file.
        sha256: Checksum that its bytes must have, or None.

    Raises:
        PixelwiseError: If the file is no whole image or has another checksum.
        OSError: If the file can't be read at all.
    """
    content = path.read_bytes()
    if sha256 is not None and (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise PixelwiseError(f"{path}: sha256 {found[:12]}; {sha256[:12]} when it was fetched, fetch the data again")
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except BROKEN as error:
        reason = str(error).split(" <", 1)[0]
        raise PixelwiseError(f"{path}: not a readable image ({reason})") from None
    return image


def ids(image: Image.Image, path: Path) -> NDArray[np.int32]:
    """The ids of a label or instance map, int32 [H, W]; a palette image gives its indices.

    Raises:
        PixelwiseError: If the image has several channels per pixel.
    """
    if image.mode not in ID_MODES:
        raise PixelwiseError(f"{path}: mode {image.mode}; a map holds one id per pixel (gray or palette)")
    return np.asarray(image).astype(np.int32)


def pixels(image: Image.Image, path: Path, channels: int | None) -> Image.Image:
    """The image in 8 bits per channel: gray (1), colour (3), or as the file holds it (None).

    Raises:
        PixelwiseError: If the image has 16 bits per channel.
    """
    if image.mode in SIXTEEN_BIT or image.mode == "F":
        raise PixelwiseError(f"{path}: mode {image.mode}; photographs need 8 bits per channel")
    gray = channels == 1 or (channels is None and image.mode in ("1", "L", "LA"))
    return image.convert("L" if gray else "RGB")


def resize_image(image: Image.Image, size: tuple[int, int] | None, resample: str) -> NDArray[np.uint8]:
    """Resize a photograph.

    Args:
        image: Mode L or RGB.
        size: Height and width, or None for as it is.
        resample: `bicubic` (PIL) or `bilinear` (four neighbours).

    Returns:
        uint8 [H, W] or [H, W, 3].
    """
    if size is None or size == (image.height, image.width):
        return np.asarray(image)
    if resample == "bicubic":
        return np.asarray(image.resize((size[1], size[0]), Image.Resampling.BICUBIC))
    return four_neighbours(np.asarray(image), size)


def resize_ids(array: NDArray[np.int32], size: tuple[int, int] | None) -> NDArray[np.int32]:
    """Resize a label or instance map to height and width `size` by PIL's nearest pixel, int32 [H, W]."""
    if size is None or size == array.shape:
        return array
    resized = Image.fromarray(array).resize((size[1], size[0]), Image.Resampling.NEAREST)
    return np.asarray(resized).astype(np.int32)


def four_neighbours(array: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Bilinear interpolation between the four nearest pixels, no low-pass when shrinking, as OpenCV's `INTER_LINEAR`.

    Output pixel i lies at (i + 0.5) * in / out - 0.5, clamped to the image; values are rounded.

    Args:
        array: uint8 [H, W] or [H, W, 3].
        size: New height and width.

    Returns:
        uint8 of the new size.
    """
    result: NDArray[Any] = array.astype(np.float64)
    for axis, new in enumerate(size):
        old = array.shape[axis]
        place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        low = np.floor(place).astype(int)
        high = np.minimum(low + 1, old - 1)
        weight = (place - low).reshape([-1 if dim == axis else 1 for dim in range(array.ndim)])
        result = result.take(low, axis) * (1 - weight) + result.take(high, axis) * weight
    rounded: NDArray[np.uint8] = np.rint(result).astype(np.uint8)
    return rounded
