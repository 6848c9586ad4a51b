"""A user's own pairs: a folder of label maps, one of images, and optionally one of instance maps.

Two layouts, with sub-folders of any depth:

- `train_labels/ train_images/ [train_instances/]` and the same with `val_`, as in the official repositories;
- `labels/ images/ [instances/]`; then the last `val` pairs in natural order (a setting) are the validation set.

Files belong together if their paths inside these folders agree, suffixes apart.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, model_validator

from pixelwise.data.declared_kinds import Folder, Kind
from pixelwise.data.examples import IGNORE, LabelTable, Listing
from pixelwise.data.layout import distinct_colours, index, pair
from pixelwise.data.suffixes import SUFFIXES
from pixelwise.data.walking import images_below
from pixelwise.errors import PixelwiseError
from pixelwise.settings.base import Flag, Settings
from pixelwise.settings.data import Dataset
from pixelwise.terminal.screen import plain

ROLES = {"image": "images", "label": "labels", "instance": "instances"}


class Options(Settings):
    """What an entry takes more.

    Attributes:
        num_labels: Number of label ids, 0 to num_labels - 1.
        dontcare: Whether id 255 is legal; it becomes one more label, num_labels, which no evaluation counts.
    """

    num_labels: int | None = Field(default=None, ge=1, le=255, strict=True)
    dontcare: Flag = False

    @model_validator(mode="after")
    def _complete(self) -> Options:
        if self.num_labels is None:
            raise ValueError("custom needs num_labels, the number of label ids")
        return self


def labels(dataset: Dataset) -> LabelTable:
    """As many ids as the settings say; each is a class of its own, and an id 255, where legal, is none."""
    options = dataset.more(Options)
    count = options.num_labels or 0
    names = tuple(f"label {number}" for number in range(count))
    void = 1 if options.dontcare else 0
    return LabelTable(
        names=names + ("don't care",) * void,
        palette=distinct_colours(count + void),
        eval_map=(*range(count), *([IGNORE] * void)),
        eval_names=names,
        dontcare=options.dontcare,
    )


def listing(root: Path, split: str, dataset: Dataset) -> Listing:
    """The examples of a split.

    Raises:
        PixelwiseError: If the root has neither layout, or if the second comes without the setting `val`.
    """
    if (root / "labels").is_dir():
        if dataset.val is None:
            raise PixelwiseError(
                f"{root}: one folder of labels for both splits; set val, the number of validation pairs"
            )
        both = _pairs(root, "")
        cut = max(0, len(both.entries) - dataset.val)
        if not cut and not both.defects:
            raise PixelwiseError(
                f"{root}: val: {dataset.val}; of its {len(both.entries)} pairs some must be left to train on"
            )
        parts = {"train": both.entries[:cut], "val": both.entries[cut:]}
        return Listing(parts[split], *((both.defects, both.notes) if split == "train" else ()))
    if not (root / "train_labels").is_dir():
        raise PixelwiseError(f"{root}: neither train_labels/ nor labels/ inside; see the layouts of custom data")
    return _pairs(root, f"{split}_")


def _pairs(root: Path, prefix: str) -> Listing:
    roles = {role: root / f"{prefix}{folder}" for role, folder in ROLES.items()}
    listing = pair(
        {
            role: index(images_below(folder), lambda path, base=folder: _key(path, base))  # type: ignore[misc]
            for role, folder in roles.items()
            if role != "instance" or os.path.lexists(folder)
        }
    )
    from PIL import Image

    others = Image.registered_extensions().keys() - set(SUFFIXES)
    unread = [path for folder in roles.values() for path in images_below(folder, kinds=others).paths]
    lines = [f"{plain(str(path))}: {path.suffix} is not read; {', '.join(SUFFIXES)} are" for path in unread]
    return Listing(listing.entries, listing.defects + lines, listing.notes)


def _key(path: Path, folder: Path) -> str:
    return "_".join(path.relative_to(folder).with_suffix("").parts)


KIND = Kind(
    title="Label maps and images of the user's own",
    origin=Folder(bring="give the folder of your label maps and images as root"),
    listing=listing,
    labels=labels,
    licence="the user's own",
    options=Options,
)
