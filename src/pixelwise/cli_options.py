"""Options that several commands share, with their completion; nothing heavy is imported before the shell asks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

START = "Before a run"
RESULTS = "Results of a run"
PICTURES = "Your own pictures"
UPKEEP = "Upkeep"
STEPS = "Steps of the pipeline, one job each: pixelwise STEP JOB"
"""Headings of the help, in their order."""


def _profiles(incomplete: str) -> list[str]:
    """Names of the profiles in `params.yaml` that begin like this; none if it cannot be read."""
    from pixelwise.errors import PixelwiseError
    from pixelwise.planning.configuration import read

    try:
        names = read(Path("params.yaml"), {})["profiles"]
    except (PixelwiseError, OSError, LookupError, TypeError):
        return []
    return [str(name) for name in names if str(name).startswith(incomplete)]


Config = Annotated[Path, typer.Option(metavar="FILE", help="The configuration file.")]
ProfileOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", autocompletion=_profiles, help="The profile. Without it, the one that FILE names."),
]
Smoke = Annotated[bool | None, typer.Option(help="The profile shrunk to minutes, to see that everything runs.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the output file if it exists.")]
