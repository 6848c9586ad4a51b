"""`pixelwise claims` without options: the visitor's questions answered, and the headline claims, in 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pixelwise.claims import shown_numbers
from pixelwise.claims.checks import Verdict
from pixelwise.claims.wording import headline_word
from pixelwise.terminal.console import cell


def show(document: dict[str, Any], colours: Mapping[str, str], console: Console) -> None:
    """Print the answers and the headline table.

    Args:
        document: What `judge.document` makes.
        colours: Verdict -> its colour.
        console: Where to print.
    """
    for answer in document["answers"]:
        console.print(answer["question"], style="bold", markup=False, highlight=False)
        for sentence in answer["sentences"]:
            console.print(f"  {sentence}", markup=False, highlight=False)
    console.print(_table(document["rows"], colours))
    told = "Numbers in brackets were measured under other conditions, so they do not decide the claim."
    console.print(told, markup=False, highlight=False)


def _table(rows: list[dict[str, Any]], colours: Mapping[str, str]) -> Table:
    table = Table(title="Headline claims", title_justify="left", header_style="bold", box=SIMPLE, expand=True)
    table.padding = (0, 1, 0, 0)
    for name, ratio in (("claim", 33), ("published", 13), ("here [95 % interval]", 20), ("verdict", 18)):
        table.add_column(name, overflow="fold", ratio=ratio)
    for row in rows:
        verdict: Verdict = row["verdict"]
        told, shown = row["needs"], headline_word(row)
        needs = f"\n[dim]needs {cell(told)}[/]" if told and not shown.endswith(told) else ""
        claim = f"{cell(row['plain'])}\n[dim]{cell(row['who'])}, {cell(row['id'])}[/]"
        table.add_row(claim, cell(row["published"]), cell(here(row)), f"[{colours[verdict]}]{cell(shown)}[/]{needs}")
        table.add_section()
    return table


def here(row: dict[str, Any]) -> str:
    """The number of this run with unit, interval and direction, in brackets if it does not decide; `-` without one."""
    if not row["here"]:
        return "-"
    found = row["here"][0]
    unit = row["unit"] if found["unit"] in shown_numbers.UNITLESS else found["unit"]
    value = shown_numbers.interval(found["value"], found["low"], found["high"], unit, sign=row["scale"] == "difference")
    if unit in shown_numbers.UNITLESS and unit not in ("", "1"):
        value = f"{value} {unit}"
    more = f" and {len(row['here']) - 1} more" if len(row["here"]) > 1 else ""
    text = f"{value}{more}" + (f", {row['direction']}" if row["direction"] else "")
    return text if row["decides"] else f"({text})"
