"""`pixelwise plan`: what a profile can decide on this machine, what it needs, and what would be missing."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pixelwise.cards import builds, found
from pixelwise.cards.found import UNITS
from pixelwise.claims import costs, dividing, peaks, predicted_records
from pixelwise.claims.audit import contradictions
from pixelwise.claims.checks import Basis, Measurement, Underspecified, basis_of
from pixelwise.claims.claim_schema import Register, register
from pixelwise.claims.expected import Expectation
from pixelwise.claims.findings import Finding, decided
from pixelwise.claims.verdicts import decide
from pixelwise.claims.wording import TOO_LITTLE, quantity, subjects
from pixelwise.data import declared_kinds
from pixelwise.data.declared_kinds import Download, Folder, Kind, find
from pixelwise.planning.jobs import RECORDED, RUN_LOG, Job

if TYPE_CHECKING:
    from pixelwise.planning.graph import Plan


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
    """Claim -> what its verdict would rest on, for those that could be decided; a withdrawn claim is no longer."""
    found: dict[str, Basis] = {}
    for finding in findings:
        check = known.claim(finding.id).check
        basis, measured = basis_of(check), isinstance(check, Measurement) and finding.measured
        if basis and (decided(finding) or (measured and finding.verdict not in ("other machine", "superseded"))):
            found[finding.id] = basis
    return found


def survey(plan: Plan, log: Path = RUN_LOG, card: str | None = None) -> dict[str, Any]:
    """Everything that `plan_tables.show` prints.

    Args:
        plan: The run.
        log: This machine's run log.
        card: Card for which the hours on a GPU are estimated, one of the table's; None takes this machine's, or else
            the card of the table's timings.

    Returns:
        `claims` (now, with all data, and what the others wait for), `data`, `jobs` (groups of jobs with hours, memory
        and basis), `machine`, `missing`, and `left_out`, the lines of logs that could not be read.
    """
    known, jobs = register(), list(plan.jobs)
    gpu = predicted_records.accelerator()
    now, later = (settled(known, decidable(known, chosen)) for chosen in (possible(jobs), jobs))
    waiting = Counter(_waits_for(known, f) for f in decidable(known, jobs) if f.missing and f.id not in later)
    disk = shutil.disk_usage(Path.cwd()).free / 1e9
    data = [_data(job) for job in jobs if job.kind == "fetch"]
    kept = RECORDED / plan.name
    left_out: list[str] = []
    groups = groups_of(jobs, log, "cuda" if gpu else "cpu", card or (gpu[0] if gpu else None), kept, left_out)
    return {
        "run": plan.name,
        "machine": {"gpu": gpu[0] if gpu else None, "gpu_memory_gb": gpu[1] if gpu else None, "free_disk_gb": disk},
        "claims": {"total": len(known.claims), "now": now, "with_all_data": later, "waiting": waiting.most_common()},
        "data": data,
        "jobs": groups,
        "missing": [*_missing(data, groups, gpu, disk, card), *_too_large(jobs, gpu, card), *_no_units(jobs, card)],
        "left_out": left_out,
    }


def _too_large(jobs: list[Job], gpu: predicted_records.Gpu, card: str | None) -> list[str]:
    """Trainings that need more than the asked card has, or this machine's, or else the card of the table's timings."""
    memory = gpu[1] if gpu and not card else _memory(card)
    return dividing.proposals(jobs, predicted_records.Datasets(jobs), memory) if memory else []


def _no_units(jobs: list[Job], card: str | None) -> list[str]:
    """A line where trainings ask for bfloat16 or TF32, and the asked card or else every card here has no such units."""
    names = [job.id for job in jobs if job.on_gpu and getattr(job.settings, "precision", "fp32") != "fp32"]
    if card:
        name = costs.card_of(costs.table(), card)
        rates = costs.table()["cards"][name]
        lacking = rates["bf16"] <= rates["fp32"]  # so the table says it
    else:
        here = [one for one in found.cards() if builds.unfit(one, builds.installed()) is None]
        name = here[0].name if here else ""
        lacking = bool(here) and all((one.capability or UNITS) < UNITS for one in here)
    if not lacking or not names:
        return []
    how = f"set precision: fp32 for {names[0].rpartition('/seed')[0]} and all like it; emulated they take longer"
    return [f"units for bfloat16 and TF32: the {name} has none; {how}"]


def _memory(card: str | None) -> float:
    """GB of memory of one of the table's cards, or of that of its timings."""
    document = costs.table()
    return float(document["cards"][costs.card_of(document, card)]["memory"])


