"""PSNR and SSIM by scikit-image, with every setting fixed."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

Image = npt.NDArray[np.floating]
PEAK = 255.0
SSIM_SETTINGS = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": PEAK}
"""Wang et al. 2004: 11x11 Gaussian window of standard deviation 1.5, K1 = 0.01, K2 = 0.03, population covariance.

scikit-image leaves out a border of 5 pixels when averaging.
"""


def quantise(image: Image) -> npt.NDArray[np.float64]:
    """Round to whole grey levels, ties to even, and clip to 0..255, as saving to 8 bits does.

    Args:
        image: Values on the scale where white is 1.

    Returns:
        float64 on the same scale.
    """
    return np.clip(np.rint(image.astype(np.float64) * PEAK), 0, PEAK) / PEAK


def psnr(clean: Image, estimate: Image) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels, peak 1; no border is left out.

    A perfect estimate has an infinite one.

    Args:
        clean: Reference [H, W] or [H, W, 3], on the scale where white is 1.
        estimate: Same shape; neither clipped nor rounded here.
    """
    x, y = clean.astype(np.float64), estimate.astype(np.float64)
    if not np.square(x - y).any():
        return math.inf
    return float(peak_signal_noise_ratio(x, y, data_range=1.0))  # type: ignore[no-untyped-call]


def ssim(clean: Image, estimate: Image) -> float:
    """Structural similarity with `SSIM_SETTINGS` on the 0-255 scale, averaged over channels; see `psnr`."""
    channel = None if clean.ndim == 2 else 2
    x, y = clean.astype(np.float64) * PEAK, estimate.astype(np.float64) * PEAK
    return float(structural_similarity(x, y, channel_axis=channel, **SSIM_SETTINGS))  # type: ignore[no-untyped-call]
