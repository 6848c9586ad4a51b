"""Structural similarity, by scikit-image with every setting fixed, of the output as computed and as saved to 8 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixelwise.quantities import Metric

if TYPE_CHECKING:
    from pixelwise.evaluation.restored_image import Image, RestoredImage

PEAK = 255.0
SSIM_SETTINGS = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": PEAK}
"""Wang et al. 2004: 11x11 Gaussian window of standard deviation 1.5, K1 = 0.01, K2 = 0.03, population covariance.

scikit-image leaves out a border of 5 pixels when averaging.
"""


def ssim(clean: Image, estimate: Image) -> float:
    """Structural similarity with `SSIM_SETTINGS` on the 0-255 scale, averaged over channels.

    Args:
        clean: Reference [H, W] or [H, W, 3], on the scale where white is 1.
        estimate: Same shape; neither clipped nor rounded here.
    """
    from skimage.metrics import structural_similarity

    channel = None if clean.ndim == 2 else 2
    x, y = clean.astype("float64") * PEAK, estimate.astype("float64") * PEAK
    return float(structural_similarity(x, y, channel_axis=channel, **SSIM_SETTINGS))  # type: ignore[no-untyped-call]


def of_output(image: RestoredImage) -> float:
    """SSIM of the output as computed."""
    return ssim(image.clean, image.estimate)


def of_saved(image: RestoredImage) -> float:
    """SSIM of the output rounded to 8 bits and clipped."""
    return ssim(image.clean, image.saved)


METRICS = [
    Metric(
        name="ssim",
        label="SSIM",
        units=("1",),
        low=-1,
        high=1,
        better="higher",
        places=4,
        order=20,
        shown=("table", "glance", "differences"),
        compute=of_output,
    ),
    Metric(
        name="ssim_8bit",
        label="SSIM of 8 bits",
        units=("1",),
        low=-1,
        high=1,
        better="higher",
        places=4,
        order=21,
        shown=("differences",),
        compute=of_saved,
    ),
]
