"""Where data sets that the user brings lie.

Light on purpose: this is called while a run is being planned.
"""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.declared_kinds import Folder, find
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset


def brought(dataset: Dataset) -> Folder | None:
    """How the user brings a data set, or None if it is obtained without him."""
    origin = find(dataset.kind).origin
    return origin if isinstance(origin, Folder) else None


def locate(dataset: Dataset) -> Path:
    """The folder of a data set of the user's own: the setting `root`, else the environment's, else what was downloaded.

    Raises:
        PixelwiseError: If no folder is named, if it does not exist, or if it lacks a folder of the layout.
    """
    place = brought(dataset)
    if place is None:
        raise PixelwiseError(f"{dataset.kind}: not read from a folder of the user's own")
    named = place.named(dataset.root)
    if not named:
        raise PixelwiseError(f"{dataset.kind}: no folder given; {place.bring}")
    root = Path(named).expanduser()
    if not root.is_dir():
        raise PixelwiseError(f"{root}: no such folder; {dataset.kind} is expected there")
    missing = [folder for folder in place.folders if not (root / folder).is_dir()]
    if missing:
        raise PixelwiseError(f"{root}: no {missing[0]}/ inside; {dataset.kind} needs {', '.join(place.folders)}")
    return root


def preflight(dataset: Dataset) -> None:
    """Stop a run before its first job if a data set that only the user can provide is not there.

    Raises:
        PixelwiseError: With one line that says how to get it.
    """
    place = brought(dataset)
    if place is None or (place.account() and not place.named(dataset.root)):
        return
    locate(dataset)
