"""Noise and motion blur of the test images: documented kernels, noise seeded per image, the same on every machine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import correlate

from pixelwise.data.motion import kernel_size, motion_kernel

Image = npt.NDArray[np.float32]
LENGTHS = (5, 7, 9, 11, 13, 15)
ANGLES = (0.0, 22.5, 45.0, 67.5, 90.0, 112.5, 135.0, 157.5)
STRIDE = 5  # coprime to the number of kernels, so that neighbouring images differ in length and in direction


def evaluation_kernels() -> list[npt.NDArray[np.float64]]:
    """The 48 straight motion kernels of the deblurring protocol, each [15 + 2, 15 + 2] with sum 1.

    Lengths 5 to 15 pixels in steps of 2, directions in steps of 22.5 degrees; see `pixelwise.data.motion`.
    """
    size = kernel_size(max(LENGTHS))
    return [motion_kernel(length, angle, size) for length in LENGTHS for angle in ANGLES]


def kernel_of(index: int) -> npt.NDArray[np.float64]:
    """The kernel that blurs test image number `index` (from 0)."""
    kernels = evaluation_kernels()
    return kernels[index * STRIDE % len(kernels)]


def blur(image: npt.NDArray[np.uint8], kernel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Blurred image on the scale where white is 1; the border is mirrored about its outermost pixels.

    Args:
        image: uint8 [H, W] or [H, W, 3].
        kernel: Point-symmetric kernel, so that correlation and convolution are the same.

    Returns:
        float64 of the shape of `image`.
    """
    clean = image.astype(np.float64) / 255
    if clean.ndim == 2:
        return np.asarray(correlate(clean, kernel, mode="mirror"))
    return np.stack([correlate(clean[..., k], kernel, mode="mirror") for k in range(clean.shape[2])], axis=2)


def blur_and_noise(image: npt.NDArray[np.uint8], index: int, sigma: float, seed: int) -> Image:
    """Blurred and noisy version of test image number `index`, neither clipped nor rounded.

    Args:
        image: Sharp image, uint8 [H, W] or [H, W, 3].
        index: Number of the image; it chooses the kernel.
        sigma: Noise level on the 0-255 scale.
        seed: Seed of this image's noise.

    Returns:
        float32 of the shape of `image`, white is 1.
    """
    return (blur(image, kernel_of(index)) + gaussian(image.shape, sigma, seed)).astype(np.float32)


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
