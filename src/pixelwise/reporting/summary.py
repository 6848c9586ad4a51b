"""Gather the numbers of all evaluations into tables that figures, verdicts and `dvc metrics` read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pixelwise.artifacts import read_made, write_json
from pixelwise.files.step_documents import LeftOut
from pixelwise.planning.jobs import RUN_LOG
from pixelwise.reporting import (
    curves,
    key_numbers,
    paired_differences,
    quality_curves,
    tidy_tables,
    training_costs,
)
from pixelwise.settings.reporting import SummarySettings

LEFT_OUT = "left_out.json"


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV whose bytes depend on the numbers alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")


def run(settings: SummarySettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Step `summarise`.

    Writes `metrics.csv` (all but timings; byte-identical between runs) and `timings.csv`, one row for each record and
    value; `key/<network>.json`, the few that DVC compares; `denoising_differences.csv`; `curves.csv` and
    `curves/<kind>/<job>.csv`; `quality_curves.csv`; `training_costs.csv`;
    `left_out.json`, one line for each file that is broken or was changed, and so has no row.

    Args:
        settings: Reference of the paired differences and its resampling.
        inputs: Job id -> folder of every evaluation, timing and training job.
        out: Folder for the tables.
        work: Unused.
    """
    left_out: list[str] = []
    whole = tidy_tables.gather(inputs, left_out)
    repeatable, timed = tidy_tables.split_timings(whole)
    write_table(repeatable, out / "metrics.csv")
    write_table(timed, out / "timings.csv")
    trained = [curves.parts(job)[1] for job in inputs if job.startswith("train/")]
    key_numbers.write(key_numbers.gather(whole, trained), out / key_numbers.FOLDER)
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
