"""Quality along the trainings: every `quality.csv` of step `follow` in one tidy table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pixelwise.files.listings import leaving_out
from pixelwise.reporting.curves import parts
from pixelwise.reporting.frames import frame

FILE = "quality_curves.csv"
FLAGS = ("synthetic", "short")
COLUMNS = ["dataset", "model", "seed", *FLAGS, "presentations", "metric", "value"]


def gather(folders: dict[str, Path], left_out: list[str] | None = None) -> pd.DataFrame:
    """Scores of every snapshot.

    Args:
        folders: Job id -> folder; `follow/<dataset>/<name>/seed<k>` are used.
        left_out: Receives one line for each file that is refused; None refuses all.
    """
    tables = []
    for job, folder in sorted(folders.items()):
        if job.startswith("follow/"):
            dataset, model, seed = parts(job)
            with leaving_out(left_out):
                table = frame(folder / "quality.csv", ("presentations", *FLAGS), flags=FLAGS)
                rows = table.melt(["presentations", *FLAGS], var_name="metric", value_name="value")
                tables.append(rows.assign(dataset=dataset, model=model, seed=seed))
    return pd.concat(tables, ignore_index=True)[COLUMNS] if tables else pd.DataFrame(columns=COLUMNS)


def read(summary: Path) -> pd.DataFrame:
    """The table of a summary; empty for summaries that were written before there was one.

    Raises:
        PixelwiseError: If the file was changed since it was made, or is not of this format.
    """
    if not (summary / FILE).is_file():
        return pd.DataFrame(columns=COLUMNS)
    return frame(summary / FILE, COLUMNS, ("dataset", "model", "metric"), FLAGS)
