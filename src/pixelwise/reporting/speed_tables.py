"""Tables of the page's part on speed: this run's times and ratios, and the optimisation benchmark."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from pixelwise.claims.shown_numbers import number
from pixelwise.reporting import page_tables, plots_bench, published, runtimes_table, style, tidy_tables
from pixelwise.reporting.figure_numbers import MissingNumbersError
from pixelwise.reporting.page_tables import Table
from pixelwise.reporting.style import label
from pixelwise.reporting.tidy_tables import details, each


def ratios(table: pd.DataFrame) -> Table:
    """This run's ratios of times, one row for each condition."""
    own = table[table["kind"].eq("latency") & table["metric"].eq("ratio") & table["value"].notna()]
    columns = ["ratio of times", "task", "protocol", "condition", "n", "ratio [95 % interval]"]
    rows = [
        [label(row.model), row.task, row.protocol, details(row), str(row.n), page_tables.estimate(row)]
        for row in each(own.sort_values(["task", "protocol", "model", "height", "width", "mode", "batch"]))
    ]
    title = "Ratios of times: the numbers that cross machines"
    note = (
        "Both models ran interleaved in each process. The interval is Student's over processes; that of a single "
        "process is over its rounds alone, and such a ratio decides nothing."
    )
    return Table("table-ratios", title, columns, rows, note, frozenset(columns[:4]))


def ratios_by_size(table: pd.DataFrame, about: tuple[str, str], note: str) -> Table:
    """A benchmark's ratios of times: one row for each comparison, one column for each size.

    Args:
        table: Records of one machine.
        about: Anchor and title.
        note: Text under the title.
    """
    own = table[table["metric"].eq("ratio") & table["value"].notna()]
    sizes = sorted({_size(row) for row in each(own)}, key=lambda size: (math.prod(size), size))
    head = ["ratio of times [95 % interval] (rounds)", "task", "protocol", "condition"]
    cells: dict[tuple[str, ...], dict[tuple[int, int], str]] = {}
    for row in each(own.sort_values(["task", "protocol", "model", "precision", "batch"])):
        comparison = (label(row.model), row.task, row.protocol, f"{row.precision}, batch {int(row.batch)}")
        cells.setdefault(comparison, {})[_size(row)] = f"{page_tables.estimate(row)} ({row.n})"
    rows = [[*comparison, *(estimates.get(size, "") for size in sizes)] for comparison, estimates in cells.items()]
    columns = [*head, *(f"{height}x{width}" for height, width in sizes)]
    return Table(*about, columns, rows, note, frozenset(head))


def _size(row: Any) -> tuple[int, int]:
    return int(row.height), int(row.width)


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
        rows.append([label(first.model), size, *(number(values.get(name)) for name in names)])
    return Table("table-operations", "Arithmetic and size", columns, rows, words=frozenset(columns[:2]))


def bench(folder: Path, left_out: list[str] | None = None) -> list[Table]:
    """The benchmark's records, for each machine one table of ratios, one of other runtimes, one for each protocol.

    Args:
        folder: Holds `<device>/metrics.json`; without it there is no table.
        left_out: Receives one line for each file that is refused; None refuses all.
    """
    made = []
    for path in sorted(folder.glob("*/metrics.json")):
        name = path.parent.name
        rows = tidy_tables.gather({f"bench/{name}": path.parent}, left_out)
        if rows.empty:
            continue
        rows["value"] = pd.to_numeric(rows["value"])
        machines = ", ".join(machine["name"] for machine in page_tables.hardware(rows))
        about = (f"table-bench-{name}", f"Benchmark on {machines}: ratios of times")
        peers = runtimes_table.compares(rows)
        made.append(ratios_by_size(rows[~peers], about, f"From results/bench/{name}, made by `make bench`."))
        about = (f"table-bench-{name}-runtimes", f"Benchmark on {machines}: beside other runtimes")
        made.append(runtimes_table.runtimes(rows[peers], about))
        single = rows[~rows["model"].str.contains("/")]
        for place, (protocol, own) in enumerate(single.groupby("protocol", sort=True)):
            about = (f"table-bench-{name}-{place}", f"Benchmark on {machines}: {protocol}")
            made += page_tables.tables(own, dict.fromkeys(own["metric"]), about)
    return [entry for entry in made if entry.rows]


def bench_figures(folder: Path, left_out: list[str] | None = None) -> list[dict[str, Any]]:
    """The benchmark's figures as the page shows them; `left_out` as for `bench`."""
    shown = []
    values = published.load()
    for path in sorted(folder.glob("*/metrics.json")):
        rows = tidy_tables.gather({"bench": path.parent}, left_out)
        if rows.empty:
            continue
        with style.context():
            try:
                drawn = plots_bench.bench(rows, values, f"bench_{path.parent.name}")
            except MissingNumbersError:
                continue
            with style.narrow():
                narrow = plots_bench.bench(rows, values, drawn.name)
            drawings = [style.svg(one.figure) for one in (drawn, narrow)]
        shown.append({**drawn.words(), "drawings": drawings})
    return shown


def all_tables(table: pd.DataFrame) -> list[Table]:
    """Every table of this run about speed that has a row."""
    return [entry for entry in (ratios(table), *page_tables.timings(table), operations(table)) if entry.rows]
