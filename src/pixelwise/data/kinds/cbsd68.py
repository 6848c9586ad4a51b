"""BSD68 in colour: the same 68 photographs, from the original JPEG files of BSDS500."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.berkeley import BSDS500, CITATION, IMAGES, is_test
from pixelwise.data.declared_kinds import Download, Kind
from pixelwise.data.examples import Listing
from pixelwise.data.layout import photographs
from pixelwise.settings.data import Dataset

FOLDER = IMAGES / "val"


def listing(root: Path, split: str, _: Dataset) -> Listing:
    """The photographs; there are none for training."""
    return photographs([root / FOLDER] if split == "val" else [], is_test)


KIND = Kind(
    title="CBSD68 (colour, 68 images)",
    origin=Download(BSDS500, keep=lambda name: name.startswith(f"{FOLDER.as_posix()}/")),
    listing=listing,
    licence=BSDS500.licence,
    citation=CITATION,
    counts={"val": 68},
    download_gb=0.08,
    disk_gb=0.2,
)
