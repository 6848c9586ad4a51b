"""Where a number means nothing: a weak segmenter, few pictures, a denoiser that returns its input."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from pixelwise.claims.shown_numbers import number
from pixelwise.reporting.sample_grids import Grid
from pixelwise.reporting.style import label

CEILING = 40.0
"""Percent of mean IoU on the real pictures below which a segmenter judges nothing."""
FEW = 50
"""Pictures below which means say little."""
SAME = 40.0
"""dB of PSNR between a restored picture and its input from which on nothing was learned."""


def cautions(table: pd.DataFrame, grids: Iterable[Grid]) -> list[str]:
    """Sentences on what the numbers of this run cannot say; empty where nothing is amiss.

    Args:
        table: Every number of the run.
        grids: The sample grids, whose pictures are compared with their input.
    """
    return [*weak_segmenters(table), *few_pictures(table), *idle(grids)]


def weak_segmenters(table: pd.DataFrame) -> list[str]:
    """Data sets on whose real pictures the segmenter stays below `CEILING`."""
    own = table[table["kind"].eq("segmentation") & table["metric"].eq("miou") & table["model"].eq("real")]
    told = []
    for dataset, rows in own.groupby("dataset", sort=True):
        values = rows["value"] * rows["unit"].map(lambda unit: 1.0 if unit == "%" else 100.0)
        best = float(values.max())
        if best < CEILING:
            told.append(
                f"On {dataset} the segmenter reaches {number(best, '%')} mean IoU on the real pictures. "
                f"Below {CEILING:g} % it is no judge of generated ones."
            )
    return told


def few_pictures(table: pd.DataFrame) -> list[str]:
    """Data sets whose scores rest on fewer than `FEW` pictures."""
    own = table[table["kind"].isin(("fid", "segmentation", "restoration"))]
    few = {str(name): int(rows["n"].max()) for name, rows in own.groupby("dataset") if rows["n"].max() < FEW}
    return [f"{name} has {n} test pictures: too few for a mean to say much." for name, n in sorted(few.items())]


def idle(grids: Iterable[Grid]) -> list[str]:
    """Networks whose sample pictures all differ from their input by more than `SAME` dB: they learned nothing."""
    told = []
    for grid in grids:
        if "degraded" not in grid.columns:
            continue
        source = grid.columns.index("degraded")
        for place, name in enumerate(grid.columns):
            pairs = [(row[source], row[place]) for _, row in grid.rows if row[source] and row[place]]
            if place == source or name == "clean" or not pairs:
                continue
            levels = [_psnr(first.pixels, second.pixels) for first, second in pairs if first and second]
            if min(levels) > SAME:
                told.append(
                    f"{label(name)} returns its input ({grid.id.removeprefix('samples-')}: "
                    f"{number(min(levels), 'dB')} PSNR to it, or more): it learned nothing."
                )
    return told


def _psnr(first: np.ndarray, second: np.ndarray) -> float:
    """PSNR in dB of two uint8 pictures; infinite for equal ones."""
    if first.shape != second.shape:
        return -math.inf
    error = float(np.mean((first.astype(float) - second.astype(float)) ** 2))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)
