"""A run on the user's own pictures: which model did best, in sentences."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pixelwise.quantities import Metric, shown
from pixelwise.reporting.page_tables import estimate
from pixelwise.reporting.style import label
from pixelwise.reporting.tidy_tables import each

KINDS = {"fid": "translation", "segmentation": "translation", "restoration": None}
"""Kind of score -> the task that it judges; None for any."""
BOUNDS = frozenset({"real", "shuffled", "identity", "identity_8bit", "identity_minmax"})
"""Entries that are no model: floors and ceilings."""


def sentences(table: pd.DataFrame) -> list[str]:
    """The best model and the next, for each data set, protocol and kind of score; seeds are averaged."""
    told = []
    for kind, task in KINDS.items():
        own = table[table["kind"].eq(kind) & table["value"].notna() & ~table["model"].isin(tuple(BOUNDS))]
        own = own if task is None else own[own["task"].eq(task)]
        for name, metric in list(shown(kind, "table").items())[:1]:
            rows = own[own["metric"].eq(name)]
            for _, group in rows.groupby(
                ["dataset", "protocol", "protocol_hash", "condition"], dropna=False, sort=True
            ):
                told.append(_sentence(metric, group))
    return list(dict.fromkeys(told))


def _sentence(metric: Metric, rows: pd.DataFrame) -> str:
    means = rows.groupby("model")["value"].mean().sort_values(ascending=metric.better == "lower")
    best: list[Any] = [next(each(rows[rows["model"].eq(name)])) for name in means.index[:2]]
    first, *rest = (f"{label(row.model)} {estimate(row, metric.places)}" for row in best)
    after = f", then {rest[0]}" if rest else ""
    where = f"{best[0].dataset}, {best[0].protocol}, {best[0].n} pictures"
    return f"Best {metric.label}: {first}{after}; {metric.better} is better ({where})."
