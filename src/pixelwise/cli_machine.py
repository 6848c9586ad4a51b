"""The commands that look at this machine and the data before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli_options import START, Config, ProfileOption, Smoke

data = typer.Typer(no_args_is_help=True, help="Bring a data set of your own, and check one before training on it.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(rich_help_panel=START)(doctor)
    app.command(rich_help_panel=START)(plan)
    app.add_typer(data, name="data", rich_help_panel=START)


def doctor(config: Config = Path("params.yaml")) -> None:
    """Check this machine: what it has, which profiles fit, and how to mend what is missing."""
    from pixelwise.doctor import show

    show(config)


def plan(
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
    card: Annotated[
        str | None, typer.Option(metavar="CARD", help="Estimate the hours for this graphics card, such as A100.")
    ] = None,
) -> None:
    """Estimate a run before it starts: hours, GPU memory, data, and the claims that it can decide."""
    from pixelwise.claims.plan_tables import show
    from pixelwise.planning import early
    from pixelwise.planning.graph import plan as planned

    run = planned(config, profile, smoke)
    early.check(run, {job.id for job in run.jobs if not Path(job.manifest).is_file()})
    show(run, card=card)


@data.command()
def check(
    dataset: Annotated[str, typer.Argument(metavar="NAME", help="A data set of the profile.")],
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Read every file of a data set: count and measure the images, and list every defect."""
    from pixelwise.data.check import show
    from pixelwise.planning.graph import plan as planned

    show(planned(config, profile, smoke), dataset)


@data.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Label maps and photographs, in any layout.")],
    config: Config = Path("params.yaml"),
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of the profile and its data set. Without it, the folder's.")
    ] = None,
) -> None:
    """Look at a folder of your own, say what is there, and add a complete profile for it to FILE."""
    from pixelwise.data.new_profile import new as make
    from pixelwise.planning.graph import plan as planned

    make(folder, config, name, planned)
