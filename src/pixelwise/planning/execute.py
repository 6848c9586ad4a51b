"""Run one job: `pixelwise <step> <job file>`."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pixelwise import artifacts
from pixelwise.artifacts import MANIFEST, MARK, read_json, stamp, write_json
from pixelwise.cards import roomy
from pixelwise.errors import PixelwiseError, out_of_memory
from pixelwise.files.disk import append
from pixelwise.files.reading import checked
from pixelwise.planning import environment, paths, processes, verified
from pixelwise.planning.code import framing, modules_of, source_of, sources_of
from pixelwise.planning.jobfile import JobFile
from pixelwise.planning.jobs import KINDS, RUN_LOG, effort, entries, input_hash, processes_of
from pixelwise.planning.paths import Places, unlinked
from pixelwise.settings.base import Settings
from pixelwise.terminal import progress

TOLERANT = frozenset({"summarise", "judge", "report"})
"""Kinds of job that leave a damaged input out and say so, where all others refuse to run."""


def _settings(file: Path, kind: str, document: Any) -> Settings:
    module, name = KINDS[kind].settings.split(":")
    model: type[Settings] = getattr(importlib.import_module(module), name)
    return checked(model, document, str(file), ["job", "settings"])


def load(file: Path, step: str) -> tuple[dict[str, Any], Settings]:
    """Read and validate a job file.

    Raises:
        PixelwiseError: If it is no job file, of another step, has wrong settings, or was written for other sources.
    """
    document = read_json(file)
    job = document.get("job") if isinstance(document, dict) else None
    if not isinstance(job, dict) or not isinstance(job.get("kind"), str) or job["kind"] not in KINDS:
        raise PixelwiseError(f"{file}: not a job file; 'snakemake -n all' writes them below results/<run>/jobs/")
    if KINDS[job["kind"]].step != step:
        raise PixelwiseError(f"{file}: a job of step '{KINDS[job['kind']].step}', not of '{step}'")
    checked(JobFile, document, str(file))
    settings = _settings(file, job["kind"], job["settings"])
    if unknown := [module for module in job["modules"] if source_of(module.partition("#")[0]) is None]:
        raise PixelwiseError(f"{file}: job.modules: no module {unknown[0]}; run snakemake again")
    used = entries(job["kind"], job["modules"])
    for role, present in (("code", sources_of(used)), ("packages", environment.versions(used))):
        if present != job[role]:
            changed = sorted(set(present.items()) ^ set(job[role].items()))[0][0]
            raise PixelwiseError(f"{file}: written for another version of {changed}; run snakemake again")
    return job, settings


def _inputs(file: Path, job: Mapping[str, Any], stamps: dict[Path, Any]) -> dict[str, str]:
    """Hashes of the upstream manifests, after checking that the upstream bytes are those that were made.

    Steps that gather many folders go on without those that were changed, and name them. `stamps` receives what would
    show that a file was replaced later.
    """
    hashes = {}
    goes_on = job["kind"] in TOLERANT
    for folder in job["inputs"].values():
        manifest = Path(folder) / MANIFEST
        if not manifest.exists():
            raise PixelwiseError(f"{file}: its input {folder} is not there; run the step that makes it first")
        stamps.update({path: stamp(path) for path in [manifest, *artifacts.files_below(Path(folder))]})
        problems = verified.problems(manifest)
        if problems and not goes_on:
            raise PixelwiseError(f"{problems[0]}; delete {manifest} to make it anew")
        # What is damaged never equals a hash: the next planning makes this job anew.
        hashes[folder] = artifacts.DAMAGED if problems else input_hash(job["kind"], folder)
    return hashes


def _settings_of_inputs(job: Mapping[str, Any]) -> Iterator[Any]:
    """Settings of the jobs that it reads, in the order of their roles."""
    for _, folder in sorted(job["inputs"].items()):
        yield artifacts.read_manifest(Path(folder) / MANIFEST)["job"].get("settings")


class _Folders(dict[str, Path]):
    """Role -> folder of a job's inputs; a role that a step asks for and the job file lacks is named."""

    def __init__(self, file: Path, inputs: Mapping[str, str]) -> None:
        super().__init__({role: Path(folder) for role, folder in inputs.items()})
        self.file = file

    def __missing__(self, role: str) -> Path:
        raise PixelwiseError(f"{self.file}: job.inputs: no '{role}', which this step needs; run snakemake again")


def _unlisted(job: Mapping[str, Any]) -> list[str]:
    listed = modules_of(entries(job["kind"], job["modules"]))
    return sorted(m for m in sys.modules if m.startswith("pixelwise") and m not in listed and not framing(m))


