"""The commands that show and check what a run found, and those that keep it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli_options import RESULTS, UPKEEP, Config, Force, ProfileOption, Smoke
from pixelwise.errors import PixelwiseError
from pixelwise.terminal.screen import say, show


def register(app: typer.Typer) -> None:
    """Add the commands that show and check results."""
    for command in (claims, table, partial, verify):
        app.command(rich_help_panel=RESULTS)(command)


def register_upkeep(app: typer.Typer) -> None:
    """Add the commands that keep results."""
    for command in (record, readme, accept, clean):
        app.command(rich_help_panel=UPKEEP)(command)


def _verdicts(incomplete: str) -> list[str]:
    from pixelwise.claims.checks import VERDICTS

    return [verdict for verdict in VERDICTS if verdict.startswith(incomplete)]


def _ids(incomplete: str) -> list[str]:
    from pixelwise.claims.claim_schema import register as known

    return [entry.id for entry in known().checked if entry.id.startswith(incomplete)]


def claims(
    everything: Annotated[bool, typer.Option("--all", help="Every claim, not the headlines alone.")] = False,
    verdict: Annotated[
        str | None, typer.Option(metavar="VERDICT", autocompletion=_verdicts, help="Every claim with this verdict.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="KEY", help="Every claim of this source, such as P1 or S1.")
    ] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="ID", autocompletion=_ids, help="One claim with all its evidence.")
    ] = None,
    metrics: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Judge now, from every metrics.json below this folder.")
    ] = None,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Judge now, from all recorded runs and benchmarks together.")
    ] = False,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all claims with their evidence to this JSON file.")
    ] = None,
    force: Force = False,
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Show which published claims hold. The headlines come first; --all shows the rest."""
    from pixelwise.claims.verdict_tables import show as shown
    from pixelwise.planning.graph import run_name

    results = Path("results")
    shown(
        results if recorded else metrics or results / run_name(config, profile, smoke) / "claims",
        everything=everything,
        verdict=verdict,
        source=source,
        explain=explain,
        metrics=metrics,
        recorded=recorded,
        out=json,
        force=force,
    )


def table(
    run: Annotated[
        Path | None,
        typer.Argument(metavar="RUN", help="Folder of a run, such as results/tiny. Without it, that of the profile."),
    ] = None,
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Compare the networks of a run: picture quality and milliseconds, for translation and denoising."""
    from pixelwise.planning.graph import run_name
    from pixelwise.reporting.terminal_tables import show as shown

    shown((run or Path("results") / run_name(config, profile, smoke)) / "summary")


def partial(config: Config = Path("params.yaml"), profile: ProfileOption = None, smoke: Smoke = None) -> None:
    """Write a result page of what an unfinished run has so far. It names the jobs that are missing, and why."""
    from pixelwise.partial_run import write
    from pixelwise.planning.graph import plan

    page, lacks = write(plan(config, profile, smoke))
    for entry in lacks.missing:
        reached = "" if entry.step is None else f" at step {entry.step}"
        show(f"{entry.job}: {entry.state}{reached}{': ' if entry.why else ''}{entry.why}")
    show(f"{page}: {lacks.done} of {lacks.of} jobs are done; the run is unfinished")


def verify(
    step: Annotated[
        list[str] | None, typer.Option(metavar="STEP", help="Only jobs of this step. May be given several times.")
    ] = None,
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Check that no file of a run has changed since it was made."""
    from pixelwise.cli import STEPS
    from pixelwise.data import own
    from pixelwise.planning import unfinished
    from pixelwise.planning.graph import plan
    from pixelwise.planning.staleness import made
    from pixelwise.planning.staleness import verify as differences

    if unknown := sorted(set(step or ()) - set(STEPS)):
        raise PixelwiseError(f"--step: {unknown[0]!r}; allowed are {', '.join(STEPS)}")
    run = plan(config, profile, smoke)
    jobs = run.of(*step) if step else run.jobs
    done = made(jobs)
    if not done and not step:
        raise PixelwiseError(
            f"{run.name}: no outputs here; run it, or 'dvc pull' with profile: in params.yaml set to it"
        )
    problems = [*differences(done), *own.changed(done).values(), *([] if step else unfinished.problems(run.name))]
    for problem in problems:
        say(problem)
    if problems:
        say(f"{run.name}: the way back is 'dvc checkout --force', or to delete the manifest.json and run again")
        raise typer.Exit(1)
    show(f"{run.name}: every output of {len(done)} of {len(jobs)} jobs is as it was made")
    if not step and (line := unfinished.told(run)):
        show(line)


def record(
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    crate: Annotated[
        bool, typer.Option("--crate", help="Only describe the record that is there anew, as an RO-Crate.")
    ] = False,
) -> None:
    """Copy a finished run's findings to results/recorded, where git keeps them."""
    from pixelwise import recorded_crate, recorded_run
    from pixelwise.planning import graph
    from pixelwise.planning.jobs import RECORDED

    if crate:
        name = graph.run_name(config, profile, False)
        show(f"described: {recorded_crate.write(RECORDED / name, name)}")
    else:
        show(f"recorded: {recorded_run.record(graph.plan(config, profile, False))}")


def readme(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Texts with generated blocks. README.md and docs/*.md if not given."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing. Say which numbers are out of date.")] = False,
) -> None:
    """Fill in the generated numbers and pictures of texts from the recorded results."""
    from pixelwise.reporting.readme import stale, update

    results = Path("results")
    for file in files or [Path("README.md"), *sorted(Path("docs").glob("*.md"))]:
        if not check:
            show(f"{file}: {'changed' if update(file, results) else 'as it was'}")
        elif problems := stale(file, results):
            raise PixelwiseError(f"{file}: {'; '.join(problems)}; run pixelwise readme")


def accept(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Id of a job, such as train/streets/asapnet/seed0.")],
    why: Annotated[
        str, typer.Option(metavar="TEXT", help="Why the change does not concern the job. The result page shows it.")
    ],
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Keep a finished job although code or packages changed, because the change does not concern it."""
    from pixelwise.planning.graph import plan as planned
    from pixelwise.planning.upkeep import accept as accepted

    show(f"accepted: {job}: {accepted(planned(config, profile, smoke), job, why)}")


def clean(
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is listed. Without it, nothing is removed.")] = False,
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
) -> None:
    """List outputs of entries that the configuration no longer has, and unfinished trainings."""
    from pixelwise.planning.upkeep import clean as cleaned

    for line in cleaned(config, profile, yes):
        show(line)
