"""Looks at one example on disk: can it be read, do its maps fit together, are its ids legal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.data import read_images
from pixelwise.data.decoding import header
from pixelwise.data.examples import IGNORE, Entry, LabelTable
from pixelwise.data.readers import reading
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset

PHOTOGRAPHS = ("image", "blurred")


@dataclass(frozen=True)
class Example:
    """One decoded example in its original size; labels and instances int32 [H, W]."""

    image: Image.Image
    label: NDArray[np.int32] | None = None
    instance: NDArray[np.int32] | None = None
    blurred: Image.Image | None = None


def headers(entry: Entry) -> list[str]:
    """Defects that headers show, without decoding: no image, other colours or depth, another size than its partner."""
    defects, sizes = [], {}
    for role, path in entry.files.items():
        try:
            found = header(path)
            sizes[role] = (found.height, found.width)
            if role not in PHOTOGRAPHS:
                continue
            read_images.check_photograph(path, found)
            if found.orientation != 1:
                line = f"{path}: EXIF orientation {found.orientation}; a picture stored upright is needed"
                defects.append(line)
        except PixelwiseError as error:
            defects.append(str(error))
        except OSError as error:
            defects.append(f"{path}: {error.strerror}")
    for role, size in sizes.items():
        if "image" in sizes and size != sizes["image"]:
            height, width = sizes["image"]
            defects.append(
                f"{entry.files[role]}: {size[0]}x{size[1]} pixels (height x width); its image {entry.image.name} has "
                f"{height}x{width}"
            )
    return defects


def sizes_of(entries: Iterable[Entry], dataset: Dataset) -> set[tuple[int, int]]:
    """Heights and widths of photographs that are kept as they are; none where they are resized."""
    if dataset.height is not None:
        return set()
    found = set()
    for entry in entries:
        with contextlib.suppress(PixelwiseError, OSError):
            found.add(reading(dataset).size(header(entry.image)))
    return found


def decode(entry: Entry, dataset: Dataset, table: LabelTable | None, hashes: dict[Path, str]) -> Example:
    """Read an example completely and check its ids.

    Args:
        entry: The files.
        dataset: Settings; `channels` decides about gray or colour.
        table: Label ids, or None if the set has no labels.
        hashes: Checksum that a file must have, for those where it is known.

    Returns:
        Image in mode L or RGB; label ids after mapping a legal 255 to the last id.

    Raises:
        PixelwiseError: If a file can't be read, if sizes differ, or if a label id is outside the table.
    """
    files = {role: (path, hashes.get(path)) for role, path in entry.files.items()}
    ways = reading(dataset)
    raw = {role: ways.photograph(*file) for role, file in files.items() if role in PHOTOGRAPHS}
    maps = {
        role: ways.labels(*file) if role == "label" else read_images.read_ids(*file)
        for role, file in files.items()
        if role not in PHOTOGRAPHS
    }
    sizes: dict[str, tuple[int, ...]] = {role: (image.height, image.width) for role, image in raw.items()}
    for role, size in (sizes | {role: found.shape for role, found in maps.items()}).items():
        if size != sizes["image"]:
            found, wanted = (f"{each[0]}x{each[1]}" for each in (size, sizes["image"]))
            raise PixelwiseError(f"{entry.files[role]}: {found} pixels (height x width); its image has {wanted}")
    channels = 3 if table is not None else dataset.channels
    label = blurred = None
    if table is not None and entry.label is not None:
        label = legal(maps["label"], table, entry.label)
    if entry.blurred is not None:
        blurred = read_images.pixels(raw["blurred"], entry.blurred, channels)
    return Example(read_images.pixels(raw["image"], entry.image, channels), label, maps.get("instance"), blurred)


def legal(label: NDArray[np.int32], table: LabelTable, path: Path) -> NDArray[np.int32]:
    """Check the ids of a label map; a legal 255 becomes the last id.

    Raises:
        PixelwiseError: If an id is outside the table.
    """
    outside = [value for value in read_images.counted(label) if not 0 <= value < len(table.names) - table.dontcare]
    if table.dontcare and IGNORE in outside:
        label = np.where(label == IGNORE, len(table.names) - 1, label).astype(np.int32)
        outside.remove(IGNORE)
    if outside:
        raise PixelwiseError(f"{path}: label id {outside[0]}; allowed are {table.allowed}")
    return label
