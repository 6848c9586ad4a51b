"""What a figure may draw from: the summary's tables and the register's published values, and how seeds are joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from pixelwise.reporting import curves, paired_differences, published, quality_curves, tidy_tables, training_costs

SIZE_256 = (256, 512)
ALT = 299
"""Most characters of a figure's alternative text; screen readers read it without a pause."""
REST = "; more in the tables"


class MissingNumbersError(Exception):
    """A figure's numbers were not measured in this run; the message says which."""


@dataclass(frozen=True)
class Numbers:
    """All that figures read.

    Attributes:
        run: Name of the run.
        table: Rows of `metrics.csv` and `timings.csv`.
        curves: Training curves: job, model, dataset, seed, short, synthetic, step, samples, series, value.
        quality: Scores along the trainings: dataset, model, seed, synthetic, short, presentations, metric, value.
        costs: Processor seconds of trainings: dataset, model, seed, cpu_seconds.
        differences: Paired differences of restoration methods.
        published: Published values, see `published.load`.
    """

    run: str
    table: pd.DataFrame
    curves: pd.DataFrame
    quality: pd.DataFrame
    costs: pd.DataFrame
    differences: pd.DataFrame
    published: pd.DataFrame

    @staticmethod
    def read(summary: Path, run: str) -> Numbers:
        """Read a summary folder and the register."""
        return Numbers(
            run=run,
            table=tidy_tables.read_all(summary),
            curves=curves.read(summary),
            quality=quality_curves.read(summary),
            costs=training_costs.read(summary),
            differences=paired_differences.read(summary),
            published=published.load(),
        )

    def pick(self, kind: str, metric: str, task: str | None = None) -> pd.DataFrame:
        """Rows of one kind and metric that hold a number."""
        table = self.table
        chosen = (table["kind"] == kind) & (table["metric"] == metric) & table["value"].notna()
        return table[chosen & (table["task"] == task)] if task else table[chosen]


@dataclass(frozen=True)
class Drawn:
    """A finished figure with what a reader needs beside it.

    Attributes:
        name: File name without suffix.
        title: Heading.
        caption: What is shown, from what, and what the error bars span.
        alt: What it shows in words, for readers who cannot see it; the most important first.
        figure: The drawing.
        synthetic: True if any number shown was measured on data drawn by a program.
        short: True if any number shown comes from a shortened schedule.
    """

    name: str
    title: str
    caption: str
    alt: str
    figure: Figure
    synthetic: bool
    short: bool

    def words(self) -> dict[str, Any]:
        """All but the drawing, as `figures.json` holds it; the alternative text has at most `ALT` characters."""
        found = {name: getattr(self, name) for name in ("name", "title", "caption", "synthetic", "short")}
        return {**found, "alt": brief(self.alt)}


def brief(text: str, limit: int = ALT) -> str:
    """The text, cut between two of its parts if it is longer than `limit` characters.

    >>> brief("one 1, two 2, three 3, four 4", 28)
    'one 1; more in the tables'
    """
    if len(text) <= limit:
        return text
    room = text[: limit - len(REST) + 1]
    cut = max(room.rfind(mark) for mark in (", ", "; "))
    return room[: max(cut, 0)] + REST


@dataclass(frozen=True)
class Plot:
    """One figure, as a module of `plots/` declares it.

    Attributes:
        order: Place among all figures; equal ones stand by name.
        name: Of its files, without suffix.
        draw: Draws it, or raises MissingNumbersError.
    """

    order: int
    name: str
    draw: Callable[[Numbers], Drawn]


def marks(*tables: pd.DataFrame) -> dict[str, bool]:
    """`synthetic` and `short` of a figure that shows all the given rows."""
    return {
        name: any(bool(table[name].astype(bool).any()) for table in tables if len(table))
        for name in ("synthetic", "short")
    }


def over_seeds(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Join the seeds of each group.

    Args:
        rows: Rows of one metric.
        keys: Columns that make a group.

    Returns:
        One row for each group: the keys, `value` (mean over seeds), `low` and `high` (lowest and highest end of the
        seeds' own intervals, or of the seeds' values where they have none), `seeds`, `n`, `unit`, and what was run.
    """
    filled = rows.assign(low=rows["low"].fillna(rows["value"]), high=rows["high"].fillna(rows["value"]))
    groups = filled.groupby(keys, sort=True, dropna=False)
    known = {name: (name, "first") for name in ("network", "body") if name in rows and name not in keys}
    joined = groups.agg(
        **known,
        value=("value", "mean"),
        low=("low", "min"),
        high=("high", "max"),
        seeds=("seed", "nunique"),
        n=("n", "max"),
        unit=("unit", "first"),
        synthetic=("synthetic", "any"),
        short=("short", "any"),
    )
    return joined.reset_index()


def whiskers(rows: pd.DataFrame) -> list[list[float]]:
    """Lengths of error bars below and above each value, as matplotlib wants them; never negative."""
    return [
        [max(float(v - low), 0.0) for v, low in zip(rows["value"], rows["low"], strict=True)],
        [max(float(high - v), 0.0) for v, high in zip(rows["value"], rows["high"], strict=True)],
    ]


def preferred(values: pd.Series, *order: str) -> str:
    """The first name of `order` that occurs in `values`, or the alphabetically first value."""
    present = sorted(str(value) for value in values.dropna().unique())
    return next((name for name in order if name in present), present[0])
