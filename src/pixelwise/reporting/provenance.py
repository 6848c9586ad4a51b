"""What was run: jobs, their commands, their durations from the run log, the commit, deviations, data and licences."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixelwise.artifacts import MANIFEST, check_listed, read_json, read_made, read_manifest, sha256
from pixelwise.claims.shown_numbers import number
from pixelwise.data.pack import FACTS, read_facts
from pixelwise.files import listings, run_log
from pixelwise.files.reading import checked
from pixelwise.files.step_documents import Acceptance, Training
from pixelwise.planning.jobs import command
from pixelwise.reporting.page_tables import Table


@dataclass(frozen=True)
class Made:
    """One job that was run.

    Attributes:
        id: Job id.
        command: The command that makes its outputs.
        seconds: Duration of its last successful run by the run log; None if the log does not hold it.
        files: Number of files made.
        manifest: First 12 digits of the manifest's SHA-256.
    """

    id: str
    command: str
    seconds: float | None
    files: int
    manifest: str

    @property
    def anchor(self) -> str:
        """Its place in the page."""
        return anchor(self.id)


def anchor(job: str) -> str:
    """Place of a job in the page, by its id."""
    return f"job-{job.replace('/', '-')}"


def durations(log: Path, left_out: list[str] | None = None) -> dict[str, float]:
    """Output folder -> seconds of its last successful run; empty if there is no log.

    Args:
        log: The run log.
        left_out: Receives one line for each line that is none of the log (a run killed while writing).
    """
    entries, problems = run_log.read(log)
    if left_out is not None:
        left_out += problems
    return {entry.out: entry.seconds for entry in entries if entry.status == "done"}


def jobs(folders: dict[str, Path], log: Path, left_out: list[str] | None = None) -> list[Made]:
    """Every input job with command and duration; `left_out` receives what cannot be read."""
    taken = durations(log, left_out)
    found = []
    for name, (path, document) in _manifests(folders, left_out).items():
        job = document["job"]
        seconds = taken.get(str(job.get("out", path.parent.as_posix())))
        found.append(Made(name, command(job), seconds, len(document["files"]), sha256(path)[:12]))
    return found


def span(seconds: float | None) -> str:
    """A duration for people: `42 s`, `3 min 05 s`, `2 h 10 min`.

    >>> span(185)
    '3 min 05 s'
    """
    if seconds is None:
        return "not logged"
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def commit() -> str:
    """The commit that is checked out, with `(with changes)` if files differ from it; empty outside a repository."""
    answers = []
    for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no", "--", "src"]):
        try:
            done = subprocess.run(["git", *words], capture_output=True, text=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        if done.returncode != 0:
            return ""
        answers.append(done.stdout.strip())
    return answers[0] + (" (with changes)" if answers[1] else "")


def deviations(folders: dict[str, Path], left_out: list[str] | None = None) -> Table:
    """How every training differs from the published recipe, from its `training.json`; `left_out` as for `jobs`."""
    columns = ["training", "setting", "published", "here"]
    rows = []
    for name, folder in sorted(folders.items()):
        path = folder / "training.json"
        if path.is_file():
            with listings.leaving_out(left_out):
                for entry in read_made(path, Training).deviations:
                    cells = [_plain(value) for value in (entry.name, entry.published, entry.here)]
                    rows.append([name.removeprefix("train/"), *cells])
    note = "Settings that are not listed are the published ones."
    return Table("table-deviations", "Deviations from the published recipes", columns, rows, note, frozenset(columns))


def packages(folders: dict[str, Path], left_out: list[str] | None = None) -> str:
    """The packages that the jobs computed with, and their versions; `left_out` as for `jobs`."""
    found: dict[str, set[str]] = {}
    for _, document in _manifests(folders, left_out).values():
        versions = document["job"].get("packages")
        for name, version in versions.items() if isinstance(versions, dict) else ():
            found.setdefault(str(name), set()).add(str(version))
    return ", ".join(f"{name} {' and '.join(sorted(versions))}" for name, versions in sorted(found.items()))


def accepted(folders: dict[str, Path], left_out: list[str] | None = None) -> Table:
    """Every change that the user accepted, with what it was when the job ran; `left_out` as for `jobs`."""
    columns = ["job", "what changed", "when it was made", "accepted", "why"]
    rows = []
    for path, document in _manifests(folders, left_out).values():
        for entry in document.get("accepted", []):
            with listings.leaving_out(left_out):
                change = checked(Acceptance, entry, str(path), ["accepted"])
                for name, (was, now) in {**change.packages, **change.code}.items():
                    was, now = (value[:12] or "absent" for value in (was, now)) if name in change.code else (was, now)
                    rows.append(
                        [str(document["job"].get("id", "")), name, was or "absent", now or "absent", change.why]
                    )
    note = "These outputs stand by the word of the user: the change does not concern them. Hashes are those of sources."
    return Table("table-accepted", "Accepted changes", columns, rows, note, frozenset(columns))


def _manifests(folders: dict[str, Path], left_out: list[str] | None) -> dict[str, tuple[Path, dict[str, Any]]]:
    """Name of a job -> its manifest, and what it says."""
    found = {}
    for name, folder in sorted(folders.items()):
        path = folder / MANIFEST
        if path.is_file():
            with listings.leaving_out(left_out):
                found[name] = path, read_manifest(path)
    return found


def states(folders: dict[str, Path], left_out: list[str] | None = None) -> Table:
    """Clocks, power and other processes of the device while each timing ran; `left_out` as for `jobs`.

    A timing without `states.json`, of an earlier version, has no row.
    """
    columns = ["timing", "conditions", "clock, MHz", "lowest", "highest", "power, W", "temperature, C", "slowed by"]
    columns += ["other processes"]
    rows = []
    for name, folder in sorted(folders.items()):
        path = folder / "states.json"
        if name.startswith("time/") and path.is_file():
            with listings.leaving_out(left_out):
                check_listed(path)
                for entry in read_json(path):
                    rows.append([name.removeprefix("time/"), *_state(entry)])
    note = "Medians over the samples taken while the pairs were timed; on a processor its largest clock."
    words = frozenset({*columns[:2], *columns[-2:]})
    return Table("table-states", "The device while it was timed", columns, rows, note, words)


def _state(entry: dict[str, Any]) -> list[str]:
    where = [f"{entry.get('height')}x{entry.get('width')}", *(str(entry.get(name)) for name in ("mode", "precision"))]
    clock = entry.get("clock_sm_mhz", entry.get("cpu_mhz"))
    numbers = [clock, *(entry.get(f"clock_sm_mhz_{end}") for end in ("low", "high"))]
    numbers += [entry.get("power_w"), entry.get("temperature_c")]
    others = ", ".join(map(str, entry.get("others") or [])) or "none"
    return [
        f"{', '.join(where)}, batch {entry.get('batch')}",
        *map(number, numbers),
        entry.get("throttled") or "",
        others,
    ]


def sources(folders: dict[str, Path], left_out: list[str] | None = None) -> Table:
    """Data sets and weights of the run, where they come from and under which licence; `left_out` as for `jobs`."""
    columns = ["data", "kind", "address", "licence", "citation", "images"]
    rows = []
    for name, folder in sorted(folders.items()):
        if name.startswith("prepare/") and (folder / FACTS).is_file():
            with listings.leaving_out(left_out):
                check_listed(folder / FACTS)
                facts = read_facts(folder)
                counts = ", ".join(f"{split} {entry['n']}" for split, entry in facts["splits"].items())
                told = [str(facts.get(column, "")) for column in columns[1:-1]]
                rows.append([name.removeprefix("prepare/"), *told, counts])
    note = "Every file was checked against its SHA-256 when it was fetched."
    return Table("table-data", "Data and licences", columns, rows, note, frozenset(columns))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
