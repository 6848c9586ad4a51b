"""One restored image as the metrics of restoration receive it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.floating]
PEAK = 255.0


def quantise(image: Image) -> npt.NDArray[np.float64]:
    """Round to whole grey levels, ties to even, and clip to 0..255, as saving to 8 bits does.

    Args:
        image: Values on the scale where white is 1.

    Returns:
        float64 on the same scale.
    """
    return np.clip(np.rint(image.astype(np.float64) * PEAK), 0, PEAK) / PEAK


@dataclass(frozen=True)
class RestoredImage:
    """What was asked for and what a method made, on the scale where white is 1.

    Attributes:
        clean: Reference, float64 [H, W] or [H, W, 3].
        estimate: Output of the method as computed, the same shape; neither clipped nor rounded.
        period: Tile period in pixels of the method.
    """

    clean: npt.NDArray[np.float64]
    estimate: Image
    period: int

    @cached_property
    def saved(self) -> npt.NDArray[np.float64]:
        """The output rounded to 8 bits and clipped."""
        return quantise(self.estimate)
