"""How far a kernel or an optimised form may be from exact results: one table for `gpu.py` and for the tests."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

TABLE = Path(__file__).with_name("emulated_distances.csv")
"""Measured by `python -m tests.gpu_emulated distances`: correct forms with products rounded as each precision says,
summed in float32, and stored in the precision's type. Graphics cards add up in another order, hence `ALLOWED`.

An H200 gave in bf16, by the greatest difference: 0.402 for ASAP-Net at 256x512 (0.378 here), 0.450 at 512x1024 in a
batch of 2 (0.404 here at 256x256 in a batch of 2), and 0.74, 0.139, 0.42, 0.45 and 0.795 on its five golden files (from
0.514 to 1.88 here)."""
ALLOWED = 2.0


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


def known() -> dict[str, Distance]:
    """The emulated distances: name of a check, or "golden FILE PRECISION", to distance."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            row["name"]: Distance(*(float(row[field]) for field in Distance._fields)) for row in csv.DictReader(file)
        }


def write(distances: Mapping[str, Distance]) -> None:
    """Replace the table."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", *Distance._fields))
        writer.writerows((name, *(f"{value:.3g}" for value in found)) for name, found in distances.items())


def limit(name: str) -> Distance | None:
    """What a check may be off: twice the emulated distance; None if the table has none of this name."""
    found = known().get(name)
    return None if found is None else Distance(*(ALLOWED * value for value in found))
