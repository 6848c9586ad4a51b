"""What is done to finished runs by hand, alone on the run: a change is accepted, leftovers are removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixelwise import artifacts
from pixelwise.data import own
from pixelwise.errors import PixelwiseError
from pixelwise.planning import acceptance, leftovers
from pixelwise.planning.code import PACKAGE
from pixelwise.planning.configuration import read
from pixelwise.planning.exclusive import Turn
from pixelwise.planning.graph import Plan, plan_of
from pixelwise.planning.paths import unlinked
from pixelwise.planning.staleness import present_inputs
from pixelwise.settings.names import SMOKE


@contextmanager
def _alone(run: str) -> Iterator[None]:
    """Hold a run against Snakemake and DVC.

    Raises:
        PixelwiseError: If another process works on it, or if Snakemake would run other sources here than this command.
    """
    here = Path("src/pixelwise")
    if here.is_dir() and not here.samefile(PACKAGE):
        raise PixelwiseError(f"{here}: not what runs now, {PACKAGE}; say PYTHONPATH=src python -m pixelwise ...")
    turn = Turn(run, "pixelwise")
    try:
        turn.start()
        yield
    finally:
        turn.end()


def accept(run: Plan, job_id: str, why: str) -> str:
    """Declare that a change of code or packages does not concern a job's outputs, see `acceptance.accept`.

    Returns:
        What was accepted, in words.

    Raises:
        PixelwiseError: If there is no such job, or its outputs can't be accepted, or another process works on the run.
    """
    acceptance.reason(why)
    job = next((job for job in run.jobs if job.id == job_id), None)
    if job is None:
        raise PixelwiseError(f"{job_id[:200]!r}: no job of run {run.name}; one is {run.jobs[-1].id}, for instance")
    unlinked([job.places])
    if changed := own.changed([job]):
        raise PixelwiseError(f"{changed[job.id]}; only a change of code or packages can be accepted")
    with _alone(run.name), artifacts.locked(Path(job.places.work) / "lock"):
        return acceptance.accept(job, why, present_inputs(job))


def clean(config: Path, profile: str | None, yes: bool) -> Iterator[str]:
    """List, and on request remove, what is left of settings that are gone, of the profiles of a configuration.

    Args:
        config: `params.yaml`.
        profile: Only the runs of this profile, shrunk and whole.
        yes: Remove it.

    Yields:
        One line for each folder with its size, and a last one with the sum.

    Raises:
        PixelwiseError: If the configuration has a mistake, or another process works on a run.
    """
    values = read(config)
    names = list(values["profiles"]) if isinstance(values.get("profiles"), dict) else []
    if profile is not None and profile not in names:
        raise PixelwiseError(f"--profile: {profile[:80]!r}; allowed are {', '.join(names)}")
    total, count = 0, 0
    for name in names if profile is None else [profile]:
        for smoke in (False, True):
            if not leftovers.any_of(name + SMOKE * smoke):
                continue
            run = plan_of({**values, "profile": name, "smoke": smoke})
            with _alone(run.name):
                for found in leftovers.of(run):
                    if yes:
                        found.remove()
                    total, count = total + found.size, count + 1
                    yield f"{'removed  ' if yes else ''}{leftovers.readable(found.size):>9}  {found.path}: {found.why}"
    if not count:
        yield "nothing to remove: every output and every half of a training is of present settings"
    elif yes:
        yield f"removed {count} folders, {leftovers.readable(total)}"
    else:
        yield f"{count} folders, {leftovers.readable(total)}; remove them with --yes"
