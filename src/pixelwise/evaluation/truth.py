"""Label maps as evaluation classes, at the size of the pictures or larger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelwise.data import readers, roots
from pixelwise.data.examples import Entry
from pixelwise.data.pack import Pack
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.confusion import VOID
from pixelwise.files.listings import rows
from pixelwise.settings.data import Dataset


class Truth:
    """The label maps of a split as evaluation classes; 255 is void.

    Args:
        pack: The split.
        facts: dataset.json of the prepared data.
        enlarge: Factor by which prepared label maps are enlarged (nearest pixel).
        original: The data set itself, or None: prepared label maps are enlarged.
        raw: Output of its fetch step, where the original label maps or their checksums are.

    Raises:
        PixelwiseError: If the data have no evaluation classes, or the original label maps are not found.
    """

    def __init__(
        self, pack: Pack, facts: dict[str, Any], enlarge: int, original: Dataset | None = None, raw: Path | None = None
    ) -> None:
        if not facts.get("eval_names"):
            raise PixelwiseError(f"{pack.directory}: no evaluation classes; segmentation needs a label table")
        self.pack, self.enlarge = pack, enlarge
        self.names: list[str] = list(facts["eval_names"])
        self.classes = np.full(256, VOID, np.uint8)
        self.classes[: len(facts["eval_map"])] = facts["eval_map"]
        self.entries: dict[str, Entry] = {}
        self.checksums: dict[str, str] = {}
        self.source = "prepared, nearest"
        if original is None:
            return
        if raw is None:
            raise PixelwiseError("segment: original is set; the job needs the input raw")
        self.root = roots.locate(original) if roots.brought(original) else raw
        self.reading = readers.reading(original)
        self.entries = {entry.name: entry for entry in readers.listing(self.root, pack.split, original).entries}
        if (raw / "files.csv").is_file():
            self.checksums = {row["path"]: row["sha256"] for row in rows(raw / "files.csv", ("path", "sha256"))}
        self.source = "original"

    def native(self, i: int) -> NDArray[np.uint8]:
        """Classes of label map i at the size of the pictures, [H, W]."""
        label = self.pack.label(i)
        if label is None:
            raise PixelwiseError(f"{self.pack.directory}: no label maps in split {self.pack.split}")
        return np.asarray(self.classes[label])

    def enlarged(self, i: int) -> NDArray[np.uint8]:
        """Classes of label map i at its original size, or enlarged by the factor, [h, w]."""
        if not self.entries:
            return self.native(i).repeat(self.enlarge, 0).repeat(self.enlarge, 1)
        name = self.pack.names[i]
        path = self.entries[name].label if name in self.entries else None
        if path is None:
            raise PixelwiseError(f"{self.root}: no label map of {name}; it is in the prepared data")
        ids = self.reading.labels(path, self.checksums.get(path.relative_to(self.root).as_posix()))
        if ids.min() < 0 or ids.max() > VOID:
            raise PixelwiseError(f"{path}: id {ids.max() if ids.max() > VOID else ids.min()}; allowed are 0 to {VOID}")
        return np.asarray(self.classes[ids])
