"""Straight motion-blur kernels: the documented degradation of the deblurring task."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

SAMPLES_PER_PIXEL = 32


def motion_kernel(length: float, angle: float, size: int | None = None) -> npt.NDArray[np.float64]:
    """Kernel of a uniform straight movement during the exposure.

    A segment of `length` pixels through the centre is sampled densely, each sample shared by its four neighbouring
    pixels in bilinear proportion; the weights sum to 1.

    Args:
        length: Length of the movement in pixels, at least 1.
        angle: Direction in degrees, counted from the row axis towards the top; a movement and its reverse are the same.
        size: Side of the kernel, odd; by default the smallest odd number that holds the segment.

    Returns:
        float64 [size, size].

    Example:
        >>> motion_kernel(2, 0).round(3).tolist()
        [[0.0, 0.0, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0, 0.0]]
    """
    size = size or kernel_size(length)
    count = math.ceil(length * SAMPLES_PER_PIXEL)
    along = ((np.arange(count) + 0.5) / count - 0.5) * length
    x = along * math.cos(math.radians(angle)) + size // 2
    y = -along * math.sin(math.radians(angle)) + size // 2
    kernel = np.zeros((size, size))
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    for right in (0, 1):
        for below in (0, 1):
            weight = np.abs(1 - right - (x - left)) * np.abs(1 - below - (y - top))
            inside = weight > 0
            np.add.at(kernel, ((top + below)[inside], (left + right)[inside]), weight[inside])
    kernel /= kernel.sum()
    return kernel


def kernel_size(length: float) -> int:
    """Side of the smallest kernel with a centre that holds a segment of `length` pixels in every direction."""
    return 2 * math.ceil(length / 2) + 1
