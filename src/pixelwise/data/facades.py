"""CMP Facade Database, base set: 378 rectified facades, `base/<name>.jpg` with palette label maps `base/<name>.png`.

The publisher gives no split; the last 78 in natural order are the validation set here, the other 300 the training set.
"""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.layout import IGNORE, LabelTable, Listing, index, pair
from pixelwise.data.walking import images_below
from pixelwise.settings.data import Dataset

COUNT, VALIDATION = 378, 78
# Ids 1 to 12 of the publisher's label_names.txt with the palette of its label maps; id 0 is unlabelled.
CLASSES = {
    "background": (0, 0, 170),
    "facade": (0, 0, 255),
    "window": (0, 85, 255),
    "door": (0, 170, 255),
    "cornice": (0, 255, 255),
    "sill": (85, 255, 170),
    "balcony": (170, 255, 85),
    "blind": (255, 255, 0),
    "deco": (255, 170, 0),
    "molding": (255, 85, 0),
    "pillar": (255, 0, 0),
    "shop": (170, 0, 0),
}


def labels(_: Dataset) -> LabelTable:
    """Unlabelled and the 12 classes: 13 ids, as in ASAP-Net's data/facades_dataset.py; evaluations count the 12."""
    return LabelTable(
        names=("unlabelled", *CLASSES),
        palette=((0, 0, 0), *CLASSES.values()),
        eval_map=(IGNORE, *range(len(CLASSES))),
        eval_names=tuple(CLASSES),
    )


def wanted(names: list[str]) -> list[str]:
    """The members of the archive that are used: photographs and label maps, not the polygons."""
    return [name for name in names if name.startswith("base/") and name.endswith((".jpg", ".png"))]


def listing(root: Path, split: str, _: Dataset) -> Listing:
    """The examples of a split: photograph and label map of the same name."""
    both = pair(
        {
            "image": index(images_below(root / "base", ".jpg"), lambda path: path.stem),
            "label": index(images_below(root / "base", ".png"), lambda path: path.stem),
        }
    )
    parts = {"train": both.entries[:-VALIDATION], "val": both.entries[-VALIDATION:]}
    return Listing(parts[split], *((both.defects, both.notes) if split == "train" else ()))
