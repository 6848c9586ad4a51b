"""The commands that look at this machine before anything runs; nothing heavy is imported before one is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Option(help="The configuration.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(plan)
    app.command()(doctor)


def plan(
    config: Config = Path("params.yaml"),
    profile: Annotated[str | None, typer.Option(help="Profile; the configuration's own if not given.")] = None,
    smoke: Annotated[bool | None, typer.Option(help="The shrunk form of the profile.")] = None,
    card: Annotated[str | None, typer.Option(help="Graphics card of the estimate, such as A100.")] = None,
) -> None:
    """Say what a profile can decide here, and what each job needs, before anything runs."""
    from pixelwise.claims.plan_tables import show
    from pixelwise.planning.graph import plan as planned

    show(planned(config, profile, smoke), card=card)


def doctor(config: Config = Path("params.yaml")) -> None:
    """Say what this machine has, which profiles fit, and the line that mends what is wrong."""
    from pixelwise.doctor import show

    show(config)
