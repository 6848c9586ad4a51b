"""The hidden commands that only DVC and the Makefile call."""

from __future__ import annotations

from pathlib import Path

import typer

from pixelwise.cli_options import Config, ProfileOption, Smoke
from pixelwise.errors import PixelwiseError
from pixelwise.terminal.screen import show


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (inputs, active):
        app.command(hidden=True)(command)


def inputs(config: Config = Path("params.yaml"), profile: ProfileOption = None, smoke: Smoke = None) -> None:
    """Write down your own files and the packages that a run uses. DVC calls this."""
    from pixelwise.artifacts import write_json
    from pixelwise.data import own
    from pixelwise.planning.graph import plan as planned

    run = planned(config, profile, smoke)
    file = Path("work") / "inputs" / f"{run.name}.json"
    packages = {name: version for job in run.jobs for name, version in job.description()["packages"].items()}
    write_json(file, {**own.digest(run.jobs), "packages": packages})
    show(str(file))


def active(config: Config = Path("params.yaml"), profile: ProfileOption = None) -> None:
    """Name the profile that DVC follows, or refuse another one. `make push` and `make restore` call this."""
    from pixelwise.planning.graph import run_name

    followed = run_name(config, None, False)
    if profile is not None and profile != followed:
        raise PixelwiseError(
            f"{config}: profile: {followed}; DVC follows it alone, so write 'profile: {profile}' there, and try again"
        )
    show(f"profile: {followed}")
