"""A run on the user's own pictures: how its models compare, in sentences and in one table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pixelwise.quantities import Metric, shown
from pixelwise.reporting.bounds_of_quality import BOUNDS
from pixelwise.reporting.page_tables import Table, estimate
from pixelwise.reporting.style import label
from pixelwise.reporting.tidy_tables import each

KINDS = {"fid": "translation", "segmentation": "translation", "restoration": None}
"""Kind of score -> the task that it judges; None for any."""
NO_MODELS = (*BOUNDS, "identity", "identity_8bit", "identity_minmax")
"""Entries that are no model: floors and ceilings."""
USUAL = ("pytorch-fid", "native")
"""Protocols that are told first, where several are on as many pictures."""
SIGMA = 25.0
MOST = 8
"""Scores in the table."""


def _scores(table: pd.DataFrame) -> list[tuple[Metric, str, pd.DataFrame]]:
    """For each kind and data set its first score under one protocol: the metric, where, and the rows."""
    found = []
    for kind, task in KINDS.items():
        own = table[table["kind"].eq(kind) & table["value"].notna()]
        own = own if task is None else own[own["task"].eq(task)]
        name, metric = next(iter(shown(kind, "table").items()))
        for dataset, rows in own[own["metric"].eq(name)].groupby("dataset", sort=True):
            if SIGMA in set(rows["sigma"]):
                rows = rows[rows["sigma"].eq(SIGMA)]
            groups = dict(list(rows.groupby("protocol", sort=True)))
            first = min(groups, key=lambda protocol: (-groups[protocol]["n"].max(), protocol not in USUAL, protocol))
            rows = groups[first][groups[first]["n"].eq(groups[first]["n"].max())]
            found.append((metric, f"{dataset}, {rows['n'].iloc[0]} pictures", rows))
    return found[:MOST]


def sentences(table: pd.DataFrame) -> list[str]:
    """The best model and the next by each score; the seeds of a model are averaged."""
    told = []
    for metric, where, rows in _scores(table):
        models = rows[~rows["model"].isin(NO_MODELS)]
        means = models.groupby("model")["value"].mean().sort_values(ascending=metric.better == "lower")
        best: list[Any] = [next(each(models[models["model"].eq(name)])) for name in means.index[:2]]
        if best:
            first, *rest = (f"{label(row.model)} {estimate(row, metric.places)}" for row in best)
            after = f", then {rest[0]}" if rest else ""
            told.append(f"Best {metric.label} on {where}: {first}{after}; {metric.better} is better.")
    return told


def comparison(table: pd.DataFrame) -> list[Table]:
    """Every model, floor and ceiling with each of these scores; none without a score."""
    found = _scores(table)
    names = list(dict.fromkeys(name for _, _, rows in found for name in rows["model"]))
    columns = ["model", *(f"{metric.heading}: {where}" for metric, where, _ in found)]
    rows = [[label(name), *(_cell(metric, own, name) for metric, _, own in found)] for name in names]
    return [Table("table-own", "Your models side by side", columns, rows, words=frozenset(columns[:1]))] if rows else []


def _cell(metric: Metric, rows: pd.DataFrame, model: str) -> str:
    own = rows[rows["model"].eq(model)].sort_values("seed")
    texts = [estimate(row, metric.places) for row in each(own)]
    return texts[0] if len(texts) == 1 else "; ".join(f"seed {s}: {t}" for s, t in zip(own["seed"], texts, strict=True))
