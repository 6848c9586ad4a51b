"""Tables on the terminal and the figure of a benchmark's records."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from pixelwise.models import declarations
from pixelwise.record import Record
from pixelwise.reporting import plots_bench, published, style, tidy_tables
from pixelwise.reporting.figure_numbers import MissingNumbersError

PEERS = "other runtimes"
"""How the protocols of the comparisons with other runtimes begin."""


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
    """For each comparison with other runtimes who is first, and by how much this package is ahead or behind."""
    ours, title = "optimised", "First among the runtimes (ours: optimised), and the best other's time by ours [95 %]"
    table = Table("network", "condition", "median of each, ms", "first", "best other / ours", title=title)
    times: dict[tuple[str, ...], dict[str, float]] = {}
    ratios: dict[tuple[str, ...], dict[str, str]] = {}
    for record in (r for r in records if r.protocol.startswith(PEERS)):
        network, _, name = record.model.partition("/")[0].partition(" ")
        place = (network, _condition(record), record.protocol.removeprefix(PEERS).strip(", "))
        ratio = record.values.get("ratio")
        if ratio is None and network in declarations.models():
            times.setdefault(place, {})[name] = float(record.values["median"].value or 0)
        elif ratio is not None:
            ends = "" if ratio.low is None else f" [{ratio.low:.2f}, {ratio.high:.2f}]"
            ratios.setdefault(place, {})[name] = f"{ratio.value:.2f}{ends}"
    for place, found in times.items():
        order = sorted(found, key=lambda name: (found[name], name))
        best = next((name for name in order if name != ours), "")
        listed = ", ".join(f"{name} {found[name]:.4g}" for name in order)
        table.add_row(place[0], " ".join(place[1:]), listed, order[0], ratios.get(place, {}).get(best, ""))
    return table if times else None


def plot(records: list[Record], folder: Path) -> None:
    """Draw the ratio of the generators' times by image size beside the paper's; nothing where none were compared."""
    rows = pd.DataFrame([row for record in records for row in tidy_tables.rows(record, "bench")])
    if rows.empty:
        return
    with style.context(), contextlib.suppress(MissingNumbersError):
        style.save(plots_bench.bench(rows, published.load(), "bench").figure, folder / "bench", dpi=150)
