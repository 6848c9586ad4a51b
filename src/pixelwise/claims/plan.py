"""`pixelwise plan`: what a profile can decide on this machine, what it needs, and what would be missing."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pixelwise.claims import costs, predicted_records
from pixelwise.claims.audit import contradictions
from pixelwise.claims.checks import BASES, Basis, Measurement, Underspecified, basis_of
from pixelwise.claims.claim_schema import Register, register
from pixelwise.claims.findings import Finding, decided
from pixelwise.claims.verdicts import decide
from pixelwise.claims.wording import quantity, subjects
from pixelwise.data.declared_kinds import Folder, find
from pixelwise.planning.jobs import RUN_LOG, Job
from pixelwise.terminal.console import cell, terminal

if TYPE_CHECKING:
    from pixelwise.planning.graph import Plan

ON_GPU = frozenset({"adversarial", "denoising", "segmentation", "generate", "fid", "segment", "restore", "time"})
"""Kinds of job that a GPU makes faster."""


def obtainable(dataset: Any) -> bool:
    """Whether the data can be had without asking the user for anything more."""
    place = find(dataset.kind).origin
    return not isinstance(place, Folder) or bool(place.named(dataset.root) or place.account())


def possible(jobs: Sequence[Job]) -> list[Job]:
    """The jobs that need, directly or not, no data that are missing here; jobs come in topological order."""
    blocked: set[str] = set()
    kept = []
    for job in jobs:
        own = job.kind == "fetch" and not obtainable(getattr(job.settings, "dataset"))  # noqa: B009
        measured = job.kind not in ("summarise", "judge", "figures", "report")
        if own or (measured and blocked & set(job.inputs.values())):
            blocked.add(job.out)
        else:
            kept.append(job)
    return kept


def decidable(known: Register, jobs: Sequence[Job]) -> list[Finding]:
    """What judging would find if every job ran: a measured claim is open only for want of a record, images or seeds."""
    items, outcomes = predicted_records.records(list(jobs), known), contradictions(known)
    return [decide(known, claim, items, outcomes) for claim in known.claims]


def settled(known: Register, findings: Sequence[Finding]) -> dict[str, Basis]:
    """Claim -> what its verdict would rest on, for those that could be decided."""
    found: dict[str, Basis] = {}
    for finding in findings:
        check = known.claim(finding.id).check
        basis, measured = basis_of(check), isinstance(check, Measurement) and finding.measured
        if basis and (decided(finding) or (measured and finding.verdict != "other machine")):
            found[finding.id] = basis
    return found


def survey(plan: Plan, log: Path = RUN_LOG) -> dict[str, Any]:
    """Everything that `show` prints.

    Args:
        plan: The run.
        log: This machine's run log.

    Returns:
        `claims` (now, with all data, and what the others wait for), `data`, `jobs` (groups of jobs with hours, memory
        and basis), `machine`, `missing`.
    """
    known, jobs = register(), list(plan.jobs)
    gpu = predicted_records.accelerator()
    now, later = (settled(known, decidable(known, chosen)) for chosen in (possible(jobs), jobs))
    waiting = Counter(_waits_for(known, f) for f in decidable(known, jobs) if f.missing and f.id not in later)
    disk = shutil.disk_usage(Path.cwd()).free / 1e9
    data = [_data(job) for job in jobs if job.kind == "fetch"]
    groups = _groups(jobs, log, "cuda" if gpu else "cpu")
    return {
        "run": plan.name,
        "machine": {"gpu": gpu[0] if gpu else None, "gpu_memory_gb": gpu[1] if gpu else None, "free_disk_gb": disk},
        "claims": {"total": len(known.claims), "now": now, "with_all_data": later, "waiting": waiting.most_common()},
        "data": data,
        "jobs": groups,
        "missing": _missing(data, groups, gpu, disk),
    }


def _waits_for(known: Register, finding: Finding) -> str:
    """What an open claim waits for, in words that other claims share."""
    check = known.claim(finding.id).check
    if isinstance(check, Underspecified) or finding.verdict == "underspecified":
        return "a condition that their authors did not state"
    if not isinstance(check, Measurement):
        return str(finding.missing).removeprefix("Needs ").rstrip(".")
    if check.hardware:
        return " and ".join(f"a {text}" for text in check.hardware.values())
    if finding.verdict == "other machine":
        return "a GPU"
    need = known.datasets.get(check.dataset or "")
    if need:
        return f"{quantity(check.value)} on {need.title} ({need.get})"
    return f"{quantity(check.value)} of {subjects(check)}, which this profile does not measure"


def _data(job: Job) -> dict[str, Any]:
    dataset = getattr(job.settings, "dataset")  # noqa: B009
    kind = find(dataset.kind)
    return {
        "name": job.id.partition("/")[2],
        "kind": dataset.kind,
        "have": obtainable(dataset),
        "login": kind.origin.register if isinstance(kind.origin, Folder) else "",
        "get": kind.get,
        "download_gb": kind.download_gb,
        "disk_gb": kind.disk_gb,
    }


def _groups(jobs: list[Job], log: Path, device: str) -> list[dict[str, Any]]:
    """Jobs that differ only in the seed, together."""
    datasets, document = predicted_records.Datasets(jobs), costs.table()
    recorded = costs.from_log(jobs, datasets, log, device) + costs.from_table(document)
    grouped: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        grouped[job.id.rpartition("/seed")[0] or job.id].append(job)
    rows = []
    for name, members in grouped.items():
        row: dict[str, Any] = {"jobs": name, "count": len(members)}
        for column, where in (("hours", device), ("gpu_hours", "cuda")):
            found = [costs.estimate(job, datasets, recorded, where, document["scaling"]) for job in members]
            seconds = [cost.seconds for cost in found if cost.seconds is not None]
            row[column] = sum(seconds) / 3600 if len(seconds) == len(found) else None
            row.setdefault("basis", found[0].basis)
        row["gpu_memory_gb"] = costs.memory_gb(members[0], datasets, document)
        if members[0].kind not in ON_GPU:
            row["gpu_hours"] = row["hours"]
        if members[0].kind in ("fetch", "weights") and row["hours"] is None:
            row["basis"] = "a download: depends on the network"
        rows.append(row)
    return rows


def _missing(
    data: list[dict[str, Any]], groups: list[dict[str, Any]], gpu: predicted_records.Gpu, disk: float
) -> list[str]:
    lines = [f"data {entry['name']}: {entry['get']}" for entry in data if not entry["have"]]
    needed = sum(entry["disk_gb"] for entry in data)
    if needed > disk:
        lines.append(f"disk: {needed:.0f} GB for the data, {disk:.0f} GB are free")
    most = max((entry["gpu_memory_gb"] or 0.0 for entry in groups), default=0.0)
    if gpu is None:
        lines.append(f"a GPU: none here; the largest training job would fill about {most:.0f} GB of its memory")
    elif most > gpu[1]:
        lines.append(f"GPU memory: about {most:.0f} GB for the largest training job, {gpu[1]:.0f} GB here")
    return lines


def show(plan: Plan, console: Console | None = None) -> None:
    """Print the survey of a run.

    Raises:
        PixelwiseError: If the register, the table of costs or the run log is broken.
    """
    found, console = survey(plan), console or terminal()
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
    scaling = costs.table()["scaling"]["cuda"]
    console.print(
        f"Where no run on a GPU was recorded, hours on a GPU are hours on {scaling['from']} divided by "
        f"{scaling['factor']} ({scaling['basis']}).",
        highlight=False,
        markup=False,
    )
    console.print(_data_table(found["data"]))
    for line in found["missing"]:
        console.print(f"missing: {line}", highlight=False, markup=False)
    console.print("What the other claims wait for:", style="bold")
    for text, count in claims["waiting"]:
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
