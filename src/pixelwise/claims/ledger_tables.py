"""The ledger on the terminal: every number with its run, and each run with its commit and the command that makes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pixelwise.terminal.console import cell


def show(runs: Iterable[dict[str, Any]], claims: Iterable[dict[str, Any]], console: Console) -> None:
    """Print the numbers that were tested, each with its run, and the runs.

    Args:
        runs: The ledger's runs.
        claims: Claims as the ledger holds them.
        console: Where to print.
    """
    known = {run["name"]: run for run in runs}
    table = _table("Numbers tested, and what makes each again", ("claim", "number", "run", "commit", "made again by"))
    for claim in claims:
        for tested in claim["measured"]:
            made = [known[name] for name in tested["runs"]]
            columns = ("name", "commit", "command")
            cells = ["\n".join(run[column] or "not recorded" for run in made) for column in columns]
            table.add_row(*map(cell, (claim["id"], number(tested), *cells)))
    console.print(table)
    table = _table("Runs judged together", ("run", "records", "machine", "commit", "made again by"))
    for run in known.values():
        facts = (", ".join(run["machines"]), run["commit"] or "not recorded", run["command"])
        table.add_row(*map(cell, (run["name"], str(run["records"]), *facts)))
    console.print(table)


def _table(title: str, columns: Iterable[str]) -> Table:
    table = Table(title=title, header_style="bold", box=SIMPLE)
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def number(entry: dict[str, Any]) -> str:
    """A number with its interval and unit, as the document holds it."""
    return f"{entry['value']:.4g} [{entry['low']:.4g}, {entry['high']:.4g}] {entry['unit']}".removesuffix(" 1")
