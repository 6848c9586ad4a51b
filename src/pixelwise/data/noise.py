"""Gaussian noise that is the same on every machine and in every order of the images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def gaussian(shape: tuple[int, ...], sigma: float, seed: int = 0) -> npt.NDArray[np.float64]:
    """White Gaussian noise from the generator's state after `numpy.random.seed(seed)`.

    Args:
        shape: Shape of the image.
        sigma: Standard deviation on the 0-255 scale.
        seed: Seed of the Mersenne twister.

    Returns:
        float64 noise on the scale where white is 1, of the given shape.
    """
    return np.random.RandomState(seed).normal(0.0, sigma / 255.0, shape)


def add_noise(image: npt.NDArray[np.uint8], sigma: float, seed: int = 0) -> npt.NDArray[np.float32]:
    """Noisy image of the published DnCNN protocol: image / 255 plus noise, neither clipped nor rounded.

    The generator is seeded anew for each image (cszn/KAIR, main_test_dncnn.py: `np.random.seed(seed=0)` inside the
    loop), so that two images of one size get the same noise.

    Args:
        image: uint8 [H, W] or [H, W, 3].
        sigma: Noise level on the 0-255 scale.
        seed: Seed of this image's noise.

    Returns:
        float32 of the same shape; white is 1, values below 0 and above 1 occur.
    """
    clean = image.astype(np.float32) / np.float32(255)
    return (clean + gaussian(image.shape, sigma, seed)).astype(np.float32)
