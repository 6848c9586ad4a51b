"""The few numbers that `dvc metrics show`, `dvc metrics diff` and `dvc exp show` compare: one file for each network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from pixelwise.artifacts import write_json

FOLDER = "key"
MOST = 20
"""Numbers of a run that fit on a screen."""
NOISE = 25.0
"""Level of noise at which denoisers are compared, if they were scored there."""
COLUMNS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "fid": ("fid", "fid", "protocol", ("pytorch-fid", "clean-fid")),
    "miou": ("segmentation", "miou", "protocol", ("native", "N", "enlarged")),
    "psnr": ("restoration", "psnr", "protocol", ()),
    "ms": ("latency", "median", "mode", ("published", "eager")),
}
"""Name in the file -> kind, metric, and a column with the order of its values: the foremost that the run has counts."""


def gather(table: pd.DataFrame, trained: Iterable[str]) -> dict[str, dict[str, float]]:
    """At most `MOST` numbers of the networks of a run, the quality of all before any time.

    Each is of one data set, protocol and level of noise, the mean over seeds: FID, mean IoU (%), PSNR (dB), and the
    median time of the smallest picture (ms), as published, in fp32, one at a time.

    Args:
        table: Rows of `metrics.csv` and `timings.csv`.
        trained: Names of the networks that the run trained or converted.

    Returns:
        Network -> name -> value.
    """
    known = table.dropna(subset=["value"])
    found: dict[str, dict[str, float]] = {}
    left = MOST
    for name, (kind, metric, column, order) in COLUMNS.items():
        rows = known[known["kind"].eq(kind) & known["metric"].eq(metric)]
        for model in sorted(set(trained) & set(rows["model"]))[:left]:
            found.setdefault(model, {})[name] = _one(rows[rows["model"].eq(model)], column, order)
            left -= 1
    return found


def _one(rows: pd.DataFrame, column: str, order: tuple[str, ...]) -> float:
    """The mean over seeds of the foremost condition; five digits."""
    places = {name: number for number, name in enumerate(order)}
    ranked = pd.DataFrame(
        {
            "order": rows[column].map(places).fillna(len(order)),
            "precision": ~rows["precision"].isin(("fp32", "")),
            "scope": ~rows["scope"].isin(("generator", "")),
            "protocol": rows["protocol"],
            "dataset": rows["dataset"],
            "noise": (rows["sigma"].astype(float).fillna(NOISE) - NOISE).abs(),
            "batch": rows["batch"].astype(float).fillna(1),
            "pixels": (rows["height"].astype(float) * rows["width"].astype(float)).fillna(0),
        }
    )
    first = ranked.sort_values(list(ranked.columns)).iloc[0]
    return float(f"{rows.loc[ranked.eq(first).all(axis='columns'), 'value'].mean():.5g}")


def write(found: dict[str, dict[str, float]], out: Path) -> None:
    """Write a file for each network into the folder `out`: rows of DVC's tables, with few columns."""
    for model, values in found.items():
        write_json(out / f"{model}.json", values)
