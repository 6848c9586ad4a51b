"""Processor seconds of each training, from the run log: what quality along a training is drawn against."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pixelwise.files import listings
from pixelwise.files.step_documents import LogLine
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
    lines = listings.log(log, LogLine, "the run log")[0] if log.is_file() else []
    rows = []
    for job, folder in sorted(folders.items()):
        if job.startswith("train/") and (seconds := _spent(lines, folder.as_posix())) is not None:
            rows.append([*parts(job), seconds])
    return pd.DataFrame(rows, columns=COLUMNS)


def _spent(lines: list[LogLine], out: str) -> float | None:
    """Processor seconds of the last finished training in a folder, with the attempts that it went on from."""
    spent: list[float | None] = []
    last: list[float | None] = []
    for line in lines:
        if line.out == out:
            spent.append(line.cpu_seconds)
            if line.status == "done":
                last, spent = spent, []
    known = [seconds for seconds in last if seconds is not None]
    return sum(known) if known and len(known) == len(last) else None


def read(summary: Path) -> pd.DataFrame:
    """The table of a summary; empty for summaries that were written before there was one.

    Raises:
        PixelwiseError: If the file was changed since it was made, or is not of this format.
    """
    if not (summary / FILE).is_file():
        return pd.DataFrame(columns=COLUMNS).astype({"seed": int, "cpu_seconds": float})
    return frame(summary / FILE, COLUMNS, ("dataset", "model"))
