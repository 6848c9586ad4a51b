"""Gather the numbers of all evaluations into tables that figures, verdicts and `dvc metrics` read."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from pixelwise.artifacts import read_made, write_json
from pixelwise.files.step_documents import LeftOut
from pixelwise.planning.jobs import RUN_LOG
from pixelwise.quantities import to_json
from pixelwise.reporting import curves, paired_differences, quality_curves, tidy_tables, training_costs
from pixelwise.settings.reporting import SummarySettings

LEFT_OUT = "left_out.json"


def nested(table: pd.DataFrame) -> dict[str, Any]:
    """The values as a tree for `dvc metrics show`: kind, data set, protocol and condition, model, quantity.

    Seeds are averaged; the tree is sorted, and small numbers are rounded to 6 digits.
    """
    tree: dict[str, Any] = {}
    known = table.dropna(subset=["value"])
    named = known.assign(where=[place(row) for row in tidy_tables.each(known)])
    keys = ["kind", "dataset", "where", "model", "metric"]
    for row in tidy_tables.each(named.groupby(keys, sort=True)["value"].mean().reset_index()):
        branch = tree
        for key in row[:-2]:
            branch = branch.setdefault(str(key), {})
        branch[str(row.metric)] = _rounded(float(row.value))
    return tree


def _rounded(value: float) -> float | str | None:
    return to_json(float(f"{value:.6g}") if abs(value) < 1e5 or math.isinf(value) else round(value))


def place(row: Any) -> str:
    """Protocol and condition in one word without dots, which `dvc metrics` would read as levels."""
    words = [str(row.protocol), *tidy_tables.details(row).split(", ")]
    return " ".join(word for word in words if word).replace(".", "_")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV whose bytes depend on the numbers alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")


def run(settings: SummarySettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Step `summarise`.

    Writes `metrics.csv` (all but timings; byte-identical between runs) and `timings.csv`, one row for each record and
    value; `metrics.json` and `timings.json`, the same as small trees; `denoising_differences.csv`; `curves.csv` and
    `curves/<job>.csv`; `quality_curves.csv`; `training_costs.csv`;
    `left_out.json`, one line for each file that is broken or was changed, and so has no row.

    Args:
        settings: Reference of the paired differences and its resampling.
        inputs: Job id -> folder of every evaluation, timing and training job.
        out: Folder for the tables.
        work: Unused.
    """
    left_out: list[str] = []
    repeatable, timed = tidy_tables.split_timings(tidy_tables.gather(inputs, left_out))
    for name, table in (("metrics", repeatable), ("timings", timed)):
        write_table(table, out / f"{name}.csv")
        write_json(out / f"{name}.json", nested(table))
    write_table(
        paired_differences.table(inputs, settings.reference, settings.resamples, settings.seed, left_out),
        out / "denoising_differences.csv",
    )
    learned = curves.gather(inputs, left_out)
    write_table(learned, out / "curves.csv")
    curves.write_each(learned, out / "curves")
    write_table(quality_curves.gather(inputs, left_out), out / quality_curves.FILE)
    write_table(training_costs.gather(inputs, RUN_LOG), out / training_costs.FILE)
    write_json(out / LEFT_OUT, {"left_out": left_out})


def left_out(summary: Path) -> list[str]:
    """One line for each file that a summary lacks; empty for summaries that were written before they were listed."""
    path = summary / LEFT_OUT
    return read_made(path, LeftOut).left_out if path.is_file() else []
