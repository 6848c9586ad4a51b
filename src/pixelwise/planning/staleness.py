"""What makes a job stale: outputs are valid by content, never by modification time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from pixelwise import artifacts
from pixelwise.artifacts import MANIFEST, read_json, read_manifest, write_json
from pixelwise.errors import PixelwiseError
from pixelwise.planning import acceptance, code
from pixelwise.planning.jobs import Job, input_hash
from pixelwise.planning.paths import unlinked


def _times(path: str) -> tuple[int, int]:
    return os.lstat(path).st_mtime_ns, os.stat(path).st_mtime_ns


def _set_time(path: str, when: int) -> None:
    os.utime(path, ns=(when, when))
    if os.path.islink(path):
        os.utime(path, ns=(when, when), follow_symlinks=False)


def _read(path: str, reader: Callable[[str], Any] = read_json) -> Any:
    try:
        return reader(path)
    except PixelwiseError:
        return None


def _valid(job: Job, description: dict[str, Any]) -> dict[str, str] | None:
    """Hashes of the input manifests if the outputs were made from the present state of everything, else None."""
    made = _read(job.manifest, read_manifest)
    if made is None or not acceptance.agrees(made, description):
        return None
    if not all(os.path.exists(f"{job.out}/{name}") for name in made["files"]):
        return None
    present = present_inputs(job)
    return present if made["inputs"] == present else None


def present_inputs(job: Job) -> dict[str, str] | None:
    """Folder -> hash (`jobs.input_hash`) of those inputs that are there; None if one is not readable."""
    try:
        return {
            folder: input_hash(job.kind, folder)
            for folder in job.inputs.values()
            if os.path.exists(f"{folder}/{MANIFEST}")
        }
    except PixelwiseError:
        return None


def prepare(jobs: Iterable[Job], changed: Collection[str] = ()) -> list[str]:
    """Make modification times and job files say what the contents say, so that Snakemake decides by content.

    Valid outputs become no older than their inputs; the job file of an invalid one is written anew with a mark, so that
    it is newer and has another checksum than any record. Jobs come in topological order.

    Args:
        jobs: All jobs of a run.
        changed: Ids of those that read files outside the run which are others now.

    Returns:
        The ids of the jobs whose outputs are missing or not valid themselves (what follows from them is not listed).

    Raises:
        PixelwiseError: If a place that a job writes to is reached through a link.
    """
    jobs = list(jobs)
    unlinked(job.places for job in jobs)
    for path in [p for job in jobs for p in (job.file, job.manifest) if os.path.lexists(p) and os.path.exists(p)]:
        if max(_times(path)) > (now := time.time_ns()):  # a clock was wrong: Snakemake would refuse the run
            _set_time(path, now)
    stale = []
    for job in jobs:
        description, written = job.description(), _read(job.file)
        fresh = isinstance(written, dict) and written.get("job") == description
        inputs = None if job.id in changed else _valid(job, description)
        if inputs is not None:
            if not fresh:
                write_json(job.file, {"job": description})
            newest = max(max(_times(path)) for path in [job.file, *(f"{folder}/{MANIFEST}" for folder in inputs)])
            for path in (job.manifest, *(f"{job.out}/{name}" for name in job.shows)):
                if min(_times(path)) < newest:
                    _set_time(path, newest)
            continue
        stale.append(job.id)
        if os.path.lexists(job.manifest):
            write_json(job.file, {"job": description, "stale": time.time_ns()})
            _set_time(job.file, time.time_ns())
        elif not fresh:
            write_json(job.file, {"job": description})
    code.keep()
    return stale


def stale(jobs: Iterable[Job]) -> list[str]:
    """The ids of the jobs whose outputs are missing or not of the present settings, sources and inputs."""
    return [job.id for job in jobs if not valid(job)]


def valid(job: Job) -> bool:
    """Whether the outputs of a job were made from its present settings and sources, and from its inputs as they are."""
    return _valid(job, job.description()) is not None


def planned_for(job: Job) -> bool:
    """Whether the job file on disk says what the settings and sources say now."""
    written = _read(job.file)
    return isinstance(written, dict) and written.get("job") == job.description()


def made(jobs: Iterable[Job]) -> list[Job]:
    """Those of the jobs that have outputs."""
    return [job for job in jobs if os.path.exists(job.manifest)]


def verify(jobs: Iterable[Job]) -> list[str]:
    """Compare every byte of the outputs of these jobs with their manifests; one line for each difference."""
    return [line for job in made(jobs) for line in artifacts.verify_manifest(Path(job.manifest))]
