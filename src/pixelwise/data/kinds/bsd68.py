"""BSD68: the 68 gray test photographs of denoising papers, as DnCNN's authors publish them."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.berkeley import CITATION, DNCNN
from pixelwise.data.declared_kinds import Download, Kind
from pixelwise.data.examples import Listing
from pixelwise.data.layout import photographs
from pixelwise.settings.data import Dataset

FOLDER = "testsets/BSD68"


def listing(root: Path, split: str, _: Dataset) -> Listing:
    """The photographs; there are none for training."""
    return photographs([root / FOLDER] if split == "val" else [])


KIND = Kind(
    title="BSD68 (gray, 68 images)",
    origin=Download(DNCNN, keep=lambda name: name.startswith(f"{FOLDER}/")),
    listing=listing,
    licence=DNCNN.licence,
    citation=CITATION,
    counts={"val": 68},
    download_gb=0.05,
    disk_gb=0.2,
)
