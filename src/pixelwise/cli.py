"""The command line: parses and delegates, nothing else. Nothing heavy is imported before a command is chosen."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from pixelwise.errors import PixelwiseError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
data = typer.Typer(no_args_is_help=True, help="Look at data sets.")

STEPS = {
    "fetch": "Obtain the files of one data set.",
    "prepare": "Check, resize and pack one data set.",
    "weights": "Obtain one file of published weights.",
    "train": "Train one model, or convert a published checkpoint.",
    "generate": "Generate one picture for each label map.",
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
        from pixelwise.execute import execute

        typer.echo(f"{name}: {execute(job, name)}")

    return run


for _name, _help in STEPS.items():
    app.command(_name, help=_help, rich_help_panel="Steps of the pipeline: pixelwise STEP JOB")(_step(_name))
app.add_typer(data, name="data")

Config = Annotated[Path, typer.Option(help="The configuration.")]
ProfileOption = Annotated[str | None, typer.Option(help="Profile; the configuration's own if not given.")]
Smoke = Annotated[bool | None, typer.Option(help="The shrunk form of the profile.")]


@app.command()
def verify(config: Config = Path("params.yaml"), profile: ProfileOption = None, smoke: Smoke = None) -> None:
    """Compare every byte of a run's outputs with its manifests."""
    from pixelwise.graph import plan
    from pixelwise.jobs import made
    from pixelwise.jobs import verify as differences

    run = plan(config, profile, smoke)
    done = made(run.jobs)
    if not done:
        raise PixelwiseError(
            f"{run.name}: no outputs here; run it, or 'dvc pull' with profile: in params.yaml set to it"
        )
    problems = differences(done)
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{run.name}: every output of {len(done)} of {len(run.jobs)} jobs is as it was made")


@app.command()
def claims(
    verdict: Annotated[str | None, typer.Option(help="Only this verdict.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    explain: Annotated[str | None, typer.Option(help="All evidence of one claim.", metavar="ID")] = None,
    metrics: Annotated[Path | None, typer.Option(help="Judge the metrics.json files below this folder, now.")] = None,
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Show the verdict on every published claim."""
    from pixelwise.claims.terminal import show
    from pixelwise.graph import run_name

    folder = Path("results") / run_name(config, profile, smoke) / "claims" if metrics is None else metrics
    show(folder, verdict=verdict, source=source, explain=explain, metrics=metrics)


@app.command()
def table(
    run: Annotated[Path | None, typer.Argument(help="Folder of a run; by default that of the profile.")] = None,
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Show how the denoisers compare, and the sentences that the table supports."""
    from pixelwise.graph import run_name
    from pixelwise.reporting.analysis import text

    typer.echo(text((run or Path("results") / run_name(config, profile, smoke)) / "summary"))


@app.command()
def readme(
    file: Annotated[Path, typer.Argument(help="Text with generated blocks.")] = Path("README.md"),
    check: Annotated[bool, typer.Option(help="Only say what is stale.")] = False,
) -> None:
    """Fill the generated numbers of a text from the recorded results."""
    from pixelwise.reporting.readme import stale, update

    if not check:
        typer.echo(f"{file}: {'changed' if update(file, Path('results')) else 'as it was'}")
    elif problems := stale(file, Path("results")):
        raise PixelwiseError(f"{file}: {'; '.join(problems)}; run pixelwise readme")


@app.command()
def record(config: Config = Path("params.yaml"), profile: ProfileOption = None) -> None:
    """Keep what a finished run found where git keeps it, in place of the profile's earlier record."""
    from pixelwise.graph import plan as planned
    from pixelwise.recording import record as recorded

    typer.echo(f"recorded: {recorded(planned(config, profile, False))}")


@app.command()
def plan(config: Config = Path("params.yaml"), profile: ProfileOption = None, smoke: Smoke = None) -> None:
    """Say what a profile can decide here, and what each job needs, before anything runs."""
    from pixelwise.claims.plan import show
    from pixelwise.graph import plan as planned

    show(planned(config, profile, smoke))


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="A checkpoint as its authors released it.")],
    model: Annotated[str, typer.Option(help="Name of the architecture.")],
    out: Annotated[Path | None, typer.Option(help="Where to write; beside FILE if not given.")] = None,
    option: Annotated[list[str] | None, typer.Option(help="Option of the architecture, NAME=VALUE.")] = None,
) -> None:
    """Turn an official checkpoint into this project's format."""
    from pixelwise.models.convert import convert as converted

    typer.echo(converted(file, model, out or file.with_suffix(".safetensors"), option or []))


@app.command()
def denoise(
    image: Annotated[Path, typer.Argument(metavar="IN", help="Image of any size, gray or colour, 8 or 16 bit.")],
    out: Annotated[Path, typer.Argument()],
    checkpoint: Annotated[Path, typer.Option(help="A denoiser trained or converted by this project.")],
    sigma: Annotated[float | None, typer.Option(help="Noise level of IN, on the 0-255 scale.")] = None,
) -> None:
    """Remove noise from a picture of your own."""
    from pixelwise.evaluation.denoise import denoise as denoised

    denoised(image, out, checkpoint, sigma)


@app.command()
def translate(
    labels: Annotated[Path, typer.Argument(metavar="LABELMAP", help="Label map: one id per pixel.")],
    out: Annotated[Path, typer.Argument()],
    checkpoint: Annotated[Path, typer.Option(help="A generator trained or converted by this project.")],
    instances: Annotated[Path | None, typer.Option(help="Instance map: one id per object.")] = None,
) -> None:
    """Turn a label map of your own into a picture."""
    from pixelwise.evaluation.translate import translate as translated

    translated(labels, out, checkpoint, instances)


@data.command()
def check(
    dataset: Annotated[str, typer.Argument(help="Name of a data set in the profile.")],
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Count, measure and pair the files of a data set, and list every defect."""
    from pixelwise.data.check import show
    from pixelwise.graph import plan as planned

    show(planned(config, profile, smoke), dataset)


def _machine(error: Exception) -> str | None:
    """What libraries say, each in its own class of exception, when the machine is too small; None for all else."""
    host = isinstance(error, RuntimeError) and "allocate memory" in str(error)  # torch has no class for it
    if host or isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "out of memory; use a smaller batch or image size"
    if "No space left" in str(error) or "File too large" in str(error):
        return f"the disk is full: {error}"
    return None


def main() -> None:
    """Run the command line; every mistake of the user's or of the machine's is one line and exit status 2."""
    try:
        status = app(standalone_mode=False)
    except PixelwiseError as error:
        message = str(error)
    except TyperException as error:  # a wrong command or option; without any, the help has been printed
        if not (message := error.format_message()):
            sys.exit(2)
    except typer.Abort:
        sys.exit(130)
    except OSError as error:
        message = f"{error.filename or 'input or output'}: {error.strerror or error}"
    except Exception as error:
        if (known := _machine(error)) is None:
            raise
        message = known
    else:
        sys.exit(status or 0)
    line = "pixelwise: error: " + " ".join(message.split())
    print(line, file=sys.stderr)
    if stat.S_ISREG(os.fstat(1).st_mode) and not os.path.sameopenfile(1, 2):  # standard output is a log of its own
        print(line)
    sys.exit(2)
