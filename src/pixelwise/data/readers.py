"""Which reader knows which kind of data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pixelwise.data import bsds, camvid, cityscapes, custom, facades, gopro
from pixelwise.data.layout import LabelTable, Listing
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset

SPLITS = ("train", "val")

_LISTINGS: dict[str, Callable[[Path, str, Dataset], Listing]] = {
    "streets": cityscapes.listing,
    "cityscapes": cityscapes.listing,
    "camvid": camvid.listing,
    "facades": facades.listing,
    "custom": custom.listing,
    "gopro": gopro.listing,
}
_LABELS: dict[str, Callable[[Dataset], LabelTable]] = {
    "streets": cityscapes.labels,
    "cityscapes": cityscapes.labels,
    "camvid": camvid.labels,
    "facades": facades.labels,
    "custom": custom.labels,
}


def label_table(dataset: Dataset) -> LabelTable | None:
    """The label ids of a data set, or None for photographs without labels."""
    return _LABELS[dataset.kind](dataset) if dataset.kind in _LABELS else None


def listing(root: Path, split: str, dataset: Dataset) -> Listing:
    """Every example of a split in natural order, and every defect of pairing."""
    return _LISTINGS.get(dataset.kind, bsds.listing)(root, split, dataset)


def expected(kind: str, split: str) -> int | None:
    """How many examples a downloaded set has in a split, or None for drawn sets and the user's own folders."""
    facade = {"train": facades.COUNT - facades.VALIDATION, "val": facades.VALIDATION}
    counts = {**bsds.COUNTS, "camvid": camvid.COUNTS, "facades": facade}
    return counts[kind].get(split, 0) if kind in counts else None


def select(found: Listing, root: Path, split: str, dataset: Dataset) -> Listing:
    """The examples that the settings ask for: the first `train` or `val`; with defects of pairing, all.

    A limit says nothing about a split that the published set does not have, such as the training images of BSD68.

    Raises:
        PixelwiseError: If there are fewer.
    """
    limit = getattr(dataset, split)
    if limit is None or found.defects or expected(dataset.kind, split) == 0:
        return found
    if limit > len(found.entries) and not dataset.at_most:
        raise PixelwiseError(
            f"{root}: {len(found.entries)} {split} examples of {dataset.kind}; {split} asks for {limit}"
        )
    return Listing(found.entries[:limit], found.defects, found.notes)
