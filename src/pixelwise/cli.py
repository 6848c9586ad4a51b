"""The command line: parses and delegates, nothing else. Nothing heavy is imported before a command is chosen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from pixelwise import cli_compare, cli_machine, cli_options, cli_pictures, cli_results, net
from pixelwise.errors import PixelwiseError
from pixelwise.terminal.screen import show

NAME = "pixelwise"
HELP = (
    "Do ASAP-Net's published claims hold, here, on my data and my machine?\n\n"
    "Begin with 'pixelwise doctor' and 'pixelwise plan'. Then 'make reproduce' runs everything and names the result "
    "page, and 'pixelwise claims' shows the answer."
)
STEPS = {
    "fetch": "Obtain the files of one data set.",
    "prepare": "Check, resize and pack one data set.",
    "weights": "Obtain one file of published weights.",
    "train": "Train one network, or convert published weights.",
    "generate": "Generate one picture for each label map.",
    "follow": "Score a generator at several points of its training.",
    "time": "Time networks in turn, under the same conditions.",
    "fid": "Measure how far generated pictures are from real ones (FID, KID).",
    "segment": "Measure how well a segmenter recognises generated pictures (mean IoU).",
    "restore": "Score denoisers or deblurrers image by image (PSNR, SSIM).",
    "inspect": "Count parameters and operations of the networks.",
    "summarise": "Gather all numbers into tables.",
    "judge": "Give every claim its verdict.",
    "figures": "Draw every figure from the tables.",
    "report": "Write the result page, which opens from disk.",
}

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        show(f"{NAME} {version(NAME)}")
        raise typer.Exit


@app.callback(help=HELP)
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def _step(name: str) -> Callable[[Path], None]:
    def run(
        job: Annotated[Path, typer.Argument(metavar="JOB", help="A job file below results/<run>/jobs/.")],
    ) -> None:
        from pixelwise.planning.execute import execute

        show(f"{name}: {execute(job, name)}")

    return run


cli_machine.register(app)
cli_results.register(app)
cli_compare.register(app)
cli_pictures.register(app)
cli_results.register_upkeep(app)
for _name, _help in STEPS.items():
    app.command(_name, help=_help, rich_help_panel=cli_options.STEPS)(_step(_name))


def command() -> int:
    """Run the command that the arguments name; returns the exit status.

    Raises:
        PixelwiseError: If there is no such command or option, or by the command itself.
    """
    chosen = typer.main.get_command(app)
    if f"_{NAME.upper()}_COMPLETE" in os.environ:  # the shell asks for completions; `main` answers and ends
        chosen.main(prog_name=NAME)
    try:  # what typer's own `main` does, without its ways to end a process
        with chosen.make_context(NAME, sys.argv[1:]) as context:
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
