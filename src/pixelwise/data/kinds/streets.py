"""Street scenes that the program draws from a seed, in Cityscapes' layout and with its labels."""

from __future__ import annotations

from pixelwise.data.cityscapes_layout import labels, listing
from pixelwise.data.declared_kinds import Kind, Made
from pixelwise.settings.base import Seed, Settings
from pixelwise.settings.data import Dataset

LEAST = 16
"""Rows and columns of a drawn scene; a smaller one has no room for its objects."""


class Options(Settings):
    """What an entry takes more.

    Attributes:
        seed: Seed of all scenes.
    """

    seed: Seed = 0


def check(dataset: Dataset) -> None:
    """Refuse an entry without sizes and numbers, or with scenes that are too small."""
    if dataset.height is None or dataset.width is None or dataset.train is None or dataset.val is None:
        raise ValueError("streets needs height, width, train and val")
    if min(dataset.height, dataset.width) < LEAST:
        raise ValueError(
            f"streets: {dataset.height}x{dataset.width}; drawn scenes have at least {LEAST} rows and columns"
        )


KIND = Kind(
    title="Drawn street scenes",
    origin=Made("pixelwise.data.scenery.drawing:write", "drawn by a program"),
    listing=listing,
    labels=labels,
    licence="MIT (drawn by this program)",
    usual=(64, 16),
    synthetic=True,
    options=Options,
    check=check,
)
