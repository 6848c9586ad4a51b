"""Reading image files strictly, and resizing them as the official repositories do (`base_dataset.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.data.decoding import Decoded, Header, decode
from pixelwise.data.examples import Colour
from pixelwise.errors import PixelwiseError

ID_MODES = {"1", "L", "P", "I", "I;16", "I;16B", "I;16L", "I;16N"}
PHOTOGRAPHS = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "YCbCr"}
MAP_FORMATS = ("PNG", "TIFF", "BMP")
"""Formats of label and instance maps: they keep ids as they are."""
PHOTOMETRIC = 262  # tag of TIFF 6.0


def read(path: Path, sha256: str | None = None) -> Image.Image:
    """Read and decode a photograph completely.

    Args:
        path: Image file.
        sha256: Checksum that its bytes must have, or None.

    Raises:
        PixelwiseError: If the file is no whole image, has another checksum, or holds more than 8 bits for each value,
            other colours than gray or RGB, or transparent pixels.
        OSError: If the file can't be read at all.
    """
    decoded = decode(path, sha256)
    check_photograph(path, decoded.header)
    image = decoded.image
    if image.has_transparency_data and (lowest := _opacity(image)) < 255:
        raise PixelwiseError(f"{path}: opacity {lowest} of 255; a photograph without transparent pixels is needed")
    return image


def check_photograph(path: Path, header: Header) -> None:
    """Refuse by its header a photograph that 8 bits for each value and gray or RGB can't hold.

    Raises:
        PixelwiseError: Says what it holds.
    """
    if header.bits > 8:
        raise PixelwiseError(f"{path}: {header.bits} bits for each value; photographs need 8 bits per channel")
    if header.mode not in PHOTOGRAPHS:
        raise PixelwiseError(f"{path}: mode {header.mode}; gray or RGB of 8 bits per channel is needed")


def _opacity(image: Image.Image) -> int:
    lowest: Any = image.convert("RGBA").getchannel("A").getextrema()[0]
    return int(lowest)


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
    decoded = decode(path, sha256)
    check_map(path, decoded, palette)
    header, found = decoded.header, np.asarray(decoded.image).astype(np.int32)
    if not header.signed and (found < 0).any():
        raise PixelwiseError(f"{path}: id {int(found.min()) + 2**32}; at most {2**31 - 1} is allowed")
    stretched = header.format == "PNG" and header.mode == "L" and header.bits in (2, 4)  # by Pillow
    return found // (255 // (2**header.bits - 1)) if stretched else found


def runs(array: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The values of an array, row after row, and how often each follows itself: label maps have few and long runs."""
    flat = array.ravel()
    first = np.ones(flat.size, bool)
    first[1:] = flat[1:] != flat[:-1]
    starts = np.flatnonzero(first)
    return flat[starts], np.diff(starts, append=flat.size)


def counted(array: NDArray[np.int32]) -> dict[int, int]:
    """How often each value occurs, in the order of the values."""
    values, lengths = runs(array)
    found, place = np.unique(values, return_inverse=True)
    counts = np.bincount(place, lengths, len(found)).astype(int)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def check_map(path: Path, decoded: Decoded, palette: bool) -> None:
    """Refuse a file that may hold other ids than were put into it, or no ids at all.

    Raises:
        PixelwiseError: Says what it holds.
    """
    image, header, wrong = decoded.image, decoded.header, None
    if header.format not in MAP_FORMATS or image.info.get("compression") == "jpeg":
        wrong = f"{'TIFF with JPEG' if header.format == 'TIFF' else header.format}, which may change ids; allowed are "
        wrong += ", ".join(MAP_FORMATS)
    elif header.mode not in ID_MODES or (header.mode == "P" and not palette):
        what = {"P": "palette image", "RGB": "colour image", "RGBA": "colour image"}.get(
            header.mode, f"mode {header.mode}"
        )
        wrong = f"{what}; a map holds one id per pixel, gray{' or palette' if palette else ' and no palette'}"
    elif header.format == "TIFF" and header.bits not in (1, 8, 16, 32):
        wrong = f"{header.bits} bits for each value; 1, 8, 16 or 32 are allowed"
    elif header.format == "TIFF" and image.tag_v2.get(PHOTOMETRIC) == 0:  # type: ignore[attr-defined]
        wrong = "white is zero; black must be zero"
    if wrong:
        raise PixelwiseError(f"{path}: {wrong}")


def pixels(image: Image.Image, path: Path, channels: int | None) -> Image.Image:
    """The image in 8 bits per channel: gray (1), colour (3), or as the file holds it (None).

    Raises:
        PixelwiseError: If the image has 16 bits per channel, or other colours than gray or RGB.
    """
    if image.mode not in PHOTOGRAPHS:
        raise PixelwiseError(f"{path}: mode {image.mode}; gray or RGB of 8 bits per channel is needed")
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


class Reading:
    """How the files of an example are read; a kind of data set may have a way of its own.

    Attributes:
        colours: Colour of each id, where colours stand for ids; else empty.
        nearest: Whether other colours become the nearest of them.
        rule: How label maps hold ids, in a sentence.
    """

    colours: tuple[Colour, ...] = ()
    nearest: bool = False
    rule = "Label maps are read by index."

    def photograph(self, path: Path, sha256: str | None = None) -> Image.Image:
        """A photograph, see `read`."""
        return read(path, sha256)

    def labels(self, path: Path, sha256: str | None = None) -> NDArray[np.int32]:
        """The ids of a label map, int32 [H, W], see `read_ids`."""
        return read_ids(path, sha256)

    def size(self, header: Header) -> tuple[int, int]:
        """Height and width of the photograph in a file with this header."""
        return header.height, header.width
