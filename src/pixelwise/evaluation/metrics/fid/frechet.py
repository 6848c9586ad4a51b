"""Frechet distance of two sets of features (Heusel et al., NIPS 2017), without the root of a singular matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pixelwise.quantities import Metric

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    CountArray = NDArray[np.int64]


def frechet_distance(
    x: FloatArray, y: FloatArray, x_counts: CountArray | None = None, y_counts: CountArray | None = None
) -> float:
    """Frechet distance of the Gaussians fitted to two sets of features.

    |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2). With centred features A1 [n1, d] and A2 [n2, d] the last trace is
    the nuclear norm of A1 A2^T over sqrt((n1 - 1)(n2 - 1)). This is exact for any n, and for n < d far faster and more
    accurate than the root of the singular product S1 S2. Sets larger than d are first reduced by a QR decomposition.

    Args:
        x: Features [n, d], n >= 2.
        y: Features [m, d], m >= 2.
        x_counts: How often each row of x counts, [n]; None for once.
        y_counts: The same for y, [m].

    Returns:
        The distance; 0 for equal sets.

    Example:
        >>> import numpy as np
        >>> frechet_distance(np.array([[0.0], [2.0]]), np.array([[5.0], [7.0]]))
        25.0
    """
    import torch

    mean_x, root_x = _factor(x, x_counts)
    mean_y, root_y = _factor(y, y_counts)
    nuclear = torch.linalg.svdvals(root_x @ root_y.T).sum()
    distance = (mean_x - mean_y).square().sum() + root_x.square().sum() + root_y.square().sum() - 2 * nuclear
    return float(distance)


def _factor(x: FloatArray, counts: CountArray | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean [d], and a factor R [k, d] with R^T R = sample covariance, k <= max(n, d)."""
    import torch

    rows = torch.from_numpy(x)
    weights = torch.ones(len(rows), dtype=torch.float64) if counts is None else torch.from_numpy(counts).double()
    rows, weights = rows[weights > 0], weights[weights > 0]
    mean = weights @ rows / weights.sum()
    root = (weights / (weights.sum() - 1)).sqrt()[:, None] * (rows - mean)
    if root.shape[0] > root.shape[1]:
        root = torch.linalg.qr(root, mode="r").R
    return mean, root


def resampled(x: FloatArray, y: FloatArray) -> Callable[[CountArray, CountArray], FloatArray]:
    """The Frechet distance of two sets of features, as a function of how often each row counts."""
    import numpy as np

    return lambda u, v: np.asarray([frechet_distance(x, y, *counts) for counts in zip(u, v, strict=True)])


METRICS = [
    Metric(
        name="fid",
        label="FID",
        units=("1",),
        low=-1e-3,  # rounding may leave the distance of equal sets a little below 0
        better="lower",
        places=2,
        order=10,
        shown=("table", "figure"),
        compute=resampled,
        protocols={"pytorch-fid": "pytorch-fid", "clean-fid": "clean-fid"},
        formula="Gaussians with sample covariance (n - 1); trace of the root as a nuclear norm",
    )
]
