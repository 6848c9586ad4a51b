"""`pixelwise record`: what git keeps of a run, in `results/recorded/<profile>/`. Built beside, swapped at the end."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from pixelwise import artifacts, recorded_crate
from pixelwise.artifacts import MANIFEST, files_below
from pixelwise.claims import ledger
from pixelwise.errors import PixelwiseError
from pixelwise.planning import staleness
from pixelwise.planning.graph import Plan
from pixelwise.planning.jobs import RECORDED, RUN_LOG, Job
from pixelwise.planning.paths import unlinked
from pixelwise.reporting import kept_pictures, naming, page, provenance
from pixelwise.reporting.sample_grids import Grid
from pixelwise.settings.reporting import ReportSettings

PICTURES = "pictures"
KEPT = (".csv", ".json", ".html", ".svg")
"""What is kept of every folder; of figures the PNG files too, of a training (`TRAINED`) how it was made, of generated
pictures nothing. The page is drawn anew with the few pictures that `kept_pictures` allows."""
TRAINED = ("training.json", "held_out.csv")
RULES = "workflow/rules"


def kept(job: Job) -> list[Path]:
    """The files of a finished job that a record keeps."""
    out = Path(job.out)
    if out.parts[0] != "results" or job.step == "generate":
        return []
    if job.step == "train":
        return [out / MANIFEST, *(path for path in files_below(out) if path.name in TRAINED)]
    suffixes = (*KEPT, ".png") if job.step == "figures" else KEPT
    return [out / MANIFEST, *(path for path in files_below(out) if path.suffix in suffixes)]


def _log(name: str) -> list[str]:
    """The run log's lines of one run."""
    found = []
    for number, line in enumerate(RUN_LOG.read_text(encoding="utf-8").splitlines() if RUN_LOG.exists() else [], 1):
        try:
            out = json.loads(line)["out"].split("/")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise PixelwiseError(f"{RUN_LOG}: line {number} is not a line of the run log; remove it") from None
        if out[1:2] == [name]:
            found.append(line)
    return found


def _checked(run: Plan) -> list[str]:
    """Lines of the run log of a run that is whole and unchanged.

    Raises:
        PixelwiseError: If it is not, or if the present record is no record of ours.
    """
    if stale := staleness.stale(run.jobs):
        raise PixelwiseError(
            f"run {run.name}: {len(stale)} of {len(run.jobs)} jobs, such as {stale[0]}, are not done with the present "
            "settings and sources; nothing was recorded"
        )
    if problems := staleness.verify(run.jobs):
        raise PixelwiseError(f"{problems[0]}; nothing was recorded")
    if not Path(recorded_crate.WORKFLOW).is_file():
        raise PixelwiseError(f"{recorded_crate.WORKFLOW}: not here; a record keeps the workflow that made it")
    if not (lines := _log(run.name)):
        raise PixelwiseError(f"{RUN_LOG}: no line of run {run.name}, which was not made here; nothing was recorded")
    target = RECORDED / run.name
    unlinked((), (target.as_posix(),))
    if target.exists() and not (target / RUN_LOG.name).is_file():
        raise PixelwiseError(f"{target}: no record of a run (it has no {RUN_LOG.name}); move it away")
    return lines


def record(run: Plan) -> Path:
    """Keep a finished run's numbers, figures, page, few pictures and manifests, in place of its earlier record.

    Returns:
        The folder of the record.

    Raises:
        PixelwiseError: If the run is not complete and valid to the byte; an earlier record then stays as it was.
    """
    lines = _checked(run)
    target = RECORDED / run.name
    new, old = (RECORDED / f".{run.name}.{os.getpid()}.{age}" for age in ("new", "old"))
    try:
        for path in (path for job in run.jobs for path in kept(job)):
            copy = new / path.relative_to(Path("results", run.name))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        for job in run.of("report"):
            _page(job, new, [path for path in RECORDED.glob("*") if path.name[0] != "." and path != target])
        (new / RUN_LOG.name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        if commit := provenance.commit():
            artifacts.write_json(new / ledger.COMMIT, {"commit": commit})
        for path in (Path(recorded_crate.WORKFLOW), *sorted(Path(RULES).glob("*.smk"))):
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, new / path)
        recorded_crate.write(new, run.name)
        _swap(new, target, old)
    finally:
        artifacts.remove(new)
    return target


def _page(job: Job, new: Path, others: list[Path]) -> None:
    """Draw the page of a record with the pictures that git may keep, and write these.

    Args:
        job: The job that made the run's own page.
        new: The folder of the record.
        others: Folders of the other records, whose pictures count too.
    """
    inputs = {name: Path(folder) for name, folder in job.inputs.items()}
    owners = kept_pictures.sources(inputs)
    held = kept_pictures.held(path / PICTURES for path in others)
    shown: list[Grid] = []

    def choose(grids: list[Grid]) -> list[Grid]:
        shown[:] = kept_pictures.chosen(grids, owners, held)
        return shown

    folder = new / Path(job.out).name
    assert isinstance(job.settings, ReportSettings)
    with naming.shown(job.settings.models):
        html = page.render(job.settings, inputs, (folder / page.BENCH_PAGE).is_file(), choose)
    kept_pictures.write(new / PICTURES, shown, owners)
    artifacts.write_text(folder / "index.html", html)
    made = artifacts.read_manifest(folder / MANIFEST)
    made["files"] = {path.name: artifacts.sha256(path) for path in files_below(folder)}
    artifacts.write_json(folder / MANIFEST, artifacts.sealed(made))


def _swap(new: Path, target: Path, old: Path) -> None:
    """Put `new` in place of `target`; `target` is either as it was or as it should be, and is kept as `old` between."""
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
    artifacts.remove(old)