def _waits_for(known: Register, finding: Finding) -> str:
    """What an open claim waits for, in words that other claims share."""
    check = known.claim(finding.id).check
    if isinstance(check, Underspecified) or finding.verdict == "underspecified":
        return "a condition that their authors did not state"
    if not isinstance(check, Measurement) or finding.reason == TOO_LITTLE:
        return str(finding.missing).removeprefix("Needs ").rstrip(".").replace(". Needs ", " and ")
    if check.hardware:
        return " and ".join(f"a {text}" for text in check.hardware.values())
    if finding.verdict == "other machine":
        return "a GPU"
    need = find(check.dataset) if check.dataset in declared_kinds.names() else None
    if need:
        return f"{quantity(check.value)} on {need.title}"
    return f"{quantity(check.value)} of {subjects(check)}, which this profile does not measure"


def _comes_from(kind: Kind) -> str:
    if isinstance(kind.origin, Folder):
        return kind.origin.register or "your folder"
    return "a download" if isinstance(kind.origin, Download) else "the program"


def _data(job: Job) -> dict[str, Any]:
    dataset = getattr(job.settings, "dataset")  # noqa: B009
    kind = find(dataset.kind)
    return {
        "name": job.id.partition("/")[2],
        "kind": dataset.kind,
        "have": obtainable(dataset),
        "from": _comes_from(kind),
        "get": kind.get,
        "download_gb": kind.download_gb,
        "disk_gb": kind.disk_gb,
    }


def groups_of(
    jobs: list[Job],
    log: Path,
    device: str,
    card: str | None = None,
    kept: Path | None = None,
    left_out: list[str] | None = None,
) -> list[dict[str, Any]]:
    """Jobs that differ only in the seed, together: hours here and on a card, and the card's memory that they fill.

    Args:
        jobs: The jobs of a run.
        log: This machine's run log, which comes first.
        device: Where they compute here.
        card: Card of the hours on a GPU.
        kept: Folder of a recorded run of these jobs, which comes before the table of costs.
        left_out: Receives one line for each line of a log that is none.
    """
    expected = Expectation(jobs, log, device, card, kept, left_out)
    grouped: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        grouped[job.id.rpartition("/seed")[0] or job.id].append(job)
    rows = []
    for group, members in grouped.items():
        row: dict[str, Any] = {"jobs": group, "count": len(members)}
        for column, where in (("hours", device), ("gpu_hours", "cuda")):
            found = [expected.of(job, where) for job in members]
            seconds = [cost.seconds for cost in found if cost.seconds is not None]
            row[column] = sum(seconds) / 3600 if len(seconds) == len(found) else None
            for name in ("basis", "machine", "similar"):
                row.setdefault(name, getattr(found[0], name))
        row["gpu_memory_gb"] = peaks.memory_gb(members[0], expected.datasets) if members[0].on_gpu else None
        if members[0].kind in ("fetch", "weights") and row["hours"] is None:
            row["basis"] = "a download: depends on the network"
        rows.append(row)
    return rows


def _missing(
    data: list[dict[str, Any]],
    groups: list[dict[str, Any]],
    gpu: predicted_records.Gpu,
    disk: float,
    card: str | None,
) -> list[str]:
    lines = [f"data {entry['name']}: {entry['get']}" for entry in data if not entry["have"]]
    needed = sum(entry["disk_gb"] for entry in data)
    if needed > disk:
        lines.append(f"disk: {needed:.0f} GB for the data, {disk:.0f} GB are free")
    most = max((entry["gpu_memory_gb"] or 0.0 for entry in groups), default=0.0)
    needed = peaks.needed_gb(most)
    if not most:
        return lines
    if card:
        if needed > (memory := _memory(card)):
            on = f"{memory:.0f} GB on the {costs.card_of(costs.table(), card)}"
            lines.append(f"GPU memory: about {needed:.0f} GB for the largest training job, {on}")
    elif refused := builds.problem(found.cards()):
        lines.append(f"a GPU: {refused}")
    elif gpu is None:
        how = "--card NAME tells how to divide it"
        lines.append(f"a GPU: none here; the largest training job needs about {needed:.0f} GB of its memory; {how}")
    elif gpu[1] is not None and needed > gpu[1]:
        lines.append(f"GPU memory: about {needed:.0f} GB for the largest training job, {gpu[1]:.0f} GB here")
    return lines
