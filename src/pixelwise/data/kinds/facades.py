"""CMP Facade Database, base set: 378 rectified facades, `base/<name>.jpg` with palette label maps `base/<name>.png`.

The publisher gives no split; the last 78 in natural order are the validation set here, the other 300 the training set.
"""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.declared_kinds import Download, Kind
from pixelwise.data.examples import IGNORE, LabelTable, Listing
from pixelwise.data.layout import index, pair
from pixelwise.data.sources import Source
from pixelwise.data.walking import images_below
from pixelwise.settings.data import Dataset

COUNT, VALIDATION = 378, 78
SOURCE = Source(
    url="https://cmp.felk.cvut.cz/~tylecr1/facade/CMP_facade_DB_base.zip",
    licence="research use, cite Tylecek and Sara 2013 (CMP Facade Database); no checksum published",
)
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


def used(name: str) -> bool:
    """Whether a member of the archive is a photograph or a label map, not a file of polygons."""
    return name.startswith("base/") and name.endswith((".jpg", ".png"))


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


KIND = Kind(
    title="CMP Facades",
    origin=Download(SOURCE, keep=used, members=2 * COUNT),
    listing=listing,
    labels=labels,
    licence=SOURCE.licence,
    citation="Tylecek and Sara, Spatial pattern templates for recognition of objects with regular structure, GCPR 2013",
    counts={"train": COUNT - VALIDATION, "val": VALIDATION},
    download_gb=0.05,
    disk_gb=0.5,
)
