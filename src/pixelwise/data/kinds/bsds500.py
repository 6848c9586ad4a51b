"""BSDS500 split as denoising papers do: the 68 photographs of BSD68 for validation, the 432 others for training."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.berkeley import BSDS500, CITATION, IMAGES, is_test
from pixelwise.data.declared_kinds import Download, Kind
from pixelwise.data.examples import Listing
from pixelwise.data.layout import photographs
from pixelwise.settings.data import Dataset


def listing(root: Path, split: str, _: Dataset) -> Listing:
    """The photographs of a split, in colour."""
    if split == "val":
        return photographs([root / IMAGES / "val"], is_test)
    return photographs([root / IMAGES / folder for folder in ("train", "test", "val")], lambda path: not is_test(path))


KIND = Kind(
    title="BSDS500",
    origin=Download(BSDS500),
    listing=listing,
    licence=BSDS500.licence,
    citation=CITATION,
    counts={"train": 432, "val": 68},
    download_gb=0.08,
    disk_gb=0.4,
)
