"""Tables of the page: every cell is text made from the summary's numbers, with unit and interval."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pixelwise.claims.shown_numbers import interval, number
from pixelwise.quantities import metrics as declarations
from pixelwise.quantities import quantity, shown
from pixelwise.reporting.hardware_words import describe
from pixelwise.reporting.style import label
from pixelwise.reporting.tidy_tables import details, each


@dataclass(frozen=True)
class Table:
    """One table of the page.

    Attributes:
        id: Anchor in the page.
        title: Caption.
        columns: Headings.
        rows: Cells, one list for each row.
        note: What a reader must know beside the numbers.
        words: Columns that hold words and are set to the left; all others are numbers.
    """

    id: str
    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""
    words: frozenset[str] = field(default_factory=frozenset)


def estimate(row: Any, places: int | None = None) -> str:
    """A value with unit and, where there is one, its interval: `29.21 dB [28.90, 29.51]`."""
    if pd.isna(row.value):
        return ""
    low, high = (None if pd.isna(end) else end for end in (row.low, row.high))
    return interval(row.value, low, high, str(row.unit) if pd.notna(row.unit) else "", places)


def signed(row: Any, places: int = 3) -> str:
    """A paired difference with sign, unit and interval."""
    if pd.isna(row.difference):
        return "undefined: each is perfect where the other is not"
    ends = [f"{value:+.{places}f}".replace("inf", "\u221e") for value in (row.difference, row.low, row.high)]
    return f"{ends[0]} {'' if row.unit == '1' else row.unit} [{ends[1]}, {ends[2]}]"


def marks(row: Any) -> str:
    """The words `synthetic` and `short` where they apply."""
    return ", ".join(name for name in ("synthetic", "short") if bool(getattr(row, name)))


MOST = 12
"""Columns of a table; more do not fit on a page."""
HEAD = ["model", "data set", "protocol", "condition", "seed", "n"]
WORDS = frozenset({*HEAD[:4], "marks"})


def places(row: Any) -> int | None:
    """Decimal places that the metric of a row declares."""
    metric = quantity(str(row.kind), str(row.metric))
    return metric.places if metric else None


def headings(table: pd.DataFrame, metrics: list[str]) -> list[str]:
    """Label, unit and direction of metrics, as their declarations have them."""
    kind = dict(zip(table["metric"], table["kind"], strict=True))
    found = {name: quantity(str(kind.get(name)), name) for name in metrics}
    return [metric.heading if metric else name for name, metric in found.items()]


def wide(table: pd.DataFrame, metrics: list[str]) -> tuple[list[str], list[list[str]]]:
    """One row for each record, one column for each of `metrics`; rows without any of them are left out."""
    keys = ["dataset", "protocol", "protocol_hash", "condition", "model", "seed", "n", "source"]
    rows = []
    chosen = table[table["metric"].isin(metrics)]
    for _, group in chosen.groupby(keys, sort=True, dropna=False):
        by_metric = {row.metric: row for row in each(group)}
        first = next(iter(by_metric.values()))
        protocol = f"{first.protocol} {first.protocol_hash[:8]}".strip()
        head = [label(first.model), str(first.dataset), protocol, details(first), str(first.seed), str(first.n)]
        cells = [estimate(by_metric[name], places(by_metric[name])) if name in by_metric else "" for name in metrics]
        rows.append([*head, *cells, marks(first)])
    return [*HEAD, *headings(chosen, metrics), "marks"], rows


def tables(rows: pd.DataFrame, metrics: Iterable[str], about: tuple[str, str], note: str = "") -> list[Table]:
    """Tables of records: one, or as many of equal width as `MOST` columns need.

    Args:
        rows: Rows of the summary.
        metrics: Quantities shown, one column each; those that nothing measured are left out.
        about: Anchor and caption.
        note: Text under the caption.
    """
    present = [name for name in metrics if (rows["metric"] == name).any()]
    number = -(-len(present) // (MOST - len(HEAD) - 1))
    parts = [present[round(i * len(present) / number) : round((i + 1) * len(present) / number)] for i in range(number)]
    made = []
    for place, part in enumerate(parts, 1):
        anchor, title = (about[0], about[1]) if place == 1 else (f"{about[0]}-{place}", f"{about[1]}, continued")
        made.append(Table(anchor, title, *wide(rows, part), note, WORDS))
    return made


def measured(table: pd.DataFrame, kind: str, task: str, about: tuple[str, str], note: str = "") -> list[Table]:
    """Tables of one kind of evaluation, with every metric that declares `table`; `about` and `note` as for `tables`."""
    own = table[(table["kind"] == kind) & (table["task"] == task)]
    return tables(own, shown(kind, "table"), about, note)


def distances(table: pd.DataFrame, note: str = "") -> list[Table]:
    """One table for each distance of feature sets, since each has protocols of its own."""
    own = table[(table["kind"] == "fid") & (table["task"] == "translation")]
    declared = shown("fid", "table").items()
    return [made for name, metric in declared for made in tables(own, [name], (f"table-{name}", metric.label), note)]


def timings(table: pd.DataFrame) -> list[Table]:
    """Latency of every model under every condition, and the ratios."""
    own = table[(table["kind"] == "latency") & ~table["model"].str.contains("/")]
    machines = ", ".join(sorted({describe(text) for text in own["hardware"]}))
    note = (
        f"Hardware: {machines}. Milliseconds of different machines must not be compared; ratios may."
        if len(own)
        else ""
    )
    return tables(own, shown("latency", "table"), ("table-timing", "Inference time"), note)


def classes(table: pd.DataFrame) -> list[Table]:
    """IoU of each class, one column for each model, seeds averaged; as many tables as `MOST` columns need."""
    own = table[(table["kind"] == "segmentation") & table["metric"].str.startswith("iou_") & table["value"].notna()]
    head, models = ["data set", "protocol", "class"], sorted(own["model"].unique())
    each_ = MOST - len(head)
    return [_classes(own, head, models[i : i + each_], i // each_) for i in range(0, len(models), each_)]


def _classes(own: pd.DataFrame, head: list[str], models: list[str], place: int) -> Table:
    rows = []
    for (dataset, protocol, metric), group in own.groupby(["dataset", "protocol", "metric"], sort=True):
        means = group.groupby("model")["value"].mean()
        scale = 1 if (group["unit"] == "%").all() else 100
        cells = [number(means[name] * scale, places=1) if name in means.index else "" for name in models]
        rows.append([str(dataset), str(protocol), str(metric).removeprefix("iou_"), *cells])
    anchor, more = ("table-classes", "") if not place else (f"table-classes-{place + 1}", ", continued")
    columns = [*head, *map(label, models)]
    return Table(anchor, f"IoU of each class, %{more}", columns, rows, words=frozenset(head))


def differences(table: pd.DataFrame) -> Table:
    """Paired differences of restoration methods."""
    declared = declarations("restoration")
    columns = ["task", "data set", "protocol", "sigma", "metric", "model", "reference", "images", "difference", "marks"]
    rows = [
        [
            *(
                row.task,
                row.dataset,
                row.protocol,
                number(row.sigma),
                declared[row.metric].label if row.metric in declared else row.metric,
                label(row.model),
                label(row.reference),
            ),
            str(row.n),
            signed(row),
            marks(row),
        ]
        for row in each(table)
    ]
    note = "Model minus reference on the same image; mean with 95 % bootstrap interval over images."
    words = frozenset(columns) - {"sigma", "images", "difference"}
    return Table("table-differences", "Paired differences between methods", columns, rows, note, words)


def hardware(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Every machine that made a number, as facts, with the kinds of evaluation that ran on it."""
    found = []
    for text, rows in table.groupby("hardware", sort=True):
        facts = json.loads(str(text)) if text else {}
        if not facts:
            continue
        found.append({"name": describe(str(text)), "facts": facts, "kinds": sorted(rows["kind"].unique())})
    return found
