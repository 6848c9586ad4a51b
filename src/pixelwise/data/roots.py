"""Where data sets that are not downloaded lie: the user's own folders.

Light on purpose: this is called while a run is being planned.
"""

from __future__ import annotations

import os
from pathlib import Path

from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset

OWN = frozenset({"cityscapes", "custom", "gopro"})
CITYSCAPES = "CITYSCAPES_ROOT"
LOGIN = ("CITYSCAPES_USERNAME", "CITYSCAPES_PASSWORD")
DOWNLOADED = Path("work") / "downloads" / "cityscapes"  # where a download with the user's login is extracted
FOLDERS = {
    "cityscapes": ("leftImg8bit/train", "leftImg8bit/val", "gtFine/train", "gtFine/val"),
    "gopro": ("train", "test"),
    "custom": (),
}
HOW = (
    f"set {CITYSCAPES} to a folder that holds leftImg8bit/ and gtFine/ (register at "
    "https://www.cityscapes-dataset.com, then `csDownload gtFine_trainvaltest.zip leftImg8bit_trainvaltest.zip`), "
    f"or set {' and '.join(LOGIN)} to download it"
)


def login() -> tuple[str, str] | None:
    """The user's Cityscapes login from the environment, or None."""
    user, password = (os.environ.get(name, "") for name in LOGIN)
    return (user, password) if user and password else None


def locate(dataset: Dataset) -> Path:
    """The folder of a data set of the user's own: the setting `root`, else CITYSCAPES_ROOT, else what was downloaded.

    Raises:
        PixelwiseError: If no folder is named, if it does not exist, or if it lacks a folder of the layout.
    """
    named = dataset.root or (os.environ.get(CITYSCAPES) if dataset.kind == "cityscapes" else None)
    if not named:
        if DOWNLOADED.is_dir():
            return DOWNLOADED
        raise PixelwiseError(f"{dataset.kind}: no folder given; {HOW}")
    root = Path(named).expanduser()
    if not root.is_dir():
        raise PixelwiseError(f"{root}: no such folder; {dataset.kind} is expected there")
    missing = [folder for folder in FOLDERS[dataset.kind] if not (root / folder).is_dir()]
    if missing:
        raise PixelwiseError(
            f"{root}: no {missing[0]}/ inside; {dataset.kind} needs {', '.join(FOLDERS[dataset.kind])}"
        )
    return root


def available(dataset: Dataset) -> bool:
    """Whether Cityscapes needs no download: a folder is named, or an earlier download is there."""
    return bool(dataset.root or os.environ.get(CITYSCAPES) or DOWNLOADED.is_dir())


def preflight(dataset: Dataset) -> None:
    """Stop a run before its first job if a data set that only the user can provide is not there.

    Raises:
        PixelwiseError: With one line that says how to get it.
    """
    if dataset.kind not in OWN:
        return
    if dataset.kind == "cityscapes" and not available(dataset) and login():
        return
    locate(dataset)
