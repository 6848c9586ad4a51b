"""Writing prepared data (`pixelwise.data.pack`): a flat file for each kind of map, which grows and survives a kill."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from pixelwise.artifacts import read_json, write_json
from pixelwise.data.pack import DTYPES
from pixelwise.errors import PixelwiseError
from pixelwise.files.moving import move

EVERY = 10.0
"""Seconds between two notes of what is written; a killed run loses no more than these."""
CHUNK = 2**24


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
    """Arrays one after the other in one flat .npy file whose length is not known in advance.

    Args:
        path: The file; it goes on from `known`, or is begun.
        dtype: Type of its values.
        known: What `note` said of it.

    Raises:
        ValueError: If the bytes are not those that were noted.
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], known: dict[str, Any] | None = None) -> None:
        self.path, self.dtype = path, dtype
        self.shapes: list[list[int]] = known["shapes"] if known else []
        self.offsets: list[int] = known["offsets"] if known else []
        self.size: int = known["size"] if known else 0
        self.crc = 0
        self.stream = open(path, "r+b" if known else "w+b")  # noqa: SIM115 (closed by `close`)
        self._header()
        if known:
            self._go_on(known["crc"])

    def _header(self) -> None:
        # NumPy pads the header so that the first axis can grow: its length does not depend on the size.
        self.stream.seek(0)
        fields = {"descr": npy.dtype_to_descr(self.dtype), "fortran_order": False, "shape": (self.size,)}
        npy.write_array_header_1_0(self.stream, fields)

    def _go_on(self, crc: int) -> None:
        left = self.size * self.dtype.itemsize
        while left and (read := self.stream.read(min(CHUNK, left))):
            self.crc, left = zlib.crc32(read, self.crc), left - len(read)
        if left or self.crc != crc:
            self.stream.close()
            raise ValueError("not as it was noted")
        self.stream.seek(0, os.SEEK_CUR)
        self.stream.truncate()

    def append(self, array: NDArray[Any]) -> None:
        written = np.ascontiguousarray(array, dtype=self.dtype).tobytes()
        self.stream.write(written)
        self.crc = zlib.crc32(written, self.crc)
        self.shapes.append(list(array.shape))
        self.offsets.append(self.size)
        self.size += array.size

    def note(self) -> dict[str, Any]:
        """What must be known to go on, after all of it is on the disk."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        return {"shapes": self.shapes, "offsets": self.offsets, "size": self.size, "crc": self.crc}

    def close(self) -> None:
        self._header()
        self.note()
        self.stream.close()


class Begun:
    """One split that is being written; what an earlier process wrote of it is kept if it is whole and of these names.

    Args:
        work: Folder for the growing files, which outlives a kill.
        split: `train` or `val`.
        names: Names of all examples, in order.

    Attributes:
        names: Names of the examples that are written.
    """

    def __init__(self, work: Path, split: str, names: Sequence[str]) -> None:
        self.work, self.split = work, split
        self.names: list[str] = []
        self.flats: dict[str, _Flat] = {}
        self._noted = time.monotonic()
        with contextlib.suppress(PixelwiseError, OSError, ValueError, KeyError, TypeError):
            self._go_on(names)

    @property
    def _file(self) -> Path:
        return self.work / f"{self.split}.begun.json"

    def _flat(self, role: str) -> Path:
        return self.work / f"{self.split}.{role}.npy"

    def _go_on(self, names: Sequence[str]) -> None:
        noted = read_json(self._file)
        written = list(noted["names"])
        if written == list(names[: len(written)]):
            self.flats = {role: _Flat(self._flat(role), DTYPES[role], known) for role, known in noted["flats"].items()}
            self.names = written

    def add(self, item: Item) -> None:
        """Write one more example.

        Raises:
            PixelwiseError: If its name occurs twice or holds a `/`, or if it holds other maps than the first.
        """
        place = f"{self.work / self.split}"
        if item.name in self.names or "/" in item.name:
            raise PixelwiseError(f"{place}: name {item.name}; names must be unique and without /")
        present = item.maps()
        if not self.names:
            self.flats = {role: _Flat(self._flat(role), DTYPES[role]) for role in present}
        if present.keys() != self.flats.keys():
            found, first = ", ".join(present), ", ".join(self.flats)
            raise PixelwiseError(f"{place}: {item.name} holds {found}; the first item {first}")
        for role, array in present.items():
            self.flats[role].append(array)
        self.names.append(item.name)
        if time.monotonic() > self._noted + EVERY:
            self.note()

    def note(self) -> None:
        """Note what is written, so that another process can go on from here."""
        flats = {role: flat.note() for role, flat in self.flats.items()}
        write_json(self._file, {"names": self.names, "flats": flats})
        self._noted = time.monotonic()

    def end(self, directory: Path) -> list[str]:
        """Give the files their names in the folder of the prepared data, and return the names of the examples."""
        for role, flat in self.flats.items():
            flat.close()
            move(flat.path, directory / f"{self.split}.{role}.npy")
        index = {role: {"shapes": flat.shapes, "offsets": flat.offsets} for role, flat in self.flats.items()}
        write_json(directory / f"{self.split}.json", {"names": self.names, "arrays": index})
        self._file.unlink(missing_ok=True)
        return self.names


def forget(work: Path) -> None:
    """Remove what `Begun` keeps in a folder, since nobody can go on from there."""
    for path in [*work.glob("*.begun.json"), *work.glob("*.npy")]:
        path.unlink()


def write_pack(directory: Path, split: str, items: Iterable[Item]) -> list[str]:
    """Write one split at once, see `Begun`.

    Args:
        directory: Folder of the prepared data.
        split: `train` or `val`.
        items: The examples, in order; all must hold the same kinds of maps.

    Returns:
        The names written.

    Raises:
        PixelwiseError: As `Begun.add`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as work:
        begun = Begun(Path(work), split, ())
        for item in items:
            begun.add(item)
        return begun.end(directory)
