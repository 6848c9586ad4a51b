"""Tables on the terminal and the figure of a benchmark's records."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from pixelwise.record import Record
from pixelwise.reporting import plots_bench, published, runtimes_table, style, tidy_tables
from pixelwise.reporting.figure_numbers import MissingNumbersError


def _condition(record: Record) -> str:
    facts = record.condition
    size = f"{facts['height']}x{facts['width']} batch {facts['batch']}" if facts["height"] else ""
    return " ".join(str(part) for part in (size, facts.get("precision", "")) if part)


def tables(records: list[Record]) -> None:
    """Print one table of ratios and one of all other records."""
    console = Console(width=150)
    ratios = Table("protocol", "ratio of times", "condition", "times [95 %]", "rounds", title="Ratios")
    others = Table("protocol", "model", "condition", "values", title="Times")
    for record in records:
        value = record.values.get("ratio")
        if value is not None:
            text = f"{value.value:.2f} [{value.low:.2f}, {value.high:.2f}]"
            ratios.add_row(record.protocol, record.model, _condition(record), text, str(record.n))
        else:
            text = ", ".join(f"{name} {v.value:.4g} {v.unit}" for name, v in record.values.items())
            others.add_row(record.protocol, record.model, _condition(record), text)
    console.print(others)
    console.print(ratios)
    if places := first(records):
        console.print(places)


def first(records: list[Record]) -> Table | None:
    """Every network beside the other runtimes, and who is first; None where none were compared."""
    made = runtimes_table.of_records(records)
    table = Table(*made.columns, title="Beside other runtimes: their time by this package's [95 %]", caption=made.note)
    for row in made.rows:
        table.add_row(*row)
    return table if made.rows else None


def plot(records: list[Record], folder: Path) -> None:
    """Draw the ratio of the generators' times by image size beside the paper's; nothing where none were compared."""
    rows = pd.DataFrame([row for record in records for row in tidy_tables.rows(record, "bench")])
    if rows.empty:
        return
    with style.context(), contextlib.suppress(MissingNumbersError):
        style.save(plots_bench.bench(rows, published.load(), "bench").figure, folder / "bench", dpi=150)
