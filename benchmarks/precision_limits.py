"""How far a kernel or an optimised form may be from float64: one table for `gpu.py` and for the tests."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Distance(NamedTuple):
    """Absolute differences of two tensors: the greatest, the 99.9 % quantile and the mean."""

    greatest: float
    quantile: float
    mean: float

    def within(self, limit: Distance) -> bool:
        """Whether none of the three is above its limit; what is not a number is not within."""
        return all(found <= most for found, most in zip(self, limit, strict=True))


def distance(found: Tensor, wanted: Tensor) -> Distance:
    """Differences of two tensors of one shape, computed in float64."""
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    difference = (found.double() - wanted.double()).abs().flatten()
    rank = max(1, round(0.999 * difference.numel()))
    quantile = difference.kthvalue(rank).values
    return Distance(*(float(value) for value in torch.stack([difference.max(), quantile, difference.mean()])))


def worst(distances: list[Distance]) -> Distance:
    """The worst of several, each statistic on its own."""
    return Distance(*(max(values) for values in zip(*distances, strict=True)))


def up_to(greatest: float) -> Distance:
    """A limit of the greatest difference alone."""
    return Distance(greatest, greatest, greatest)


KERNEL: dict[str, float] = {"ieee": 2e-6, "tf32x3": 2e-5, "tf32": 1e-2, "bf16": 5e-2}
"""Greatest distance of the pixelwise kernel's image in [-1, 1] from float64; 4 times that for a linear output."""
FORM: dict[str, float] = {"fp32": 5e-4, "tf32": 5e-2, "bf16": 3e-1}
"""The same for a whole generator; float32's is that of the golden files."""
