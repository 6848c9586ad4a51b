"""`pixelwise partial`: the page of what an unfinished run has so far, in `results/<run>/partial/`.

It never stands where the page of a complete run does: no job reads or writes that folder, its title, banner and figures
say that the run is unfinished, and its manifests hold `partial`. A complete run removes it (`planning.unfinished`).
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from pixelwise import artifacts
from pixelwise.errors import PixelwiseError
from pixelwise.planning import unfinished
from pixelwise.planning.graph import Plan
from pixelwise.planning.jobs import KINDS, Job, input_hash
from pixelwise.planning.paths import unlinked
from pixelwise.settings.reporting import Partial


def write(run: Plan) -> tuple[Path, Partial]:
    """Make tables, verdicts, figures and the page of those jobs of a run that are finished.

    Jobs may be at work on the run meanwhile: what is finished is held against being made anew.

    Returns:
        The page, and what it lacks.

    Raises:
        PixelwiseError: If nothing is missing, no measurement is finished, or a job makes anew what is read here. An
            earlier page then stays as it was.
    """
    done = [job for job in unfinished.finished(run.jobs) if not KINDS[job.kind].reports]
    lacks = unfinished.missing(run.jobs, done)
    if not lacks.missing:
        raise PixelwiseError(
            f"run {run.name}: all {lacks.of} jobs are done, so it is not partial; 'make reproduce' writes its page"
        )
    if not any(KINDS[job.kind].metrics for job in done):
        first = lacks.missing[0]
        raise PixelwiseError(
            f"run {run.name}: no measurement is finished ({lacks.done} of {lacks.of} jobs are done; {first.job}: "
            f"{first.why or first.state})"
        )
    target = unfinished.folder(run.name)
    unlinked([job.places for job in done], (target.as_posix(),))
    artifacts.check_ours(target)
    new = target.with_name(f".{target.name}.{os.getpid()}.new")
    with ExitStack() as held:
        held.enter_context(artifacts.locked(Path("work", target, "lock")))
        for job in done:
            held.enter_context(artifacts.locked(Path(job.places.work, "lock"), shared=True))
        artifacts.empty(new)
        try:
            folders = {job.out: Path(job.out) for job in done}
            for job in run.jobs:
                if KINDS[job.kind].reports:
                    folders[job.out] = _made(job, new / Path(job.out).name, target, folders, lacks)
            artifacts.remove(target)
            new.rename(target)
        finally:
            artifacts.remove(new)
    return target / "report" / "index.html", lacks


def _made(job: Job, out: Path, target: Path, folders: Mapping[str, Path], lacks: Partial) -> Path:
    """Do the work of one reporting job on the inputs that there are; returns its folder.

    Args:
        job: The job of the complete run.
        out: Where to write.
        target: Folder in which the folder of `out` ends.
        folders: Folder that a job of the complete run writes to -> where its outputs are, of those that have any.
        lacks: What is missing.
    """
    settings = job.settings
    if "partial" in type(settings).model_fields:
        settings = settings.model_copy(update={"partial": lacks})
    inputs = {role: folders[name] for role, name in job.inputs.items() if name in folders}
    final = {role: target / path.name if path.parent == out.parent else path for role, path in inputs.items()}
    artifacts.empty(out)
    importlib.import_module(KINDS[job.kind].module).run(settings, inputs, out, out)
    description = {
        **job.description(),
        "settings": settings.model_dump(mode="json"),
        "inputs": {role: path.as_posix() for role, path in final.items()},
        "out": (target / out.name).as_posix(),
        "partial": lacks.model_dump(mode="json"),
    }
    hashes = {final[role].as_posix(): input_hash(job.kind, str(path)) for role, path in inputs.items()}
    artifacts.write_manifest(out, description, hashes)
    return out
