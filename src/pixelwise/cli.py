"""The command line: parses and delegates, nothing else. Nothing heavy is imported before a command is chosen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from pixelwise import cli_machine, net
from pixelwise.errors import PixelwiseError
from pixelwise.terminal.screen import say, show

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
data = typer.Typer(no_args_is_help=True, help="Look at data sets.")

STEPS = {
    "fetch": "Obtain the files of one data set.",
    "prepare": "Check, resize and pack one data set.",
    "weights": "Obtain one file of published weights.",
    "train": "Train one model, or convert a published checkpoint.",
    "generate": "Generate one picture for each label map.",
    "follow": "Score a generator along its training.",
    "time": "Time a group of models, interleaved.",
    "fid": "Compare the features of generated and real pictures.",
    "segment": "Score a segmenter on generated pictures.",
    "restore": "Score denoisers or deblurrers image by image.",
    "inspect": "Count what the architectures and recipes hold.",
    "summarise": "Gather all numbers into tables.",
    "judge": "Give every claim a verdict.",
    "figures": "Draw every figure from the tables.",
    "report": "Write the self-contained page.",
}


def _step(name: str) -> Callable[[Path], None]:
    def run(job: Annotated[Path, typer.Argument(help="Job file below results/<run>/jobs/.")]) -> None:
        from pixelwise.planning.execute import execute

        show(f"{name}: {execute(job, name)}")

    return run


for _name, _help in STEPS.items():
    app.command(_name, help=_help, rich_help_panel="Steps of the pipeline: pixelwise STEP JOB")(_step(_name))
app.add_typer(data, name="data")
cli_machine.register(app)

Config = Annotated[Path, typer.Option(help="The configuration.")]
ProfileOption = Annotated[str | None, typer.Option(help="Profile; the configuration's own if not given.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if there is one; never one that is read.")]
Smoke = Annotated[bool | None, typer.Option(help="The shrunk form of the profile.")]


@app.command()
def verify(
    step: Annotated[list[str] | None, typer.Option(help="Only the jobs of this step; may be repeated.")] = None,
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Compare every byte of a run's outputs with its manifests."""
    from pixelwise.data import own
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
    problems = [*differences(done), *own.changed(done).values()]
    for problem in problems:
        say(problem)
    if problems:
        say(f"{run.name}: the way back is 'dvc checkout --force', or to delete the manifest.json and run again")
        raise typer.Exit(1)
    show(f"{run.name}: every output of {len(done)} of {len(jobs)} jobs is as it was made")


