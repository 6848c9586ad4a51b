"""`pixelwise plan` on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pixelwise.claims import costs
from pixelwise.claims.beyond_profiles import needs
from pixelwise.claims.checks import BASES
from pixelwise.claims.plan import survey
from pixelwise.terminal.console import cell, terminal

if TYPE_CHECKING:
    from pixelwise.planning.graph import Plan


def show(plan: Plan, console: Console | None = None, card: str | None = None) -> None:
    """Print the survey of a run.

    Raises:
        PixelwiseError: If the register, the table of costs or the run log is broken.
    """
    found, console = survey(plan, card=card), console or terminal()
    document = costs.table()
    words = costs.card_words(document, card, found["machine"]["gpu"])
    claims, machine = found["claims"], found["machine"]
    console.print(f"[bold]{cell(plan.name)}[/]: {cell(plan.profile.title)}", highlight=False)
    place = machine["gpu"] or "no GPU"
    console.print(f"This machine: {place}, {machine['free_disk_gb']:.0f} GB of disk free.", highlight=False)
    console.print(f"Of {claims['total']} claims this profile can decide:", highlight=False)
    for basis in BASES:
        now, later = ([name for name, how in claims[when].items() if how == basis] for when in ("now", "with_all_data"))
        listed = f": {', '.join(now)}" if basis == "measured here" and now else ""
        text = f"  {basis}: {len(now)} now, {len(later)} with all its data{listed}"
        console.print(text, highlight=False, markup=False)
    console.print(_jobs_table(found["jobs"]))
    console.print(
        f"Hours on a GPU: {words}, one job after the other; by {document['scaling']['cuda']['basis']}.",
        highlight=False,
        markup=False,
    )
    console.print(_data_table(found["data"]))
    for line in found["missing"]:
        console.print(f"missing: {line}", highlight=False, markup=False)
    console.print("What the other claims wait for:", style="bold")
    _counted(console, claims["waiting"])
    console.print(f"Of them, {len(needs())} measured claims that no shipped profile decides need:", style="bold")
    _counted(console, Counter(needs().values()).most_common())


def _counted(console: Console, found: Iterable[tuple[str, int]]) -> None:
    for text, count in found:
        console.print(f"  {count} claim{'s' if count > 1 else ''}: {text}", highlight=False, markup=False)


def _jobs_table(groups: list[dict[str, Any]]) -> Table:
    table = Table(title="Jobs", box=SIMPLE, header_style="bold")
    for name in ("jobs", "count", "hours here", "on a GPU", "GPU GB", "basis of the hours here"):
        table.add_column(name, overflow="fold", min_width=5)
    for group in groups:
        hours = ["?" if group[name] is None else f"{group[name]:.2f}" for name in ("hours", "gpu_hours")]
        memory = "" if group["gpu_memory_gb"] is None else f"{group['gpu_memory_gb']:.0f}"
        table.add_row(cell(group["jobs"]), str(group["count"]), *hours, memory, cell(group["basis"]))
    total = [f"{sum(group[name] or 0.0 for group in groups):.2f}" for name in ("hours", "gpu_hours")]
    unknown = sum(group["hours"] is None for group in groups)
    note = f"{unknown} groups were never recorded and are not in the sum" if unknown else "one after the other"
    table.add_row("all", str(sum(group["count"] for group in groups)), *total, "", note)
    return table


def _data_table(data: list[dict[str, Any]]) -> Table:
    table = Table(title="Data", box=SIMPLE, header_style="bold")
    for name in ("data set", "here", "login", "download GB", "disk GB", "how"):
        table.add_column(name, overflow="fold")
    for entry in data:
        have = "yes" if entry["have"] else "no"
        sizes = (f"{entry['download_gb']:g}", f"{entry['disk_gb']:g}")
        table.add_row(cell(entry["name"]), have, entry["login"] or "none", *sizes, cell(entry["get"]))
    return table