def _known(file: Path, places: Places) -> bool:
    """Whether planning found a manifest in the output folder: Snakemake removes it before the job starts."""
    return os.path.realpath(file) == os.path.realpath(places.file) and "stale" in read_json(file)


def _state(work: Path, job: Mapping[str, Any], inputs: Mapping[str, str]) -> Path:
    """Folder of resume state: it belongs to this job on these inputs, and to nothing else."""
    return work / artifacts.digest({"job": job, "inputs": inputs})


def execute(file: Path, step: str) -> Path:
    """Run one job: lock its folders, check places, sources and inputs, empty the output, run, write the manifest last.

    A training in several processes starts them; this process alone locks, checks and writes the manifest.

    Returns:
        The output folder.

    Raises:
        PixelwiseError: With one line, if anything is wrong; the output folder is then gone, never half-written.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise PixelwiseError(
            f"{file}: started {os.environ['WORLD_SIZE']} times; start it once, and give the training 'processes'"
        )
    job, settings = load(file, step)
    places = paths.checked(file, step, job["id"], job["out"], job["inputs"])
    known = _known(file, places)
    artifacts.check_ours(Path(places.out), known)
    out, work = Path(places.out), Path(places.work)
    status, started, used = "failed", time.time(), _cpu_seconds()
    with ExitStack() as held:
        held.enter_context(artifacts.locked(work / "lock"))
        for folder in sorted(set(job["inputs"].values())):  # before a look at them: nobody may make them anew now
            held.enter_context(artifacts.locked(Path("work") / folder / "lock", shared=True))
        stamps: dict[Path, Any] = {}
        inputs = _inputs(file, job, stamps)
        state = _state(work, job, inputs)
        unlinked((), (str(state),))
        state.mkdir(parents=True, exist_ok=True)
        write_json(state / MARK, {"job": job, "inputs": inputs})  # for `pixelwise clean`
        cost = effort(job["kind"], job["settings"], _settings_of_inputs(job))
        artifacts.empty(out, known)
        held.enter_context(progress.of_job(work, Path(places.shown)))
        roomy.job = file
        try:
            if (count := processes_of(step, settings)) > 1:
                processes.start(file, step, state, count, settings)
            else:
                compute(file, job, settings, state)
            if any(stamp(path) != seen for path, seen in stamps.items()) and _inputs(file, job, stamps) != inputs:
                raise PixelwiseError(f"{file}: its inputs were replaced while it ran; run it again")
            packages = environment.installed(entries(job["kind"], job["modules"]))
            artifacts.write_manifest(out, {**job, "packages": packages}, inputs)
            status = "done"
        finally:
            roomy.job = None
            if status == "failed":
                artifacts.remove(out)
            _log(job, cost, status, time.time() - started, _cpu_seconds() - used)
        artifacts.remove(state)
    return out


def compute(file: Path, job: Mapping[str, Any], settings: Settings, state: Path) -> None:
    """Do the work of a job, or this process' share of it.

    Args:
        file: Its job file.
        job: Its description.
        settings: Its settings.
        state: Folder of its resume state.

    Raises:
        PixelwiseError: As the step does, if memory does not suffice, or if it used a module that the job does not list.
    """
    folders = _Folders(file, job["inputs"])
    run = importlib.import_module(KINDS[job["kind"]].module).run
    try:
        run(settings, folders, Path(job["out"]), state)
    except Exception as error:
        if not out_of_memory(error):
            raise
        from pixelwise.claims.fitting import advice

        raise PixelwiseError(f"{file}: {advice(error, job['kind'], settings, folders.get('data'))}") from None
    if unlisted := _unlisted(job):
        raise PixelwiseError(f"{file}: the step imported {unlisted[0]}, which its job file does not list")


def _cpu_seconds() -> float:
    """Seconds that processors worked for this process, its threads and its finished children."""
    return sum(os.times()[:4])


def _log(job: Mapping[str, Any], cost: str, status: str, seconds: float, cpu_seconds: float) -> None:
    """Append one line to the run log; a single write, so that parallel jobs do not mix."""
    RUN_LOG.parent.mkdir(parents=True, exist_ok=True)
    taken = {"seconds": round(seconds, 2), "cpu_seconds": round(cpu_seconds, 2)}
    line = {"job": job["id"], "kind": job["kind"], "out": job["out"], "status": status, **taken, "settings": cost}
    append(RUN_LOG, ("\n" if _cut(RUN_LOG) else "") + json.dumps(line))


def _cut(path: Path) -> bool:
    """Whether a kill cut the last line of a file short; what is appended would else be lost with it."""
    with contextlib.suppress(OSError), path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"
    return False
