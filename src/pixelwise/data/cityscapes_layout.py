"""Cityscapes in its official layout, and anything drawn in the same layout.

`leftImg8bit/<split>/<city>/*_leftImg8bit.png` (photographs), `gtFine/<split>/<city>/*_gtFine_labelIds.png` (raw label
ids) and `*_gtFine_instanceIds.png`. Files belong together if their first three name parts (city, sequence, frame)
agree, as in ASAP-Net's `data/cityscapes_dataset.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

from pixelwise.data.examples import IGNORE, LabelTable, Listing
from pixelwise.data.layout import index, pair
from pixelwise.data.walking import images_below
from pixelwise.settings.data import Dataset

NUM_LABELS = 35  # ids 0 to 33, and 34, which no file uses: the official repositories count it


def labels(_: Dataset) -> LabelTable:
    """See `table`."""
    return table()


def table() -> LabelTable:
    """The 35 raw ids, their colours, and the 19 trainIds, from the publisher's own table."""
    from cityscapesscripts.helpers.labels import labels as official

    by_id = {label.id: label for label in official if label.id >= 0}
    counted = sorted((label for label in by_id.values() if label.trainId not in (-1, IGNORE)), key=lambda x: x.trainId)
    known = [by_id.get(number) for number in range(NUM_LABELS)]
    return LabelTable(
        names=tuple(label.name if label else "unused" for label in known),
        palette=tuple(tuple(label.color) if label else (0, 0, 0) for label in known),
        eval_map=tuple(label.trainId if label and label in counted else IGNORE for label in known),
        eval_names=tuple(label.name for label in counted),
    )


def key(path: Path) -> str:
    """City, sequence and frame: the name without what says which file of the three it is."""
    return re.sub("_(leftImg8bit|gt(Fine|Coarse)_[A-Za-z]+)$", "", path.stem)


def listing(root: Path, split: str, _: Dataset) -> Listing:
    """The examples of a split: photograph, label map and instance map."""
    return pair(
        {
            "image": index(images_below(root / "leftImg8bit" / split, "_leftImg8bit.png"), key),
            "label": index(images_below(root / "gtFine" / split, "_gtFine_labelIds.png"), key),
            "instance": index(images_below(root / "gtFine" / split, "_gtFine_instanceIds.png"), key),
        }
    )
