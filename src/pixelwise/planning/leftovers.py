"""What is left of settings that are gone: outputs of jobs that the run has no more, and halves of trainings.

Also the page of an unfinished run, once the run is complete.

Only folders are found that a job of such a run would write to and that carry our mark; links are never followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixelwise import artifacts
from pixelwise.artifacts import MARK, read_json
from pixelwise.errors import PixelwiseError
from pixelwise.planning import unfinished
from pixelwise.planning.graph import Plan
from pixelwise.planning.jobs import Job
from pixelwise.planning.paths import is_output, unlinked
from pixelwise.planning.staleness import present_inputs

ROOTS = ("data", "results")
_STATE = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class Leftover:
    """One folder that nothing reads any more.

    Attributes:
        path: The folder.
        lock: Lock of the job that wrote it.
        size: Bytes of all files in it; a link counts as itself.
        why: Why nothing reads it.
    """

    path: Path
    lock: Path
    size: int
    why: str

    def remove(self) -> None:
        """Remove it, and the folders above it that are then empty, up to that of the step.

        Raises:
            PixelwiseError: If its job runs, or the way to it is a link.
        """
        unlinked((), (self.path.as_posix(), self.lock.as_posix()))
        with artifacts.locked(self.lock):
            artifacts.remove(self.path)
        kept = 2 if self.path.parts[0] == "data" else 3
        for above in self.path.parents:
            if len(above.parts) <= kept or any(above.iterdir()):
                break
            above.rmdir()


def any_of(run: str) -> bool:
    """Whether anything of a run is here."""
    return any(os.path.lexists(Path(base, root, run)) for base in ("", "work") for root in ROOTS)


def of(run: Plan) -> Iterator[Leftover]:
    """All leftovers of a run, outputs first.

    Raises:
        PixelwiseError: If a folder of the run is a link.
    """
    jobs = {job.out: job for job in run.jobs}
    unlinked((job.places for job in run.jobs), (f"{base}{root}/{run.name}" for base in ("", "work/") for root in ROOTS))
    for root in ROOTS:
        for path in _marked(Path(root, run.name)):
            if path.as_posix() not in jobs and is_output(path.as_posix(), run.name):
                yield _leftover(path, Path("work", path, "lock"), "not configured any more")
    if unfinished.outlived(run):
        path = unfinished.folder(run.name)
        yield _leftover(path, Path("work", path, "lock"), "page of an unfinished run, which is complete now")
    for root in ROOTS:
        for path in _marked(Path("work", root, run.name)):
            out = path.parent.relative_to("work").as_posix()
            if _STATE.fullmatch(path.name) and is_output(out, run.name) and (why := _gone(path, jobs.get(out))):
                yield _leftover(path, path.parent / "lock", why)


def _marked(folder: Path) -> list[Path]:
    """Folders with our mark, the outermost ones alone, by name."""
    found = []
    for here, folders, files in os.walk(folder):
        folders.sort()
        if MARK in files and not os.path.islink(os.path.join(here, MARK)):
            found.append(Path(here))
            folders.clear()
    return found


def _gone(state: Path, job: Job | None) -> str:
    """Why no run would resume from a folder; empty if one would, or if its inputs are not all here to tell."""
    if job is None:
        return "half of a job that is not configured any more"
    now, inputs = job.description(), present_inputs(job)
    if inputs is None or len(inputs) < len(set(job.inputs.values())):
        return ""
    if state.name == artifacts.digest({"job": now, "inputs": inputs}):
        return ""
    return f"half of a job with other {_differs(state / MARK, {'job': now, 'inputs': inputs})}"


def _differs(mark: Path, now: Mapping[str, Any]) -> str:
    """What differs between what a half-finished job was made from and the present, in a word or two."""
    try:
        made = read_json(mark)
        for role in ("settings", "code", "packages", "modules"):
            was, present = made["job"][role], now["job"][role]
            if was != present:
                names = sorted(key for key in {*was, *present} if was.get(key) != present.get(key)) if was else []
                return f"{role}" + (f" ({', '.join(names[:3])})" if names else "")
        return "inputs"
    except (PixelwiseError, KeyError, TypeError, AttributeError):
        return "settings"


def _leftover(path: Path, lock: Path, why: str) -> Leftover:
    files = (Path(here, name) for here, _, names in os.walk(path) for name in names)
    return Leftover(path, lock, sum(file.lstat().st_size for file in files), why)


def readable(size: int) -> str:
    """Bytes for people.

    Example:
        >>> readable(1_234_567)
        '1.2 MB'
    """
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
