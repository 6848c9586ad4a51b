"""Tables of the page's part on speed: this run's times and ratios, and the optimisation benchmark."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pixelwise.reporting import records, tables
from pixelwise.reporting.records import details, each
from pixelwise.reporting.style import label
from pixelwise.reporting.tables import Table


def ratios(table: pd.DataFrame) -> Table:
    """Ratios of times, one row for each condition."""
    own = table[table["kind"].isin(("latency", "bench")) & table["metric"].eq("ratio") & table["value"].notna()]
    columns = ["ratio of times", "task", "condition", "n", "ratio [95 % interval]"]
    rows = [
        [label(row.model), row.task, details(row), str(row.n), tables.estimate(row)]
        for row in each(own.sort_values(["task", "model", "height", "width", "mode", "batch"]))
    ]
    note = "Both models ran interleaved in one process; the interval resamples whole rounds."
    words = frozenset(columns[:3])
    return Table("table-ratios", "Ratios of times: the numbers that cross machines", columns, rows, note, words)


def operations(table: pd.DataFrame) -> Table:
    """Operations and parameters of each architecture."""
    names = {"gmacs": "10^9 multiply-accumulates", "parameters": "parameters"}
    own = table[table["kind"].isin(("architecture", "flops")) & table["metric"].isin(tuple(names))]
    columns = ["architecture", "size", *names.values()]
    rows = []
    for _, group in own.groupby(["model", "height", "width"], dropna=False, sort=True):
        values = group.drop_duplicates("metric").set_index("metric")["value"]
        first = next(each(group))
        size = f"{int(first.height)}x{int(first.width)}" if pd.notna(first.height) else ""
        rows.append([label(first.model), size, *(tables.number(values.get(name)) for name in names)])
    return Table("table-operations", "Arithmetic and size", columns, rows, words=frozenset(columns[:2]))


def bench(folder: Path | None) -> list[Table]:
    """The benchmark's records, one table for each protocol; none without a folder."""
    if folder is None or not (folder / "metrics.json").is_file():
        return []
    rows = records.gather({"bench": folder})
    made = []
    for place, (protocol, own) in enumerate(rows.groupby("protocol", sort=True)):
        metrics = list(dict.fromkeys(own["metric"]))
        columns, cells = tables.wide(own, metrics)
        note = "Hardware: " + ", ".join(machine["name"] for machine in tables.hardware(own)) + "."
        made.append(Table(f"table-bench-{place}", f"Benchmark: {protocol}", columns, cells, note, tables.WORDS))
    return made


def all_tables(table: pd.DataFrame, folder: Path | None) -> list[Table]:
    """Every table about speed that has a row."""
    made = [ratios(table), tables.timings(table), operations(table), *bench(folder)]
    return [entry for entry in made if entry.rows]
