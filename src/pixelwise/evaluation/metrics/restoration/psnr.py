"""Peak signal-to-noise ratio, by scikit-image, of the output as computed and as saved to 8 bits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pixelwise.quantities import Metric

if TYPE_CHECKING:
    from pixelwise.evaluation.restored_image import Image, RestoredImage


def psnr(clean: Image, estimate: Image) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels, peak 1; no border is left out.

    A perfect estimate has an infinite one.

    Args:
        clean: Reference [H, W] or [H, W, 3], on the scale where white is 1.
        estimate: Same shape; neither clipped nor rounded here.
    """
    from skimage.metrics import peak_signal_noise_ratio

    x, y = clean.astype("float64"), estimate.astype("float64")
    if not ((x - y) ** 2).any():
        return math.inf
    return float(peak_signal_noise_ratio(x, y, data_range=1.0))  # type: ignore[no-untyped-call]


def of_output(image: RestoredImage) -> float:
    """PSNR of the output as computed."""
    return psnr(image.clean, image.estimate)


def of_saved(image: RestoredImage) -> float:
    """PSNR of the output rounded to 8 bits and clipped."""
    return psnr(image.clean, image.saved)


METRICS = [
    Metric(
        name="psnr",
        label="PSNR",
        units=("dB",),
        low=-math.inf,
        infinite=True,
        better="higher",
        places=2,
        order=10,
        shown=("table", "figure", "glance", "differences"),
        compute=of_output,
    ),
    Metric(
        name="psnr_8bit",
        label="PSNR of 8 bits",
        units=("dB",),
        low=-math.inf,
        infinite=True,
        better="higher",
        places=2,
        order=11,
        shown=("differences",),
        compute=of_saved,
    ),
]
