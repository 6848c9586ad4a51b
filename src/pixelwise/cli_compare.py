"""The command that compares two runs, or two entries of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli_options import RESULTS, Config, Force, ProfileOption, Smoke


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(rich_help_panel=RESULTS)(compare)


def compare(
    first: Annotated[
        Path | None,
        typer.Argument(metavar="RUN_A", help="Folder of a run, such as results/tiny. Without it, that of the profile."),
    ] = None,
    second: Annotated[
        Path | None, typer.Argument(metavar="RUN_B", help="Folder of another run, such as results/recorded/tiny.")
    ] = None,
    entries: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="An entry of RUN_A and one of RUN_B; without RUN_B, two entries of RUN_A."),
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the training curves into this .svg or .png file.")
    ] = None,
    force: Force = False,
    config: Config = Path("params.yaml"),
    profile: ProfileOption = None,
    smoke: Smoke = None,
) -> None:
    """Compare two runs: settings that differ, paired differences with intervals, training curves."""
    from pixelwise.planning.graph import run_name
    from pixelwise.reporting.comparison import show

    show(first or Path("results") / run_name(config, profile, smoke), second, entries or (), figure, force)
