"""Prepared data on disk: one flat array per kind of map and split, memory-mapped when read; `pack_writing` writes it.

A folder of prepared data holds `dataset.json` (facts about the whole set, see `read_facts`) and for every split
`<split>.json` (names, shapes, offsets), `<split>.images.npy` (uint8), and where the set has them `<split>.labels.npy`
(uint8), `<split>.instances.npy` (int32) and `<split>.blurred.npy` (uint8, partners of sharp images).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.data.packed import Facts, Index
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import read

FACTS = "dataset.json"
DTYPES: dict[str, np.dtype[Any]] = {
    "images": np.dtype("u1"),
    "labels": np.dtype("u1"),
    "instances": np.dtype("<i4"),
    "blurred": np.dtype("u1"),
}


def read_facts(directory: Path) -> dict[str, Any]:
    """Read `dataset.json` of prepared data: kind, task, labels, palette, evaluation classes, size, splits."""
    return read(directory / FACTS, Facts).model_dump(exclude_unset=True)


class Pack:
    """One split of prepared data, memory-mapped.

    Args:
        directory: Folder of the prepared data.
        split: `train` or `val`.

    Raises:
        PixelwiseError: If the folder holds no such split.
    """

    def __init__(self, directory: Path, split: str) -> None:
        self.directory, self.split = Path(directory), split
        index = read(self.directory / f"{split}.json", Index)
        self.names = index.names
        self._index: dict[str, dict[str, Any]] = {role: places.model_dump() for role, places in index.arrays.items()}
        self._flat = {role: self._open(role) for role in self._index}

    def _open(self, role: str) -> NDArray[Any]:
        path = self.directory / f"{self.split}.{role}.npy"
        try:
            flat: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise PixelwiseError(f"{path}: not readable ({error}); prepare the data again") from None
        expected = sum(int(np.prod(shape)) for shape in self._index[role]["shapes"])
        if flat.ndim != 1 or flat.dtype != DTYPES[role]:
            raise PixelwiseError(f"{path}: {flat.dtype} in {flat.ndim} dimensions; {DTYPES[role]} in one is needed")
        if flat.size != expected:
            raise PixelwiseError(f"{path}: {flat.size} values; {self.split}.json lists {expected}")
        return flat

    def __len__(self) -> int:
        return len(self.names)

    def _item(self, role: str, i: int) -> NDArray[Any] | None:
        if role not in self._index:
            return None
        shape, offset = self._index[role]["shapes"][i], self._index[role]["offsets"][i]
        return self._flat[role][offset : offset + int(np.prod(shape))].reshape(shape)

    def image(self, i: int) -> NDArray[np.uint8]:
        """Image i, uint8 [H, W, 3] or [H, W]."""
        image = self._item("images", i)
        assert image is not None
        return image

    def label(self, i: int) -> NDArray[np.uint8] | None:
        """Label map i, uint8 [H, W], or None if the set has none."""
        return self._item("labels", i)

    def instance(self, i: int) -> NDArray[np.int32] | None:
        """Instance map i, int32 [H, W], or None if the set has none."""
        return self._item("instances", i)

    def blurred(self, i: int) -> NDArray[np.uint8] | None:
        """The given blurred version of image i, uint8, or None if the set has none (noise is added while training)."""
        return self._item("blurred", i)

    def _stack(self, role: str) -> NDArray[Any] | None:
        if role not in self._index:
            return None
        shapes: Sequence[list[int]] = self._index[role]["shapes"]
        if any(shape != shapes[0] for shape in shapes):
            raise PixelwiseError(f"{self.directory / self.split}: {role} differ in size; give height and width")
        return self._flat[role].reshape([len(shapes), *shapes[0]])

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """All images, uint8 [N, H, W(, 3)].

        Raises:
            PixelwiseError: If the sizes differ or the split is empty.
        """
        images = self._stack("images")
        if images is None:
            raise PixelwiseError(f"{self.directory / self.split}: no images")
        return images

    @cached_property
    def labels(self) -> NDArray[np.uint8] | None:
        """All label maps, uint8 [N, H, W], or None if the set has none."""
        return self._stack("labels")

    @cached_property
    def instances(self) -> NDArray[np.int32] | None:
        """All instance maps, int32 [N, H, W], or None if the set has none."""
        return self._stack("instances")
