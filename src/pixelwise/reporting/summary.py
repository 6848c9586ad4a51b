"""Gather the numbers of all evaluations into tables that figures, verdicts and `dvc metrics` read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from pixelwise.artifacts import write_json
from pixelwise.reporting import curves, differences, records
from pixelwise.settings.reporting import SummarySettings


def nested(table: pd.DataFrame) -> dict[str, Any]:
    """The values as a tree for `dvc metrics show`: kind, data set, protocol and condition, model, quantity.

    Seeds are averaged; the tree is sorted, and small numbers are rounded to 6 digits.
    """
    tree: dict[str, Any] = {}
    known = table.dropna(subset=["value"])
    named = known.assign(where=[place(row) for row in records.each(known)])
    keys = ["kind", "dataset", "where", "model", "metric"]
    for row in records.each(named.groupby(keys, sort=True)["value"].mean().reset_index()):
        branch = tree
        for key in row[:-2]:
            branch = branch.setdefault(str(key), {})
        branch[str(row.metric)] = float(f"{row.value:.6g}") if abs(row.value) < 1e5 else round(float(row.value))
    return tree


def place(row: Any) -> str:
    """Protocol and condition in one word without dots, which `dvc metrics` would read as levels."""
    words = [str(row.protocol), *records.details(row).split(", ")]
    return " ".join(word for word in words if word).replace(".", "_")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV whose bytes depend on the numbers alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")


def run(settings: SummarySettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Step `summarise`.

    Writes `metrics.csv` (all but timings; byte-identical between runs) and `timings.csv`, one row for each record and
    value; `metrics.json` and `timings.json`, the same as small trees; `denoising_differences.csv`; `curves.csv` and
    `curves/<job>.csv`.

    Args:
        settings: Reference of the paired differences and its resampling.
        inputs: Job id -> folder of every evaluation, timing and training job.
        out: Folder for the tables.
        work: Unused.
    """
    repeatable, timed = records.split_timings(records.gather(inputs))
    for name, table in (("metrics", repeatable), ("timings", timed)):
        write_table(table, out / f"{name}.csv")
        write_json(out / f"{name}.json", nested(table))
    write_table(
        differences.table(inputs, settings.reference, settings.resamples, settings.seed),
        out / "denoising_differences.csv",
    )
    learned = curves.gather(inputs)
    write_table(learned, out / "curves.csv")
    curves.write_each(learned, out / "curves")
