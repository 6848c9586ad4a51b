"""Small real files in the layouts of the data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def png(path: Path, array: np.ndarray) -> Path:
    """Write an array as PNG; uint16 becomes 16 bit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def cityscapes(root: Path, train: int = 3, val: int = 2, height: int = 32, width: int = 64) -> Path:
    """A folder in Cityscapes' official layout, several cities, 16-bit instance ids."""
    rng = np.random.default_rng(0)
    for split, count in (("train", train), ("val", val)):
        for i in range(count):
            city = ("aachen", "ulm")[i % 2]
            stem = f"{city}_{i:06d}_{19 + i:06d}"
            label = rng.choice([1, 7, 8, 11, 23, 26, 33], (height, width)).astype(np.uint8)
            instance = np.where(label >= 24, label.astype(np.uint16) * 1000 + 3, label).astype(np.uint16)
            photo = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
            png(root / "leftImg8bit" / split / city / f"{stem}_leftImg8bit.png", photo)
            png(root / "gtFine" / split / city / f"{stem}_gtFine_labelIds.png", label)
            png(root / "gtFine" / split / city / f"{stem}_gtFine_instanceIds.png", instance)
            png(root / "gtFine" / split / city / f"{stem}_gtFine_color.png", photo)
    return root


def custom(root: Path, names: list[str], prefix: str = "", labels: int = 4, size: tuple[int, int] = (8, 12)) -> Path:
    """Label maps and images of the same names."""
    rng = np.random.default_rng(1)
    for name in names:
        png(root / f"{prefix}labels" / f"{name}.png", rng.integers(0, labels, size, dtype=np.uint8))
        png(root / f"{prefix}images" / f"{name}.png", rng.integers(0, 256, (*size, 3), dtype=np.uint8))
    return root
