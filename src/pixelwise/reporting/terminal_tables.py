"""`pixelwise table`: the networks of a run side by side on the terminal, in 80 columns."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pixelwise.errors import PixelwiseError
from pixelwise.quantities import quantity
from pixelwise.reporting import analysis, page_tables, tidy_tables
from pixelwise.reporting.bounds_of_quality import BOUNDS
from pixelwise.reporting.figure_numbers import over_seeds, preferred
from pixelwise.reporting.hardware_words import describe
from pixelwise.reporting.paired_differences import read as read_differences
from pixelwise.reporting.pairs import plain
from pixelwise.reporting.same_network import of_network
from pixelwise.reporting.style import label
from pixelwise.reporting.summary import left_out
from pixelwise.reporting.tidy_tables import each
from pixelwise.terminal.console import cell, terminal

SCORES = {
    ("fid", "fid"): ("pytorch-fid", "clean-fid"),
    ("fid", "kid"): ("kid", "clean-kid"),
    ("segmentation", "miou"): ("native", "N", "enlarged"),
}
"""Kind and metric of a column of translation -> protocols, of which the first that the run has is shown."""


TIME = "ms (lower is better)"
UNTIMED = "Exactly these networks were not timed. The times below are those of others, such as the published ones."


def show(summary: Path, console: Console | None = None) -> None:
    """Print translation and denoising of a run, and the sentences that its numbers support.

    Args:
        summary: Outputs of the summarise step.
        console: Where to print; standard output if not given.

    Raises:
        PixelwiseError: If the summary is missing or damaged, or if it scores nothing of both.
    """
    console = console or terminal()
    table = tidy_tables.read_all(summary)
    made = [*translation(table), *times(table), *denoising(table)]
    missing = left_out(summary)
    if not made and not missing:
        raise PixelwiseError(f"{summary}: scores no translation and no denoising; its result page shows what it has")
    for title, columns, rows, notes in made:
        console.print(drawn(title, columns, rows))
        for note in notes:
            console.print(note, markup=False, highlight=False)
    for sentence in analysis.sentences(table, read_differences(summary)):
        console.print(sentence, markup=False, highlight=False)
    for line in missing:
        console.print(f"Left out: {line}.", markup=False, highlight=False)


Part = tuple[str, list[str], list[list[str]], list[str]]
"""Title, headings, rows and notes of a table."""


def translation(table: pd.DataFrame) -> list[Part]:
    """For each data set one row for each network: FID, KID, mean IoU and milliseconds, means over seeds."""
    own = table[table["task"].eq("translation") & table["value"].notna()]
    timed = plain(own[own["kind"].eq("latency") & own["metric"].eq("median")])
    scored = own[own["kind"].isin(("fid", "segmentation"))]
    return [_compared(str(dataset), rows, timed) for dataset, rows in scored.groupby("dataset", sort=True)]


def _compared(dataset: str, rows: pd.DataFrame, timed: pd.DataFrame) -> Part:
    found: dict[str, dict[str, str]] = {name: {} for name in sorted(set(rows["model"]), key=lambda m: (m in BOUNDS, m))}
    notes = []
    for (kind, name), order in SCORES.items():
        chosen, metric = rows[rows["kind"].eq(kind) & rows["metric"].eq(name)], quantity(kind, name)
        if metric is not None and len(chosen):
            protocol = preferred(chosen["protocol"], *order)
            notes.append(f"{metric.label} by protocol {protocol}")
            for row in each(over_seeds(chosen[chosen["protocol"].eq(protocol)], ["model"])):
                found[row.model][metric.heading] = _bare(row, metric.places)
    sizes = set()
    for row in each(rows.drop_duplicates("model")):
        for time in each(of_network(timed, row)[0].sort_values(["height", "width"]).head(1)):
            found[row.model][TIME] = _bare(time)
            sizes.add(_size(time))
    columns = list(dict.fromkeys(name for values in found.values() for name in values))
    cells = [[label(model), *(values.get(name, "") for name in columns)] for model, values in found.items()]
    told = [f"{'; '.join(notes)}. In brackets: 95 % intervals over pictures."]
    if len(timed):
        told.append(f"Milliseconds for one picture of {' or '.join(sorted(sizes))}." if sizes else UNTIMED)
    pictures = rows[~rows["model"].isin(list(BOUNDS))]["n"].max()
    return f"Translation: {dataset}, {pictures:.0f} pictures{_marked(rows)}", ["network", *columns], cells, told


def _bare(row: Any, places: int | None = None) -> str:
    """A number with its interval, without its unit, which stands above it."""
    return page_tables.estimate(row._replace(unit="1"), places)


def _size(row: Any) -> str:
    return f"{row.height:.0f}x{row.width:.0f}"


def times(table: pd.DataFrame) -> list[Part]:
    """One row for each generator and size: milliseconds for one picture, as published."""
    own = plain(table[table["task"].eq("translation") & table["kind"].eq("latency") & table["metric"].eq("median")])
    own = own[own["value"].notna()].sort_values(["height", "width", "model"])
    cells = [[label(row.model), _size(row), _bare(row)] for row in each(own)]
    machines = ", ".join(sorted({describe(text) for text in own["hardware"]}))
    notes = [f"One picture at a time, in single precision, on {machines}."]
    return [("Translation: time for one picture", ["network", "size", TIME], cells, notes)] if cells else []


def _marked(rows: pd.DataFrame) -> str:
    names = {"synthetic": "drawn by a program", "short": "short training"}
    told = [words for name, words in names.items() if rows[name].astype(bool).any()]
    return f" ({', '.join(told)})" if told else ""


def denoising(table: pd.DataFrame) -> list[Part]:
    """For each protocol and noise level one row for each method, the best first; `*` marks what is short."""
    compared = analysis.comparison(table)
    method, seed, images, marks = (compared.columns.index(name) for name in ("method", "seed", "images", "marks"))
    kept = [place for place in range(method, len(compared.columns)) if place not in (seed, images, marks)]
    kept = [place for place in kept if any(row[place] for row in compared.rows)]
    several = len({row[seed] for row in compared.rows}) > 1
    made: list[Part] = []
    for (protocol, sigma), grouped in groupby(compared.rows, key=lambda row: (row[0], row[1])):
        rows = list(grouped)
        cells = [[row[place] for place in kept] for row in rows]
        most = max(int(float(row[images])) for row in rows)
        for line, row in zip(cells, rows, strict=True):
            few = f" ({row[images]})" if float(row[images]) < most else ""
            line[0] += f", seed {row[seed]}" * several + "*" * bool(row[marks]) + few
        title = f"Denoising: {protocol}, sigma {sigma}, {most} pictures"
        made.append((title, [compared.columns[place] for place in kept], cells, []))
    if made:
        made[-1][3].extend(
            [
                "*: a shorter training, or fewer pictures (their number in brackets), than published.",
                *([compared.note] if compared.note else []),
            ]
        )
    return made


def drawn(title: str, columns: list[str], rows: list[list[str]]) -> Table:
    """A table for the terminal: the first column to the left, numbers to the right."""
    table = Table(title=cell(title), title_justify="left", header_style="bold", box=SIMPLE, padding=(0, 1, 0, 0))
    for place, name in enumerate(columns):
        heading = name.replace(" (", "\n(").removesuffix(")").replace("(", "") if place else name
        table.add_column(heading, justify="right" if place else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(cell, row))
    return table
