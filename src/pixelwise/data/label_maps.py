"""What the label maps of a folder hold, file after file, before anything is known of their ids."""

from __future__ import annotations

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
GRAY = ("1", "L", "I", "I;16", "I;16B", "I;16L")


@dataclass
class LabelMaps:
    """What the label maps of a data set hold, file after file.

    Attributes:
        direction: Which half of a picture is the label map.
        modes: Modes of the files.
        values: Pixels by index or gray level, of files that have them.
        occurs: Files by index or gray level.
        colours: Pixels by colour (`colour_maps.codes`), of palette and colour files.
        inner: The same without pixels beside another colour, which JPEG and resizing blur.
        meaning: For palette files the colours that each index has had.
        lossy: Whether a file is of a format that changes colours.
    """

    direction: str | None = None
    modes: Counter[str] = field(default_factory=Counter)
    values: Counter[int] = field(default_factory=Counter)
    occurs: Counter[int] = field(default_factory=Counter)
    colours: Counter[int] = field(default_factory=Counter)
    inner: Counter[int] = field(default_factory=Counter)
    meaning: dict[int, set[Colour]] = field(default_factory=dict)
    lossy: bool = False

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
            _count(codes, self.colours)
            _count(codes[_inside(image)], self.inner)

    def _indices(self, path: Path, decoded: Decoded) -> None:
        ids = read_images.read_ids(path)
        values, counts = np.unique(ids, return_counts=True)
        self.values.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        self.occurs.update(values.tolist())
        if decoded.header.mode == "P":
            rgb = decoded.image.getpalette("RGB") or []
            for value in values.tolist():
                colour = tuple(rgb[3 * value : 3 * value + 3])
                self.meaning.setdefault(value, set()).add(colour)  # type: ignore[arg-type]


def _count(codes: NDArray[np.int32], into: Counter[int]) -> None:
    values, counts = np.unique(codes, return_counts=True)
    into.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))


def _inside(image: Image.Image) -> NDArray[np.bool_]:
    """Pixels that differ by at most `LIKE` levels from all four neighbours, [H, W]."""
    array = np.pad(np.asarray(image.convert("RGB")).astype(np.int16), ((1, 1), (1, 1), (0, 0)), mode="edge")
    middle = array[1:-1, 1:-1]
    around = (array[:-2, 1:-1], array[2:, 1:-1], array[1:-1, :-2], array[1:-1, 2:])
    return np.asarray(np.all([np.abs(other - middle).max(2) <= LIKE for other in around], axis=0))


def half(image: Image.Image, left: bool) -> Image.Image:
    """One half of a picture that holds two side by side."""
    middle = image.width // 2
    return image.crop((0, 0, middle, image.height) if left else (middle, 0, 2 * middle, image.height))


def left_or_right(root: Path, paths: list[Path]) -> str:
    """Which half of pictures is the label map: that with fewer colours in most of them.

    Raises:
        PixelwiseError: If neither half looks like one.
    """
    flat, votes = 0, 0
    for path in paths:
        image = read_images.read(path)
        shares = [_flatness(half(image, left)) for left in (True, False)]
        flat += max(shares) > 0.5
        votes += 1 if shares[0] > shares[1] else -1
    if 2 * flat < len(paths):
        raise PixelwiseError(
            f"{root}: photographs without label maps; a folder labels/ or masks/ beside them is needed, or patterns"
        )
    return "AtoB" if votes > 0 else "BtoA"


def _flatness(image: Image.Image) -> float:
    """Share of pixels that hardly differ from their right neighbour: of label maps nearly all, of photographs few."""
    array = np.asarray(image.convert("RGB")).astype(np.int16)
    if array.shape[1] < 2:
        return 0.0
    return float((np.abs(np.diff(array, axis=1)).max(2) <= LIKE).mean())
