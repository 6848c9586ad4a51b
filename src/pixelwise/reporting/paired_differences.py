"""Paired differences between restoration methods, image by image."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.statistics import paired_difference
from pixelwise.files.listings import leaving_out
from pixelwise.quantities import metrics, rising, shown
from pixelwise.record import read_records
from pixelwise.reporting.frames import check_quantities, frame

GROUP = ["task", "dataset", "protocol", "sigma", "metric"]
COLUMNS = [
    *(*GROUP, "model", "reference", "n", "seeds", "difference", "low", "high", "interval", "unit"),
    *("synthetic", "short"),
]
INTERVAL = "bootstrap over images, 95 %"
MARKS = ("synthetic", "short")
ENDS = ("difference", "low", "high")
NAMES = ("model", "image", "metric")
NEEDED = ("model", "sigma", "image", "metric", "value")


def per_image(folders: dict[str, Path], left_out: list[str] | None = None) -> pd.DataFrame:
    """Every restoration job's `per_image.csv` with the task, data set, protocol and marks of its records.

    Args:
        folders: Job id -> folder; those without the file, or whose records are not of restoration, have no row.
        left_out: Receives one line for each file that is refused; None refuses all.

    Raises:
        PixelwiseError: If a file lacks a column or holds what it must not.
    """
    tables = []
    for _, folder in sorted(folders.items()):
        if (folder / "per_image.csv").is_file():
            with leaving_out(left_out):
                tables += _per_image(folder)
    return (
        pd.concat(tables, ignore_index=True)
        if tables
        else pd.DataFrame(columns=list(dict.fromkeys([*GROUP, *NEEDED, "seed", "architecture"])))
    )


def _per_image(folder: Path) -> list[pd.DataFrame]:
    """The table of one job; none if its records are not of restoration."""
    path = folder / "per_image.csv"
    records = [record for record in read_records(folder / "metrics.json") if record.kind == "restoration"]
    if not records:
        return []
    table = frame(path, NEEDED, NAMES, infinite=("value",), dtype=dict.fromkeys(NAMES, "str"))
    check_quantities(table, path, "restoration")
    first = records[0]
    table = table[table["metric"].isin(shown("restoration", "differences"))]
    table = table.assign(task=first.task, dataset=first.dataset, protocol=first.protocol, seed=first.seed)
    known = {record.model: record.subject.architecture or "" for record in records if record.subject is not None}
    table = table.assign(architecture=table["model"].map(known).fillna(""))
    marks = {name: any(getattr(record, name) for record in records) for name in ("synthetic", "short")}
    return [table.assign(**marks)]


def read(summary: Path) -> pd.DataFrame:
    """The paired differences of a summary; they may be infinite, and missing where they are not defined.

    Raises:
        PixelwiseError: If the file is missing, was changed since it was made, or is not of this format.
    """
    numbers = ("sigma", "n", "seeds", *ENDS)
    words = [name for name in COLUMNS if name not in numbers and name not in MARKS]
    path = summary / "denoising_differences.csv"
    found = frame(path, COLUMNS, words, MARKS, ENDS)
    for place, ends in enumerate(found[["low", "difference", "high"]].to_numpy(float).tolist(), 2):
        if not math.isnan(ends[1]) and not rising(ends):
            raise PixelwiseError(f"{path}: row {place}: {ends}; low, difference and high must not fall")
    return found


def reference_of(models: pd.Series, preferred: Sequence[str], networks: Mapping[str, str]) -> str | None:
    """The method that others are compared with: the first of `preferred`, or the best of the network of the last.

    Args:
        models: Mean value of each method, indexed by name.
        preferred: Names of entries; the last one is also that of a network.
        networks: Method -> architecture of what was run under that name; empty if the records do not say.
    """
    if present := [name for name in preferred if name in models.index]:
        return present[0]
    family = models[[networks.get(str(name), "") == preferred[-1] for name in models.index]]
    return None if family.empty else str(family.idxmax())


def table(
    folders: dict[str, Path],
    reference: Sequence[str],
    resamples: int,
    seed: int,
    left_out: list[str] | None = None,
) -> pd.DataFrame:
    """Mean difference of every method from the reference over the images that both restored.

    Args:
        folders: Job id -> folder of the restoration jobs (others are ignored).
        reference: See `reference_of`.
        resamples: Bootstrap resamples over images.
        seed: Seed of the resampling.
        left_out: See `per_image`.

    Returns:
        One row for each task, data set, protocol, sigma, metric and method; an image's value is its mean over seeds.
        Groups without a reference have no row.
    """
    found: list[dict[str, Any]] = []
    for keys, group in per_image(folders, left_out).groupby(GROUP, sort=True, dropna=False):
        wide = group.pivot_table(index="image", columns="model", values="value", aggfunc="mean")
        networks = dict(zip(group["model"], group["architecture"], strict=True))
        chosen = reference_of(wide.mean(), reference, networks)
        for model in sorted(str(name) for name in wide.columns if chosen is not None and name != chosen):
            both = wide[[model, chosen]].dropna()
            if both.empty:
                continue
            mean, low, high = paired_difference(both[model], both[chosen], seed, resamples)
            own = group[group["model"].isin((model, chosen))]
            found.append(
                {
                    **dict(zip(GROUP, keys, strict=True)),
                    **{
                        "model": model,
                        "reference": chosen,
                        "n": len(both),
                        "difference": mean,
                        "low": low,
                        "high": high,
                    },
                    **{"seeds": int(own[own["model"] == model]["seed"].nunique()), "interval": INTERVAL},
                    **{
                        "unit": metrics("restoration")[str(keys[-1])].unit,
                        "synthetic": own["synthetic"].any(),
                        "short": own["short"].any(),
                    },
                }
            )
    return pd.DataFrame(found, columns=COLUMNS)
