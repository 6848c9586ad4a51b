"""Processor seconds of each training, from the run log: what quality along a training is drawn against."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pixelwise.files import run_log
from pixelwise.files.run_log import LogLine
from pixelwise.reporting.curves import parts
from pixelwise.reporting.frames import frame

FILE = "training_costs.csv"
COLUMNS = ["dataset", "model", "seed", "cpu_seconds"]


def gather(folders: dict[str, Path], log: Path) -> pd.DataFrame:
    """One row for each training whose every attempt the log knows.

    Args:
        folders: Job id -> folder; `train/<dataset>/<name>/seed<k>` are used.
        log: The run log. Failed attempts count, since the next one goes on from their checkpoint. An attempt that was
            killed left no line, so its seconds are missing. A training with a line of an earlier version, which knew
            no processor seconds, has no row.
    """
    ended = {attempts[-1].out: attempts for attempts in run_log.finished(run_log.read(log)[0])}
    rows = []
    for job, folder in sorted(folders.items()):
        if job.startswith("train/") and (seconds := _spent(ended.get(folder.as_posix(), []))) is not None:
            rows.append([*parts(job), seconds])
    return pd.DataFrame(rows, columns=COLUMNS)


def _spent(attempts: list[LogLine]) -> float | None:
    """Processor seconds of a finished training with the attempts that it went on from; None if one is not known."""
    known = [line.cpu_seconds for line in attempts if line.cpu_seconds is not None]
    return sum(known) if known and len(known) == len(attempts) else None


def read(summary: Path) -> pd.DataFrame:
    """The table of a summary; empty for summaries that were written before there was one.

    Raises:
        PixelwiseError: If the file was changed since it was made, or is not of this format.
    """
    if not (summary / FILE).is_file():
        return pd.DataFrame(columns=COLUMNS).astype({"seed": int, "cpu_seconds": float})
    return frame(summary / FILE, COLUMNS, ("dataset", "model"))
