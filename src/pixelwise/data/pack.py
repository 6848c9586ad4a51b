"""Prepared data on disk: one flat array per kind of map and split, memory-mapped when read.

A folder of prepared data holds `dataset.json` (facts about the whole set, see `read_facts`) and for every split
`<split>.json` (names, shapes, offsets), `<split>.images.npy` (uint8), and where the set has them `<split>.labels.npy`
(uint8), `<split>.instances.npy` (int32) and `<split>.blurred.npy` (uint8, partners of sharp images).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from pixelwise.artifacts import atomic, write_json
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


@dataclass(frozen=True)
class Item:
    """One example.

    Attributes:
        name: Unique name without suffix; `/` is not allowed, since generated images are stored under it.
        image: uint8 [H, W, 3] or [H, W].
        label: uint8 [H, W] label ids, or None.
        instance: int32 [H, W] instance ids, or None.
        blurred: uint8, the shape of `image`: the given blurred version of a sharp image, or None.
    """

    name: str
    image: NDArray[np.uint8]
    label: NDArray[np.uint8] | None = None
    instance: NDArray[np.int32] | None = None
    blurred: NDArray[np.uint8] | None = None

    def maps(self) -> dict[str, NDArray[Any]]:
        """The maps present, by the name of the array that holds them."""
        maps = {"images": self.image, "labels": self.label, "instances": self.instance, "blurred": self.blurred}
        return {role: array for role, array in maps.items() if array is not None}


class _Flat:
    """Writes arrays one after the other into one flat .npy file whose length is not known in advance."""

    def __init__(self, stream: BinaryIO, dtype: np.dtype[Any]) -> None:
        self.stream, self.dtype, self.size = stream, dtype, 0
        self.shapes: list[list[int]] = []
        self.offsets: list[int] = []
        self._header()

    def _header(self) -> None:
        # NumPy pads the header so that the first axis can grow: its length does not depend on the size.
        fields = {"descr": npy.dtype_to_descr(self.dtype), "fortran_order": False, "shape": (self.size,)}
        npy.write_array_header_1_0(self.stream, fields)

    def append(self, array: NDArray[Any]) -> None:
        self.stream.write(np.ascontiguousarray(array, dtype=self.dtype).tobytes())
        self.shapes.append(list(array.shape))
        self.offsets.append(self.size)
        self.size += array.size

    def close(self) -> None:
        self.stream.seek(0)
        self._header()


def write_pack(directory: Path, split: str, items: Iterable[Item]) -> list[str]:
    """Write one split, one item at a time.

    Args:
        directory: Folder of the prepared data.
        split: `train` or `val`.
        items: The examples, in order; all must hold the same kinds of maps.

    Returns:
        The names written.

    Raises:
        PixelwiseError: If a name occurs twice or holds a `/`, or if the items differ in the maps they hold.
    """
    names: list[str] = []
    writers: dict[str, _Flat] = {}
    with contextlib.ExitStack() as stack:
        for item in items:
            if item.name in names or "/" in item.name:
                raise PixelwiseError(f"{directory / split}: name {item.name}; names must be unique and without /")
            present = item.maps()
            if not names:
                for role in present:
                    temporary = stack.enter_context(atomic(directory / f"{split}.{role}.npy"))
                    writers[role] = _Flat(stack.enter_context(open(temporary, "wb")), DTYPES[role])
            if present.keys() != writers.keys():
                found, first = ", ".join(present), ", ".join(writers)
                raise PixelwiseError(f"{directory / split}: {item.name} holds {found}; the first item {first}")
            for role, array in present.items():
                writers[role].append(array)
            names.append(item.name)
        for writer in writers.values():
            writer.close()
    index = {role: {"shapes": writer.shapes, "offsets": writer.offsets} for role, writer in writers.items()}
    write_json(directory / f"{split}.json", {"names": names, "arrays": index})
    return names


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
