"""GoPro deblurring pairs (Nah et al., CVPR 2017), the user's own copy.

Layout: `{train,test}/<sequence>/{sharp,blur}/<frame>.png`.
"""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.declared_kinds import Folder, Kind
from pixelwise.data.examples import Listing
from pixelwise.data.layout import index, pair
from pixelwise.data.walking import images_below
from pixelwise.settings.data import Dataset

FOLDERS = {"train": "train", "val": "test"}


def listing(root: Path, split: str, _: Dataset) -> Listing:
    """The examples of a split: sharp frame and blurred frame of the same sequence and name; the test set is `val`."""
    files = images_below(root / FOLDERS[split])
    return pair(
        {
            "image": index(files.only(lambda path: path.parent.name == "sharp"), _key),
            "blurred": index(files.only(lambda path: path.parent.name == "blur"), _key),
        }
    )


def _key(path: Path) -> str:
    return f"{path.parent.parent.name}_{path.stem}"


KIND = Kind(
    title="GoPro deblurring pairs",
    origin=Folder(
        bring="download the pairs by hand and give their folder as root",
        folders=tuple(FOLDERS.values()),
    ),
    listing=listing,
    licence="its authors' terms, as they came with your copy",
    citation="Nah et al., Deep multi-scale convolutional neural network for dynamic scene deblurring, CVPR 2017",
    counts={"train": 2103, "val": 1111},
    download_gb=9.0,
    disk_gb=20.0,
)
