"""What of a run is not done, and why: the facts on a page that is made before the run is complete.

That page lies in a folder of its own, `results/<run>/partial/`, which no job reads or writes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from pixelwise import artifacts
from pixelwise.artifacts import MANIFEST
from pixelwise.data import own
from pixelwise.errors import PixelwiseError
from pixelwise.files import listings
from pixelwise.planning import staleness
from pixelwise.planning.graph import Plan
from pixelwise.planning.jobs import KINDS, Job
from pixelwise.settings.reporting import Missing, Partial
from pixelwise.terminal.screen import plain

FOLDER = "partial"
ERROR = "pixelwise: error: "
_STOPPED = re.compile(r"\bstopped by (SIG[A-Z]+|another process)")
_TAIL = 8192
_LONGEST = 400


def folder(run: str) -> Path:
    """Where the page of an unfinished run lies."""
    return Path("results", run, FOLDER)


def finished(jobs: Iterable[Job]) -> list[Job]:
    """Those of a run's jobs whose outputs are valid, as are those of all jobs that they follow from.

    Args:
        jobs: All jobs of the run, in topological order.
    """
    jobs = list(jobs)
    changed, found, outs = own.changed(jobs), list[Job](), set[str]()
    for job in jobs:
        if job.id not in changed and outs.issuperset(job.inputs.values()) and staleness.valid(job):
            found.append(job)
            outs.add(job.out)
    return found


def missing(jobs: Iterable[Job], done: Iterable[Job]) -> Partial:
    """What is not done of a run, the reporting steps apart: the worst first.

    Args:
        jobs: All jobs of the run.
        done: Those that are finished.
    """
    wanted = [job for job in jobs if not KINDS[job.kind].reports]
    ready = {job.out: job.id for job in done}
    makers = {job.out: job.id for job in wanted}
    found = [_missing(job, ready, makers) for job in wanted if job.out not in ready]
    order = ("failed", "stopped", "running", "outdated", "not started")
    return Partial(
        done=len(wanted) - len(found), of=len(wanted), missing=tuple(sorted(found, key=lambda e: order.index(e.state)))
    )


def _missing(job: Job, ready: Collection[str], makers: dict[str, str]) -> Missing:
    waits = [makers[out] for out in job.inputs.values() if out in makers and out not in ready]
    if waits:
        more = f" and {len(waits) - 1} more" if waits[1:] else ""
        return Missing(job=job.id, state="not started", why=f"waits for {waits[0]}{more}")
    if _locked(Path(job.places.work, "lock")):
        return Missing(job=job.id, state="running", step=_step(job))
    if os.path.lexists(job.manifest):
        return Missing(job=job.id, state="outdated", why="made with other settings, sources or inputs")
    line, step = _last_line(job), _step(job)
    if line is not None and line.startswith(ERROR):
        state = "stopped" if _STOPPED.search(line) else "failed"
        return Missing(job=job.id, state=state, step=step, why=line.removeprefix(ERROR)[:_LONGEST])
    if line is not None or step is not None:
        return Missing(job=job.id, state="stopped", step=step, why=(line or "")[:_LONGEST])
    return Missing(job=job.id, state="not started")


def _locked(path: Path) -> bool:
    """Whether a job holds its lock."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not artifacts.flock(handle, shared=True)
    finally:
        os.close(handle)


def _last_line(job: Job) -> str | None:
    """The last line of a job's log; None if there is no log, or one of earlier settings: the job file is newer then."""
    log, planned = artifacts.stamp(job.places.log), artifacts.stamp(job.file)
    if log is None or (planned is not None and planned[1] > log[1]):
        return None
    with open(job.places.log, "rb") as stream:
        stream.seek(max(0, log[2] - _TAIL))
        lines = stream.read(_TAIL).decode("utf-8", "replace").splitlines()
    return next((plain(line.strip()) for line in reversed(lines) if line.strip()), "")


def _step(job: Job) -> int | None:
    """The last step in the loss curve of a training that would go on from there; None if there is none."""
    state = artifacts.digest({"job": job.description(), "inputs": staleness.present_inputs(job)})
    curve = Path(job.places.work, state, "loss.csv")
    try:
        rows = listings.rows(curve, ["step"]) if curve.is_file() else []
        return int(rows[-1]["step"]) if rows else None
    except (PixelwiseError, ValueError):  # it is being written
        return None


def told(run: Plan) -> str:
    """What the page of an unfinished run shows, beside what is done now; empty if there is no such page.

    Raises:
        PixelwiseError: If its manifest is damaged.
    """
    manifest = folder(run.name) / "report" / MANIFEST
    if not manifest.is_file():
        return ""
    shown, now = artifacts.read_manifest(manifest)["job"].get("partial", {}), missing(run.jobs, finished(run.jobs))
    then = (
        f"{folder(run.name)}: page of an unfinished run, made when {shown.get('done')} of {shown.get('of')} jobs were"
    )
    return f"{then} done; now {now.done} are{'' if now.missing else '; pixelwise clean --yes removes it'}"


def problems(run: str) -> list[str]:
    """One line for each file of the page of an unfinished run that differs from its manifest."""
    manifests: Sequence[Path] = sorted(folder(run).glob(f"*/{MANIFEST}"))
    return [line for manifest in manifests for line in artifacts.verify_manifest(manifest)]


def outlived(run: Plan) -> bool:
    """Whether there is a page of an unfinished run although the run is complete."""
    target = folder(run.name)
    return target.is_dir() and not target.is_symlink() and not staleness.stale(run.jobs)


def replaced(run: Plan) -> None:
    """Remove the page of an unfinished run once the run is complete."""
    if outlived(run):
        artifacts.remove(folder(run.name))
