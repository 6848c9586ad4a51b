"""What a data set's kind says of its files: examples, label ids, and how many there are."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.declared_kinds import Folder, find
from pixelwise.data.examples import Entry, LabelTable, Listing
from pixelwise.data.read_images import Reading
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset

SPLITS = ("train", "val")


def label_table(dataset: Dataset) -> LabelTable | None:
    """The label ids of a data set, or None for photographs without labels."""
    labels = find(dataset.kind).labels
    return None if labels is None else labels(dataset)


def listing(root: Path, split: str, dataset: Dataset) -> Listing:
    """Every example of a split in natural order, and every defect of pairing, or of a name that no table can carry."""
    kind = find(dataset.kind)
    found = kind.listing(root, split, dataset)
    if not isinstance(kind.origin, Folder):
        return found
    lines = [line for entry in found.entries for line in commas(root, entry)]
    return Listing(found.entries, found.defects + list(dict.fromkeys(lines)), found.notes)


def commas(root: Path, entry: Entry) -> list[str]:
    """Which files of an example no table can name."""
    paths = (path for path in entry.files.values() if "," in path.relative_to(root).as_posix())
    return [f"{path}: a comma in its name; rename it" for path in paths]


def reading(dataset: Dataset) -> Reading:
    """How the files of an example are read."""
    own = find(dataset.kind).reading
    return Reading() if own is None else own(dataset)


def besides(root: Path, dataset: Dataset) -> list[Path]:
    """Files below the root that are no pictures and that the data depend on, such as a palette."""
    own = find(dataset.kind).besides
    return [] if own is None else own(root, dataset)


def expected(name: str, split: str) -> int | None:
    """How many examples a published set has in a split, or None where it varies, as in a copy of the user's own."""
    kind = find(name)
    if kind.counts is None or isinstance(kind.origin, Folder):
        return None
    return kind.counts.get(split, 0)


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
