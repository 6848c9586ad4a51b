"""Set12: twelve gray test photographs of denoising papers, as DnCNN's authors publish them."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.berkeley import DNCNN, PUBLISHED_BY
from pixelwise.data.declared_kinds import Download, Kind
from pixelwise.data.examples import Listing
from pixelwise.data.layout import photographs
from pixelwise.settings.data import Dataset

FOLDER = "testsets/Set12"


def listing(root: Path, split: str, _: Dataset) -> Listing:
    """The photographs; there are none for training."""
    return photographs([root / FOLDER] if split == "val" else [])


KIND = Kind(
    title="Set12 (gray, 12 images)",
    origin=Download(DNCNN, keep=lambda name: name.startswith(f"{FOLDER}/")),
    listing=listing,
    licence=DNCNN.licence,
    citation=PUBLISHED_BY,
    counts={"val": 12},
    download_gb=0.05,
    disk_gb=0.1,
)
