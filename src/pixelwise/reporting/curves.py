"""Training curves: every `loss.csv` of a run in one tidy table, thinned to what a plot can show."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from pixelwise.artifacts import read_made
from pixelwise.errors import PixelwiseError
from pixelwise.files.listings import leaving_out
from pixelwise.files.step_documents import Training
from pixelwise.reporting.frames import frame

COLUMNS = ["job", "dataset", "model", "seed", "synthetic", "short", "step", "samples", "series", "value"]
CLOCK = re.compile(r"(^|_)(seconds|time|eta|per_s|per_second|images_s)$")
ABSCISSAE = ("step", "samples", "epoch", "epochs", "presentations")
POINTS = 400
HELD_OUT = "psnr held out"
"""Series of PSNR on photographs that a training kept out."""


def parts(job: str) -> tuple[str, str, int]:
    """Data set, model and seed of a job id `train/<dataset>/<name>/seed<k>`.

    >>> parts("train/photos/dncnn/seed0")
    ('photos', 'dncnn', 0)
    """
    found = re.fullmatch(r"[^/]+/([^/]+)/([^/]+)/seed(\d+)", job)
    if found is None:
        raise PixelwiseError(f"{job}: a training job's id must be train/<dataset>/<name>/seed<k>")
    return found[1], found[2], int(found[3])


def tidy(path: Path) -> pd.DataFrame:
    """One `loss.csv` as rows of step, samples, series, value; columns of clock time are left out.

    Raises:
        PixelwiseError: If the file has no column `step`, or holds anything but finite numbers.
    """
    table = frame(path, ("step",))
    if table["step"].isna().any() or not table["step"].is_monotonic_increasing:
        raise PixelwiseError(f"{path}: step: the steps must be there and must not fall")
    numeric = [str(name) for name in table.select_dtypes("number").columns]
    series = [name for name in numeric if name not in ABSCISSAE and not CLOCK.search(name)]
    seen = next((name for name in ("samples", "presentations") if name in numeric), None)
    table = thin(table).assign(samples=table[seen] if seen else float("nan"))
    return table.melt(["step", "samples"], series, "series", "value").dropna(subset=["value"])


def thin(table: pd.DataFrame) -> pd.DataFrame:
    """At most `POINTS` rows, evenly spaced, the last one among them."""
    stride = -(-len(table) // POINTS)
    return table.iloc[::-1].iloc[::stride].iloc[::-1] if stride > 1 else table


def read(summary: Path) -> pd.DataFrame:
    """The curves of a summary.

    Raises:
        PixelwiseError: If the file is missing, was changed since it was made, or is not of this format.
    """
    return frame(summary / "curves.csv", COLUMNS, ("job", "dataset", "model", "series"), ("synthetic", "short"))


def gather(folders: dict[str, Path], left_out: list[str] | None = None) -> pd.DataFrame:
    """Curves of every training job.

    Args:
        folders: Job id -> folder; folders without `loss.csv` (converted checkpoints) have no curve.
        left_out: Receives one line for each file that is refused; None refuses all.
    """
    tables = []
    for job, folder in sorted(folders.items()):
        if not (folder / "loss.csv").is_file():
            continue
        dataset, model, seed = parts(job)
        with leaving_out(left_out):
            facts = read_made(folder / "training.json", Training)
            rows = pd.concat([tidy(folder / "loss.csv"), *_held_out(folder)], ignore_index=True)
            rows = rows.assign(job=job, dataset=dataset, model=model, seed=seed)
            rows = rows.assign(synthetic=facts.dataset.synthetic, short=facts.short)
            if rows["samples"].isna().all() and facts.presentations and facts.steps:
                rows = rows.assign(samples=rows["step"] * (facts.presentations / facts.steps))
            tables.append(rows)
    return pd.concat(tables, ignore_index=True)[COLUMNS] if tables else pd.DataFrame(columns=COLUMNS)


def _held_out(folder: Path) -> list[pd.DataFrame]:
    """The PSNR on the photographs that a training kept out, where it kept some."""
    path = folder / "held_out.csv"
    return [tidy(path).assign(series=HELD_OUT)] if path.is_file() else []


def write_each(table: pd.DataFrame, out: Path) -> None:
    """One wide CSV for each training job below `out`, the form that `dvc plots` reads."""
    for job, rows in table.groupby("job", sort=True):
        wide = rows.pivot(index="step", columns="series", values="value").sort_index()
        path = out / f"{str(job).removeprefix('train/').replace('/', '-')}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        wide.to_csv(path, lineterminator="\n")
