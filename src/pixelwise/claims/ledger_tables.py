"""The ledger on the terminal: every number with its run, and each run with its commit and the command that makes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pixelwise.claims import shown_numbers
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
    measured = [(claim["id"], tested) for claim in claims for tested in claim["measured"] if tested["runs"]]
    for name, text, *names in dict.fromkeys((name, number(tested), *tested["runs"]) for name, tested in measured):
        made = [known[run] for run in names]
        cells = [
            "\n".join(words)
            for words in zip(*((run["name"], _commit(run), run["command"]) for run in made), strict=True)
        ]
        table.add_row(*map(cell, (name, text, *cells)))
    if table.rows:
        console.print(table)
    table = _table("Runs judged together", ("run", "numbers", "machine", "commit", "made again by"))
    for run in known.values():
        facts = (", ".join(run["machines"]), _commit(run), run["command"])
        table.add_row(*map(cell, (run["name"], str(run["records"]), *facts)))
    console.print(table)


def _commit(run: dict[str, Any]) -> str:
    """The first digits of a commit, and whether files differed from it."""
    digits, _, changes = run["commit"].partition(" ")
    return f"{digits[:12]} {changes}".strip() or "not recorded"


def _table(title: str, columns: Iterable[str]) -> Table:
    table = Table(title=title, header_style="bold", box=SIMPLE)
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def number(entry: dict[str, Any]) -> str:
    """A number with its interval and unit, as the document holds it."""
    return shown_numbers.interval(entry["value"], entry["low"], entry["high"], entry["unit"])
