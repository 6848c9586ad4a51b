"""What the label maps of a folder hold, file after file, before anything is known of their ids."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.data import colour_maps, read_images
from pixelwise.data.decoding import Decoded, decode
from pixelwise.data.examples import Colour, Entry
from pixelwise.errors import PixelwiseError

LIKE = 2
"""Levels by which a JPEG changes a flat colour."""
HIGH = 64
"""Levels that an eye can tell from black are at least so high."""
GRAY = ("1", "L", "I", "I;16", "I;16B", "I;16L")


@dataclass
class LabelMaps:
    """What the label maps of a data set hold, file after file.

    Attributes:
        direction: Which half of a picture is the label map.
        modes: Modes of the files.
        values: Pixels by index or gray level, of files that have them.
        colours: Pixels by colour (`colour_maps.codes`), of palette and colour files.
        inner: The same without pixels beside another colour, which JPEG and resizing blur.
        flat: Pixels by gray level beside no other level, of gray files; all of those that have few or low levels.
        meaning: For palette files the colours that each index has had.
        lossy: Whether a file is of a format that changes colours.
    """

    direction: str | None = None
    modes: Counter[str] = field(default_factory=Counter)
    values: Counter[int] = field(default_factory=Counter)
    colours: Counter[int] = field(default_factory=Counter)
    inner: Counter[int] = field(default_factory=Counter)
    flat: Counter[int] = field(default_factory=Counter)
    meaning: dict[int, set[Colour]] = field(default_factory=dict)
    lossy: bool = False

    @property
    def painted(self) -> bool:
        """Whether palettes show indices in other colours than the gray of the same level."""
        return any(colours != {(value,) * 3} for value, colours in self.meaning.items())

    def add(self, entry: Entry) -> None:
        """Read the label map of one example.

        Raises:
            PixelwiseError: If it can't be read.
        """
        path = entry.files["label"]
        decoded = decode(path)
        image = decoded.image
        if self.direction is not None:
            image = half(image, self.direction == "AtoB")
        self.lossy |= decoded.header.format in ("JPEG", "WEBP")
        self.modes[decoded.header.mode] += 1
        indexed = decoded.header.mode in (*GRAY, "P") and decoded.header.format in read_images.MAP_FORMATS
        if indexed and self.direction is None:
            self._indices(path, decoded)
        if not indexed or self.direction is not None or decoded.header.mode == "P":
            codes = colour_maps.codes(image)
            self.colours.update(read_images.counted(codes))
            self.inner.update(read_images.counted(codes[_inside(np.asarray(image.convert("RGB")))]))

    def _indices(self, path: Path, decoded: Decoded) -> None:
        ids = read_images.read_ids(path)
        values = read_images.counted(ids)
        self.values.update(values)
        soft = len(values) > 2 and max(values) >= HIGH  # perhaps the soft edges of a mask
        self.flat.update(read_images.counted(ids[_inside(ids[..., None])]) if soft else values)
        if decoded.header.mode == "P":
            rgb = decoded.image.getpalette("RGB") or []
            for value in values:
                colour = tuple(rgb[3 * value : 3 * value + 3])
                self.meaning.setdefault(value, set()).add(colour)  # type: ignore[arg-type]


def _inside(pixels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which pixels of [H, W, channels] differ by at most `LIKE` from all four neighbours, [H, W]."""
    inside = np.ones(pixels.shape[:2], bool)
    for channel in range(pixels.shape[2]):
        plane = pixels[..., channel].astype(np.int32)
        beside, below = (np.abs(np.diff(plane, axis=axis)) <= LIKE for axis in (1, 0))
        inside[:, 1:] &= beside
        inside[:, :-1] &= beside
        inside[1:] &= below
        inside[:-1] &= below
    return inside


def half(image: Image.Image, left: bool) -> Image.Image:
    """One half of a picture that holds two side by side."""
    middle = image.width // 2
    return image.crop((0, 0, middle, image.height) if left else (middle, 0, 2 * middle, image.height))


def left_or_right(root: Path, paths: list[Path]) -> str:
    """Which half of pictures is the label map: that with fewer colours in most of them.

    Raises:
        PixelwiseError: If neither half looks like one.
    """
    shares = _shares(paths)
    if 2 * sum(max(each) > 0.5 for each in shares) < len(shares):
        raise PixelwiseError(
            f"{root}: photographs without label maps; a folder labels/ or masks/ beside them is needed, or patterns"
        )
    left = sum(1 if first > second else -1 for first, second in shares)
    return "AtoB" if left > 0 else "BtoA"


def halves(paths: list[Path]) -> bool:
    """Whether most pictures hold a label map in one half, and in the other none."""
    shares = _shares(paths)
    return 2 * sum(max(each) > 0.5 > min(each) for each in shares) > len(shares)


def _shares(paths: list[Path]) -> list[tuple[float, float]]:
    """How flat the left and the right half are, of the pictures that can be read."""
    found = []
    for path in paths:
        with contextlib.suppress(PixelwiseError, OSError):
            image = read_images.read(path)
            found.append((_flatness(half(image, True)), _flatness(half(image, False))))
    return found


def _flatness(image: Image.Image) -> float:
    """Share of pixels that hardly differ from their right neighbour: of label maps nearly all, of photographs few."""
    array = np.asarray(image.convert("RGB")).astype(np.int16)
    if array.shape[1] < 2:
        return 0.0
    return float((np.abs(np.diff(array, axis=1)).max(2) <= LIKE).mean())
