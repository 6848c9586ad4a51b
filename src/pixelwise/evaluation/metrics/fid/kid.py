"""Kernel Inception distance (Binkowski et al., "Demystifying MMD GANs", ICLR 2018)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from pixelwise.quantities import Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    FloatArray = NDArray[np.float64]
    CountArray = NDArray[np.int64]


class KernelDistance:
    """Squared maximum mean discrepancy with kernel k(x, y) = (x.y / d + 1)^3, unbiased, over all pairs at once.

    Published code averages random subsets of at most 1000 images, which only adds noise: the mean over subsets has the
    same expectation as this value.

    Args:
        x: Features [n, d] of one set.
        y: Features [m, d] of the other.
    """

    def __init__(self, x: FloatArray, y: FloatArray) -> None:
        import torch

        a, b = torch.from_numpy(x), torch.from_numpy(y)
        self.xx, self.xy, self.yy = _kernel(a, a), _kernel(a, b), _kernel(b, b)

    def value(self) -> float:
        """The distance of the two sets; about 0, of either sign, for equal distributions."""
        import numpy as np

        ones = np.ones((1, len(self.xx)), np.int64), np.ones((1, len(self.yy)), np.int64)
        return float(self.resampled(*ones)[0])

    def resampled(self, x_counts: CountArray, y_counts: CountArray) -> FloatArray:
        """The distance of resampled sets.

        Pairs of copies of the same image are left out of the means within a set: their kernel values would bias the
        estimate upwards.

        Args:
            x_counts: How often each image of x occurs in each resample, [r, n].
            y_counts: The same for y, [r, m].

        Returns:
            Distances [r]; NaN where a set consists of copies of one image.
        """
        import numpy as np
        import torch

        u, v = torch.from_numpy(x_counts).double(), torch.from_numpy(y_counts).double()
        cross = ((u @ self.xy) * v).sum(1) / (u.sum(1) * v.sum(1))
        return np.asarray(_within(self.xx, u) + _within(self.yy, v) - 2 * cross)


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _within(kernel: Tensor, counts: Tensor) -> Tensor:
    import torch

    total = ((counts @ kernel) * counts).sum(1) - counts**2 @ kernel.diagonal()
    pairs = counts.sum(1) ** 2 - (counts**2).sum(1)
    return torch.where(pairs > 0, total / pairs, torch.nan)


def resampled(x: FloatArray, y: FloatArray) -> Callable[[CountArray, CountArray], FloatArray]:
    """The kernel distance of two sets of features, as a function of how often each row counts."""
    return KernelDistance(x, y).resampled


METRICS = [
    Metric(
        name="kid",
        label="KID",
        units=("1",),
        low=-math.inf,  # the unbiased estimate of equal distributions lies around 0
        better="lower",
        order=20,
        shown=("table",),
        compute=resampled,
        protocols={"kid": "pytorch-fid", "clean-kid": "clean-fid"},
        formula="unbiased squared MMD, kernel (x.y / 2048 + 1)^3, all pairs",
    )
]
