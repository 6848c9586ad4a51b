"""Train400: the 400 gray training photographs of 180x180 pixels that DnCNN's authors publish."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.berkeley import CITATION, DNCNN
from pixelwise.data.declared_kinds import Download, Kind
from pixelwise.data.examples import Listing
from pixelwise.data.layout import photographs
from pixelwise.settings.data import Dataset

FOLDER = "TrainingCodes/DnCNN_TrainingCodes_v1.0/data/Train400"


def listing(root: Path, split: str, _: Dataset) -> Listing:
    """The photographs; there are none for validation."""
    return photographs([root / FOLDER] if split == "train" else [])


KIND = Kind(
    title="Train400 (gray, 400 images)",
    origin=Download(DNCNN, keep=lambda name: name.startswith(f"{FOLDER}/")),
    listing=listing,
    licence=DNCNN.licence,
    citation=CITATION,
    counts={"train": 400},
    download_gb=0.05,
    disk_gb=0.2,
)
