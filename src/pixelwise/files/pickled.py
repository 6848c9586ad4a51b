"""Files of torch.save, measured before torch reads them: nothing is allocated that the file's own bytes do not hold.

A pickle inside such a file says how large each tensor is, and torch believes it. So it is read here first with every
constructor replaced by one that only notes sizes; whatever else the pickle asks for is refused by name.
"""

from __future__ import annotations

import math
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any, NamedTuple

MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of files from before torch 1.6
LEGACY_PICKLES = 3  # magic number, version, sizes of C types; the document follows
MOST_RECORD = 2**26  # bytes of a document's pickle, and with it of everything that it can make
ITEM_BYTES = {"Double": 8, "Float": 4, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2}
ITEM_BYTES |= {"Char": 1, "Byte": 1, "Bool": 1}


class Storage(NamedTuple):
    """Where values lie: key of the record, bytes of one value, number of values."""

    key: str
    item: int
    values: int


class Sized(NamedTuple):
    """A tensor that was not made: its values times their bytes."""

    bytes: int


def measure(path: Path) -> int:
    """Bytes of all tensors that torch would make of a file.

    Raises:
        ValueError: If a tensor is larger than what the file stores for it, or the file is not torch.save's.
        pickle.UnpicklingError: If it asks for anything but tensors and plain values.
    """
    with open(path, "rb") as stream:
        if zipfile.is_zipfile(stream):
            return _zipped(stream)
        stream.seek(0)
        return _legacy(stream, path.stat().st_size)


def _zipped(stream: IO[bytes]) -> int:
    with zipfile.ZipFile(stream) as archive:
        records = {info.filename.partition("/")[2]: info for info in archive.infolist()}
        if any(info.compress_type != zipfile.ZIP_STORED for info in records.values()):
            raise ValueError("compressed records; torch.save stores them as they are")
        if "data.pkl" not in records or records["data.pkl"].file_size > MOST_RECORD:
            raise ValueError("no document that torch.save wrote")
        with archive.open(records["data.pkl"]) as document:
            reader = _Reader(document)
            reader.load()
    for storage in reader.storages.values():
        record = records.get(f"data/{storage.key}")
        if record is None or record.file_size != storage.values * storage.item:
            raise ValueError(f"record {storage.key} does not hold the {storage.values} values that it should")
    return reader.total


def _legacy(stream: IO[bytes], size: int) -> int:
    head = [_Reader(stream).load() for _ in range(LEGACY_PICKLES)]
    if head[0] != MAGIC:
        raise ValueError("not a file of torch.save")
    reader = _Reader(stream)
    reader.load()
    if sum(storage.values * storage.item for storage in reader.storages.values()) > size:
        raise ValueError(f"{size} bytes; its tensors need more")
    return reader.total


class _Reader(pickle.Unpickler):
    """Reads a document without making anything of it but dictionaries, lists and sizes."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream)
        self.storages: dict[str, Storage] = {}
        self.total = 0

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for a constructor; nothing is imported."""
        if module == "torch" and name.removesuffix("Storage") in ITEM_BYTES:
            return ITEM_BYTES[name.removesuffix("Storage")]
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch", "Size"): tuple,
            ("torch._utils", "_rebuild_tensor"): self._tensor,
            ("torch._utils", "_rebuild_tensor_v2"): self._tensor,
            ("torch._utils", "_rebuild_parameter"): _parameter,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"holds {module}.{name}; allowed are tensors and plain values")
        return known[module, name]

    def persistent_load(self, pid: Any) -> Storage:
        """Note a storage: ("storage", type, key, location, number of values, ...)."""
        if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != "storage" or (len(pid) > 5 and pid[5]):
            raise pickle.UnpicklingError("holds a reference that torch.save does not write")
        storage = Storage(str(pid[2]), _whole(pid[1]), _whole(pid[4]))
        if self.storages.setdefault(storage.key, storage) != storage:
            raise ValueError(f"storage {storage.key} has two sizes")
        return storage

    def _tensor(self, storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Sized:
        """Note a tensor; it must lie inside its storage."""
        if not isinstance(storage, Storage) or not isinstance(size, tuple) or not isinstance(stride, tuple):
            raise ValueError("a tensor without values")
        sides, steps = [_whole(side) for side in size], [_whole(step) for step in stride]
        count = math.prod(sides)
        last = _whole(offset) + sum((side - 1) * step for side, step in zip(sides, steps, strict=True))
        if count and last >= storage.values:
            raise ValueError(f"a tensor of shape {tuple(sides)} in a storage of {storage.values} values")
        self.total += count * storage.item
        return Sized(count * storage.item)


def _parameter(data: Any, *_: Any) -> Sized:
    if not isinstance(data, Sized):
        raise ValueError("a parameter that is no tensor")
    return data


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} in place of a size")
    return value
