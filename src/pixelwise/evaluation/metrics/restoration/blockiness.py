"""A measure of tile grids in a restored image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pixelwise.quantities import Metric

if TYPE_CHECKING:
    from pixelwise.evaluation.restored_image import RestoredImage


def blockiness(image: npt.NDArray[np.floating], period: int) -> float:
    """Mean gradient across tile borders over the mean gradient everywhere.

        B = mean |x_p - x_q| over neighbours p, q in different tiles / mean |x_p - x_q| over all neighbours

    Neighbours are horizontal and vertical pairs of pixels, tiles start at the upper left corner and have sides of
    `period` pixels. White noise and images that do not know of the grid have B = 1; an image that is constant on each
    tile and differs from tile to tile has B of about `period`, its largest value; a constant image has 1.

    Args:
        image: [H, W], or [H, W, C] whose channels are pooled; any scale, which cancels.
        period: Side of the tiles in pixels, at least 2.

    Returns:
        B, between 0 and about `period`.

    Raises:
        ValueError: If the image holds no tile border.

    >>> blockiness(np.kron([[0.0, 1.0], [1.0, 0.0]], np.ones((4, 4))), 4)
    7.0
    """
    if period < 2 or max(image.shape[:2]) <= period:
        raise ValueError(f"image {image.shape[0]}x{image.shape[1]} with tiles of {period}; no tile border inside")
    border_sum, border_count, total, count = 0.0, 0, 0.0, 0
    for axis in (0, 1):
        steps = np.abs(np.diff(image.astype(np.float64), axis=axis))
        across = np.take(steps, np.arange(period - 1, steps.shape[axis], period), axis=axis)
        border_sum, border_count = border_sum + float(across.sum()), border_count + across.size
        total, count = total + float(steps.sum()), count + steps.size
    if total == 0.0:
        return 1.0
    return (border_sum / border_count) / (total / count)


def of_saved(image: RestoredImage) -> float:
    """Blockiness of the output as saved, at the method's tile period."""
    return blockiness(image.saved, image.period)


def of_clean(image: RestoredImage) -> float:
    """The same measure on the clean image: what it is without any trace of tiles."""
    return blockiness(image.clean, image.period)


METRICS = [
    Metric(
        name="blockiness",
        label="blockiness",
        units=("1",),
        better="lower",
        order=30,
        shown=("table", "differences", "grid"),
        reference="blockiness_clean",
        compute=of_saved,
    ),
    Metric(name="blockiness_clean", label="blockiness of the clean image", units=("1",), order=31, compute=of_clean),
]