@app.command()
def claims(
    verdict: Annotated[str | None, typer.Option(help="Only this verdict.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    explain: Annotated[str | None, typer.Option(help="All evidence of one claim.", metavar="ID")] = None,
    metrics: Annotated[Path | None, typer.Option(help="Judge the metrics.json files below this folder, now.")] = None,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Judge all recorded runs and benchmarks together.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write everything that was judged to this file.")] = None,
    force: Force = False,
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Show the verdict on every published claim."""
    from pixelwise.claims.verdict_tables import show
    from pixelwise.planning.graph import run_name

    results = Path("results")
    folder = results if recorded else metrics or results / run_name(config, profile, smoke) / "claims"
    show(
        folder,
        verdict=verdict,
        source=source,
        explain=explain,
        metrics=metrics,
        recorded=recorded,
        out=json,
        force=force,
    )


@app.command()
def table(
    run: Annotated[Path | None, typer.Argument(help="Folder of a run; by default that of the profile.")] = None,
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Show how the denoisers compare, and the sentences that the table supports."""
    from pixelwise.planning.graph import run_name
    from pixelwise.reporting.analysis import text

    show(text((run or Path("results") / run_name(config, profile, smoke)) / "summary"))


@app.command()
def readme(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Texts with generated blocks; README.md and docs/*.md if not given.")
    ] = None,
    check: Annotated[bool, typer.Option(help="Only say what is stale.")] = False,
) -> None:
    """Fill the generated numbers and pictures of texts from the recorded results."""
    from pixelwise.reporting.readme import stale, update

    results = Path("results")
    for file in files or [Path("README.md"), *sorted(Path("docs").glob("*.md"))]:
        if not check:
            show(f"{file}: {'changed' if update(file, results) else 'as it was'}")
        elif problems := stale(file, results):
            raise PixelwiseError(f"{file}: {'; '.join(problems)}; run pixelwise readme")


@app.command()
def record(config: Config = Path("params.yaml"), profile: ProfileOption = None) -> None:
    """Keep what a finished run found where git keeps it, in place of the profile's earlier record."""
    from pixelwise.planning.graph import plan as planned
    from pixelwise.recorded_run import record as recorded

    show(f"recorded: {recorded(planned(config, profile, False))}")


@app.command()
def accept(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Id of a job, such as train/streets/asapnet/seed0.")],
    why: Annotated[str, typer.Option(help="Why the change does not concern it; stands in the report.")],
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Declare that a change of code or packages does not concern what a job made: its outputs stay and are valid."""
    from pixelwise.planning.graph import plan as planned
    from pixelwise.planning.upkeep import accept as accepted

    show(f"accepted: {job}: {accepted(planned(config, profile, smoke), job, why)}")


@app.command()
def clean(
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is listed.")] = False,
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
) -> None:
    """List what is left of settings that are gone: outputs of entries no longer configured, halves of trainings."""
    from pixelwise.planning.upkeep import clean as cleaned

    for line in cleaned(config, profile, yes):
        show(line)


@app.command()
def inputs(config: Config = Path("params.yaml"), profile: ProfileOption = None, smoke: Smoke = None) -> None:
    """Note your own files that a run reads, and the packages that compute; DVC compares that with its last run."""
    from pixelwise.artifacts import write_json
    from pixelwise.data import own
    from pixelwise.planning.graph import plan as planned

    run = planned(config, profile, smoke)
    file = Path("work") / "inputs" / f"{run.name}.json"
    packages = {name: version for job in run.jobs for name, version in job.description()["packages"].items()}
    write_json(file, {**own.digest(run.jobs), "packages": packages})
    show(str(file))


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="A checkpoint as its authors released it.")],
    model: Annotated[str, typer.Option(help="Name of the architecture.")],
    out: Annotated[Path | None, typer.Option(help="Where to write; beside FILE if not given.")] = None,
    option: Annotated[list[str] | None, typer.Option(help="Option of the architecture, NAME=VALUE.")] = None,
    force: Force = False,
) -> None:
    """Turn an official checkpoint into this project's format."""
    from pixelwise.models.official.convert import convert as converted

    show(converted(file, model, out or file.with_suffix(".safetensors"), option or [], force))


@app.command()
def denoise(
    image: Annotated[Path, typer.Argument(metavar="IN", help="Image of any size, gray or colour, 8 or 16 bit.")],
    out: Annotated[Path, typer.Argument()],
    checkpoint: Annotated[Path, typer.Option(help="A denoiser trained or converted by this project.")],
    sigma: Annotated[float | None, typer.Option(help="Noise level of IN, on the 0-255 scale.")] = None,
    force: Force = False,
) -> None:
    """Remove noise from a picture of your own."""
    from pixelwise.evaluation.apply.denoise import denoise as denoised

    denoised(image, out, checkpoint, sigma, force)


@app.command()
def translate(
    labels: Annotated[Path, typer.Argument(metavar="LABELMAP", help="Label map: one id per pixel.")],
    out: Annotated[Path, typer.Argument()],
    checkpoint: Annotated[Path, typer.Option(help="A generator trained or converted by this project.")],
    instances: Annotated[Path | None, typer.Option(help="Instance map: one id per object.")] = None,
    force: Force = False,
) -> None:
    """Turn a label map of your own into a picture."""
    from pixelwise.evaluation.apply.translate import translate as translated

    translated(labels, out, checkpoint, instances, force=force)


@data.command()
def check(
    dataset: Annotated[str, typer.Argument(help="Name of a data set in the profile.")],
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Count, measure and pair the files of a data set, and list every defect."""
    from pixelwise.data.check import show
    from pixelwise.planning.graph import plan as planned

    show(planned(config, profile, smoke), dataset)


def command() -> int:
    """Run the command that the arguments name; returns the exit status.

    Raises:
        PixelwiseError: If there is no such command or option, or by the command itself.
    """
    chosen = typer.main.get_command(app)
    try:  # what typer's own `main` does, without its ways to end a process
        with chosen.make_context("pixelwise", sys.argv[1:]) as context:
            chosen.invoke(context)
    except typer.Exit as error:
        return int(error.exit_code)
    except TyperException as error:  # a wrong command or option; without any, the help has been printed
        if message := error.format_message():
            raise PixelwiseError(message) from None
        return 2
    return 0


def main() -> None:
    """Run the command line inside its net."""
    net.run(command)
