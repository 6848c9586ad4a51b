"""Step `prepare`: check, resize and pack one data set.

Sizes and filters follow the official repositories (`base_dataset.py`, mode "fixed"): photographs PIL bicubic, label and
instance maps PIL nearest, no crop. Pairing and headers of all files are checked before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pixelwise.artifacts import sha256, write_json
from pixelwise.data import read_images, roots
from pixelwise.data.check_example import decode, looked, upright
from pixelwise.data.declared_kinds import find
from pixelwise.data.examples import Entry, LabelTable
from pixelwise.data.pack import FACTS
from pixelwise.data.pack_writing import Begun, Item, forget
from pixelwise.data.readers import SPLITS, besides, label_table, listing, reading, select
from pixelwise.errors import PixelwiseError
from pixelwise.files.listings import rows
from pixelwise.settings.data import Dataset, PrepareSettings
from pixelwise.terminal.progress import Counter
from pixelwise.terminal.screen import say

FILES = "files.csv"  # written by the step `fetch` for data sets of the user's own


def run(settings: PrepareSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Prepare one data set.

    Args:
        settings: Which, and its size.
        inputs: `raw`, the output of `fetch`.
        out: Folder for `dataset.json` and the packs of both splits.
        work: Holds what is packed until all is, so that a run that was killed goes on where it was.

    Raises:
        PixelwiseError: If a partner is missing, sizes differ, an image can't be read or an id is outside the table.
    """
    dataset, table = settings.dataset, label_table(settings.dataset)
    root, hashes = files(dataset, inputs["raw"])
    splits = {split: select(listing(root, split, dataset), root, split, dataset) for split in SPLITS}
    defects = [line for found in splits.values() for line in found.defects]
    looks = [] if defects else [looked(entry) for found in splits.values() for entry in found.entries]
    defects += [line for lines, _ in looks for line in lines]
    for line in upright(sum(turned for _, turned in looks)):
        say(f"{settings.name}: {line}")
    if roots.brought(dataset):
        listed = (path for found in splits.values() for entry in found.entries for path in entry.files.values())
        defects += [
            f"{path}: not what it was when the data were fetched; fetch again"
            for path in besides(root, dataset)
            if hashes.get(path) != sha256(path)
        ]
        defects += [
            f"{path}: not there when the data were fetched; fetch again" for path in listed if path not in hashes
        ]
    if defects:
        more = f" (and {len(defects) - 1} more: pixelwise data check {settings.name})" if len(defects) > 1 else ""
        raise PixelwiseError(defects[0] + more)
    if not any(found.entries for found in splits.values()):
        raise PixelwiseError(f"{root}: no images of {dataset.kind}; see the layouts in docs/data.md")
    if table is not None and (empty_split := next((split for split, found in splits.items() if not found.entries), "")):
        raise PixelwiseError(
            f"{root}: no {empty_split} examples; label maps are needed for training and for validation"
        )
    present = {split: found.entries for split, found in splits.items() if found.entries}
    counter = Counter(sum(len(entries) for entries in present.values()), "images")
    try:
        packs = {
            split: _packed(entries, split, dataset, table, hashes, work, counter) for split, entries in present.items()
        }
    except PixelwiseError:
        forget(work)
        raise
    seen = kinds_of_maps(packs.values())
    names = {split: pack.end(out) for split, pack in packs.items()}
    write_json(out / FACTS, facts(dataset, table, names, seen))


def _packed(
    entries: list[Entry],
    split: str,
    dataset: Dataset,
    table: LabelTable | None,
    hashes: dict[Path, str],
    work: Path,
    counter: Counter,
) -> Begun:
    """One split, from where an earlier process came to."""
    pack = Begun(work, split, [entry.name for entry in entries])
    for item in items(entries[len(pack.names) :], dataset, table, hashes, counter):
        pack.add(item)
    pack.note()
    return pack


def kinds_of_maps(packs: Iterable[Begun]) -> dict[str, Any]:
    """What the examples of all splits hold: numbers of channels; whether there are instances and blurred partners."""
    flats = [pack.flats for pack in packs]
    shapes = [shape for roles in flats for shape in roles["images"].shapes]
    return {
        "channels": {1 if len(shape) == 2 else 3 for shape in shapes},
        "instances": any("instances" in roles for roles in flats),
        "blurred": any("blurred" in roles for roles in flats),
    }


def files(dataset: Dataset, raw: Path) -> tuple[Path, dict[Path, str]]:
    """Where the files lie, and the checksums that the user's own files had when they were fetched."""
    if not roots.brought(dataset):
        return raw, {}
    root = roots.locate(dataset)
    return root, {root / row["path"]: row["sha256"] for row in rows(raw / FILES, ("path", "sha256"))}


def items(
    entries: list[Entry], dataset: Dataset, table: LabelTable | None, hashes: dict[Path, str], counter: Counter
) -> Iterator[Item]:
    """Decode, check and resize one example after the other."""
    size = None if dataset.height is None or dataset.width is None else (dataset.height, dataset.width)
    for entry in entries:
        example = decode(entry, dataset, table, hashes)
        image = read_images.resize_image(example.image, size, dataset.resize)
        label = None if example.label is None else read_images.resize_ids(example.label, size).astype(np.uint8)
        instance = None if example.instance is None else read_images.resize_ids(example.instance, size)
        blurred = None if example.blurred is None else read_images.resize_image(example.blurred, size, dataset.resize)
        yield Item(entry.name, image, label, instance, blurred)
        counter.one()


def facts(
    dataset: Dataset, table: LabelTable | None, names: dict[str, list[str]], seen: dict[str, Any]
) -> dict[str, Any]:
    """What everything downstream needs to know about the set: contents of `dataset.json`."""
    labels, kind, ways = {} if table is None else asdict(table), find(dataset.kind), reading(dataset)
    return {
        "kind": dataset.kind,
        "task": kind.task,
        "synthetic": kind.synthetic,
        "address": kind.address,
        "licence": kind.licence,
        "citation": kind.citation,
        "num_labels": len(labels.get("names", ())),
        "label_names": list(labels.get("names", ())),
        "palette": [list(colour) for colour in labels.get("palette", ())],
        "eval_map": list(labels.get("eval_map", ())),
        "eval_names": list(labels.get("eval_names", ())),
        "dontcare": bool(labels.get("dontcare", False)),
        "colours": [list(colour) for colour in ways.colours],
        "nearest": ways.nearest,
        "direction": ways.direction,
        "has_instances": seen["instances"],
        "has_blurred": seen["blurred"],
        "height": dataset.height,
        "width": dataset.width,
        "channels": min(seen["channels"]) if len(seen["channels"]) == 1 else None,
        "splits": {split: {"n": len(listed), "names": listed} for split, listed in names.items()},
    }
