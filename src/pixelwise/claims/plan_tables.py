"""`pixelwise plan` on the terminal, in 80 columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from string import ascii_lowercase
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

ALONE = frozenset({"train", "time"})
"""Steps with a line for each entry; the jobs of the others share one for each data set or protocol."""
WHOLE = frozenset({"fetch", "weights", "prepare", "inspect"})
"""Steps with one line for all their jobs."""
LAST = "summarise, judge, figures, report"
MOST = 10
"""Reasons shown for which claims stay open."""


def show(plan: Plan, console: Console | None = None, card: str | None = None) -> None:
    """Print the survey of a run.

    Raises:
        PixelwiseError: If the register, the table of costs or a recorded timing is broken.
    """
    found, console = survey(plan, card=card), console or terminal()
    document = costs.table()
    words = costs.card_words(document, card, found["machine"]["gpu"])
    machine = found["machine"]

    def line(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    console.print(f"[bold]{cell(plan.name)}[/]: {cell(plan.profile.title)}", highlight=False)
    line(f"This machine: {machine['gpu'] or 'no GPU'}, {machine['free_disk_gb']:.0f} GB of disk free.")
    console.print(_claims_table(found["claims"]))
    merged = groups(found["jobs"])
    marks = _marks(merged)
    console.print(_jobs_table(merged, marks))
    for text in _notes(marks, merged):
        line(text)
    line(f"Hours on a GPU: {words}, one job after the other.")
    line(f"They are estimated from {document['scaling']['cuda']['basis']}.")
    console.print(_data_table(found["data"]))
    for text in found["left_out"]:
        line(f"Left out: {text}.")
    for text in found["missing"]:
        line(f"Missing: {text}.")
    console.print("What the other claims wait for:", style="bold")
    waiting = found["claims"]["waiting"]
    for text, count in waiting[:MOST]:
        line(f"  {count} claim{'s' if count > 1 else ''}: {text}.")
    if rest := waiting[MOST:]:
        line(
            f"  {sum(count for _, count in rest)} claims: {len(rest)} more reasons; 'pixelwise claims --all' has them."
        )
    console.print(f"Of these, {len(needs())} need something that no shipped profile has:", style="bold")
    for text, count in Counter(needs().values()).most_common():
        line(f"  {count} claim{'s' if count > 1 else ''}: {text}.")


def _claims_table(claims: dict[str, Any]) -> Table:
    table = _table(f"Claims that this run can decide, of {claims['total']}", ("now", "with all its data"), "rests on")
    for basis in BASES:
        counts = [sum(how == basis for how in claims[when].values()) for when in ("now", "with_all_data")]
        table.add_row(basis, *map(str, counts))
    table.add_row("all", *(str(len(claims[when])) for when in ("now", "with_all_data")))
    return table


def groups(jobs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The jobs of `plan.survey` in fewer lines: trainings and timings alone, other steps by their data or whole.

    Hours are the sum of those that are known; None where none is.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for job in jobs:
        step, _, rest = job["jobs"].partition("/")
        name = step if step in WHOLE else job["jobs"] if step in ALONE else f"{step}/{rest.partition('/')[0]}"
        found.setdefault(name if rest else LAST, []).append(job)
    return [
        {
            "jobs": name,
            "count": sum(job["count"] for job in members),
            **{hours: _sum(job[hours] for job in members) for hours in ("hours", "gpu_hours")},
            "partly": any(job["hours"] is None for job in members),
            "gpu_memory_gb": max((job["gpu_memory_gb"] or 0.0 for job in members), default=0.0) or None,
            "machines": sorted({job["machine"] for job in members if job["hours"] is not None}),
            "similar": any(job["similar"] for job in members if job["hours"] is not None),
        }
        for name, members in found.items()
    ]


def _sum(hours: Iterable[float | None]) -> float | None:
    known = [entry for entry in hours if entry is not None]
    return sum(known) if known else None


def _marks(merged: list[dict[str, Any]]) -> dict[str, str]:
    """Machine -> letter of its footnote."""
    machines = dict.fromkeys(machine for group in merged for machine in group["machines"])
    return dict(zip(machines, ascii_lowercase, strict=False))


def _hours(hours: float | None) -> str:
    if hours is None:
        return "?"
    if 0 < hours < 0.01:
        return "<0.01"
    return f"{hours:.2f}" if hours < 100 else f"{hours:,.0f}"


def _jobs_table(merged: list[dict[str, Any]], marks: dict[str, str]) -> Table:
    table = _table("Jobs", ("count", "hours\nhere", "hours\non GPU", "GPU\nGB"), "jobs")
    table.add_column("basis")
    for group in merged:
        memory = "" if group["gpu_memory_gb"] is None else f"{group['gpu_memory_gb']:.0f}"
        basis = " ".join(marks.get(machine, "") for machine in group["machines"]) + ("~" if group["similar"] else "")
        basis += "?" if group["partly"] and group["hours"] is not None else ""
        hours = (_hours(group["hours"]), _hours(group["gpu_hours"]))
        table.add_row(cell(group["jobs"]), str(group["count"]), *hours, memory, basis)
    total = [_hours(_sum(group[name] for group in merged)) for name in ("hours", "gpu_hours")]
    most = max((group["gpu_memory_gb"] or 0.0 for group in merged), default=0.0)
    table.add_section()
    table.add_row("all", str(sum(group["count"] for group in merged)), *total, f"{most:.0f}" if most else "")
    return table


def _notes(marks: dict[str, str], merged: list[dict[str, Any]]) -> list[str]:
    """The footnotes that the table uses."""
    notes = [f"{mark}: recorded on {where}, and scaled by the amount of work." for where, mark in marks.items()]
    if any(group["similar"] for group in merged):
        notes.append("~: the recorded job was a similar one, of another network or other options.")
    if any(group["partly"] for group in merged):
        notes.append("?: not in the sum: a download, or a kind of job that was never recorded.")
    return notes


def _data_table(data: list[dict[str, Any]]) -> Table:
    table = _table("Data", ("download GB", "disk GB"), "data set")
    for name in ("here", "comes from"):
        table.add_column(name)
    for entry in data:
        sizes = (f"{entry['download_gb']:g}", f"{entry['disk_gb']:g}")
        table.add_row(cell(entry["name"]), *sizes, "yes" if entry["have"] else "no", cell(entry["from"]))
    return table


def _table(title: str, numbers: Iterable[str], first: str) -> Table:
    table = Table(title=title, box=SIMPLE, header_style="bold", title_justify="left", padding=(0, 1, 0, 0))
    table.add_column(first, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table
