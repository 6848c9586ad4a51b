"""Cityscapes, the user's own copy, or downloaded with the user's login."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.cityscapes_layout import labels, listing
from pixelwise.data.declared_kinds import Folder, Kind
from pixelwise.data.sources import Source

HOME = "https://www.cityscapes-dataset.com"
ROOT = "CITYSCAPES_ROOT"
LOGIN = ("CITYSCAPES_USERNAME", "CITYSCAPES_PASSWORD")
DOWNLOADED = Path("work") / "downloads" / "cityscapes"  # where a download with the user's login is extracted
HOW = (
    f"set {ROOT} to a folder with leftImg8bit/ and gtFine/ (register at {HOME}, then "
    "`csDownload gtFine_trainvaltest.zip leftImg8bit_trainvaltest.zip`). "
    f"Or set {' and '.join(LOGIN)} to download it"
)
SOURCES: dict[str, Source] = {
    name: Source(
        url=f"{HOME}/file-handling/?packageID={number}",
        licence="non-commercial, own terms (Cityscapes)",
        login=f"register at {HOME}/register/",
        file=name,
        most=2**34,
        unpacked=2**34,
    )
    for name, number in (("gtFine_trainvaltest.zip", 1), ("leftImg8bit_trainvaltest.zip", 3))
}

KIND = Kind(
    title="Cityscapes",
    origin=Folder(
        bring=HOW,
        folders=("leftImg8bit/train", "leftImg8bit/val", "gtFine/train", "gtFine/val"),
        variable=ROOT,
        login=LOGIN,
        register="cityscapes-dataset.com",
        download="pixelwise.data.cityscapes_login:download",
        downloaded=DOWNLOADED,
    ),
    listing=listing,
    labels=labels,
    licence="non-commercial, own terms (Cityscapes)",
    citation="Cordts et al., The Cityscapes dataset for semantic urban scene understanding, CVPR 2016",
    counts={"train": 2975, "val": 500},
    download_gb=11.8,
    disk_gb=24.0,
)
