"""Crops of clean, degraded and restored images for the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from pixelwise.artifacts import atomic, write_json
from pixelwise.evaluation.cases import Case
from pixelwise.evaluation.restored_image import PEAK, quantise


class Samples:
    """Writes `samples/<image>_sigma<level>_<method>.png` and their list `samples.json`.

    Methods `clean` and `degraded` are the reference and the input.

    Args:
        out: Folder of the step's outputs.
        side: Side of the square crop, taken from the centre, in pixels.
        count: Number of images, the first ones.
        sigma: The noise level shown.
    """

    def __init__(self, out: Path, side: int, count: int, sigma: float) -> None:
        self.out, self.side, self.count, self.sigma = out, side, count, sigma
        self.written: list[dict[str, Any]] = []

    def wants(self, index: int, sigma: float) -> bool:
        """Whether image number `index` is shown at this noise level."""
        return index < self.count and sigma == self.sigma

    def add(self, case: Case, method: str, estimate: npt.NDArray[np.floating]) -> None:
        """Write the crop of one method, and of the clean and degraded image if they are not there yet."""
        for name, image in (("clean", case.clean), ("degraded", case.degraded), (method, estimate)):
            file = f"samples/{case.name}_sigma{case.sigma:g}_{name}.png"
            if any(entry["file"] == file for entry in self.written):
                continue
            top, left = (max(0, (length - self.side) // 2) for length in case.clean.shape[:2])
            crop = image[top : top + self.side, left : left + self.side]
            with atomic(self.out / file) as path:
                Image.fromarray((quantise(crop) * PEAK).astype(np.uint8)).save(path)
            self.written.append({"file": file, "image": case.name, "sigma": case.sigma, "method": name})

    def close(self) -> None:
        """Write the list."""
        write_json(self.out / "samples.json", {"samples": self.written})
