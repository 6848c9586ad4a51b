"""The real photographs that ship inside scikit-image: denoising data that need no download."""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.declared_kinds import Kind, Made
from pixelwise.data.examples import Listing
from pixelwise.data.layout import photographs
from pixelwise.settings.data import Dataset


def listing(root: Path, split: str, _: Dataset) -> Listing:
    """The photographs of a split."""
    return photographs([root / split])


KIND = Kind(
    title="Photographs inside scikit-image",
    origin=Made("pixelwise.data.installed_photographs:fetch", "photographs inside scikit-image"),
    listing=listing,
    licence="public domain, CC0 or CC BY, as scikit-image states for each picture",
    citation="van der Walt et al., scikit-image: image processing in Python, PeerJ 2014",
    usual=(14, 5),
)
