"""Reading image files strictly, and resizing them as the official repositories do (`base_dataset.py`)."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from pixelwise.errors import PixelwiseError

ID_MODES = {"1", "L", "P", "I", "I;16", "I;16B", "I;16L", "I;16N"}
SIXTEEN_BIT = {"I", "I;16", "I;16B", "I;16L", "I;16N"}
MAP_FORMATS = ("PNG", "TIFF", "BMP")
"""Formats of label and instance maps: they keep ids as they are."""
BITS_PER_SAMPLE, PHOTOMETRIC = 258, 262  # tags of TIFF 6.0
BROKEN = (
    *(
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        struct.error,
        EOFError,
        TypeError,
        KeyError,
        IndexError,
    ),
    *(RuntimeError, zlib.error, Image.DecompressionBombError),
)
"""What decoders raise for damaged files."""
Image.MAX_IMAGE_PIXELS = None  # users' own pictures may be of any size


def _open(path: Path, sha256: str | None) -> tuple[Image.Image, bytes]:
    """Decode an image completely; returns it with its file's bytes."""
    content = path.read_bytes()
    if sha256 is not None and (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise PixelwiseError(f"{path}: sha256 {found[:12]}; {sha256[:12]} when it was fetched, fetch the data again")
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except BROKEN as error:
        reason = str(error).split(" <", 1)[0].split("\n", 1)[0]
        raise PixelwiseError(f"{path}: not a readable image ({reason})") from None
    return image, content


def read(path: Path, sha256: str | None = None) -> Image.Image:
    """Read and decode an image completely.

    Args:
        path: Image file.
        sha256: Checksum that its bytes must have, or None.

    Raises:
        PixelwiseError: If the file is no whole image or has another checksum.
        OSError: If the file can't be read at all.
    """
    return _open(path, sha256)[0]


def read_ids(path: Path, sha256: str | None = None, palette: bool = True) -> NDArray[np.int32]:
    """The ids of a label or instance map as the file stores them.

    Args:
        path: Image file with one id per pixel: PNG, TIFF or BMP, gray or palette, 1 to 32 bits.
        sha256: Checksum that its bytes must have, or None.
        palette: Whether a palette image is legal; it gives its indices.

    Returns:
        int32 [H, W].

    Raises:
        PixelwiseError: If the file is not such an image, or has another checksum.
        OSError: If the file can't be read at all.
    """
    image, content = _open(path, sha256)
    wrong = None
    if image.format not in MAP_FORMATS or image.info.get("compression") == "jpeg":
        wrong = f"{'TIFF with JPEG' if image.format == 'TIFF' else image.format}, which may change ids; allowed are "
        wrong += ", ".join(MAP_FORMATS)
    elif (frames := getattr(image, "n_frames", 1)) > 1:
        wrong = f"{frames} frames; one is allowed"
    elif image.mode not in ID_MODES or (image.mode == "P" and not palette):
        what = {"P": "palette image", "RGB": "colour image", "RGBA": "colour image"}.get(
            image.mode, f"mode {image.mode}"
        )
        wrong = f"{what}; a map holds one id per pixel, gray{' or palette' if palette else ' and no palette'}"
    elif image.format == "TIFF" and _stretched(getattr(image, "tag_v2", {})):
        wrong = "fewer than 8 bits, or white is zero; allowed are 8 to 32 bits, black is zero"
    if wrong:
        raise PixelwiseError(f"{path}: {wrong}")
    found = np.asarray(image).astype(np.int32)
    bits, colour_type = content[24:26] if image.format == "PNG" else (8, 0)
    return found // (255 // (2**bits - 1)) if bits in (2, 4) and colour_type == 0 else found  # as Pillow stretches them


def _stretched(tags: Mapping[int, Any]) -> bool:
    """Whether Pillow changes the values of a gray TIFF."""
    return int(np.min(tags.get(BITS_PER_SAMPLE, 1))) not in (1, 8, 16, 32) or tags.get(PHOTOMETRIC) == 0


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
